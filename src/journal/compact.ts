import { join } from 'node:path';
import type { Disk } from '../disk/disk.ts';
import { writeFileAtomic } from '../disk/files.ts';
import { encodeControl, layoutVersion } from './control.ts';
import type { JournalFormat } from './format.ts';
import { recordTexts } from './format.ts';
import { encodeFrame, nextTurn } from './frames.ts';
import { readLayout, snapshotName } from './layout.ts';
import type { Replay } from './replay.ts';
import { replaySegment, replaySnapshot } from './replay.ts';

/** State rebuilt from records, and the records that rebuild it. Order of `records` is the order of replay. */
export type Fold<R> = {
  apply(record: R): void;
  /** Read lazily and to its end; nothing is applied meanwhile. */
  records(): Iterable<R>;
};

export type CompactionJob<R> = {
  readonly disk: Disk;
  readonly dir: string;
  readonly format: JournalFormat<R>;
  /** Calls it off between two slices; the journal then stays as it was. */
  readonly signal: AbortSignal;
};

/** How a journal's sealed segments become a snapshot: in this thread (`compactHere`) or another (`compactInWorker`). */
export type Compactor<R> = (job: CompactionJob<R>) => Promise<Compaction>;

export type Compaction = {
  /** The snapshot replaces the segments up to and including this one. */
  readonly segment: number;
  /** Size of the snapshot. */
  readonly records: number;
  readonly bytes: number;
};

/** A slice of work between two turns of the event loop: a millisecond or two. */
const sliceBytes = 64 * 1024;

/** Compacts in this thread, giving way every few milliseconds. `createFold` gives an empty state. */
export function compactHere<R>(createFold: () => Fold<R>): Compactor<R> {
  return (job) => compactSealed(job, createFold());
}

/**
 * Folds the snapshot and all segments but the last, which is being written, into a new snapshot, and removes what it replaces
 * once it is durable. A crash at any point leaves the old files or the new one.
 */
export async function compactSealed<R>(job: CompactionJob<R>, fold: Fold<R>): Promise<Compaction> {
  const { disk, dir, format, signal } = job;
  const layout = await readLayout(disk, dir, format);
  const sealed = layout.segments.slice(0, -1);
  const segment = sealed.at(-1)?.number ?? layout.snapshot;
  const replay: Replay<R> = {
    disk: interruptible(disk, signal),
    dir,
    format,
    chunkBytes: sliceBytes,
    onRecord: (record) => fold.apply(record),
  };
  const before = layout.snapshot === 0 ? null : await replaySnapshot(replay, layout.snapshot);
  if (sealed.length === 0) return { segment, records: 0, bytes: 0, ...before };
  for (const each of sealed) await replaySegment(replay, each);

  const size = { records: 0, bytes: 0 };
  const snapshot = join(dir, snapshotName(segment));
  await writeFileAtomic(snapshot, snapshotChunks(job, segment, fold.records(), size), { disk });
  await removeObsolete(disk, dir, (await readLayout(disk, dir, format)).obsolete);
  return { segment, ...size };
}

/** Removes what a newer snapshot replaces, once that is durable for sure. In any order: nobody looks at them again. */
export async function removeObsolete(
  disk: Disk,
  dir: string,
  names: readonly string[],
): Promise<void> {
  if (names.length === 0) return;
  // A snapshot found on opening may be known to the page cache only.
  await disk.syncDir(dir);
  for (const name of names) await disk.remove(join(dir, name));
  await disk.syncDir(dir);
}

async function* snapshotChunks<R>(
  { format, signal }: CompactionJob<R>,
  segment: number,
  records: Iterable<R>,
  size: { records: number; bytes: number },
): AsyncGenerator<Uint8Array> {
  const { name, version } = format;
  let text = encodeControl({ layout: layoutVersion, format: name, version, snapshot: segment });
  const taken = (): Uint8Array => {
    const chunk = Buffer.from(text);
    text = '';
    size.bytes += chunk.length;
    return chunk;
  };
  for (const record of records) {
    for (const line of recordTexts(record, format)) {
      text += encodeFrame(line);
      size.records += 1;
      if (text.length < sliceBytes) continue;
      signal.throwIfAborted();
      yield taken();
      await nextTurn();
    }
  }
  text += encodeControl({ end: true, records: size.records });
  yield taken();
}

/** Reading stops at the next slice once it is called off. */
function interruptible(disk: Disk, signal: AbortSignal): Disk {
  return {
    ...disk,
    openRead: async (path) => {
      const reader = await disk.openRead(path);
      if (reader === null) return null;
      const read: typeof reader.read = (into, position) => {
        signal.throwIfAborted();
        return reader.read(into, position);
      };
      return { ...reader, read };
    },
  };
}
