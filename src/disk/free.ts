import { statfs } from 'node:fs/promises';
import { diskError } from './errors.ts';

/** What an ordinary user may still write under this folder, and the size of its file system. */
export async function freeBytes(dir: string): Promise<{ free: number; total: number }> {
  try {
    const { bavail, blocks, bsize } = await statfs(dir);
    return { free: bavail * bsize, total: blocks * bsize };
  } catch (cause) {
    throw diskError('measure', dir, cause);
  }
}
