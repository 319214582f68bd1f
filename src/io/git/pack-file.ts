import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import type { BaseCache } from './base-cache.ts';
import { applyDelta, deltaResultSize } from './delta.ts';
import { DamagedObject } from './git-error.ts';
import type { GitObject } from './objects.ts';
import { inflateEntry, readPackEntry } from './pack-entry.ts';
import type { PackIndex } from './pack-index.ts';
import { parsePackIndex } from './pack-index.ts';

/** Chains of foreign packs may be this long; a longer one is a bomb (git's own default is 50). */
const CHAIN_MAX = 4_096;
/** Up to here an entry is read in one go; beyond, its head is looked at first. */
const PEEK_ABOVE_BYTES = 1 << 20;

export type PackFile = {
  readonly index: PackIndex;
  /** Null when the pack does not hold it. @throws DamagedObject, ObjectTooLarge, ForeignBase */
  read(oid: string, bytesMax: number): GitObject | null;
  close(): void;
};

/** The object is larger than the caller takes; known before its bytes are inflated. */
export class ObjectTooLarge extends Error {
  readonly size: number;
  constructor(size: number) {
    super(`object of ${size} bytes`);
    this.name = 'ObjectTooLarge';
    this.size = size;
  }
}

/** A delta whose base lies outside its pack: legal only on the wire, left to isomorphic-git. */
export class ForeignBase extends Error {
  override readonly name = 'ForeignBase';
}

/**
 * Opens `<base>.pack` with `<base>.idx`. The descriptor stays valid when a `git gc` removes the files.
 * `place` numbers this pack within the cache it shares with others.
 */
export function openPackFile(base: string, place: number, cache: BaseCache): PackFile {
  const index = parsePackIndex(readFileSync(`${base}.idx`));
  const fd = openSync(`${base}.pack`, 'r');
  const end = fstatSync(fd).size - 20;
  const starts = sortedOffsets(index);
  const placeOf = (offset: number) => place * 2 ** 40 + offset;

  function entryAt(offset: number, bytesMax: number) {
    const length = endOf(starts, offset, end) - offset;
    if (length <= 0) throw new DamagedObject('pack entry outside its pack');
    if (length > PEEK_ABOVE_BYTES)
      refuseLarge(readPackEntry(readAt(fd, offset, 64), 0, offset), bytesMax);
    const bytes = readAt(fd, offset, length);
    const entry = readPackEntry(bytes, 0, offset);
    refuseLarge(entry, bytesMax);
    return { entry, data: bytes.subarray(entry.dataAt) };
  }

  function baseOffset(oid: string): number {
    const position = index.find(oid);
    if (position < 0) throw new ForeignBase(oid);
    return index.offsetAt(position);
  }

  /** Walks down to a full object or a cached base, then applies the deltas upwards. */
  function resolve(offset: number, bytesMax: number): GitObject {
    const deltas: { readonly offset: number; readonly bytes: Buffer }[] = [];
    let at = offset;
    let object = cache.get(placeOf(at));
    while (object === undefined) {
      const { entry, data } = entryAt(at, bytesMax);
      const bytes = inflateEntry(data, entry.size);
      if (entry.form === 'full') {
        object = { kind: entry.kind, bytes };
        if (deltas.length > 0) cache.put(placeOf(at), object);
        break;
      }
      if (deltaResultSize(bytes) > bytesMax) throw new ObjectTooLarge(deltaResultSize(bytes));
      if (deltas.push({ offset: at, bytes }) > CHAIN_MAX) throw new DamagedObject('delta chain');
      at = entry.form === 'ofs-delta' ? entry.baseOffset : baseOffset(entry.baseOid);
      object = cache.get(placeOf(at));
    }
    for (const delta of deltas.reverse()) {
      object = { kind: object.kind, bytes: applyDelta(object.bytes, delta.bytes) };
      if (delta.offset !== offset) cache.put(placeOf(delta.offset), object);
    }
    return object;
  }

  return {
    index,
    read(oid, bytesMax) {
      const position = index.find(oid);
      return position < 0 ? null : resolve(index.offsetAt(position), bytesMax);
    },
    close: () => closeSync(fd),
  };
}

/** A base may be larger than the object made from it; eight times the limit is still no bomb. */
function refuseLarge(
  entry: { readonly form: string; readonly size: number },
  bytesMax: number,
): void {
  if (entry.size > bytesMax * (entry.form === 'full' ? 1 : 8)) throw new ObjectTooLarge(entry.size);
}

function sortedOffsets(index: PackIndex): Float64Array {
  const starts = new Float64Array(index.count);
  for (let position = 0; position < index.count; position++)
    starts[position] = index.offsetAt(position);
  return starts.sort();
}

/** The first start after `offset`, or the end of the pack: bounds what has to be read for one entry. */
function endOf(starts: Float64Array, offset: number, end: number): number {
  let low = 0;
  let high = starts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle + 1;
    else high = middle;
  }
  return starts[low] ?? end;
}

export function readAt(fd: number, offset: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  let done = 0;
  while (done < length) {
    const count = readSync(fd, bytes, done, length - done, offset + done);
    if (count === 0) return bytes.subarray(0, done);
    done += count;
  }
  return bytes;
}
