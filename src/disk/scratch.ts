/**
 * Files that a power cut may take: written and not synced, because nothing is decided by them after a restart of the
 * machine. Synchronous, because each is a few hundred microseconds in the way of a step that waits for it.
 */
import {
  closeSync,
  constants,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { diskError, systemCode } from './errors.ts';

/** @throws ReconcileError DISK_FULL, DISK_IO (retry `backoff`), also for what is no file: scripts can put anything there */
export function writeScratch(path: string, text: string, mode: number): void {
  attempt('write', path, () => {
    const handle = openSync(path, WRITE_FLAGS, mode);
    try {
      writeFileSync(handle, text);
    } finally {
      closeSync(handle);
    }
  });
}

/** Through a link it would be another file; a pipe would wait for its reader. */
const WRITE_FLAGS =
  constants.O_WRONLY |
  constants.O_CREAT |
  constants.O_TRUNC |
  constants.O_NOFOLLOW |
  constants.O_NONBLOCK;

/** With missing parents; an existing folder is fine. */
export function makeScratchDir(path: string): void {
  attempt('create', path, () => mkdirSync(path, { recursive: true, mode: 0o700 }));
}

/** Below a folder that must be there: one that a script has removed does not come back. An existing one is fine. */
export function makeScratchSubdir(path: string): void {
  attempt('create', path, () => {
    try {
      mkdirSync(path, { mode: 0o700 });
    } catch (cause) {
      if (systemCode(cause) !== 'EEXIST') throw cause;
    }
  });
}

export function moveScratchDir(from: string, to: string): void {
  attempt('rename to', to, () => renameSync(from, to));
}

/** One file; an absent one is fine. */
export function removeScratch(path: string): void {
  attempt('remove', path, () => rmSync(path, { force: true }));
}

/** A small folder with all that is in it, now; an absent one is fine. */
export function removeScratchTree(path: string): void {
  attempt('remove', path, () =>
    rmSync(path, { recursive: true, force: true, maxRetries: 3, retryDelay: 20 }),
  );
}

/** The folder with all that is in it; an absent one is fine, and so is a process that is just leaving it. */
export async function removeScratchDir(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  } catch (cause) {
    throw diskError('remove', path, cause);
  }
}

function attempt(operation: string, path: string, call: () => void): void {
  try {
    call();
  } catch (cause) {
    throw diskError(operation, path, cause);
  }
}
