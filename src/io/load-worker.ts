import { definitionsOf } from '../core/load/effective.ts';
import { TOTAL_BYTES_MAX } from '../core/load/limits.ts';
import type { LastGood, LoadCache } from '../core/load/load.ts';
import { keyOf, loadCatalog, unreadBlobs } from '../core/load/load.ts';
import type { ParseInput } from '../core/load/parse-file.ts';
import { wholeFileProblem } from '../core/load/parse-file.ts';
import type { ParsedFile } from '../core/load/parsed.ts';
import type { BlobId } from '../core/model/brand.ts';
import type { CatalogDocument } from '../core/model/document.ts';
import { invariant, ReconcileError } from '../core/model/errors.ts';
import type { LoaderPort, Snapshot } from '../reconcile/ports.ts';
import { openParser } from './parse-in-worker.ts';

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
const READS_AT_ONCE = 32;

/**
 * The loader of the daemon. Bytes are parsed in a thread with a deadline for each file; only files that are new cross
 * to it, and only what they say comes back. Putting the catalog together happens here.
 */
export function openLoader(options: LoaderOptions): LoaderPort & { close(): Promise<void> } {
  const {
    library,
    builtActions,
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
        const inputs = await readAll(unread, known, reader(snapshot, options, both));
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

type Read = (blob: BlobId) => Promise<Uint8Array>;

function reader(snapshot: Snapshot, { readBlob }: LoaderOptions, signal: AbortSignal): Read {
  const own = new Set(snapshot.files.map(({ blob }) => blob));
  return (blob) => {
    signal.throwIfAborted();
    return own.has(blob) ? snapshot.read(blob) : readBlob(blob, signal);
  };
}

/** What the parser is given. Blobs that are too large, or too much in all, are known at once: as problems. */
async function readAll(
  unread: readonly { readonly path: string; readonly blob: BlobId }[],
  known: Map<string, ParsedFile>,
  read: Read,
): Promise<readonly ParseInput[]> {
  const inputs: ParseInput[] = [];
  let bytesTotal = 0;
  for (let i = 0; i < unread.length; i += READS_AT_ONCE) {
    const group = unread.slice(i, i + READS_AT_ONCE);
    const contents = await Promise.all(
      group.map(async ({ blob }) => (bytesTotal > TOTAL_BYTES_MAX ? null : readOrNull(blob, read))),
    );
    for (const [j, { path, blob }] of group.entries()) {
      const bytes = contents[j] ?? null;
      bytesTotal += bytes?.length ?? 0;
      if (bytes !== null) inputs.push({ path, blob, bytes });
      else known.set(keyOf(path, blob), tooLarge(path, blob));
    }
  }
  return inputs;
}

/** Null: larger than the source hands out. */
async function readOrNull(blob: BlobId, read: Read): Promise<Uint8Array | null> {
  try {
    return await read(blob);
  } catch (error) {
    if (error instanceof ReconcileError && error.code === 'BLOB_TOO_LARGE') return null;
    throw error;
  }
}

function tooLarge(path: string, blob: BlobId): ParsedFile {
  const problem = wholeFileProblem(path, {
    code: 'too-large',
    message: 'this file is larger than allowed',
    hint: 'Split it.',
  });
  return { path, blob, bytes: 0, content: null, problems: [problem], claims: [], remains: [] };
}
