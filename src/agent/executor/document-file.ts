import { lstat, open, realpath } from 'node:fs/promises';
import { DOCUMENT_BYTES_MAX } from '../../core/document/source.ts';
import { systemCode } from '../../disk/errors.ts';

/**
 * The text of a document that lies in a file; '' where there is none, which is also what AWS's agent makes of it. A link
 * that leads out of `within`, a device or a pipe is no document; one that is too long is cut and so no document either.
 */
export async function readDocumentFile(path: string, within: string): Promise<string> {
  try {
    const real = await realpath(path);
    const root = await realpath(within);
    if (root !== '/' && !real.startsWith(`${root}/`)) return '';
    if (!(await lstat(real)).isFile()) return '';
    const file = await open(real, 'r');
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
    if (absent.has(systemCode(cause) ?? '')) return '';
    throw cause;
  }
}

const absent: ReadonlySet<string> = new Set([
  'ENOENT',
  'ENOTDIR',
  'EISDIR',
  'ELOOP',
  'EACCES',
  'ENAMETOOLONG',
]);
