import { invariant } from '../core/model/errors.ts';
import type { Disk } from '../disk/disk.ts';
import { ensureDir, sweepTemporaries } from '../disk/files.ts';
import type { Compaction, Compactor } from './compact.ts';
import { removeObsolete } from './compact.ts';
import { journalError } from './errors.ts';
import type { JournalFormat } from './format.ts';
import { readRecord } from './format.ts';
import type { Segment } from './layout.ts';
import { readLayout } from './layout.ts';
import type { SegmentReplay } from './replay.ts';
import { replaySegment, replaySnapshot } from './replay.ts';
import type { NextSegment, SegmentSize, Writer } from './writer.ts';
import { beginWriting } from './writer.ts';

export type JournalOptions<R> = {
  readonly disk: Disk;
  /** Created when absent. The caller holds the lock of the state directory (`disk/lock.ts`). */
  readonly dir: string;
  readonly format: JournalFormat<R>;
  /** Called for each record that survived, in order, before `openJournal` resolves. */
  readonly onRecord: (record: R) => void;
  readonly segmentBytesMax?: number;
  /** For who waits for each sync: how far the file is laid out ahead of its groups. Without, it grows with each group. */
  readonly laidBytes?: number;
  readonly groupBytesMax?: number;
  readonly waitingBytesMax?: number;
};

/** Records that survive, in the order in which they were appended. */
export type Journal<R> = {
  /**
   * Resolves when every record is durable. Records appended together survive together or not at all, and batches
   * that wait share one sync. Rejects with JOURNAL_FULL, JOURNAL_IO or JOURNAL_BUSY (retry `backoff`), and so do those
   * that were waiting behind; nothing of them counts then, and they may be appended again.
   */
  append(records: readonly R[]): Promise<void>;
  /**
   * Replaces everything acknowledged so far by a snapshot, while appends go on. A failure leaves the journal as it was.
   * One at a time.
   * @throws ReconcileError JOURNAL_FULL, JOURNAL_IO (retry `backoff`)
   */
  compact(compactor: Compactor<R>): Promise<Compaction>;
  stats(): JournalStats;
  /** After what was appended is durable; a compaction under way is called off. */
  close(): Promise<void>;
  /** The torn tail that a crash left and that was cut off at the last good record; null when there was none. */
  readonly repaired: { readonly segment: number; readonly bytesCut: number } | null;
};

export type JournalStats = {
  /** In segments, i.e. since the snapshot: compact when this grows (the daemon at 200,000). */
  readonly records: number;
  readonly bytes: number;
  readonly segments: number;
  readonly snapshot: SegmentSize | null;
  readonly lastSyncMs: number;
  readonly waitingBytes: number;
};

const mebibyte = 1024 * 1024;
const defaults = {
  segmentBytesMax: 64 * mebibyte,
  laidBytes: 1,
  groupBytesMax: 4 * mebibyte,
  waitingBytesMax: 64 * mebibyte,
};
const replayChunkBytes = mebibyte;

/**
 * Replays what survived and begins a segment of its own, so a file that a dead process wrote to is never written again.
 * The last group moves there: its writer may have died before its sync, and what was handed over must be durable.
 * @throws ReconcileError JOURNAL_CORRUPT, STATE_NEWER (retry `never`), JOURNAL_FULL, JOURNAL_IO (retry `backoff`)
 */
export async function openJournal<R>(options: JournalOptions<R>): Promise<Journal<R>> {
  try {
    return await open(options);
  } catch (cause) {
    throw journalError('open the journal', cause);
  }
}

async function open<R>(options: JournalOptions<R>): Promise<Journal<R>> {
  const { disk, dir, format, onRecord } = options;
  await ensureDir(dir, { disk });
  const layout = await readLayout(disk, dir, format);
  await sweepTemporaries(dir, disk);
  await removeObsolete(disk, dir, layout.obsolete);

  const replay = { disk, dir, format, onRecord, chunkBytes: replayChunkBytes };
  const snapshot = layout.snapshot === 0 ? null : await replaySnapshot(replay, layout.snapshot);
  const sizes = new Map<number, SegmentSize>();
  let tail: (SegmentReplay & { segment: Segment }) | null = null;
  for (const segment of layout.segments) {
    tail = { ...(await replaySegment(replay, segment)), segment };
    sizes.set(segment.number, { records: tail.records, bytes: tail.end });
  }
  if (tail?.last) {
    const records = tail.records - tail.last.payloads.length;
    sizes.set(tail.segment.number, { records, bytes: tail.last.start });
  }

  const writer = await beginWriting(
    { ...defaults, ...options, sizes },
    nextSegment(tail),
    tail === null ? [] : carriedPayloads(tail, format),
  );
  const repaired =
    tail === null || tail.bytesCut === 0
      ? null
      : { segment: tail.segment.number, bytesCut: tail.bytesCut };
  return journalOver({ ...options, writer, sizes, snapshot, repaired });
}

function nextSegment(tail: (SegmentReplay & { segment: Segment }) | null): NextSegment {
  if (tail === null) return { segment: 1, previous: null };
  const { number, header } = tail.segment;
  // Nothing stays behind, so it is replaced under its number: restarts alone do not make segments.
  if (tail.groups <= 1) return { segment: number, previous: header.previous };
  return {
    segment: number + 1,
    previous: { segment: number, bytes: tail.last?.start ?? tail.end },
  };
}

function carriedPayloads<R>(
  { segment, last }: SegmentReplay & { segment: Segment },
  format: JournalFormat<R>,
): readonly string[] {
  const payloads = last?.payloads ?? [];
  const { version } = segment.header;
  if (version === format.version) return payloads;
  return payloads.map((payload) => JSON.stringify(readRecord(payload, version, format)));
}

type OpenedJournal<R> = JournalOptions<R> & {
  readonly writer: Writer;
  readonly sizes: Map<number, SegmentSize>;
  readonly snapshot: SegmentSize | null;
  readonly repaired: Journal<R>['repaired'];
};

function journalOver<R>(opened: OpenedJournal<R>): Journal<R> {
  const { disk, dir, format, writer, sizes, repaired } = opened;
  const closing = new AbortController();
  let snapshot = opened.snapshot;
  let compacting: Promise<Compaction> | null = null;

  async function compactNow(compactor: Compactor<R>): Promise<Compaction> {
    try {
      await writer.seal();
      closing.signal.throwIfAborted();
      const compaction = await compactor({ disk, dir, format, signal: closing.signal });
      for (const number of sizes.keys()) if (number <= compaction.segment) sizes.delete(number);
      snapshot = { records: compaction.records, bytes: compaction.bytes };
      return compaction;
    } catch (cause) {
      throw journalError('compact the journal', cause);
    } finally {
      compacting = null;
    }
  }

  return {
    repaired,
    append: (records) => writer.append(records),

    compact: async (compactor) => {
      invariant(compacting === null, 'a journal is compacted once at a time');
      compacting = compactNow(compactor);
      return compacting;
    },

    stats: () => {
      const segments = [...sizes.values()];
      return {
        records: segments.reduce((sum, size) => sum + size.records, 0),
        bytes: segments.reduce((sum, size) => sum + size.bytes, 0),
        segments: segments.length,
        snapshot,
        lastSyncMs: writer.lastSyncMs(),
        waitingBytes: writer.waitingBytes(),
      };
    },

    close: async () => {
      closing.abort();
      if (compacting !== null) await Promise.allSettled([compacting]);
      await writer.close();
    },
  };
}
