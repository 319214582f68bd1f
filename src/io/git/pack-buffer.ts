import { applyDelta } from './delta.ts';
import { DamagedObject } from './git-error.ts';
import type { GitObject } from './objects.ts';
import { inflateEntry, readPackEntry } from './pack-entry.ts';
import { PACK_HEAD_BYTES } from './pack-writer.ts';

/** The bytes of a pack that grows, without its checksum: entries are appended and can be read back at once. */
type PackBuffer = {
  /** Length so far, which is where the next entry begins. */
  length(): number;
  /** Offset of what was appended. */
  append(entry: Buffer): number;
  /** Links down to a full object, counted up to `max`. */
  depthAt(offset: number, max: number): number;
  /** @throws DamagedObject */
  objectAt(offset: number): GitObject;
  /** The pack as it stands; valid until the next append. */
  bytes(): Buffer;
};

const FIRST_CAPACITY = 1 << 16;

/** Begins with `content` (a pack less its checksum), or as the head of an empty pack. */
export function openPackBuffer(content: Buffer = Buffer.alloc(PACK_HEAD_BYTES)): PackBuffer {
  let bytes = Buffer.alloc(Math.max(FIRST_CAPACITY, content.length));
  let length = content.copy(bytes);

  function objectAt(offset: number): GitObject {
    const entry = readPackEntry(bytes, offset, offset);
    const content = inflateEntry(bytes.subarray(entry.dataAt, length), entry.size);
    if (entry.form === 'full') return { kind: entry.kind, bytes: content };
    if (entry.form === 'ref-delta') throw new DamagedObject('open pack with a foreign delta');
    const base = objectAt(entry.baseOffset);
    return { kind: base.kind, bytes: applyDelta(base.bytes, content) };
  }

  return {
    objectAt,
    length: () => length,
    bytes: () => bytes.subarray(0, length),
    append(entry) {
      if (length + entry.length > bytes.length) {
        const grown = Buffer.alloc(Math.max(bytes.length * 2, length + entry.length));
        bytes.copy(grown, 0, 0, length);
        bytes = grown;
      }
      length += entry.copy(bytes, length);
      return length - entry.length;
    },
    depthAt(offset, max) {
      let at = offset;
      for (let depth = 0; depth < max; depth++) {
        const entry = readPackEntry(bytes, at, at);
        if (entry.form !== 'ofs-delta') return depth;
        at = entry.baseOffset;
      }
      return max;
    },
  };
}
