import type { FileHandle } from 'node:fs/promises';
import fs from 'node:fs/promises';
import path from 'node:path';

let sequence = 0;

type Content = string | Uint8Array | readonly Uint8Array[];
type WriteOptions = Parameters<FileHandle['writeFile']>[1];

/** Writes a file beside `file` and syncs it. The temporary name, which comes back, is what the start-up sweep finds. */
async function stageFile(file: string, data: Content, options?: WriteOptions): Promise<string> {
  const temporary = path.join(path.dirname(file), `.tmp-${process.pid}-${sequence++}`);
  const handle = await fs.open(temporary, 'wx', 0o644);
  try {
    const parts = typeof data === 'string' || data instanceof Uint8Array ? [data] : data;
    // One after another and each to its end: a gathered write may stop short on a full disk without an error.
    for (const part of parts) await handle.writeFile(part, options);
    await handle.datasync();
  } catch (error) {
    await fs.rm(temporary, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
  return temporary;
}

/** Old content or new content, never half. */
async function writeFile(file: string, data: Content, options?: WriteOptions): Promise<void> {
  await fs.rename(await stageFile(file, data, options), file);
}

/** Several files in this order, none before all are synced: their syncs then share a journal commit. */
export async function placeFiles(files: readonly (readonly [string, Content])[]): Promise<void> {
  const staged = await Promise.allSettled(files.map(([file, data]) => stageFile(file, data)));
  const failed = staged.find((one) => one.status === 'rejected');
  if (failed !== undefined) {
    for (const one of staged)
      if (one.status === 'fulfilled') await fs.rm(one.value, { force: true });
    throw failed.reason;
  }
  for (const [at, [file]] of files.entries()) {
    const one = staged[at];
    if (one?.status === 'fulfilled') await fs.rename(one.value, file);
  }
}

/**
 * The file system as isomorphic-git may have it: it writes refs, objects and packs in place otherwise, and a reader
 * would see torn ones. A missing folder must fail with ENOENT: the library then makes it and tries again.
 */
export const safeFs = { promises: { ...fs, writeFile } };

/** Makes a rename in this folder durable. */
export async function syncFolder(dir: string): Promise<void> {
  const handle = await fs.open(dir, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Removes what a killed process left: temporary files, and lock files older than a minute. Only for a repository that
 * is ours alone, and only while nobody works in it.
 */
export async function sweepLeftovers(gitdir: string, nowMs: number): Promise<readonly string[]> {
  const swept: string[] = [];
  for (const entry of await fs.readdir(gitdir, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    if (!entry.isFile()) continue;
    const isLock = entry.name.endsWith('.lock');
    if (!isLock && !entry.name.startsWith('.tmp-') && !entry.name.startsWith('tmp_')) continue;
    if (isLock && nowMs - (await fs.stat(file)).mtimeMs < LOCK_STALE_MS) continue;
    await fs.rm(file, { force: true });
    swept.push(file);
  }
  return swept;
}

const LOCK_STALE_MS = 60_000;
