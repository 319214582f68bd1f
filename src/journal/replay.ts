import { join } from 'node:path';
import type { Disk, DiskReader } from '../disk/disk.ts';
import { isControl, parseSnapshotFooter, parseSnapshotHeader } from './control.ts';
import { corrupt } from './errors.ts';
import type { JournalFormat } from './format.ts';
import { checkFormat, readRecord } from './format.ts';
import { nextTurn, readFrames } from './frames.ts';
import type { Segment } from './layout.ts';
import { snapshotName } from './layout.ts';
import type { Group } from './segment.ts';
import { readGroups, readRest } from './segment.ts';

export type Replay<R> = {
  readonly disk: Disk;
  readonly dir: string;
  readonly format: JournalFormat<R>;
  readonly chunkBytes: number;
  onRecord(record: R): void;
};

export type SegmentReplay = {
  readonly records: number;
  readonly groups: number;
  readonly last: Group | null;
  /** End of the last whole group. */
  readonly end: number;
  /** Bytes after `end` that a crash tore; 0 but in the last segment. */
  readonly bytesCut: number;
};

const damaged = 'the line does not match its checksum';

/**
 * Hands over the records of a sealed segment, or of the last one up to its torn tail.
 * @throws ReconcileError JOURNAL_CORRUPT for damage that a crash cannot have left
 */
export async function replaySegment<R>(
  replay: Replay<R>,
  segment: Segment,
): Promise<SegmentReplay> {
  return withReader(replay.disk, segment.file, async (reader) => {
    const { chunkBytes } = replay;
    const found = { records: 0, groups: 0, last: null as Group | null, end: segment.headerEnd };
    const to = segment.end ?? reader.size;
    const pace = paceOf(chunkBytes);
    for await (const groups of readGroups(reader, { from: found.end, to, chunkBytes })) {
      for (const group of groups) {
        for (const payload of group.payloads) {
          replay.onRecord(readRecord(payload, segment.header.version, replay.format));
          if (pace.isOver(payload.length)) await nextTurn();
        }
        found.records += group.payloads.length;
        found.groups += 1;
        found.last = group;
        found.end = group.end;
      }
    }
    const { end } = found;
    if (end === to) return { ...found, bytesCut: 0 };
    const rest = segment.end === null ? await readRest(reader, end) : null;
    if (rest?.kind !== 'torn') throw corrupt(segment.file, end, damaged);
    return { ...found, bytesCut: rest.bytes };
  });
}

/** A group may hold many records: other work has its turn between them too. */
function paceOf(chunkBytes: number): { isOver(bytes: number): boolean } {
  let done = 0;
  return {
    isOver(bytes) {
      done += bytes;
      if (done < chunkBytes) return false;
      done = 0;
      return true;
    },
  };
}

/**
 * Hands over the records of a snapshot.
 * @throws ReconcileError JOURNAL_CORRUPT when any byte of it is damaged: it appears under its name only when whole
 */
export async function replaySnapshot<R>(
  replay: Replay<R>,
  number: number,
): Promise<{ readonly records: number; readonly bytes: number }> {
  const file = join(replay.dir, snapshotName(number));
  return withReader(replay.disk, file, async (reader) => {
    let version: number | null = null;
    let records = 0;
    let end = 0;
    let whole = false;
    const range = { from: 0, to: reader.size, chunkBytes: replay.chunkBytes };
    for await (const frames of readFrames(reader, range)) {
      for (const frame of frames) {
        if (whole) throw corrupt(file, frame.start, 'something stands behind its last line');
        if (version === null) {
          version = snapshotVersion(file, frame.payload, number, replay.format);
        } else if (isControl(frame.payload)) {
          whole = parseSnapshotFooter(frame.payload)?.records === records;
          if (!whole) throw corrupt(file, frame.start, 'its last line counts otherwise');
        } else {
          replay.onRecord(readRecord(frame.payload, version, replay.format));
          records += 1;
        }
        end = frame.end;
      }
    }
    if (!whole || end < reader.size) throw corrupt(file, end, damaged);
    return { records, bytes: reader.size };
  });
}

function snapshotVersion(
  file: string,
  payload: string,
  number: number,
  format: JournalFormat<unknown>,
): number {
  const header = parseSnapshotHeader(payload);
  if (header === null) throw corrupt(file, 0, 'no header');
  checkFormat(file, header, format);
  if (header.snapshot !== number) throw corrupt(file, 0, 'it is another snapshot');
  return header.version;
}

async function withReader<Value>(
  disk: Disk,
  file: string,
  read: (reader: DiskReader) => Promise<Value>,
): Promise<Value> {
  const reader = await disk.openRead(file);
  if (reader === null) throw corrupt(file, 0, 'the file is missing');
  try {
    return await read(reader);
  } finally {
    await reader.close();
  }
}
