import type { FileHandle } from 'node:fs/promises';
import fs from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isErrno } from './errno.ts';
import { resolveRef } from './refs.ts';

/** The move as the caller means it; `expect: null` for a ref that must not exist yet. */
type RefMove = {
  readonly ref: string;
  readonly expect: string | null;
  readonly next: string;
};

/** `raced`: the ref is not where the caller saw it. `locked`: another Git is writing it, or left its lock behind. */
type RefMoveOutcome = 'moved' | 'raced' | 'locked';

/** As long as native git waits for a ref's lock (core.filesRefLockTimeout), a little more. */
const LOCK_TRIES = 10;
const LOCK_WAIT_MS = 20;

/**
 * Moves a ref only if it still is where the caller saw it, under Git's own lock file, so native git competes fairly.
 */
export async function casRef(gitdir: string, move: RefMove): Promise<RefMoveOutcome> {
  for (let tries = 1; ; tries++) {
    const outcome = await tryCasRef(gitdir, move);
    if (outcome !== 'locked' || tries === LOCK_TRIES) return outcome;
    await sleep(LOCK_WAIT_MS);
  }
}

async function tryCasRef(gitdir: string, move: RefMove): Promise<RefMoveOutcome> {
  const file = path.join(gitdir, move.ref);
  await fs.mkdir(path.dirname(file), { recursive: true });
  const lock = await openLock(`${file}.lock`);
  if (lock === null) return 'locked';
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
  return moved ? 'moved' : 'raced';
}

async function openLock(lock: string): Promise<FileHandle | null> {
  try {
    return await fs.open(lock, 'wx', 0o644);
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return null;
    throw error;
  }
}
