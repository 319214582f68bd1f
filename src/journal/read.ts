import type { Disk } from '../disk/disk.ts';
import { journalError } from './errors.ts';
import type { JournalFormat } from './format.ts';
import { readLayout } from './layout.ts';
import { replaySegment, replaySnapshot } from './replay.ts';

const CHUNK_BYTES = 1024 * 1024;

/**
 * Hands over what stands in a journal and writes nothing, so it may be called beside the process that appends to it: then
 * it ends with some whole group. A compaction meanwhile takes files away, and the call has to be repeated.
 * @throws ReconcileError JOURNAL_CORRUPT, STATE_NEWER (retry `never`), JOURNAL_IO (retry `backoff`)
 */
export async function readJournal<R>(options: {
  readonly disk: Disk;
  readonly dir: string;
  readonly format: JournalFormat<R>;
  readonly onRecord: (record: R) => void;
}): Promise<void> {
  const { disk, dir, format } = options;
  try {
    const layout = await readLayout(disk, dir, format);
    const replay = { ...options, chunkBytes: CHUNK_BYTES };
    if (layout.snapshot > 0) await replaySnapshot(replay, layout.snapshot);
    for (const segment of layout.segments) await replaySegment(replay, segment);
  } catch (cause) {
    throw journalError('read the journal', cause);
  }
}
