/** Files that come from elsewhere: made anew, never through a link, 0700 as AWS's agent leaves what it downloads. */
import type { FileHandle } from 'node:fs/promises';
import { mkdir, open, rename, stat, symlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { diskError, systemCode } from './errors.ts';

export type DownloadFile = {
  write(chunk: Uint8Array): Promise<void>;
  /** Throws away what was written, for another attempt. */
  rewind(): Promise<void>;
  close(): Promise<void>;
};

/** @throws ReconcileError DISK_FULL, DISK_IO; also when something of that name is there already */
export async function createDownloadFile(path: string): Promise<DownloadFile> {
  const file: FileHandle = await attempt('create', path, () => open(path, 'wx', 0o700));
  let end = 0;
  return {
    async write(chunk) {
      await attempt('write', path, async () => {
        for (let at = 0; at < chunk.length; ) {
          const { bytesWritten } = await file.write(chunk, at, chunk.length - at, end);
          at += bytesWritten;
          end += bytesWritten;
        }
      });
    },
    async rewind() {
      await attempt('truncate', path, () => file.truncate(0));
      end = 0;
    },
    close: () => attempt('close', path, () => file.close()),
  };
}

/** With missing parents; an existing folder is fine. */
export const makeDownloadDir = (path: string): Promise<void> =>
  attempt('create', path, () => makeFolders(path));

/**
 * Node's own `recursive` asks for ever where the kernel says that the parent of a folder is missing though it is there, as
 * below /proc. Here a second ENOENT is the answer.
 */
async function makeFolders(path: string): Promise<void> {
  try {
    await makeFolder(path);
  } catch (cause) {
    const parent = dirname(path);
    if (systemCode(cause) !== 'ENOENT' || parent === path) throw cause;
    await makeFolders(parent);
    await makeFolder(path);
  }
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (cause) {
    if (systemCode(cause) !== 'EEXIST' || !(await stat(path)).isDirectory()) throw cause;
  }
}

/** Replaces a file or a link of that name, never what the link leads to. */
export const placeDownload = (from: string, to: string): Promise<void> =>
  attempt('rename to', to, () => rename(from, to));

export const linkDownload = (target: string, path: string): Promise<void> =>
  attempt('link', path, () => symlink(target, path));

async function attempt<Done>(
  operation: string,
  path: string,
  call: () => Promise<Done>,
): Promise<Done> {
  try {
    return await call();
  } catch (cause) {
    throw diskError(operation, path, cause);
  }
}
