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

/** Payloads as lines, in pieces that are turned into bytes one at a time: a large batch lies in memory once. */
export type Lines = {
  readonly pieces: readonly string[];
  readonly bytes: number;
  readonly count: number;
};

/** Above what waiting batches are gathered to (`groupBytesMax`): only a batch that is large itself is written piece by piece. */
const pieceChars = 5 * 1024 * 1024;

export function encodeLines(payloads: Iterable<string>): Lines {
  const pieces: string[] = [];
  let text = '';
  let count = 0;
  for (const payload of payloads) {
    text += encodeFrame(payload);
    count += 1;
    if (text.length < pieceChars) continue;
    pieces.push(text);
    text = '';
  }
  if (text !== '') pieces.push(text);
  const bytes = pieces.reduce((sum, piece) => sum + Buffer.byteLength(piece), 0);
  return { pieces, bytes, count };
}

/** All lines under one that binds them together at this place of the file. */
export function encodeGroup(
  start: number,
  lines: readonly Lines[],
): { readonly bytes: number; readonly records: number; readonly chunks: Iterable<Buffer> } {
  const records = lines.reduce((sum, { count }) => sum + count, 0);
  const first = encodeControl({ group: start, records });
  const bytes = lines.reduce((sum, each) => sum + each.bytes, first.length);
  if (bytes > pieceChars) return { bytes, records, chunks: chunksOf(first, lines) };
  const text = lines.reduce((sum, { pieces }) => sum + pieces.join(''), first);
  return { bytes, records, chunks: [Buffer.from(text)] };
}

function* chunksOf(first: string, lines: readonly Lines[]): Generator<Buffer> {
  let text = first;
  for (const { pieces } of lines) {
    for (const piece of pieces) {
      text += piece;
      if (text.length < pieceChars) continue;
      yield Buffer.from(text);
      text = '';
    }
  }
  if (text !== '') yield Buffer.from(text);
}

/** What a file is laid out with: a person's tools take it for empty lines, and no disk for nothing. */
const filler = 0x0a;

/**
 * The chunks to write from `at` on so that the file ends at a multiple of `laidBytes`. To write over what was laid out changes neither the
 * file's length nor its place on the disk, so its sync has no metadata to carry: about half the time of one that grows the file.
 */
export function* layOut(
  chunks: Iterable<Buffer>,
  file: { readonly at: number; readonly fileBytes: number; readonly laidBytes: number },
): Generator<Buffer> {
  let last: Buffer | null = null;
  let end = file.at;
  for (const chunk of chunks) {
    if (last !== null) yield last;
    last = chunk;
    end += chunk.length;
  }
  if (last === null) return;
  const laid = end <= file.fileBytes ? end : laidLength(end, file);
  yield laid === end ? last : Buffer.concat([last, Buffer.alloc(laid - end, filler)]);
}

/** Nothing is laid out where the file is longer already. */
export function laidLength(
  end: number,
  { fileBytes, laidBytes }: { readonly fileBytes: number; readonly laidBytes: number },
): number {
  return end <= fileBytes ? fileBytes : Math.ceil(end / laidBytes) * laidBytes;
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

/** The whole groups of the range, in order and as many at a time as were read at a time, up to the first that is torn or damaged. */
export async function* readGroups(
  reader: DiskReader,
  range: ReadRange,
): AsyncGenerator<readonly Group[]> {
  let open: OpenGroup | null = null;
  for await (const frames of readFrames(reader, range)) {
    const read: { groups: Group[]; open: OpenGroup | null; ends: boolean } = gather(frames, open);
    yield read.groups;
    if (read.ends) return;
    open = read.open;
  }
}

type OpenGroup = {
  readonly start: number;
  readonly records: number;
  readonly payloads: string[];
};

function gather(
  frames: readonly Frame[],
  before: OpenGroup | null,
): { groups: Group[]; open: OpenGroup | null; ends: boolean } {
  const groups: Group[] = [];
  let open = before;
  for (const { start, end, payload } of frames) {
    if (open === null) {
      const line = parseGroupLine(payload);
      if (line === null || line.group !== start || line.records < 1) {
        return { groups, open, ends: true };
      }
      open = { start, records: line.records, payloads: [] };
      continue;
    }
    if (isControl(payload)) return { groups, open, ends: true };
    open.payloads.push(payload);
    if (open.payloads.length < open.records) continue;
    groups.push({ start: open.start, end, payloads: open.payloads });
    open = null;
  }
  return { groups, open, ends: false };
}

/** What stands behind the last whole group: what was laid out and not used yet, what a crash tore, or damage. */
export type Rest = { readonly kind: 'torn'; readonly bytes: number } | { readonly kind: 'damaged' };

/**
 * Damaged is what a group follows: it was durable once. Of what is torn only that counts which is not as it was laid out.
 * Reads the rest of the segment at once: segments are bounded.
 */
export async function readRest(reader: DiskReader, place: number): Promise<Rest> {
  const bytes = await restOf(reader, place);
  if (groupBeginsAfter(bytes, place) && !(await isWrittenNow(reader, place))) {
    return { kind: 'damaged' };
  }
  let end = bytes.length;
  // A file that a power cut left longer than its bytes shows zeros.
  while (end > 0 && (bytes[end - 1] === filler || bytes[end - 1] === 0)) end -= 1;
  const ownBreak = end > 0 && bytes[end] === filler ? 1 : 0;
  return { kind: 'torn', bytes: end + ownBreak };
}

/**
 * Reading beside the writer: groups may have been written since the place was looked at, and a page of the later one
 * been read after a page of the earlier one. Who has seen the later one sees all of the earlier one now.
 */
async function isWrittenNow(reader: DiskReader, place: number): Promise<boolean> {
  const range = { from: place, to: reader.size, chunkBytes: headerBytesMax };
  for await (const [group] of readGroups(reader, range)) {
    if (group !== undefined) return group.start === place;
  }
  return false;
}

async function restOf(reader: DiskReader, place: number): Promise<Buffer> {
  const rest = Buffer.alloc(reader.size - place);
  return rest.subarray(0, await reader.read(rest, place));
}

function groupBeginsAfter(bytes: Buffer, place: number): boolean {
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
