/**
 * Reads files that a script may have put something else in the place of. No link is followed, a pipe or a device keeps nobody
 * waiting, and whatever the system says is an answer. Synchronous, because a step waits for each.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { systemCode } from './errors.ts';

type Opened = { readonly handle: number } | { readonly why: string };

/** The caller closes the handle. `why`, in words that follow "it": there is none, or it is something else. */
export function openRegularFile(path: string): Opened {
  let handle: number;
  try {
    handle = openSync(path, FLAGS);
  } catch (cause) {
    const code = systemCode(cause);
    if (code === null) throw cause;
    return { why: code === 'ENOENT' ? 'is gone' : `cannot be opened as a file (${code})` };
  }
  if (fstatSync(handle).isFile()) return { handle };
  closeSync(handle);
  return { why: 'is no file' };
}

/** A small file as text, its first `bytesMax` bytes; null when there is none that can be read. */
export function readSmallFile(path: string, bytesMax: number): string | null {
  const opened = openRegularFile(path);
  if ('why' in opened) return null;
  try {
    const bytes = Buffer.allocUnsafe(bytesMax);
    return bytes.toString('utf8', 0, readSync(opened.handle, bytes, 0, bytesMax, 0));
  } catch (cause) {
    if (systemCode(cause) === null) throw cause;
    return null;
  } finally {
    closeSync(opened.handle);
  }
}

const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;
