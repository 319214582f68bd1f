import type { DiskReader } from '../disk/disk.ts';
import type { SegmentHeader } from './control.ts';
import { encodeControl, isControl, parseGroupLine, parseSegmentHeader } from './control.ts';
import { corrupt } from './errors.ts';
import type { Frame } from './frames.ts';
import { encodeFrame, parseFrame, readFrames } from './frames.ts';

/** The lines of one write and one sync, and where they stand. */
export type Group = {
  readonly start: number;
  readonly end: number;
  readonly payloads: readonly string[];
};

/** Each payload as a line, under one line that binds them together at this place of the file. */
export function encodeGroup(start: number, frames: string, records: number): Buffer {
  return Buffer.from(encodeControl({ group: start, records }) + frames);
}

export function encodePayloads(payloads: readonly string[]): string {
  return payloads.map(encodeFrame).join('');
}

const headerBytesMax = 4096;

/** @throws ReconcileError JOURNAL_CORRUPT: a segment appears under its name only once its header is durable */
export async function readHeader(
  file: string,
  reader: DiskReader,
): Promise<{ header: SegmentHeader; end: number }> {
  const buffer = Buffer.alloc(headerBytesMax);
  const got = await reader.read(buffer, 0);
  const frame = parseFrame(buffer.subarray(0, got), 0, 0);
  const header = typeof frame === 'string' ? null : parseSegmentHeader(frame.payload);
  if (typeof frame === 'string' || header === null) throw corrupt(file, 0, 'no header');
  return { header, end: frame.end };
}

/**
 * Hands over the whole groups from `from` to `to`, in order. Gives the end of the last whole one: less than `to` when what
 * follows is torn or damaged.
 */
export async function readGroups(
  reader: DiskReader,
  range: { readonly from: number; readonly to: number; readonly chunkBytes: number },
  onGroup: (group: Group) => void,
): Promise<number> {
  let wholeEnd = range.from;
  let open: { start: number; records: number; payloads: string[] } | null = null;
  await readFrames(reader, range, (frame) => {
    if (open === null) {
      const line = parseGroupLine(frame.payload);
      if (line === null || line.group !== frame.start || line.records < 1) return false;
      open = { start: frame.start, records: line.records, payloads: [] };
      return true;
    }
    if (isControl(frame.payload)) return false;
    open.payloads.push(frame.payload);
    if (open.payloads.length < open.records) return true;
    onGroup({ start: open.start, end: frame.end, payloads: open.payloads });
    wholeEnd = frame.end;
    open = null;
    return true;
  });
  return wholeEnd;
}

/**
 * Whether a group begins after a damaged place. Then the damage was durable once and is no torn tail.
 * Reads the rest of the segment at once: rare, and segments are bounded.
 */
export async function groupBeginsAfter(reader: DiskReader, place: number): Promise<boolean> {
  const rest = Buffer.alloc(reader.size - place);
  const got = await reader.read(rest, place);
  const bytes = rest.subarray(0, got);
  for (let at = nextLine(bytes, 0); at > 0; at = nextLine(bytes, at)) {
    const frame = parseFrame(bytes, at, place);
    if (typeof frame !== 'string' && isGroupStart(frame)) return true;
  }
  return false;
}

const isGroupStart = (frame: Frame): boolean =>
  isControl(frame.payload) && parseGroupLine(frame.payload)?.group === frame.start;

/** 0 when there is none. */
const nextLine = (bytes: Buffer, from: number): number => bytes.indexOf(0x0a, from) + 1;
