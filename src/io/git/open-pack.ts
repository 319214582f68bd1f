import { createHash } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import { applyDelta, makeDelta } from './delta.ts';
import { isErrno } from './errno.ts';
import { DamagedObject } from './git-error.ts';
import type { GitObject } from './objects.ts';
import { inflateEntry, readPackEntry } from './pack-entry.ts';
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
import { stageFile, syncFolder } from './safe-fs.ts';

/** Readers unpack this many links at most for one object. */
export const DELTA_DEPTH_MAX = 40;
/** Sealed beyond this size: a flush rewrites the whole file. */
export const PACK_BYTES_MAX = 16 << 20;
const CHECKSUM_BYTES = 20;

export type NewObject = GitObject & {
  readonly oid: string;
  /** The previous version of the same path; its bytes when they are at hand. */
  readonly base: { readonly oid: string; readonly bytes: Uint8Array | null } | null;
};

/**
 * The one pack of a repository that still grows. A pack must hold its own delta bases, so a pack per commit cannot be
 * small; here every new version is a delta on the previous one of its path. Old compressed bytes are copied, never
 * compressed again. `flush` makes additions durable; before, nothing of them is on disk.
 */
export type OpenPack = {
  /** Starts a batch; seals a pack that has grown enough, or whose file somebody removed (`git gc`). */
  begin(): Promise<void>;
  /** Nothing new may lean on what is here: whatever comes next is written in full. */
  seal(): void;
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
  readonly delta: { readonly entry: DeltaEntry; readonly baseOid: string } | null;
};

/**
 * `markerFile` names the open pack across restarts: first line the pack that is being put in place, second line the
 * one it replaces, so a kill at any moment leaves one of them.
 */
export async function openOpenPack(
  packDir: string,
  markerFile: string,
  options: { readonly bytesMax: number } = { bytesMax: PACK_BYTES_MAX },
): Promise<OpenPack> {
  const kept = await loadMarked(packDir, markerFile);
  let name: string | null = kept?.name ?? null;
  let index: PackIndex | null = kept?.index ?? null;
  let bytes = kept?.bytes ?? Buffer.alloc(1 << 16);
  let length = kept?.length ?? PACK_HEAD_BYTES;
  let added = new Map<string, Added>();
  let batch = new Map<string, Added>(); // what the current batch added, also after its flush

  function seal(): void {
    name = null;
    index = null;
    bytes = Buffer.alloc(1 << 16);
    length = PACK_HEAD_BYTES;
    added = new Map();
    batch = new Map();
  }

  function offsetOf(oid: string): number | null {
    const fresh = added.get(oid);
    if (fresh !== undefined) return fresh.offset;
    const position = index?.find(oid) ?? -1;
    return index === null || position < 0 ? null : index.offsetAt(position);
  }

  function depthAt(offset: number): number {
    let depth = 0;
    for (let at = offset; depth <= DELTA_DEPTH_MAX; depth++) {
      const entry = readPackEntry(bytes, at, at);
      if (entry.form !== 'ofs-delta') break;
      at = entry.baseOffset;
    }
    return depth;
  }

  function objectAt(offset: number): GitObject {
    const entry = readPackEntry(bytes, offset, offset);
    const content = inflateEntry(bytes.subarray(entry.dataAt, length), entry.size);
    if (entry.form === 'full') return { kind: entry.kind, bytes: content };
    if (entry.form === 'ref-delta') throw new DamagedObject('open pack with a foreign delta');
    const base = objectAt(entry.baseOffset);
    return { kind: base.kind, bytes: applyDelta(base.bytes, content) };
  }

  function append(data: Buffer): number {
    if (length + data.length > bytes.length) {
      const grown = Buffer.alloc(Math.max(bytes.length * 2, length + data.length));
      bytes.copy(grown, 0, 0, length);
      bytes = grown;
    }
    data.copy(bytes, length);
    length += data.length;
    return length - data.length;
  }

  /** A delta that saves at least half, on a base in this very pack that is not too deep already. */
  function deltaFor(object: NewObject) {
    if (object.base === null) return null;
    const baseOffset = offsetOf(object.base.oid);
    if (baseOffset === null || depthAt(baseOffset) >= DELTA_DEPTH_MAX) return null;
    const delta = makeDelta(object.base.bytes ?? objectAt(baseOffset).bytes, object.bytes);
    if (delta.length * 2 > object.bytes.length) return null;
    return { entry: deltaEntry(object.kind, delta), baseOid: object.base.oid, baseOffset };
  }

  function wireEntry(oid: string, form: 'thin' | 'full'): Buffer {
    const fresh = batch.get(oid);
    if (form === 'thin' && fresh !== undefined && fresh.delta !== null)
      return refDeltaEntry(fresh.delta.entry, fresh.delta.baseOid);
    const offset = offsetOf(oid);
    if (offset === null) throw new DamagedObject(`${oid} is not in the open pack`);
    const object = objectAt(offset);
    return fullEntry(object.kind, object.bytes);
  }

  return {
    seal,
    async begin() {
      batch = new Map();
      const isGone = name !== null && !(await exists(path.join(packDir, `${name}.pack`)));
      if (isGone || length > options.bytesMax) seal();
    },
    add(object) {
      if (offsetOf(object.oid) !== null) return;
      const delta = deltaFor(object);
      const data =
        delta === null
          ? fullEntry(object.kind, object.bytes)
          : ofsDeltaEntry(delta.entry, length - delta.baseOffset);
      const entry: Added = { oid: object.oid, offset: append(data), crc: crc32(data), delta };
      added.set(object.oid, entry);
      batch.set(object.oid, entry);
    },
    async flush() {
      if (added.size === 0) return;
      const count = (index?.count ?? 0) + added.size;
      packHead(count).copy(bytes);
      const checksum = createHash('sha1').update(bytes.subarray(0, length)).digest();
      const next = `pack-${checksum.toString('hex')}`;
      const idx = encodePackIndex(index, [...added.values()], checksum);
      const at = append(checksum);
      const file = bytes.subarray(0, length);
      length = at;
      await replacePack({ packDir, markerFile, next, previous: name }, { pack: file, idx });
      name = next;
      index = parsePackIndex(idx);
      added = new Map();
    },
    wire: (oids, form) => packOf(oids.map((oid) => wireEntry(oid, form))),
  };
}

/** New pair in place and durable, then the old one goes: index first, so nobody finds an index without its pack. */
async function replacePack(
  names: {
    readonly packDir: string;
    readonly markerFile: string;
    readonly next: string;
    readonly previous: string | null;
  },
  files: { readonly pack: Buffer; readonly idx: Buffer },
): Promise<void> {
  const { packDir, next, previous } = names;
  const staged = await Promise.all([
    stageFile(names.markerFile, `${next}\n${previous ?? ''}\n`),
    stageFile(path.join(packDir, `${next}.pack`), files.pack),
    stageFile(path.join(packDir, `${next}.idx`), files.idx),
  ]);
  for (const put of staged) await put();
  await syncFolder(packDir);
  if (previous !== null && previous !== next) await removePack(packDir, previous);
}

async function removePack(packDir: string, name: string): Promise<void> {
  for (const end of ['idx', 'pack'])
    await fs.rm(path.join(packDir, `${name}.${end}`), { force: true });
}

async function loadMarked(packDir: string, markerFile: string) {
  const names = (await readOptional(markerFile))?.toString('latin1').split('\n') ?? [];
  const [next, previous] = names.map((name) => (/^pack-[0-9a-f]{40}$/.test(name) ? name : null));
  for (const name of [next, previous]) {
    const loaded = typeof name === 'string' ? await loadPack(packDir, name) : null;
    if (loaded === null) continue;
    if (loaded.name === next && typeof previous === 'string') await removePack(packDir, previous);
    return loaded;
  }
  return null;
}

/** Null when half of it is missing or it is not whole: the next batch then starts a pack of its own. */
async function loadPack(packDir: string, name: string) {
  const bytes = await readOptional(path.join(packDir, `${name}.pack`));
  const idx = await readOptional(path.join(packDir, `${name}.idx`));
  if (bytes === null || idx === null || bytes.length < PACK_HEAD_BYTES + CHECKSUM_BYTES)
    return null;
  const length = bytes.length - CHECKSUM_BYTES;
  const checksum = createHash('sha1').update(bytes.subarray(0, length)).digest();
  if (`pack-${checksum.toString('hex')}` !== name) throw new DamagedObject(`${name}.pack`);
  return { name, bytes, length, index: parsePackIndex(idx) };
}

async function readOptional(file: string): Promise<Buffer | null> {
  try {
    return await fs.readFile(file);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return null;
    throw error;
  }
}

async function exists(file: string): Promise<boolean> {
  try {
    await fs.access(file);
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false;
    throw error;
  }
}
