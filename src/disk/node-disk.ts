import type { FileHandle } from 'node:fs/promises';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import type { Disk, DiskReader, PlaceWriter } from './disk.ts';
import { diskError, systemCode } from './errors.ts';

/** The disk of this machine. */
export const nodeDisk: Disk = {
  openRead: (path) => attempt('read', path, () => openReader(path)),

  create: (path, mode) =>
    attempt('create', path, async () => writerOf(path, await open(path, 'wx', mode))),

  openAppend: (path, mode) =>
    attempt('append to', path, async () => writerOf(path, await open(path, 'a', mode))),

  rename: (from, to) => attempt('rename to', to, () => rename(from, to)),

  remove: (path) => attempt('remove', path, () => rm(path, { force: true })),

  list: (dir) => attempt('list', dir, async () => (await orNull(readdir(dir)))?.sort() ?? []),

  makeDir: (path, mode) => attempt('create', path, () => makeDir(path, mode)),

  syncDir: (dir) =>
    attempt('sync', dir, async () => {
      const handle = await open(dir, 'r');
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
    }),
};

async function attempt<Value>(
  operation: string,
  path: string,
  call: () => Promise<Value>,
): Promise<Value> {
  try {
    return await call();
  } catch (cause) {
    throw diskError(operation, path, cause);
  }
}

async function orNull<Value>(call: Promise<Value>): Promise<Value | null> {
  try {
    return await call;
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return null;
    throw cause;
  }
}

async function openReader(path: string): Promise<DiskReader | null> {
  const handle = await orNull(open(path, 'r'));
  if (handle === null) return null;
  return {
    size: await sizeOf(handle),
    read: (into, position) => attempt('read', path, () => readFully(handle, into, position)),
    close: () => handle.close(),
  };
}

async function sizeOf(handle: FileHandle): Promise<number> {
  try {
    return (await handle.stat()).size;
  } catch (cause) {
    await handle.close();
    throw cause;
  }
}

async function readFully(handle: FileHandle, into: Uint8Array, position: number): Promise<number> {
  let filled = 0;
  while (filled < into.length) {
    const { bytesRead } = await handle.read(into, filled, into.length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
}

function writerOf(path: string, handle: FileHandle): PlaceWriter {
  const write = (bytes: Uint8Array, place: number | null): Promise<void> =>
    attempt('write', path, async () => {
      let written = 0;
      while (written < bytes.length) {
        const at = place === null ? null : place + written;
        written += (await handle.write(bytes, written, bytes.length - written, at)).bytesWritten;
      }
    });
  return {
    write: (bytes) => write(bytes, null),
    writeAt: write,
    // fdatasync: it carries the file's length too; only times and the like are left for later.
    sync: () => attempt('sync', path, () => handle.datasync()),
    close: () => attempt('close', path, () => handle.close()),
  };
}

async function makeDir(path: string, mode: number): Promise<'created' | 'exists' | 'no-parent'> {
  try {
    await mkdir(path, { mode });
    return 'created';
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return 'no-parent';
    if (systemCode(cause) === 'EEXIST' && (await stat(path)).isDirectory()) return 'exists';
    throw cause;
  }
}
