import { ReconcileError } from '../core/model/errors.ts';

const outOfSpace: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT']);

/** The system's code (`ENOENT`, …) of a failed call; null for anything else that was thrown. */
export function systemCode(cause: unknown): string | null {
  if (!(cause instanceof Error) || !('code' in cause)) return null;
  return typeof cause.code === 'string' ? cause.code : null;
}

/** What the system refused, and no mistake in a call of ours (`ERR_…`). */
export function isSystemError(cause: unknown): cause is Error {
  return /^E[A-Z0-9]+$/.test(systemCode(cause) ?? '');
}

/** What the disk refused, as `diskError` tells it. */
export const isDiskError = (cause: unknown): cause is ReconcileError =>
  cause instanceof ReconcileError && cause.code.startsWith('DISK_');

/** A failed system call as DISK_FULL, DISK_EXISTS or DISK_IO; a bug passes through unchanged. */
export function diskError(operation: string, path: string, cause: unknown): unknown {
  const code = systemCode(cause);
  if (code === null || cause instanceof ReconcileError) return cause;
  if (outOfSpace.has(code)) {
    const message = `no space left to ${operation} ${path}`;
    return new ReconcileError('DISK_FULL', message, { retry: 'backoff', cause });
  }
  if (code === 'EEXIST') {
    return new ReconcileError('DISK_EXISTS', `${path} exists already`, { retry: 'never', cause });
  }
  const message = `cannot ${operation} ${path}: ${code}`;
  return new ReconcileError('DISK_IO', message, { retry: 'backoff', cause });
}
