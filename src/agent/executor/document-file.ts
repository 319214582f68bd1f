import { constants } from 'node:fs';
import { lstat, open, realpath } from 'node:fs/promises';
import { DOCUMENT_BYTES_MAX } from '../../core/document/source.ts';
import { isSystemError } from '../../disk/errors.ts';

/**
 * The text of a document that lies in a file; '' where there is none, which is also what AWS's agent makes of it. A link
 * that leads out of `within`, a device, a pipe or what the kernel does not let us read is no document; one that is too long is
 * cut and so no document either.
 */
export async function readDocumentFile(path: string, within: string): Promise<string> {
  if (path.includes('\0')) return '';
  try {
    const real = await realpath(path);
    const root = await realpath(within);
    if (root !== '/' && !real.startsWith(`${root}/`)) return '';
    if (!(await lstat(real)).isFile()) return '';
    const file = await open(real, FLAGS);
    try {
      const bytes = Buffer.alloc(DOCUMENT_BYTES_MAX + 1);
      const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
      return bytes
        .subarray(0, bytesRead)
        .toString('utf8')
        .replace(/^\uFEFF/, '');
    } finally {
      await file.close();
    }
  } catch (cause) {
    // Whatever the system says of a path that a document chose is an answer: EIO from /proc/self/mem, EINVAL from /sys.
    if (isSystemError(cause)) return '';
    throw cause;
  }
}

/** Some of what the kernel calls files (/proc/kmsg) makes a reader wait, and nothing here would end that. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;
