import { setTimeout as sleep } from 'node:timers/promises';
import { definitionsOf } from '../core/load/effective.ts';
import type { LastGood, LoadCache } from '../core/load/load.ts';
import { keyOf, loadCatalog, unreadBlobs } from '../core/load/load.ts';
import type { ParseInput } from '../core/load/parse-file.ts';
import type { ParsedFile } from '../core/load/parsed.ts';
import type { BlobId } from '../core/model/brand.ts';
import type { CatalogDocument } from '../core/model/document.ts';
import { invariant, ReconcileError } from '../core/model/errors.ts';
import type { LoaderPort } from '../reconcile/ports.ts';
import type { Parser } from './parse-in-worker.ts';
import { openParser } from './parse-in-worker.ts';
import type { ParsedStore } from './parsed-store.ts';
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
  /** What files said in an earlier life of the daemon. */
  readonly kept?: Kept;
};

export type Kept = {
  readonly store: ParsedStore;
  /** After a load, when the daemon has other things to do first. */
  readonly afterMs: number;
  /** Loading goes on without it. */
  readonly onError: (error: unknown) => void;
};

const FILE_DEADLINE_MS = 2_000;
const LOAD_DEADLINE_MS = 120_000;
/** What is to be kept may be written for so long when the daemon leaves: ten thousand files take a fifth of it. */
const KEEP_MS_MAX = 1_000;

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
    kept = null,
  } = options;
  const parser = openParser({ deadlineMs, builtActions });
  const keeper = openKeeper(kept);
  let cache: LoadCache | null = null;
  // Both happen while the journal is read: what was kept is there when the first load asks, or else the thread is.
  const before = keeper.read().then((files) => {
    if (files.size === 0) parser.start();
    return files;
  });
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
        cache ??= await before;
        const unread = unreadBlobs(snapshot.files, good, cache);
        const known = new Map(cache);
        const batches = readBlobs(unread, known, blobReader(snapshot, readBlob, both));
        for (const file of await parseAll(batches, parser, both))
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
        keeper.keep(cache);
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
    async close() {
      await keeper.close();
      await parser.close();
    },
  };
}

/** One batch is parsed while the next is read; never two at once, so that one deadline watches one file. */
async function parseAll(
  batches: AsyncIterable<readonly ParseInput[]>,
  parser: Parser,
  signal: AbortSignal,
): Promise<readonly ParsedFile[]> {
  const files: ParsedFile[] = [];
  let parsing: Promise<readonly ParsedFile[]> = Promise.resolve([]);
  for await (const inputs of batches) {
    for (const file of await parsing) files.push(file);
    parsing = parser.parse(inputs, signal);
    // Awaited in any case; should reading fail first, that is the failure to tell.
    parsing.catch(() => undefined);
  }
  for (const file of await parsing) files.push(file);
  return files;
}

type Keeper = {
  read(): Promise<LoadCache>;
  /** Soon, and not while an earlier one is written; of several that wait the newest. */
  keep(files: LoadCache): void;
  close(): Promise<void>;
};

function openKeeper(kept: Kept | null): Keeper {
  const nothing: LoadCache = new Map();
  if (kept === null) {
    return {
      read: () => Promise.resolve(nothing),
      keep: () => undefined,
      close: () => Promise.resolve(),
    };
  }
  const { store, afterMs, onError } = kept;
  const hurry = new AbortController();
  const closing = new AbortController();
  const { signal } = closing;
  let next: LoadCache | null = null;
  let writing: Promise<void> | null = null;

  async function write(): Promise<void> {
    try {
      while (next !== null) {
        // Woken early when the daemon leaves: what is kept now need not be parsed by the next one.
        await sleep(afterMs, undefined, { signal: hurry.signal, ref: false }).catch(
          () => undefined,
        );
        const files = next;
        next = null;
        await store.keep(files, signal);
      }
    } catch (error) {
      if (!signal.aborted) onError(error);
    } finally {
      // Here and not in a `.finally`: what came in between would not be written.
      writing = null;
    }
  }

  return {
    read: () =>
      store.read().catch((error: unknown) => {
        onError(error);
        return nothing;
      }),
    keep(files) {
      next = files;
      writing ??= write();
    },
    async close() {
      hurry.abort();
      const timer = setTimeout(() => closing.abort(), KEEP_MS_MAX);
      await writing;
      clearTimeout(timer);
    },
  };
}
