import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { definitionsOf } from '../core/load/effective.ts';
import { kindOf } from '../core/load/kinds.ts';
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

type Library = ReadonlyMap<string, CatalogDocument>;

export type LoaderOptions = {
  /** Awaited by the first load: the daemon opens its journal while it is read. */
  readonly library: Library | Promise<Library>;
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
    builtActions,
    readBlob,
    deadlineMs = FILE_DEADLINE_MS,
    totalDeadlineMs = LOAD_DEADLINE_MS,
    kept = null,
  } = options;
  const shipped = Promise.resolve(options.library);
  shipped.catch(() => undefined); // told to whoever loads
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
        const library = await shipped;
        const unread = unreadBlobs(snapshot.files, good, cache);
        const others = unread.filter((file) => !isNodeFile(file));
        const ordered = [...others, ...unread.filter(isNodeFile)];
        const known = new Map(cache);
        const files = snapshot.files.map((file) => ({ ...file, bytes: null }));
        const asked = { commit, library, lastGood: good, builtActions, cache: known };
        await parseAll(readBlobs(ordered, known, blobReader(snapshot, readBlob, both)), {
          parser,
          signal: both,
          onParsed: (file) => known.set(keyOf(file.path, file.blob), file),
          // What associations come to is remembered, and node files, which are most of a large fleet, have no part in it.
          meanwhile() {
            const isKnown = ({ path, blob }: ParsedKey) => known.has(keyOf(path, blob));
            if (good.size > 0 || !others.every(isKnown)) return;
            const early = files.filter((file) => !isNodeFile(file) && isKnown(file));
            definitionsOf(loadCatalog(early, asked).catalog);
          },
        });
        const loaded = loadCatalog(files, asked);
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

type Parsing = {
  readonly parser: Parser;
  readonly signal: AbortSignal;
  readonly onParsed: (file: ParsedFile) => void;
  /** Work of our own while the thread has the last, and largest, of the batches. */
  readonly meanwhile: () => void;
};

/**
 * While one batch is parsed, as much of the next is read as there is time for: each is larger than the one before it, and the thread
 * never waits. Never two at once, so that one deadline watches one file.
 */
async function parseAll(
  groups: AsyncIterable<readonly ParseInput[]>,
  { parser, signal, onParsed, meanwhile }: Parsing,
): Promise<void> {
  let waiting: ParseInput[] = [];
  const thread = { isFree: true, done: Promise.resolve() };

  function handOver(): void {
    const inputs = waiting;
    waiting = [];
    thread.isFree = false;
    thread.done = parser.parse(inputs, signal).then((files) => {
      for (const file of files) onParsed(file);
      thread.isFree = true;
    });
    // Awaited in any case; should reading fail first, that is the failure to tell.
    thread.done.catch(() => undefined);
  }

  for await (const group of groups) {
    for (const input of group) waiting.push(input);
    await nextTurn(); // what the thread has to say is heard
    if (thread.isFree) handOver();
  }
  await thread.done;
  if (waiting.length === 0) return;
  handOver();
  meanwhile();
  await thread.done;
}

type ParsedKey = Pick<ParsedFile, 'path' | 'blob'>;

const isNodeFile = ({ path }: Pick<ParsedKey, 'path'>): boolean => kindOf(path).kind === 'nodes';

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
