import { closeSync, openSync, readSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { StreamResult } from '../../core/model/run.ts';
import { systemCode } from '../../disk/errors.ts';
import type { Mask } from '../../secrets/mask.ts';
import { noOutput, openStreamFold } from '../output.ts';
import { OUTPUT_BYTES_MAX } from './supervisor-script.ts';

const chunkBytes = 64 * 1024;
/** After so many chunks other work gets its turn: at most a millisecond or two of hashing. */
const chunksPerTurn = 8;

/**
 * What a task wrote to one stream, from `start` to `end`, read in flat memory however long it is. An absent file is no output.
 * Synchronous reads: nearly all outputs fit into one chunk, and a trip through the thread pool costs more than it.
 *
 * With `mask`, everything told is of the masked stream, count and digest too: a digest of what was written would be a test
 * for guesses at the value.
 */
export async function readStream(
  path: string,
  start: number,
  end: number,
  mask: Mask | null,
): Promise<StreamResult> {
  const fd = end <= start ? null : openOrNull(path);
  if (fd === null) return noOutput;
  try {
    const masked = mask?.stream();
    const fold = openStreamFold();
    const chunk = Buffer.allocUnsafe(Math.min(chunkBytes, end - start));
    const stop = Math.min(end, start + OUTPUT_BYTES_MAX);
    for (let at = start, chunks = 1; ; chunks++) {
      const read = readSync(fd, chunk, 0, Math.min(chunk.length, stop - at), at);
      if (read === 0) break;
      fold.add(masked?.add(chunk.subarray(0, read)) ?? chunk.subarray(0, read));
      at += read;
      // Masking looks at every byte.
      if (masked !== undefined || chunks % chunksPerTurn === 0) await nextTurn();
    }
    if (masked !== undefined) fold.add(masked.end());
    return fold.result();
  } finally {
    closeSync(fd);
  }
}

function openOrNull(path: string): number | null {
  try {
    return openSync(path, 'r');
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return null;
    throw cause;
  }
}
