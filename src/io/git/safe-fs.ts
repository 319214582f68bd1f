import type { FileHandle } from 'node:fs/promises';
import fs from 'node:fs/promises';
import path from 'node:path';

let sequence = 0;

/**
 * Writes a file beside `file` and syncs it; the function that comes back puts it in place. Files that belong together
 * are staged at once, so that their syncs share a journal commit. The temporary name is what the start-up sweep finds.
 */
export async function stageFile(
  file: string,
  data: string | Uint8Array,
  options?: Parameters<FileHandle['writeFile']>[1],
): Promise<() => Promise<void>> {
  const temporary = path.join(path.dirname(file), `.tmp-${process.pid}-${sequence++}`);
  const handle = await fs.open(temporary, 'wx', 0o644);
  try {
    await handle.writeFile(data, options);
    await handle.datasync();
  } finally {
    await handle.close();
  }
  return () => fs.rename(temporary, file);
}

/** Old content or new content, never half. */
async function writeFile(...args: Parameters<typeof stageFile>): Promise<void> {
  const put = await stageFile(...args);
  await put();
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
