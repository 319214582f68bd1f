import { join } from 'node:path';
import { invariant, ReconcileError } from '../core/model/errors.ts';
import type { Disk, PlaceWriter } from '../disk/disk.ts';
import { createAtomic } from '../disk/files.ts';
import { oneAtATime } from '../waiting/one-at-a-time.ts';
import type { SegmentEnd } from './control.ts';
import { encodeControl, layoutVersion } from './control.ts';
import { journalError } from './errors.ts';
import type { JournalFormat } from './format.ts';
import { recordTexts } from './format.ts';
import { segmentName } from './layout.ts';
import type { Lines } from './segment.ts';
import { encodeGroup, encodeLines, laidLength, layOut } from './segment.ts';

export type WriterOptions = {
  readonly disk: Disk;
  readonly dir: string;
  readonly format: JournalFormat<unknown>;
  /** A segment is sealed before a group that would make it longer; a single longer group stands alone. */
  readonly segmentBytesMax: number;
  /** A segment's file grows by multiples of this, ahead of its groups (`layOut`); 1: with each group. */
  readonly laidBytes: number;
  /** Batches that wait are written together up to this size. */
  readonly groupBytesMax: number;
  /** What may wait for the disk before further batches are refused. */
  readonly waitingBytesMax: number;
  /** Kept up to date for the segments this writer begins, by number. */
  readonly sizes: Map<number, SegmentSize>;
};

/** The segment to begin next: its number, and what of the one before counts. */
export type NextSegment = { readonly segment: number; readonly previous: SegmentEnd | null };

export type SegmentSize = { readonly records: number; readonly bytes: number };

/** Serial access to the end of a journal. */
export type Writer = {
  append(records: readonly unknown[]): Promise<void>;
  /** Begins a new segment unless the last one is empty, so that everything acknowledged so far stands in sealed ones. */
  seal(): Promise<void>;
  close(): Promise<void>;
  lastSyncMs(): number;
  waitingBytes(): number;
};

type OpenSegment = NextSegment & {
  readonly file: PlaceWriter;
  readonly headerBytes: number;
  /** Durable end; whatever stands beyond it does not count. */
  bytes: number;
  /** Durable length of the file. */
  fileBytes: number;
  records: number;
};

type Batch = { readonly lines: Lines; settle(failure: unknown): void };

/** What one read of a file's rest can take; a pass of a fleet of a million assignments is a fifth of it. */
const batchBytesMax = 1024 ** 3;

/**
 * Begins a segment, with the records of a group that must move there, and appends to it from then on.
 *
 * A segment that saw a failed write or sync is abandoned: the next one says how much of it counts. One that has nothing
 * that counts is replaced under its own number, so a disk that stays full does not fill with empty segments.
 */
export async function beginWriting(
  options: WriterOptions,
  first: NextSegment,
  carried: readonly string[],
): Promise<Writer> {
  const waiting: Batch[] = [];
  let waitingBytes = 0;
  let overloaded = false;
  let lastSyncMs = 0;
  let closed = false;
  const inTurn = oneAtATime();
  let draining = false;
  let next = first;
  let current: OpenSegment | null = null;
  current = await begin(carried);

  async function begin(payloads: readonly string[]): Promise<OpenSegment> {
    const content = firstContent(options.format, next, payloads);
    const path = join(options.dir, segmentName(next.segment));
    const unwritten = { at: 0, fileBytes: 0, laidBytes: options.laidBytes };
    const chunks = layOut(content.chunks, unwritten);
    const file = await createAtomic(path, chunks, { disk: options.disk });
    const { headerBytes, bytes, records } = content;
    options.sizes.set(next.segment, { records, bytes });
    return { ...next, file, headerBytes, fileBytes: laidLength(bytes, unwritten), bytes, records };
  }

  async function leave(segment: OpenSegment): Promise<void> {
    current = null;
    if (segment.bytes > segment.headerBytes) {
      const previous = { segment: segment.segment, bytes: segment.bytes };
      next = { segment: segment.segment + 1, previous };
    }
    // All that counts is synced already, so nothing depends on how closing ends.
    await Promise.allSettled([segment.file.close()]);
  }

  async function commit(batches: readonly Batch[]): Promise<void> {
    const lines = batches.map((batch) => batch.lines);
    const bytes = lines.reduce((sum, each) => sum + each.bytes, 0);
    if (current !== null && current.bytes > current.headerBytes) {
      if (current.bytes + bytes > options.segmentBytesMax) await leave(current);
    }
    current ??= await begin([]);
    const segment = current;
    const group = encodeGroup(segment.bytes, lines);
    const end = segment.bytes + group.bytes;
    const place = { at: segment.bytes, fileBytes: segment.fileBytes, laidBytes: options.laidBytes };
    try {
      let at = segment.bytes;
      for (const chunk of layOut(group.chunks, place)) {
        await segment.file.writeAt(chunk, at);
        at += chunk.length;
      }
      const syncAt = performance.now();
      await segment.file.sync();
      lastSyncMs = performance.now() - syncAt;
    } catch (cause) {
      await leave(segment);
      throw cause;
    }
    segment.fileBytes = laidLength(end, place);
    segment.bytes = end;
    segment.records += group.records;
    options.sizes.set(segment.segment, { records: segment.records, bytes: segment.bytes });
  }

  function takeGroup(): Batch[] {
    let bytes = 0;
    const fits = waiting.findIndex((batch, index) => {
      bytes += batch.lines.bytes;
      return index > 0 && bytes > options.groupBytesMax;
    });
    const group = waiting.splice(0, fits === -1 ? waiting.length : fits);
    waitingBytes -= group.reduce((sum, batch) => sum + batch.lines.bytes, 0);
    return group;
  }

  /** One group a turn, so that sealing is never kept waiting by those who append. */
  async function writeGroup(): Promise<void> {
    const group = takeGroup();
    try {
      await commit(group);
      for (const batch of group) batch.settle(null);
    } catch (cause) {
      const failure = journalError('append to the journal', cause);
      // Those behind go down with it: a later batch must never stand where an earlier one is missing.
      const refused = [...group, ...waiting.splice(0)];
      waitingBytes = 0;
      for (const batch of refused) batch.settle(failure);
    }
    draining = waiting.length > 0;
    overloaded &&= draining;
    if (draining) void inTurn(writeGroup);
  }

  return {
    lastSyncMs: () => lastSyncMs,
    waitingBytes: () => waitingBytes,

    async append(records) {
      invariant(!closed, 'nothing is appended to a closed journal');
      if (records.length === 0) return;
      const lines = encodeLines(
        records.flatMap((record) => [...recordTexts(record, options.format)]),
      );
      const { bytes } = lines;
      invariant(bytes <= batchBytesMax, 'a batch is small enough to be read back');
      overloaded ||= waitingBytes > 0 && waitingBytes + bytes > options.waitingBytesMax;
      // Until those that wait are written, so that no smaller batch slips in behind a refused one.
      if (overloaded) throw busy();
      const written = new Promise<void>((resolve, reject) => {
        const settle = (failure: unknown): void =>
          failure === null ? resolve() : reject(failure as Error);
        waiting.push({ lines, settle });
      });
      waitingBytes += bytes;
      if (!draining) {
        draining = true;
        void inTurn(writeGroup);
      }
      return written;
    },

    seal: () =>
      inTurn(async () => {
        invariant(!closed, 'a closed journal is not sealed');
        if (current !== null && current.bytes === current.headerBytes) return;
        if (current !== null) await leave(current);
        current = await begin([]);
      }),

    close: async () => {
      closed = true;
      while (draining) await inTurn(() => Promise.resolve());
      await inTurn(async () => {
        if (current !== null) await leave(current);
      });
    },
  };
}

function firstContent(
  { name, version }: JournalFormat<unknown>,
  { segment, previous }: NextSegment,
  payloads: readonly string[],
): {
  readonly headerBytes: number;
  readonly bytes: number;
  readonly records: number;
  readonly chunks: Iterable<Buffer>;
} {
  const layout = layoutVersion;
  const header = Buffer.from(encodeControl({ layout, format: name, version, segment, previous }));
  const headerBytes = header.length;
  if (payloads.length === 0) {
    return { headerBytes, bytes: headerBytes, records: 0, chunks: [header] };
  }
  const group = encodeGroup(headerBytes, [encodeLines(payloads)]);
  return {
    ...group,
    headerBytes,
    bytes: headerBytes + group.bytes,
    chunks: [header, ...group.chunks],
  };
}

function busy(): ReconcileError {
  return new ReconcileError('JOURNAL_BUSY', 'too much waits for the disk', { retry: 'backoff' });
}
