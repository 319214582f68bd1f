import { TOTAL_BYTES_MAX } from '../core/load/limits.ts';
import { keyOf } from '../core/load/load.ts';
import type { ParseInput } from '../core/load/parse-file.ts';
import { wholeFileProblem } from '../core/load/parse-file.ts';
import type { ParsedFile } from '../core/load/parsed.ts';
import type { BlobId } from '../core/model/brand.ts';
import { ReconcileError } from '../core/model/errors.ts';
import type { Snapshot } from '../reconcile/ports.ts';

const READS_AT_ONCE = 32;
export type ReadBlob = (blob: BlobId) => Promise<Uint8Array>;

/** Blobs of the snapshot's own tree, and of history for last good content. */
export function blobReader(
  snapshot: Snapshot,
  readBlob: (blob: BlobId, signal: AbortSignal) => Promise<Uint8Array>,
  signal: AbortSignal,
): ReadBlob {
  const own = new Set(snapshot.files.map(({ blob }) => blob));
  return (blob) => {
    signal.throwIfAborted();
    return own.has(blob) ? snapshot.read(blob) : readBlob(blob, signal);
  };
}

/** What the parser is given, as it is read. Blobs that are too large, or too much in all, are known at once: as problems. */
export async function* readBlobs(
  unread: readonly { readonly path: string; readonly blob: BlobId }[],
  known: Map<string, ParsedFile>,
  read: ReadBlob,
): AsyncGenerator<readonly ParseInput[], void> {
  let bytesTotal = 0;
  for (let i = 0; i < unread.length; i += READS_AT_ONCE) {
    const group = unread.slice(i, i + READS_AT_ONCE);
    const contents = await Promise.all(
      group.map(async ({ blob }) => (bytesTotal > TOTAL_BYTES_MAX ? null : readOrNull(blob, read))),
    );
    const inputs: ParseInput[] = [];
    for (const [j, { path, blob }] of group.entries()) {
      const bytes = contents[j] ?? null;
      bytesTotal += bytes?.length ?? 0;
      if (bytes !== null) inputs.push({ path, blob, bytes });
      else known.set(keyOf(path, blob), tooLarge(path, blob));
    }
    if (inputs.length > 0) yield inputs;
  }
}

/** Null: larger than the source hands out. */
async function readOrNull(blob: BlobId, read: ReadBlob): Promise<Uint8Array | null> {
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
