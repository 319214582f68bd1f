import { definitionsOf } from '../core/load/effective.ts';
import type { LastGood, LoadCache } from '../core/load/load.ts';
import { keyOf, loadCatalog, unreadBlobs } from '../core/load/load.ts';
import type { BlobId } from '../core/model/brand.ts';
import type { CatalogDocument } from '../core/model/document.ts';
import { invariant, ReconcileError } from '../core/model/errors.ts';
import type { LoaderPort } from '../reconcile/ports.ts';
import { openParser } from './parse-in-worker.ts';
import { blobReader, readBlobs } from './read-blobs.ts';

export type LoaderOptions = {
  readonly library: ReadonlyMap<string, CatalogDocument>;
  readonly builtActions: readonly string[] | null;
  /** A blob that the snapshot's own tree may not hold: last good content. */
  readonly readBlob: (blob: BlobId, signal: AbortSignal) => Promise<Uint8Array>;
  /** Longest that one file may take, ms. */
  readonly deadlineMs?: number;
  /** Longest that a load may take, ms. */
  readonly totalDeadlineMs?: number;
};

const FILE_DEADLINE_MS = 2_000;
const LOAD_DEADLINE_MS = 120_000;

/**
 * The loader of the daemon. Bytes are parsed in a thread with a deadline for each file; only files that are new cross
 * to it, and only what they say comes back. Putting the catalog together happens here.
 */
export function openLoader(options: LoaderOptions): LoaderPort & { close(): Promise<void> } {
  const {
    library,
    builtActions,
    readBlob,
    deadlineMs = FILE_DEADLINE_MS,
    totalDeadlineMs = LOAD_DEADLINE_MS,
  } = options;
  const parser = openParser({ deadlineMs, builtActions });
  let cache: LoadCache = new Map();
  return {
    async load(snapshot, lastGood, signal) {
      const { commit } = snapshot;
      invariant(commit !== null, 'the daemon loads commits');
      const deadline = AbortSignal.timeout(totalDeadlineMs);
      const good = new Map(
        [...lastGood].map(([path, blob]): [string, LastGood] => [path, { blob, bytes: null }]),
      );
      try {
        const both = AbortSignal.any([signal, deadline]);
        const unread = unreadBlobs(snapshot.files, good, cache);
        const known = new Map(cache);
        const inputs = await readBlobs(unread, known, blobReader(snapshot, readBlob, both));
        for (const file of await parser.parse(inputs, both))
          known.set(keyOf(file.path, file.blob), file);
        const files = snapshot.files.map((file) => ({ ...file, bytes: null }));
        const loaded = loadCatalog(files, {
          commit,
          library,
          lastGood: good,
          builtActions,
          cache: known,
        });
        cache = loaded.cache;
        return { commit, catalog: loaded.catalog, definitions: definitionsOf(loaded.catalog) };
      } catch (cause) {
        if (!deadline.aborted || signal.aborted) throw cause;
        throw new ReconcileError(
          'LOAD_TIMEOUT',
          `reading revision ${commit} took longer than ${totalDeadlineMs} ms`,
          { retry: 'backoff', cause },
        );
      }
    },
    close: () => parser.close(),
  };
}
