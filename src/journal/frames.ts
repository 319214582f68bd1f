import { crc32 } from 'node:zlib';
import { invariant } from '../core/model/errors.ts';
import type { DiskReader } from '../disk/disk.ts';

/**
 * The line a journal is made of: `<bytes> <crc32> <payload>\n`. Bytes in decimal, the checksum in eight lower-case hex
 * digits, the payload JSON text in UTF-8, or `#` and JSON where the journal speaks of itself (see `control.ts`).
 * JSON has no raw newline, so a reader that lost its place finds the next line.
 */
export type Frame = {
  /** Place of the line in its file. */
  readonly start: number;
  readonly end: number;
  readonly payload: string;
};

export type ReadRange = {
  readonly from: number;
  readonly to: number;
  /** How much is read and parsed at one go; a longer line grows it. */
  readonly chunkBytes: number;
};

const bytesDigitsMax = 8;
const crcDigits = 8;
/** A longer payload could not be read back, so it is never written: not by a writer, and not by a compaction either. */
export const payloadBytesMax = 10 ** bytesDigitsMax - 1;

const newline = 0x0a;
const space = 0x20;

export function encodeFrame(payload: string): string {
  const bytes = Buffer.byteLength(payload);
  invariant(bytes <= payloadBytesMax, 'a line of the journal is short enough to be read back');
  const crc = crc32(payload).toString(16).padStart(crcDigits, '0');
  return `${bytes} ${crc} ${payload}\n`;
}

/**
 * The lines of the range, chunk by chunk, up to the first that is damaged or incomplete.
 * Other work has its turn between two chunks.
 */
export async function* readFrames(
  reader: DiskReader,
  { from, to, chunkBytes }: ReadRange,
): AsyncGenerator<readonly Frame[]> {
  let buffer = Buffer.allocUnsafe(Math.min(chunkBytes, to - from));
  let place = from;
  let held = 0;
  for (;;) {
    const wanted = Math.min(buffer.length - held, to - place - held);
    const got = await reader.read(buffer.subarray(held, held + wanted), place + held);
    held += got;
    const { frames, used, damaged } = parseFrames(buffer.subarray(0, held), place);
    yield frames;
    if (damaged || got < wanted || place + held >= to) return;
    if (used === 0 && held === buffer.length) buffer = grown(buffer);
    buffer.copyWithin(0, used, held);
    place += used;
    held -= used;
    await nextTurn();
  }
}

/** The line at this place of the buffer, whose first byte stands at `offset` in the file. */
export function parseFrame(buffer: Buffer, at: number, offset: number): Frame | 'partial' | 'bad' {
  let next = at;
  let bytes = 0;
  for (; next < buffer.length && buffer[next] !== space; next++) {
    const digit = (buffer[next] ?? 0) - 0x30;
    if (digit < 0 || digit > 9 || next - at === bytesDigitsMax) return 'bad';
    if (digit === 0 && bytes === 0) return 'bad';
    bytes = bytes * 10 + digit;
  }
  const crcAt = next + 1;
  const payloadAt = crcAt + crcDigits + 1;
  const end = payloadAt + bytes + 1;
  if (next === at && next < buffer.length) return 'bad';
  if (end > buffer.length) return 'partial';
  if (buffer[payloadAt - 1] !== space || buffer[end - 1] !== newline) return 'bad';
  if (crc32(buffer.subarray(payloadAt, end - 1)) !== parseHex(buffer, crcAt)) return 'bad';
  const payload = buffer.toString('utf8', payloadAt, end - 1);
  return { start: offset + at, end: offset + end, payload };
}

function parseFrames(
  buffer: Buffer,
  offset: number,
): { frames: Frame[]; used: number; damaged: boolean } {
  const frames: Frame[] = [];
  let used = 0;
  while (used < buffer.length) {
    const frame = parseFrame(buffer, used, offset);
    if (frame === 'partial') break;
    if (frame === 'bad') return { frames, used, damaged: true };
    frames.push(frame);
    used = frame.end - offset;
  }
  return { frames, used, damaged: false };
}

/** -1, which no checksum is, unless all digits are hex in lower case: another case would be a flipped bit. */
function parseHex(buffer: Buffer, at: number): number {
  let value = 0;
  for (let next = at; next < at + crcDigits; next++) {
    const byte = buffer[next] ?? 0;
    const digit = byte >= 0x61 && byte <= 0x66 ? byte - 0x57 : byte - 0x30;
    if (digit < 0 || digit > 15 || (digit > 9 && byte < 0x61)) return -1;
    value = value * 16 + digit;
  }
  return value;
}

function grown(buffer: Buffer): Buffer<ArrayBuffer> {
  const larger = Buffer.allocUnsafe(buffer.length * 2);
  buffer.copy(larger);
  return larger;
}

/** Lets timers and sockets have their turn. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
