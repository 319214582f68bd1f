import { inflateSync } from 'node:zlib';
import { DamagedObject } from './git-error.ts';
import type { ObjectKind } from './objects.ts';
import { readBaseDistance, readEntryHead } from './varint.ts';

/** Type numbers of pack entries (gitformat-pack). */
export const ENTRY_TYPE = {
  commit: 1,
  tree: 2,
  blob: 3,
  tag: 4,
  ofsDelta: 6,
  refDelta: 7,
} as const;
const KINDS: { readonly [type: number]: ObjectKind } = {
  1: 'commit',
  2: 'tree',
  3: 'blob',
  4: 'tag',
};

/** Where an entry's compressed data begins, and what it is relative to. */
type PackEntry = { readonly size: number; readonly dataAt: number } & (
  | { readonly form: 'full'; readonly kind: ObjectKind }
  | { readonly form: 'ofs-delta'; readonly baseOffset: number }
  | { readonly form: 'ref-delta'; readonly baseOid: string }
);

/**
 * Reads the head of the entry that begins at `at` of `bytes`; `offset` is the same place counted in the pack.
 * @throws DamagedObject for a type that packs do not have
 */
export function readPackEntry(bytes: Uint8Array, at: number, offset: number): PackEntry {
  const cursor = { bytes, at };
  const { type, size } = readHead(cursor);
  if (type === ENTRY_TYPE.ofsDelta) {
    const baseOffset = offset - readBaseDistance(cursor);
    if (baseOffset < 12 || baseOffset >= offset) throw new DamagedObject('delta base out of pack');
    return { form: 'ofs-delta', size, baseOffset, dataAt: cursor.at };
  }
  if (type === ENTRY_TYPE.refDelta) {
    const baseOid = Buffer.from(bytes.subarray(cursor.at, cursor.at + 20)).toString('hex');
    return { form: 'ref-delta', size, baseOid, dataAt: cursor.at + 20 };
  }
  const kind = KINDS[type];
  if (kind === undefined) throw new DamagedObject(`pack entry of type ${type}`);
  return { form: 'full', size, kind, dataAt: cursor.at };
}

function readHead(cursor: { readonly bytes: Uint8Array; at: number }) {
  try {
    return readEntryHead(cursor);
  } catch (cause) {
    throw new DamagedObject('pack entry head', cause);
  }
}

/** One output chunk of the right size: zlib's default of 16 KiB a call would dominate reading small objects. */
export function inflateEntry(data: Uint8Array, size: number): Buffer {
  try {
    const bytes = inflateSync(data, {
      chunkSize: Math.max(64, size + 1),
      maxOutputLength: size + 1,
    });
    if (bytes.length === size) return bytes;
  } catch (cause) {
    throw new DamagedObject('compressed data', cause);
  }
  throw new DamagedObject(`object is not ${size} bytes long`);
}
