import type { FileHandle } from 'node:fs/promises';
import fs from 'node:fs/promises';
import path from 'node:path';
import { isErrno } from './errno.ts';
import { resolveRef } from './refs.ts';

/** The move as the caller means it; `expect: null` for a ref that must not exist yet. */
export type RefMove = {
  readonly ref: string;
  readonly expect: string | null;
  readonly next: string;
};

/**
 * Moves a ref only if it still is where the caller saw it, under Git's own lock file, so native git competes fairly.
 * False: someone else moved it, or holds the lock.
 */
export async function casRef(gitdir: string, move: RefMove): Promise<boolean> {
  const file = path.join(gitdir, move.ref);
  await fs.mkdir(path.dirname(file), { recursive: true });
  const lock = await openLock(`${file}.lock`);
  if (lock === null) return false;
  let moved = false;
  try {
    if ((await resolveRef(gitdir, move.ref)) === move.expect) {
      await lock.writeFile(`${move.next}\n`);
      await lock.sync();
      await fs.rename(`${file}.lock`, file);
      moved = true;
    }
  } finally {
    await lock.close();
    if (!moved) await fs.rm(`${file}.lock`, { force: true });
  }
  return moved;
}

async function openLock(lock: string): Promise<FileHandle | null> {
  try {
    return await fs.open(lock, 'wx', 0o644);
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return null;
    throw error;
  }
}
