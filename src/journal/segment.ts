import type { DiskReader } from '../disk/disk.ts';
import type { SegmentHeader } from './control.ts';
import { encodeControl, isControl, parseGroupLine, parseSegmentHeader } from './control.ts';
import { corrupt } from './errors.ts';
import type { Frame, ReadRange } from './frames.ts';
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

/** The whole groups of the range, in order, up to the first that is torn or damaged. */
export async function* readGroups(reader: DiskReader, range: ReadRange): AsyncGenerator<Group> {
  let open: { start: number; records: number; payloads: string[] } | null = null;
  for await (const frames of readFrames(reader, range)) {
    for (const { start, end, payload } of frames) {
      if (open === null) {
        const line = parseGroupLine(payload);
        if (line === null || line.group !== start || line.records < 1) return;
        open = { start, records: line.records, payloads: [] };
        continue;
      }
      if (isControl(payload)) return;
      open.payloads.push(payload);
      if (open.payloads.length < open.records) continue;
      yield { start: open.start, end, payloads: open.payloads };
      open = null;
    }
  }
}

/**
 * Whether a group begins after a damaged place. Then the damage was durable once and is no torn tail.
 * Reads the rest of the segment at once: rare, and segments are bounded.
 */
export async function groupBeginsAfter(reader: DiskReader, place: number): Promise<boolean> {
  const rest = Buffer.alloc(reader.size - place);
  const bytes = rest.subarray(0, await reader.read(rest, place));
  // A newline may be what was damaged, so look for the mark; inside a record its quotes would be escaped.
  const first = bytes.indexOf(groupMark);
  for (let at = first; at !== -1; at = bytes.indexOf(groupMark, at + 1)) {
    const start = Number.parseInt(bytes.toString('latin1', at + groupMark.length, at + 32), 10);
    if (start > place && isGroupStart(parseFrame(bytes, start - place, place))) return true;
  }
  return false;
}

const groupMark = '#{"group":';

const isGroupStart = (frame: Frame | string): boolean =>
  typeof frame !== 'string' && parseGroupLine(frame.payload)?.group === frame.start;
