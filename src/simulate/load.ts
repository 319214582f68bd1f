/** A revision judged in process: the daemon's rules without its thread and deadline. What a file says is read once. */
import { definitionsOf } from '../core/load/effective.ts';
import type { LastGood, LoadedFile } from '../core/load/load.ts';
import { keyOf, loadCatalog, unreadBlobs } from '../core/load/load.ts';
import type { ParsedFile } from '../core/load/parsed.ts';
import type { BlobId } from '../core/model/brand.ts';
import type { CatalogDocument } from '../core/model/document.ts';
import { invariant } from '../core/model/errors.ts';
import type { LoaderPort } from '../reconcile/ports.ts';

export function createLoader(
  readBlob: (blob: BlobId) => Uint8Array,
  builtActions: readonly string[],
  library: ReadonlyMap<string, CatalogDocument> = new Map(),
): LoaderPort {
  const cache = new Map<string, ParsedFile>();
  return {
    load(snapshot, lastGood) {
      const { commit } = snapshot;
      invariant(commit !== null, 'a daemon loads commits');
      const good = new Map(
        [...lastGood].map(([path, blob]): [string, LastGood] => [path, { blob, bytes: null }]),
      );
      const bytes = new Map<string, Uint8Array>();
      for (const { path, blob } of unreadBlobs(snapshot.files, good, cache)) {
        bytes.set(keyOf(path, blob), readBlob(blob));
      }
      const files: LoadedFile[] = snapshot.files.map((file) => ({
        ...file,
        bytes: bytes.get(keyOf(file.path, file.blob)) ?? null,
      }));
      for (const [path, { blob }] of good) {
        good.set(path, { blob, bytes: bytes.get(keyOf(path, blob)) ?? null });
      }
      const options = { commit, library, lastGood: good, builtActions, cache };
      const loaded = loadCatalog(files, options);
      for (const [key, parsed] of loaded.cache) cache.set(key, parsed);
      const definitions = definitionsOf(loaded.catalog);
      return Promise.resolve({ commit, catalog: loaded.catalog, definitions });
    },
  };
}
