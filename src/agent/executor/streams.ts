import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { StreamResult } from '../../core/model/run.ts';
import { systemCode } from '../../disk/errors.ts';
import { noOutput, openStreamFold } from '../output.ts';

const chunkBytes = 64 * 1024;
/** After so many chunks other work gets its turn: at most a millisecond or two of hashing. */
const chunksPerTurn = 8;

/**
 * What a task wrote to one stream, read in flat memory however long it is. An absent file is no output. Synchronous
 * reads: nearly all outputs fit into one chunk, and a trip through the thread pool costs more than it.
 */
export async function readStream(path: string): Promise<StreamResult> {
  const fd = openOrNull(path);
  if (fd === null) return noOutput;
  try {
    if (fstatSync(fd).size === 0) return noOutput;
    const fold = openStreamFold();
    const chunk = Buffer.allocUnsafe(chunkBytes);
    for (let chunks = 1; ; chunks++) {
      const read = readSync(fd, chunk);
      if (read === 0) return fold.result();
      fold.add(chunk.subarray(0, read));
      if (chunks % chunksPerTurn === 0) await nextTurn();
    }
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
