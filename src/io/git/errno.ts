import { diskError, systemCode } from '../../disk/errors.ts';
import { DamagedObject } from './git-error.ts';

/** True when `error` is a system error with one of these codes. */
export function isErrno(error: unknown, ...codes: readonly string[]): boolean {
  return codes.includes(systemCode(error) ?? '');
}

/** Of disks only. A write or a sync through an open handle fails with one of them, and without a path. */
const DISK_CODES = ['ENOSPC', 'EDQUOT', 'EIO', 'EROFS', 'EFBIG'];

/** True for a failed call on a file: sockets fail with an address, files with a path or a code of disks. */
export function isFileFailure(error: unknown): error is Error & { readonly path?: string } {
  if (!(error instanceof Error) || systemCode(error) === null) return false;
  return 'path' in error || isErrno(error, ...DISK_CODES);
}

/** A full or failing disk as DISK_FULL or DISK_IO; everything else as it is. */
export function typedDiskFailure(error: unknown): unknown {
  return isFileFailure(error) ? diskError('use', error.path ?? 'a file', error) : error;
}

/** What a repository of our own can only be healed from by making it anew: damage, or files that somebody removed. */
export function damageIn(error: unknown): DamagedObject | null {
  if (error instanceof DamagedObject) return error;
  if (!isFileFailure(error) || !isErrno(error, 'ENOENT')) return null;
  return new DamagedObject(`${error.path ?? 'a file'} is gone`, error);
}
