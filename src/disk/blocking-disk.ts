import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import type { Disk, PlaceWriter } from './disk.ts';
import { diskError } from './errors.ts';
import { nodeDisk } from './node-disk.ts';

/**
 * The disk of this machine for a process that waits for every sync anyway, as the agent does between two steps: writes and
 * syncs are done in place, which saves two trips through the thread pool, half a millisecond a step. Not for the daemon.
 */
export const blockingDisk: Disk = {
  ...nodeDisk,
  create: (path, mode) => attempt('create', path, () => writerOf(path, openSync(path, 'wx', mode))),
  openAppend: (path, mode) =>
    attempt('append to', path, () => writerOf(path, openSync(path, 'a', mode))),
};

function writerOf(path: string, fd: number): PlaceWriter {
  const write = (bytes: Uint8Array, place: number | null): Promise<void> =>
    attempt('write', path, () => {
      let written = 0;
      while (written < bytes.length) {
        const at = place === null ? null : place + written;
        written += writeSync(fd, bytes, written, bytes.length - written, at);
      }
    });
  return {
    write: (bytes) => write(bytes, null),
    writeAt: write,
    sync: () => attempt('sync', path, () => fdatasyncSync(fd)),
    close: () => attempt('close', path, () => closeSync(fd)),
  };
}

function attempt<Value>(operation: string, path: string, call: () => Value): Promise<Value> {
  try {
    return Promise.resolve(call());
  } catch (cause) {
    const failure = diskError(operation, path, cause);
    return Promise.reject(failure instanceof Error ? failure : new Error(String(failure)));
  }
}
