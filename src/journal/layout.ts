import { join } from 'node:path';
import type { Disk } from '../disk/disk.ts';
import type { SegmentHeader } from './control.ts';
import { corrupt } from './errors.ts';
import type { JournalFormat } from './format.ts';
import { checkFormat } from './format.ts';
import { readHeader } from './segment.ts';

/** A segment on disk. `end` is where its valid bytes end, as the next header says; null for the last one. */
export type Segment = {
  readonly number: number;
  readonly file: string;
  readonly header: SegmentHeader;
  readonly headerEnd: number;
  readonly end: number | null;
};

export type Layout = {
  /** The newest snapshot; 0 when there is none. */
  readonly snapshot: number;
  /** All after the snapshot, without a gap. */
  readonly segments: readonly Segment[];
  /** Names of files that the snapshot replaces, oldest first. */
  readonly obsolete: readonly string[];
};

export const segmentName = (number: number): string => `journal-${padded(number)}.log`;
export const snapshotName = (number: number): string => `snapshot-${padded(number)}.log`;

const padded = (number: number): string => number.toString().padStart(8, '0');
const names = /^(journal|snapshot)-(\d{8})\.log$/;

/**
 * What stands in a journal's folder, with every header checked.
 * @throws ReconcileError JOURNAL_CORRUPT, STATE_NEWER (retry `never`)
 */
export async function readLayout(
  disk: Disk,
  dir: string,
  format: JournalFormat<unknown>,
): Promise<Layout> {
  const { segments, snapshots } = await listNumbers(disk, dir);
  const snapshot = snapshots.at(-1) ?? 0;
  const live = segments.filter((number) => number > snapshot);
  checkGaps(dir, snapshot, live);
  const obsolete = [
    ...snapshots.slice(0, -1).map(snapshotName),
    ...segments.filter((number) => number <= snapshot).map(segmentName),
  ];
  return { snapshot, segments: await readSegments(disk, dir, live, format), obsolete };
}

async function listNumbers(
  disk: Disk,
  dir: string,
): Promise<{ segments: number[]; snapshots: number[] }> {
  const found = { segments: [] as number[], snapshots: [] as number[] };
  for (const name of await disk.list(dir)) {
    const [, kind, digits] = names.exec(name) ?? [];
    if (kind === undefined) continue;
    (kind === 'journal' ? found.segments : found.snapshots).push(Number(digits));
  }
  return found;
}

/** A snapshot is made of sealed segments only, so the one after it stands there before. */
function checkGaps(dir: string, snapshot: number, live: readonly number[]): void {
  if (live.length === 0 && snapshot === 0) return;
  const newest = live.at(-1) ?? snapshot + 1;
  for (let number = snapshot + 1; number <= newest; number++) {
    if (live[number - snapshot - 1] !== number) {
      throw corrupt(join(dir, segmentName(number)), 0, 'the file is missing');
    }
  }
}

async function readSegments(
  disk: Disk,
  dir: string,
  numbers: readonly number[],
  format: JournalFormat<unknown>,
): Promise<Segment[]> {
  const segments: Segment[] = [];
  // From the newest back, since each header says where the one before ends.
  let end: number | null = null;
  for (const number of numbers.toReversed()) {
    const segment: Segment = { ...(await openHeader(disk, dir, number, format)), end };
    segments.unshift(segment);
    end = segment.header.previous?.bytes ?? null;
  }
  return segments;
}

async function openHeader(
  disk: Disk,
  dir: string,
  number: number,
  format: JournalFormat<unknown>,
): Promise<Omit<Segment, 'end'>> {
  const file = join(dir, segmentName(number));
  const reader = await disk.openRead(file);
  if (reader === null) throw corrupt(file, 0, 'the file is missing');
  try {
    const { header, end } = await readHeader(file, reader);
    checkFormat(file, header, format);
    const linked = (header.previous?.segment ?? 0) === number - 1;
    if (header.segment !== number || !linked) throw corrupt(file, 0, 'it is another segment');
    return { number, file, header, headerEnd: end };
  } finally {
    await reader.close();
  }
}
