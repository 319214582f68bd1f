/** A cursor over bytes; the readers below move `at`. */
type Cursor = { readonly bytes: Uint8Array; at: number };

function next(cursor: Cursor): number {
  const byte = cursor.bytes[cursor.at++];
  if (byte === undefined) throw new RangeError('pack data ends inside a number');
  return byte;
}

/** Type and size in front of every pack entry: 3 bits of type, then 4 + 7n bits of size, little end first. */
export function readEntryHead(cursor: Cursor): { readonly type: number; readonly size: number } {
  let byte = next(cursor);
  const type = (byte >> 4) & 7;
  let size = byte & 15;
  for (let factor = 16; byte & 128; factor *= 128) {
    byte = next(cursor);
    size += (byte & 127) * factor;
  }
  return { type, size };
}

export function entryHead(type: number, size: number): Buffer {
  const bytes: number[] = [];
  let rest = Math.floor(size / 16);
  bytes.push((type << 4) | (size & 15) | (rest > 0 ? 128 : 0));
  while (rest > 0) {
    const low = rest & 127;
    rest = Math.floor(rest / 128);
    bytes.push(low | (rest > 0 ? 128 : 0));
  }
  return Buffer.from(bytes);
}

/** Distance back to the base of an OFS_DELTA: big end first, each continuation adds one. */
export function readBaseDistance(cursor: Cursor): number {
  let byte = next(cursor);
  let distance = byte & 127;
  while (byte & 128) {
    byte = next(cursor);
    distance = (distance + 1) * 128 + (byte & 127);
  }
  return distance;
}

export function baseDistance(distance: number): Buffer {
  const bytes = [distance & 127];
  for (let rest = Math.floor(distance / 128); rest > 0; rest = Math.floor(rest / 128)) {
    rest -= 1;
    bytes.unshift((rest & 127) | 128);
  }
  return Buffer.from(bytes);
}

/** Sizes inside a delta: 7 bits a byte, little end first. */
export function readSize(cursor: Cursor): number {
  let size = 0;
  for (let factor = 1; ; factor *= 128) {
    const byte = next(cursor);
    size += (byte & 127) * factor;
    if ((byte & 128) === 0) return size;
  }
}

export function sizeBytes(size: number): number[] {
  const bytes: number[] = [];
  let rest = size;
  while (rest > 127) {
    bytes.push((rest & 127) | 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return bytes;
}
