import { DamagedObject } from './git-error.ts';
import { readSize, sizeBytes } from './varint.ts';

/** Shorter copies cost more than they save. */
const RUN_MIN = 8;
/** In-step mismatches before a neighbouring place is tried: a word that grew or shrank by a few letters. */
const STEPS_BEFORE_SHIFT = 4;
const SHIFT_MAX = 12;
/** In-step mismatches before the base is indexed: an object id is 20 bytes, so most changes never get there. */
const STEPS_BEFORE_INDEX = 24;
const COPY_MAX = 0xffff;
const INSERT_MAX = 127;

/** Length of the object that a delta builds, read from its head. */
export function deltaResultSize(delta: Uint8Array): number {
  const cursor = { bytes: delta, at: 0 };
  readSize(cursor);
  return readSize(cursor);
}

/** @throws DamagedObject when the delta does not fit the base */
export function applyDelta(base: Uint8Array, delta: Uint8Array): Buffer {
  const cursor = { bytes: delta, at: 0 };
  const baseSize = readSize(cursor);
  const result = Buffer.allocUnsafe(readSize(cursor));
  if (baseSize !== base.length) throw new DamagedObject('delta made for another base');
  let at = 0;
  while (cursor.at < delta.length) {
    const op = delta[cursor.at++] ?? 0;
    const piece = op & 128 ? copyPiece(base, cursor, op) : insertPiece(cursor, op);
    if (at + piece.length > result.length) throw new DamagedObject('delta longer than it says');
    result.set(piece, at);
    at += piece.length;
  }
  if (at !== result.length) throw new DamagedObject('delta shorter than it says');
  return result;
}

function copyPiece(
  base: Uint8Array,
  cursor: { readonly bytes: Uint8Array; at: number },
  op: number,
) {
  const operand = (bit: number, factor: number) =>
    op & bit ? (cursor.bytes[cursor.at++] ?? 0) * factor : 0;
  const offset = operand(1, 1) + operand(2, 256) + operand(4, 65_536) + operand(8, 16_777_216);
  const length = operand(16, 1) + operand(32, 256) + operand(64, 65_536) || 65_536;
  if (offset + length > base.length) throw new DamagedObject('delta copies from outside its base');
  return base.subarray(offset, offset + length);
}

function insertPiece(cursor: { readonly bytes: Uint8Array; at: number }, length: number) {
  const start = cursor.at;
  cursor.at += length;
  if (length === 0 || cursor.at > cursor.bytes.length) throw new DamagedObject('delta instruction');
  return cursor.bytes.subarray(start, cursor.at);
}

/**
 * A Git delta from `base` to `target`. Both are walked in step, since versions of one file mostly differ in place;
 * when they stay apart, a hash of the base finds the next common run.
 */
export function makeDelta(base: Uint8Array, target: Uint8Array): Buffer {
  const out: number[] = [...sizeBytes(base.length), ...sizeBytes(target.length)];
  let index: BlockIndex | null = null;
  let inserted = 0; // bytes of target before `t` that no copy covers yet
  let b = 0;
  let t = 0;
  while (t < target.length) {
    let from = b;
    let run = commonRun(base, from, target, t);
    if (run < RUN_MIN && inserted >= STEPS_BEFORE_SHIFT) {
      from = shifted(base, b, target, t);
      run = commonRun(base, from, target, t);
    }
    if (run < RUN_MIN && inserted >= STEPS_BEFORE_INDEX) {
      index ??= indexBlocks(base);
      from = index.find(target, t);
      run = from < 0 ? 0 : commonRun(base, from, target, t);
    }
    if (run < RUN_MIN) {
      inserted += 1;
      t += 1;
      b += 1;
      continue;
    }
    pushInsert(out, target, t - inserted, t);
    pushCopy(out, from, run);
    inserted = 0;
    t += run;
    b = from + run;
  }
  pushInsert(out, target, t - inserted, t);
  return Buffer.from(out);
}

function commonRun(base: Uint8Array, b: number, target: Uint8Array, t: number): number {
  const length = Math.min(base.length - b, target.length - t);
  let run = 0;
  while (run < length && base[b + run] === target[t + run]) run += 1;
  return run;
}

/** The place within a few bytes of `b` where base and target run together again; `b` itself when there is none. */
function shifted(base: Uint8Array, b: number, target: Uint8Array, t: number): number {
  for (let shift = 1; shift <= SHIFT_MAX; shift++) {
    if (commonRun(base, b + shift, target, t) >= RUN_MIN) return b + shift;
    if (b >= shift && commonRun(base, b - shift, target, t) >= RUN_MIN) return b - shift;
  }
  return b;
}

function pushInsert(out: number[], target: Uint8Array, from: number, to: number): void {
  for (let at = from; at < to; at += INSERT_MAX) {
    const end = Math.min(at + INSERT_MAX, to);
    out.push(end - at);
    for (let i = at; i < end; i++) out.push(target[i] ?? 0);
  }
}

function pushCopy(out: number[], from: number, run: number): void {
  for (let done = 0; done < run; done += COPY_MAX) {
    const offset = from + done;
    const length = Math.min(run - done, COPY_MAX);
    const opAt = out.push(0) - 1;
    let op = 128;
    for (let byte = 0; byte < 4; byte++) {
      const value = (offset >>> (8 * byte)) & 255;
      if (value > 0) op |= pushed(out, value, 1 << byte);
    }
    for (let byte = 0; byte < 2; byte++) {
      const value = (length >>> (8 * byte)) & 255;
      if (value > 0) op |= pushed(out, value, 16 << byte);
    }
    out[opAt] = op;
  }
}

/** Appends an operand byte and names the bit that announces it. */
function pushed(out: number[], value: number, bit: number): number {
  out.push(value);
  return bit;
}

type BlockIndex = { find(target: Uint8Array, at: number): number };

/** Last position in the base of every 8-byte window, by hash; a collision only costs a missed copy. */
function indexBlocks(base: Uint8Array): BlockIndex {
  const bits = Math.min(16, Math.max(8, Math.ceil(Math.log2(base.length + 1))));
  const positions = new Int32Array(1 << bits).fill(-1);
  for (let at = base.length - RUN_MIN; at >= 0; at--) positions[windowHash(base, at, bits)] = at;
  return {
    find: (target, at) =>
      at + RUN_MIN > target.length ? -1 : (positions[windowHash(target, at, bits)] ?? -1),
  };
}

function windowHash(bytes: Uint8Array, at: number, bits: number): number {
  let hash = 0;
  for (let i = 0; i < RUN_MIN; i++) hash = Math.imul(hash ^ (bytes[at + i] ?? 0), 0x01000193);
  return (Math.imul(hash, 0x9e3779b1) >>> (32 - bits)) | 0;
}
