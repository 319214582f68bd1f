import fs from 'node:fs';
import path from 'node:path';
import { openBaseCache } from './base-cache.ts';
import type { Commit } from './commit-object.ts';
import { parseCommit } from './commit-object.ts';
import { DamagedObject } from './git-error.ts';
import type { GitObject, ObjectKind } from './objects.ts';
import { EMPTY_TREE, objectId } from './objects.ts';
import type { PackFile } from './pack-file.ts';
import { ForeignBase, ObjectTooLarge, openPackFile } from './pack-file.ts';
import type { TreeEntry } from './tree-object.ts';
import { parseTree } from './tree-object.ts';

const BASE_CACHE_BYTES = 32 << 20;
/** Larger objects are read by nobody here: trees and commits stay far below, blobs have a limit of their own. */
const OBJECT_BYTES_MAX = 32 << 20;

/** Objects of one repository, packed or loose. Every answer was hashed: it is what its id says. */
export type ObjectReader = {
  /** Null when the repository does not have it. @throws DamagedObject, ObjectTooLarge */
  read(oid: string, bytesMax?: number): Promise<GitObject | null>;
  /** Stored here, packed or loose; nothing is inflated or hashed. */
  has(oid: string): boolean;
  /** At most `max` ids that begin with these hex digits. */
  startingWith(digits: string, max: number): string[];
  close(): void;
};

/**
 * Packs are read by our own reader, because a plan reads ten thousand blobs at once; loose objects and whatever else
 * is odd go through isomorphic-git. Packs that appear or vanish later (fetch, `git gc`) are noticed.
 */
export function openObjectReader(gitdir: string): ObjectReader {
  const packs = openPacks(path.join(gitdir, 'objects', 'pack'));
  const looseFile = (oid: string) => path.join(gitdir, 'objects', oid.slice(0, 2), oid.slice(2));

  async function readRaw(oid: string, bytesMax: number): Promise<GitObject | null> {
    try {
      const packed = packs.read(oid, bytesMax);
      if (packed !== null) return packed;
      if (fs.existsSync(looseFile(oid))) return await readOdd(gitdir, oid, bytesMax);
      return packs.rescan() ? packs.read(oid, bytesMax) : null;
    } catch (error) {
      if (error instanceof ForeignBase) return readOdd(gitdir, oid, bytesMax);
      throw error;
    }
  }

  return {
    async read(oid, bytesMax = OBJECT_BYTES_MAX) {
      if (oid === EMPTY_TREE) return { kind: 'tree', bytes: new Uint8Array() };
      const object = await readRaw(oid, bytesMax);
      if (object !== null && objectId(object.kind, object.bytes) !== oid)
        throw new DamagedObject(`object ${oid} hashes to something else`);
      return object;
    },
    has: (oid) => oid === EMPTY_TREE || packs.has(oid) || fs.existsSync(looseFile(oid)),
    startingWith(digits, max) {
      packs.rescan();
      const found = new Set([
        ...packs.startingWith(digits, max),
        ...looseStartingWith(gitdir, digits, max),
      ]);
      return [...found].slice(0, max);
    },
    close: () => packs.close(),
  };
}

/** @throws DamagedObject when it is missing or of another kind: history and trees that were fetched are whole */
async function readKind(reader: ObjectReader, oid: string, kind: ObjectKind): Promise<Uint8Array> {
  const object = await reader.read(oid);
  if (object === null) throw new DamagedObject(`${kind} ${oid} is missing`);
  if (object.kind !== kind) throw new DamagedObject(`${oid} is a ${object.kind}, not a ${kind}`);
  return object.bytes;
}

export async function readCommit(reader: ObjectReader, oid: string): Promise<Commit> {
  return parseCommit(await readKind(reader, oid, 'commit'));
}

export async function readTree(reader: ObjectReader, oid: string): Promise<TreeEntry[]> {
  return parseTree(await readKind(reader, oid, 'tree'));
}

type Packs = {
  has(oid: string): boolean;
  read(oid: string, bytesMax: number): GitObject | null;
  startingWith(digits: string, max: number): string[];
  /** True when the set of packs changed since it was last looked at. */
  rescan(): boolean;
  close(): void;
};

function openPacks(dir: string): Packs {
  const cache = openBaseCache(BASE_CACHE_BYTES);
  const open = new Map<string, PackFile>();
  let opened = 0;
  let seen = '';

  function rescan(): boolean {
    const names = packNames(dir);
    if (names.join() === seen) return false;
    for (const [name, pack] of open) {
      if (names.includes(name)) continue;
      pack.close();
      open.delete(name);
    }
    for (const name of names)
      if (!open.has(name)) open.set(name, openPackFile(path.join(dir, name), opened++, cache));
    seen = names.join();
    return true;
  }

  const holds = (oid: string) => [...open.values()].some((pack) => pack.index.find(oid) >= 0);

  return {
    rescan,
    has: (oid) => holds(oid) || (rescan() && holds(oid)),
    read(oid, bytesMax) {
      if (open.size === 0) rescan();
      for (const pack of open.values()) {
        const object = pack.read(oid, bytesMax);
        if (object !== null) return object;
      }
      return null;
    },
    startingWith: (digits, max) =>
      [...open.values()].flatMap((pack) => pack.index.startingWith(digits, max)),
    close() {
      for (const pack of open.values()) pack.close();
      open.clear();
      seen = '';
    },
  };
}

/** Packs that have both halves; one without an index is a fetch in progress or the trace of a kill. */
function packNames(dir: string): string[] {
  const files = new Set(fs.existsSync(dir) ? fs.readdirSync(dir) : []);
  return [...files]
    .filter((file) => file.endsWith('.idx') && files.has(file.replace(/\.idx$/, '.pack')))
    .map((file) => file.slice(0, -4))
    .sort();
}

function looseStartingWith(gitdir: string, digits: string, max: number): string[] {
  const dir = path.join(gitdir, 'objects', digits.slice(0, 2));
  if (!fs.existsSync(dir)) return [];
  const found = fs
    .readdirSync(dir)
    .filter((rest) => (digits.slice(0, 2) + rest).startsWith(digits));
  return found.slice(0, max).map((rest) => digits.slice(0, 2) + rest);
}

/** The library is loaded when something is odd: a tenth of the time that a command takes to start. */
async function readOdd(gitdir: string, oid: string, bytesMax: number): Promise<GitObject | null> {
  const { default: git } = await import('isomorphic-git');
  try {
    const { type, object } = await git.readObject({ fs, gitdir, oid, format: 'content' });
    if (!(object instanceof Uint8Array)) throw new DamagedObject(`object ${oid} has no bytes`);
    if (object.length > bytesMax) throw new ObjectTooLarge(object.length);
    return { kind: type as ObjectKind, bytes: object };
  } catch (error) {
    if (error instanceof ObjectTooLarge) throw error;
    if (error instanceof git.Errors.NotFoundError) return null;
    throw new DamagedObject(`object ${oid}`, error);
  }
}
