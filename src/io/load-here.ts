import { definitionsOf } from '../core/load/effective.ts';
import type { LoadCache } from '../core/load/load.ts';
import { keyOf, loadCatalog, unreadBlobs } from '../core/load/load.ts';
import { parseFile } from '../core/load/parse-file.ts';
import type { ParsedFile } from '../core/load/parsed.ts';
import type { AssociationName, BlobId } from '../core/model/brand.ts';
import type { Catalog } from '../core/model/catalog.ts';
import type { Definition } from '../core/model/definition.ts';
import type { CatalogDocument } from '../core/model/document.ts';
import type { Snapshot } from '../reconcile/ports.ts';
import { blobReader, readBlobs } from './read-blobs.ts';

export type LoadHereOptions = {
  readonly library: ReadonlyMap<string, CatalogDocument>;
  readonly builtActions: readonly string[] | null;
  /** Path → blob in force before; empty to learn what is wrong and nothing else. */
  readonly lastGood?: ReadonlyMap<string, BlobId>;
  /** For last good content that the snapshot does not hold. */
  readonly readBlob?: (blob: BlobId, signal: AbortSignal) => Promise<Uint8Array>;
  /** What an earlier load read: the same content at the same path is not read again. */
  readonly cache?: LoadCache;
};

export type LoadedHere = {
  readonly catalog: Catalog;
  /** Resolved when first asked for: `validate` never does. */
  readonly definitions: ReadonlyMap<AssociationName, Definition>;
  /** What was read, for the next load. */
  readonly cache: LoadCache;
};

/**
 * What `openLoader` does, in this thread: for commands, which end with the work. `commit` of the catalog is null for
 * files as they lie on disk.
 */
export async function loadHere(
  snapshot: Snapshot,
  {
    library,
    builtActions,
    lastGood = new Map(),
    readBlob = (blob) => snapshot.read(blob),
    cache = new Map(),
  }: LoadHereOptions,
  signal: AbortSignal,
): Promise<LoadedHere> {
  const good = new Map([...lastGood].map(([path, blob]) => [path, { blob, bytes: null }]));
  const known = new Map<string, ParsedFile>(cache);
  const unread = unreadBlobs(snapshot.files, good, cache);
  for await (const inputs of readBlobs(unread, known, blobReader(snapshot, readBlob, signal))) {
    for (const input of inputs)
      known.set(keyOf(input.path, input.blob), parseFile(input, { builtActions }));
  }
  const files = snapshot.files.map((file) => ({ ...file, bytes: null }));
  const loaded = loadCatalog(files, {
    commit: snapshot.commit,
    library,
    lastGood: good,
    builtActions,
    cache: known,
  });
  let definitions: LoadedHere['definitions'] | null = null;
  return {
    ...loaded,
    get definitions() {
      definitions ??= definitionsOf(loaded.catalog);
      return definitions;
    },
  };
}
