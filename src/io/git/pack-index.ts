import { createHash } from 'node:crypto';
import { DamagedObject } from './git-error.ts';

const MAGIC = 0xff744f63;
const HEAD = 8;
const FANOUT = 256 * 4;
const LARGE = 0x80000000;

/** A sorted list of object ids with their places in one pack: what an `.idx` file (version 2) says. */
export type PackIndex = {
  readonly count: number;
  /** Position in the sorted list; -1 when the pack does not hold the object. */
  find(oid: string): number;
  /** Ids that begin with these hex digits (at least 4), at most `max`. */
  startingWith(digits: string, max: number): string[];
  /** First position whose id is not below `oid`. */
  positionFor(oid: string): number;
  oidAt(position: number): string;
  offsetAt(position: number): number;
  /** The sorted tables as they lie in the file: ids (20 bytes each), checksums and offsets (4 each). */
  readonly tables: { readonly names: Buffer; readonly crcs: Buffer; readonly offsets: Buffer };
};

/** @throws DamagedObject when the file is cut, of another version, or its tables do not fit its length */
export function parsePackIndex(bytes: Buffer): PackIndex {
  if (bytes.length < HEAD + FANOUT + 40) throw new DamagedObject('pack index is cut');
  if (bytes.readUInt32BE(0) !== MAGIC || bytes.readUInt32BE(4) !== 2)
    throw new DamagedObject('pack index is not version 2');
  const count = bytes.readUInt32BE(HEAD + 255 * 4);
  const names = HEAD + FANOUT;
  const crcs = names + 20 * count;
  const offsets = crcs + 4 * count;
  const large = offsets + 4 * count;
  if (bytes.length < large + 40) throw new DamagedObject('pack index is cut');
  const oidAt = (position: number) =>
    bytes.toString('hex', names + 20 * position, names + 20 * position + 20);

  /** First position whose id is not below `wanted` (20 bytes). */
  function lowerBound(wanted: Buffer): number {
    const first = wanted[0] ?? 0;
    let low = first === 0 ? 0 : bytes.readUInt32BE(HEAD + 4 * (first - 1));
    let high = bytes.readUInt32BE(HEAD + 4 * first);
    if (high > count || low > high) throw new DamagedObject('pack index fan-out');
    while (low < high) {
      const middle = (low + high) >>> 1;
      const at = names + 20 * middle;
      if (bytes.compare(wanted, 0, 20, at, at + 20) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  return {
    count,
    oidAt,
    find(oid) {
      const wanted = Buffer.from(oid, 'hex');
      const position = lowerBound(wanted);
      const at = names + 20 * position;
      return position < count && bytes.compare(wanted, 0, 20, at, at + 20) === 0 ? position : -1;
    },
    startingWith(digits, max) {
      const found: string[] = [];
      for (let at = lowerBound(Buffer.from(digits.padEnd(40, '0'), 'hex')); at < count; at++) {
        const oid = oidAt(at);
        if (!oid.startsWith(digits) || found.length === max) break;
        found.push(oid);
      }
      return found;
    },
    offsetAt(position) {
      const offset = bytes.readUInt32BE(offsets + 4 * position);
      if (offset < LARGE) return offset;
      const at = large + 8 * (offset - LARGE);
      if (at + 8 > bytes.length - 40) throw new DamagedObject('pack index offset');
      return Number(bytes.readBigUInt64BE(at));
    },
    positionFor: (oid) => lowerBound(Buffer.from(oid, 'hex')),
    tables: {
      names: bytes.subarray(names, crcs),
      crcs: bytes.subarray(crcs, offsets),
      offsets: bytes.subarray(offsets, large),
    },
  };
}

export type IndexedEntry = { readonly oid: string; readonly offset: number; readonly crc: number };

/**
 * The `.idx` file of a pack: what `before` lists and the entries added since. Old rows are copied in blocks between
 * the new ones, because sorting all of a grown pack again costs seconds. Offsets stay below 2 GiB: our packs are
 * sealed long before.
 */
export function encodePackIndex(
  before: PackIndex | null,
  added: readonly IndexedEntry[],
  packChecksum: Buffer,
): Buffer {
  const fresh = [...added].sort((a, b) => (a.oid < b.oid ? -1 : 1));
  const oldCount = before?.count ?? 0;
  const count = oldCount + fresh.length;
  const names = HEAD + FANOUT;
  const crcs = names + 20 * count;
  const offsets = crcs + 4 * count;
  const bytes = Buffer.alloc(offsets + 4 * count + 40);
  bytes.writeUInt32BE(MAGIC, 0);
  bytes.writeUInt32BE(2, 4);
  let taken = 0;
  function takeOld(until: number, shift: number): void {
    before?.tables.names.copy(bytes, names + 20 * (taken + shift), 20 * taken, 20 * until);
    before?.tables.crcs.copy(bytes, crcs + 4 * (taken + shift), 4 * taken, 4 * until);
    before?.tables.offsets.copy(bytes, offsets + 4 * (taken + shift), 4 * taken, 4 * until);
    taken = until;
  }
  fresh.forEach((entry, shift) => {
    takeOld(before?.positionFor(entry.oid) ?? 0, shift);
    const position = taken + shift;
    bytes.write(entry.oid, names + 20 * position, 20, 'hex');
    bytes.writeUInt32BE(entry.crc, crcs + 4 * position);
    bytes.writeUInt32BE(entry.offset, offsets + 4 * position);
  });
  takeOld(oldCount, fresh.length);
  writeFanout(bytes, names, count);
  packChecksum.copy(bytes, bytes.length - 40);
  createHash('sha1')
    .update(bytes.subarray(0, bytes.length - 20))
    .digest()
    .copy(bytes, bytes.length - 20);
  return bytes;
}

function writeFanout(bytes: Buffer, names: number, count: number): void {
  let position = 0;
  for (let first = 0; first < 256; first++) {
    while (position < count && (bytes[names + 20 * position] ?? 0) <= first) position += 1;
    bytes.writeUInt32BE(position, HEAD + 4 * first);
  }
}
