import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { makeDelta } from './delta.ts';
import { DamagedObject } from './git-error.ts';
import type { GitObject } from './objects.ts';
import { openPackFiles } from './open-pack-files.ts';
import { openPackBuffer } from './pack-buffer.ts';
import type { IndexedEntry, PackIndex } from './pack-index.ts';
import { encodePackIndex, parsePackIndex } from './pack-index.ts';
import type { DeltaEntry } from './pack-writer.ts';
import {
  deltaEntry,
  fullEntry,
  ofsDeltaEntry,
  PACK_HEAD_BYTES,
  packHead,
  packOf,
  refDeltaEntry,
} from './pack-writer.ts';

/** Readers unpack this many links at most for one object. */
const DELTA_DEPTH_MAX = 40;

export type OpenPackLimits = {
  /** Sealed beyond this size. */
  readonly bytesMax: number;
  /** A pack of this size is not rewritten for a few objects: they go into a side pack first. */
  readonly sideAboveBytes: number;
  readonly sideObjectsMax: number;
  /** So many side packs are folded into the main one. */
  readonly sidesMax: number;
};
export const OPEN_PACK_LIMITS: OpenPackLimits = {
  bytesMax: 16 << 20,
  sideAboveBytes: 1 << 20,
  sideObjectsMax: 100,
  sidesMax: 32,
};

export type NewObject = GitObject & {
  readonly oid: string;
  /** The previous version of the same path; its bytes when they are at hand. */
  readonly base: { readonly oid: string; readonly bytes: Uint8Array | null } | null;
};

/**
 * The one pack of a repository that still grows. A pack must hold its own delta bases, so a pack per commit cannot be
 * small; here every new version is a delta on the previous one of its path. Old compressed bytes are copied, never
 * compressed again. `flush` makes additions durable; before, nothing of them is on disk. Since it rewrites the file, a
 * few objects on a large pack wait in memory, and on disk in side packs, until enough have come together.
 */
export type OpenPack = {
  /** Starts a batch; seals a pack that has grown enough, or whose file somebody removed (`git gc`). */
  begin(): Promise<void>;
  /** Nothing new may lean on what is here: whatever comes next is written in full. */
  seal(): Promise<void>;
  /** Adds an object once; a second time costs nothing. */
  add(object: NewObject): void;
  flush(): Promise<void>;
  /**
   * A pack of just these objects for a push. `thin`: this batch's deltas name bases the server has; otherwise all are
   * full. All objects must lie in this pack.
   */
  wire(oids: readonly string[], form: 'thin' | 'full'): Buffer;
};

type Added = IndexedEntry & {
  readonly length: number;
  readonly delta: { readonly entry: DeltaEntry; readonly baseOid: string } | null;
};

/** Opens the pack that `markerFile` names, or begins one. */
export async function openOpenPack(
  packDir: string,
  markerFile: string,
  limits: OpenPackLimits = OPEN_PACK_LIMITS,
): Promise<OpenPack> {
  const files = openPackFiles(packDir, markerFile);
  const kept = await files.load();
  let name: string | null = kept.main?.name ?? null;
  let index: PackIndex | null = kept.main?.index ?? null;
  let buffer = openPackBuffer(kept.main?.content);
  let sides: string[] = kept.sides.map((side) => side.name);
  /** In the buffer, not in the main pack on disk. */
  let added = new Map<string, Added>();
  /** What the current batch added, also after its flush. */
  let batch = new Map<string, Added>();
  /** In no pack on disk. */
  let unsaved = new Set<string>();

  function startEmpty(): void {
    name = null;
    index = null;
    buffer = openPackBuffer();
    sides = [];
    added = new Map();
    batch = new Map();
    unsaved = new Set();
  }

  function offsetOf(oid: string): number | null {
    const fresh = added.get(oid);
    if (fresh !== undefined) return fresh.offset;
    const position = index?.find(oid) ?? -1;
    return index === null || position < 0 ? null : index.offsetAt(position);
  }

  /** A delta that saves at least half, on a base in this very pack that is not too deep already. */
  function deltaFor(object: NewObject) {
    if (object.base === null) return null;
    const baseOffset = offsetOf(object.base.oid);
    if (baseOffset === null) return null;
    if (buffer.depthAt(baseOffset, DELTA_DEPTH_MAX) === DELTA_DEPTH_MAX) return null;
    const delta = makeDelta(object.base.bytes ?? buffer.objectAt(baseOffset).bytes, object.bytes);
    if (delta.length * 2 > object.bytes.length) return null;
    return { entry: deltaEntry(object.kind, delta), baseOid: object.base.oid, baseOffset };
  }

  function add(object: NewObject): void {
    if (offsetOf(object.oid) !== null) return;
    const delta = deltaFor(object);
    const data =
      delta === null
        ? fullEntry(object.kind, object.bytes)
        : ofsDeltaEntry(delta.entry, buffer.length() - delta.baseOffset);
    const [offset, length] = [buffer.append(data), data.length];
    const entry = { oid: object.oid, offset, length, crc: crc32(data), delta };
    added.set(object.oid, entry);
    batch.set(object.oid, entry);
    unsaved.add(object.oid);
  }

  /** As it lies in the buffer where that is possible: compressing again would stop the event loop. */
  function fullEntryOf(oid: string): Buffer {
    const fresh = added.get(oid) ?? batch.get(oid);
    if (fresh?.delta === null)
      return buffer.bytes().subarray(fresh.offset, fresh.offset + fresh.length);
    const offset = offsetOf(oid);
    if (offset === null) throw new DamagedObject(`${oid} is not in the open pack`);
    const object = buffer.objectAt(offset);
    return fullEntry(object.kind, object.bytes);
  }

  function thinEntryOf(oid: string): Buffer {
    const delta = batch.get(oid)?.delta ?? null;
    return delta === null ? fullEntryOf(oid) : refDeltaEntry(delta.entry, delta.baseOid);
  }

  /** The main pack with everything in it; what it replaces is removed. */
  async function saveMain(): Promise<void> {
    packHead((index?.count ?? 0) + added.size).copy(buffer.bytes());
    const content = buffer.bytes();
    const checksum = createHash('sha1').update(content).digest();
    const idx = encodePackIndex(index, [...added.values()], checksum);
    name = await files.replaceMain({ content, checksum, idx }, { main: name, sides });
    index = parsePackIndex(idx);
    added = new Map();
    sides = [];
  }

  /** What is not on disk yet, in full, in a small pack of its own. */
  async function saveSide(main: string): Promise<void> {
    const oids = [...unsaved];
    const entries = oids.map(fullEntryOf);
    const pack = packOf(entries);
    let offset = PACK_HEAD_BYTES;
    const rows = entries.map((entry, at) => {
      offset += entry.length;
      return { oid: oids[at] ?? '', offset: offset - entry.length, crc: crc32(entry) };
    });
    const [content, checksum] = [pack.subarray(0, -20), pack.subarray(-20)];
    const idx = encodePackIndex(null, rows, checksum);
    sides.push(await files.addSide({ content, checksum, idx }, { main, sides }));
  }

  async function flush(): Promise<void> {
    if (unsaved.size === 0) return;
    const isWorthSide =
      unsaved.size < limits.sideObjectsMax &&
      buffer.length() > limits.sideAboveBytes &&
      sides.length < limits.sidesMax;
    if (isWorthSide && name !== null) await saveSide(name);
    else await saveMain();
    unsaved = new Set();
  }

  async function seal(): Promise<void> {
    if (sides.length > 0) await saveMain();
    startEmpty();
  }

  for (const side of kept.sides) {
    const content = openPackBuffer(side.content);
    for (let at = 0; at < side.index.count; at++)
      add({ ...content.objectAt(side.index.offsetAt(at)), oid: side.index.oidAt(at), base: null });
  }
  unsaved = new Set();

  return {
    add,
    flush,
    seal,
    async begin() {
      batch = new Map();
      if (name !== null && !(await files.isThere(name))) startEmpty();
      else if (buffer.length() > limits.bytesMax) await seal();
    },
    wire: (oids, form) => packOf(oids.map(form === 'thin' ? thinEntryOf : fullEntryOf)),
  };
}
