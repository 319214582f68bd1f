import { encodeFrame } from './frames.ts';

/** The arrangement of files and lines itself; what records mean is versioned by the journal's owner. */
export const layoutVersion = 1;

/** A segment and how many of its bytes count. */
export type SegmentEnd = { readonly segment: number; readonly bytes: number };

/** First line of a segment. What stands in the previous segment beyond `previous.bytes` was never acknowledged. */
export type SegmentHeader = {
  readonly layout: number;
  readonly format: string;
  readonly version: number;
  readonly segment: number;
  readonly previous: SegmentEnd | null;
};

/** First line of a snapshot, which replaces the segments up to and including `snapshot`. */
export type SnapshotHeader = {
  readonly layout: number;
  readonly format: string;
  readonly version: number;
  readonly snapshot: number;
};

/**
 * First line of a group: the records of one write and one sync, which count together or not at all. `group` is the place
 * of this very line. It is written after everything before it was synced, so it proves that an earlier damage is no tear.
 */
export type GroupLine = { readonly group: number; readonly records: number };

/** Last line of a snapshot. */
export type SnapshotFooter = { readonly end: true; readonly records: number };

const mark = '#';

export function encodeControl(
  line: SegmentHeader | SnapshotHeader | GroupLine | SnapshotFooter,
): string {
  return encodeFrame(mark + JSON.stringify(line));
}

export const isControl = (payload: string): boolean => payload.startsWith(mark);

export function parseSegmentHeader(payload: string): SegmentHeader | null {
  const line = parseControl(payload);
  const { layout, format, version, segment, previous } = line ?? {};
  if (!isCount(layout) || !isCount(version) || !isCount(segment)) return null;
  if (typeof format !== 'string' || previous === undefined) return null;
  if (previous === null) return { layout, format, version, segment, previous };
  if (!isObject(previous)) return null;
  const { segment: number, bytes } = previous;
  if (!isCount(number) || !isCount(bytes)) return null;
  return { layout, format, version, segment, previous: { segment: number, bytes } };
}

export function parseSnapshotHeader(payload: string): SnapshotHeader | null {
  const { layout, format, version, snapshot } = parseControl(payload) ?? {};
  if (!isCount(layout) || !isCount(version) || !isCount(snapshot)) return null;
  return typeof format === 'string' ? { layout, format, version, snapshot } : null;
}

export function parseGroupLine(payload: string): GroupLine | null {
  const { group, records } = parseControl(payload) ?? {};
  return isCount(group) && isCount(records) ? { group, records } : null;
}

export function parseSnapshotFooter(payload: string): SnapshotFooter | null {
  const { end, records } = parseControl(payload) ?? {};
  return end === true && isCount(records) ? { end, records } : null;
}

type Fields = { readonly [name: string]: unknown };

function parseControl(payload: string): Fields | null {
  if (!isControl(payload)) return null;
  const value: unknown = JSON.parse(payload.slice(mark.length));
  return isObject(value) ? value : null;
}

const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null;

const isCount = (value: unknown): value is number => Number.isSafeInteger(value);
