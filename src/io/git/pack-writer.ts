import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import type { ObjectKind } from './objects.ts';
import { ENTRY_TYPE } from './pack-entry.ts';
import { baseDistance, entryHead } from './varint.ts';

const PACK_MAGIC = 0x5041434b;
export const PACK_HEAD_BYTES = 12;

/** Small windows set up faster and lose nothing on objects of a few kilobytes. */
const DEFLATE = { level: 6, windowBits: 12, memLevel: 5, chunkSize: 4_096 };
/** Up to here the set-up of deflate costs more than it saves. */
const STORED_MAX = 64;
/** A delta of a tree is object ids, which do not compress; a stored block holds no more than this. */
const STORED_TREE_DELTA_MAX = 0xffff;

export function packHead(count: number): Buffer {
  const head = Buffer.alloc(PACK_HEAD_BYTES);
  head.writeUInt32BE(PACK_MAGIC, 0);
  head.writeUInt32BE(2, 4);
  head.writeUInt32BE(count, 8);
  return head;
}

export const fullEntry = (kind: ObjectKind, bytes: Uint8Array): Buffer =>
  Buffer.concat([entryHead(ENTRY_TYPE[kind], bytes.length), deflated(bytes)]);

/** The two spellings of one delta: by distance inside a pack, by base id on the wire. */
export type DeltaEntry = { readonly size: number; readonly data: Buffer };
export function deltaEntry(kind: ObjectKind, delta: Buffer): DeltaEntry {
  const storedMax = kind === 'tree' ? STORED_TREE_DELTA_MAX : STORED_MAX;
  return { size: delta.length, data: delta.length <= storedMax ? stored(delta) : deflated(delta) };
}
export const ofsDeltaEntry = ({ size, data }: DeltaEntry, distance: number): Buffer =>
  Buffer.concat([entryHead(ENTRY_TYPE.ofsDelta, size), baseDistance(distance), data]);
export const refDeltaEntry = ({ size, data }: DeltaEntry, baseOid: string): Buffer =>
  Buffer.concat([entryHead(ENTRY_TYPE.refDelta, size), Buffer.from(baseOid, 'hex'), data]);

/** A pack as it goes over the wire: head, entries, checksum. */
export function packOf(entries: readonly Buffer[]): Buffer {
  const body = Buffer.concat([packHead(entries.length), ...entries]);
  return Buffer.concat([body, createHash('sha1').update(body).digest()]);
}

const deflated = (bytes: Uint8Array): Buffer => deflateSync(bytes, DEFLATE);

/** A zlib stream of one stored block: two bytes of head, five of block, Adler-32 at the end. */
function stored(bytes: Uint8Array): Buffer {
  const length = bytes.length;
  const stream = Buffer.allocUnsafe(length + 11);
  stream.writeUInt16BE(0x7801, 0);
  stream[2] = 1;
  stream.writeUInt16LE(length, 3);
  stream.writeUInt16LE(~length & 0xffff, 5);
  stream.set(bytes, 7);
  stream.writeUInt32BE(adler32(bytes), length + 7);
  return stream;
}

function adler32(bytes: Uint8Array): number {
  let a = 1;
  let b = 0;
  for (const byte of bytes) {
    a = (a + byte) % 65_521;
    b = (b + a) % 65_521;
  }
  return b * 65_536 + a;
}
