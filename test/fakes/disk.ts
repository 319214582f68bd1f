/**
 * A disk in memory that forgets what was not synced. It is as hostile as POSIX allows: at a power cut, bytes that were not
 * synced may be there, be zero, or be missing, and any of the changes to a folder that were not synced may be undone.
 */
import { dirname, join } from 'node:path';
import type { Disk, DiskReader, PlaceWriter } from '../../src/disk/disk.ts';
import { diskError } from '../../src/disk/errors.ts';

export type DiskOperation = {
  readonly kind:
    | 'openRead'
    | 'read'
    | 'create'
    | 'openAppend'
    | 'write'
    | 'sync'
    | 'close'
    | 'rename'
    | 'remove'
    | 'list'
    | 'makeDir'
    | 'syncDir';
  readonly path: string;
};

/** `crash`: the machine or the process stops in the middle of this operation; nothing answers until `restart`. */
export type DiskFault = 'io' | 'full' | 'crash' | null;

export type FakeDisk = Disk & {
  /** Asked before every operation. */
  onOperation(decide: (operation: DiskOperation) => DiskFault): void;
  /** How many bytes fit; null for no limit. */
  limitBytes(bytesMax: number | null): void;
  /** A new life: `kill` keeps what was written, `power` what was synced and a random part of the rest. */
  restart(how: 'kill' | 'power'): void;
  /** Whether a `crash` happened since the last restart: whoever was tidying up may have kept it to himself. */
  hasCrashed(): boolean;
  /** The bytes of a file now; null when absent. */
  bytesOf(path: string): Buffer | null;
  /** Changes a file behind everyone's back, durably. */
  put(path: string, bytes: Uint8Array): void;
};

/** Thrown by every operation between a crash and the restart, and for ever by handles from before it. */
export class CrashedError extends Error {
  override readonly name = 'CrashedError';
}

type Inode = {
  content: Buffer;
  size: number;
  durableBytes: number;
  /** What durable bytes were before they were written over, oldest first. */
  overwritten: { readonly at: number; readonly old: Buffer }[];
  /** After a failed sync the kernel has forgotten which bytes were dirty. */
  syncFailed: boolean;
};

type Folder = {
  readonly now: Map<string, Inode>;
  readonly durable: Map<string, Inode>;
  changes: Map<string, Inode | null>[];
};

/** `random` gives numbers in [0, 1), as Math.random does. */
export function fakeDisk(random: () => number): FakeDisk {
  const folders = new Map<string, Folder>([['/', newFolder()]]);
  let decide: (operation: DiskOperation) => DiskFault = () => null;
  let bytesMax: number | null = null;
  let life = 0;
  let crashed = false;

  function folderOf(path: string): Folder {
    const folder = folders.get(dirname(path));
    if (folder === undefined) throw failure('ENOENT', path);
    return folder;
  }

  function change(folder: Folder, names: readonly (readonly [string, Inode | null])[]): void {
    folder.changes.push(new Map(names));
    applyChange(folder.now, new Map(names));
  }

  /** One operation of this life: asks for a fault, does the work wholly, partly or not at all. */
  async function operate<Value>(
    kind: DiskOperation['kind'],
    path: string,
    born: number,
    work: (share: number) => Value,
  ): Promise<Value> {
    await Promise.resolve();
    if (crashed || born !== life) throw new CrashedError(`${kind} ${path}`);
    const fault = decide({ kind, path });
    if (fault === null) return work(1);
    if (fault === 'crash') {
      crashed = true;
      // What is in one piece happened or did not; a write may have happened in part.
      if (kind === 'write') work(random());
      else if (random() < 0.5) work(1);
      throw new CrashedError(`${kind} ${path}`);
    }
    if (kind === 'write') work(random());
    throw diskError(kind, path, failure(fault === 'full' ? 'ENOSPC' : 'EIO', path));
  }

  function used(): number {
    let sum = 0;
    for (const { now } of folders.values()) for (const { size } of now.values()) sum += size;
    return sum;
  }

  function writerOf(inode: Inode, path: string): PlaceWriter {
    const born = life;
    const writeAt = (bytes: Uint8Array, place: () => number): Promise<void> =>
      operate('write', path, born, (share) => {
        const at = place();
        const over = Math.max(0, inode.size - at);
        const room = bytesMax === null ? bytes.length : over + Math.max(0, bytesMax - used());
        const fits = Math.min(Math.floor(bytes.length * share), room);
        overwrite(inode, bytes.subarray(0, Math.min(fits, over)), at);
        append(inode, bytes.subarray(over, fits));
        if (room < bytes.length) throw diskError('write', path, failure('ENOSPC', path));
      });
    return {
      write: (bytes) => writeAt(bytes, () => inode.size),
      writeAt: (bytes, place) => writeAt(bytes, () => place),
      sync: async () => {
        try {
          await operate('sync', path, born, () => {
            if (inode.syncFailed) return;
            inode.durableBytes = inode.size;
            inode.overwritten = [];
          });
        } catch (cause) {
          inode.syncFailed = true;
          throw cause;
        }
      },
      close: () => operate('close', path, born, () => undefined),
    };
  }

  function tear(inode: Inode): void {
    for (const { at, old } of inode.overwritten.splice(0).reverse()) {
      for (let block = 0; block < old.length; block += tornBlockBytes) {
        if (random() < 0.5) old.copy(inode.content, at + block, block, block + tornBlockBytes);
      }
    }
    if (inode.size === inode.durableBytes) return;
    const kept = inode.durableBytes + Math.floor(random() * (inode.size - inode.durableBytes + 1));
    // Blocks reach the disk in any order: some of those before the new end never did.
    for (let at = inode.durableBytes; at < kept; at += tornBlockBytes) {
      if (random() < 0.3) inode.content.fill(0, at, Math.min(kept, at + tornBlockBytes));
    }
    inode.size = kept;
    inode.durableBytes = kept;
  }

  function forget(folder: Folder): void {
    for (const names of folder.changes) {
      if (random() < 0.5) applyChange(folder.durable, names);
    }
    folder.changes = [];
    replaceWith(folder.now, folder.durable);
    for (const inode of new Set(folder.now.values())) tear(inode);
  }

  return {
    onOperation: (next) => {
      decide = next;
    },
    limitBytes: (next) => {
      bytesMax = next;
    },
    restart: (how) => {
      life += 1;
      crashed = false;
      if (how === 'power') for (const folder of folders.values()) forget(folder);
    },
    hasCrashed: () => crashed,
    bytesOf: (path) => {
      const inode = folders.get(dirname(path))?.now.get(path);
      return inode === undefined ? null : Buffer.from(inode.content.subarray(0, inode.size));
    },
    put: (path, bytes) => {
      const inode = newInode();
      append(inode, bytes);
      inode.durableBytes = inode.size;
      folderOf(path).now.set(path, inode);
      folderOf(path).durable.set(path, inode);
    },

    openRead: (path) =>
      operate('openRead', path, life, () => {
        const inode = folders.get(dirname(path))?.now.get(path);
        if (inode === undefined) return null;
        const born = life;
        const reader: DiskReader = {
          size: inode.size,
          read: (into, position) =>
            operate('read', path, born, () =>
              inode.content.copy(into, 0, position, Math.min(inode.size, position + into.length)),
            ),
          close: () => operate('close', path, born, () => undefined),
        };
        return reader;
      }),
    create: (path) =>
      operate('create', path, life, () => {
        if (folderOf(path).now.has(path)) throw diskError('create', path, failure('EEXIST', path));
        const inode = newInode();
        change(folderOf(path), [[path, inode]]);
        return writerOf(inode, path);
      }),
    openAppend: (path) =>
      operate('openAppend', path, life, () => {
        const there = folderOf(path).now.get(path);
        if (there !== undefined) return writerOf(there, path);
        const inode = newInode();
        change(folderOf(path), [[path, inode]]);
        return writerOf(inode, path);
      }),
    rename: (from, to) =>
      operate('rename', to, life, () => {
        const inode = folderOf(from).now.get(from);
        if (inode === undefined) throw diskError('rename', to, failure('ENOENT', from));
        if (folderOf(from) !== folderOf(to)) throw diskError('rename', to, failure('EXDEV', from));
        change(folderOf(to), [
          [from, null],
          [to, inode],
        ]);
      }),
    remove: (path) =>
      operate('remove', path, life, () => {
        const folder = folders.get(dirname(path));
        if (folder?.now.has(path)) change(folder, [[path, null]]);
      }),
    list: (dir) =>
      operate('list', dir, life, () =>
        [...(folders.get(dir)?.now.keys() ?? [])]
          .map((path) => path.slice(join(dir, '/').length))
          .sort(),
      ),
    // Folders are durable at once: the journal has one, made before anything counts.
    makeDir: (path) =>
      operate('makeDir', path, life, () => {
        if (folders.has(path)) return 'exists';
        if (!folders.has(dirname(path))) return 'no-parent';
        folders.set(path, newFolder());
        return 'created';
      }),
    syncDir: (dir) =>
      operate('syncDir', dir, life, () => {
        const folder = folders.get(dir);
        if (folder === undefined) throw diskError('sync', dir, failure('ENOENT', dir));
        replaceWith(folder.durable, folder.now);
        folder.changes = [];
      }),
  };
}

const tornBlockBytes = 32;

const newFolder = (): Folder => ({ now: new Map(), durable: new Map(), changes: [] });

const newInode = (): Inode => ({
  content: Buffer.alloc(256),
  size: 0,
  durableBytes: 0,
  overwritten: [],
  syncFailed: false,
});

function overwrite(inode: Inode, bytes: Uint8Array, at: number): void {
  if (bytes.length === 0) return;
  const durable = Math.min(bytes.length, inode.durableBytes - at);
  if (durable > 0) {
    inode.overwritten.push({ at, old: Buffer.from(inode.content.subarray(at, at + durable)) });
  }
  inode.content.set(bytes, at);
}

function append(inode: Inode, bytes: Uint8Array): void {
  const size = inode.size + bytes.length;
  if (size > inode.content.length) {
    const larger = Buffer.alloc(size * 2);
    inode.content.copy(larger, 0, 0, inode.size);
    inode.content = larger;
  }
  inode.content.set(bytes, inode.size);
  inode.size = size;
}

function applyChange(names: Map<string, Inode>, changed: ReadonlyMap<string, Inode | null>): void {
  for (const [name, inode] of changed) {
    if (inode === null) names.delete(name);
    else names.set(name, inode);
  }
}

function replaceWith<Key, Value>(map: Map<Key, Value>, other: ReadonlyMap<Key, Value>): void {
  map.clear();
  for (const [key, value] of other) map.set(key, value);
}

function failure(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}
