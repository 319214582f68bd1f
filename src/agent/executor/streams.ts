import { closeSync, readSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { StreamResult } from '../../core/model/run.ts';
import { openRegularFile } from '../../disk/regular-file.ts';
import { STREAM_END_MAX } from '../../protocol/messages.ts';
import type { Mask } from '../../secrets/mask.ts';
import { appendText, noOutput, openStreamFold } from '../output.ts';
import { OUTPUT_BYTES_MAX } from './supervisor-script.ts';

const chunkBytes = 64 * 1024;
/** After so many chunks other work gets its turn: at most a millisecond or two of hashing. */
const chunksPerTurn = 8;

const NOT_KEPT = `\n[what came after ${OUTPUT_BYTES_MAX} bytes was not kept]\n`;

/**
 * What a task wrote to one stream, from `start` to `end`, read in flat memory however long it is. Synchronous reads: nearly all
 * outputs fit into one chunk, and a trip through the thread pool costs more than it. A script can put anything in the place of the
 * file: then the stream says that its output is lost.
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
  if (end <= start) return noOutput;
  const opened = openRegularFile(path);
  if ('why' in opened)
    return appendText(noOutput, `output lost: the file that held it ${opened.why}`);
  const fd = opened.handle;
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
    const stream = fold.result();
    if (end - start <= OUTPUT_BYTES_MAX) return stream;
    // The end of what was kept is not the end of what was written.
    return { ...stream, tail: (stream.tail + NOT_KEPT).slice(-STREAM_END_MAX) };
  } finally {
    closeSync(fd);
  }
}
