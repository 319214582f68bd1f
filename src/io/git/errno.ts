import { diskError, systemCode } from '../../disk/errors.ts';
import { DamagedObject } from './git-error.ts';

/** True when `error` is a system error with one of these codes. */
export function isErrno(error: unknown, ...codes: readonly string[]): boolean {
  return codes.includes(systemCode(error) ?? '');
}

/** True for a failed call on a file: sockets fail with an address, files with a path. */
export function isFileFailure(error: unknown): error is Error & { readonly path: string } {
  return systemCode(error) !== null && error instanceof Error && 'path' in error;
}

/** A full or failing disk as DISK_FULL or DISK_IO; everything else as it is. */
export function typedDiskFailure(error: unknown): unknown {
  return isFileFailure(error) ? diskError('use', error.path, error) : error;
}

/** What a repository of our own can only be healed from by making it anew: damage, or files that somebody removed. */
export function damageIn(error: unknown): DamagedObject | null {
  if (error instanceof DamagedObject) return error;
  if (!isFileFailure(error) || !isErrno(error, 'ENOENT')) return null;
  return new DamagedObject(`${error.path} is gone`, error);
}
