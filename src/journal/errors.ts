import { ReconcileError } from '../core/model/errors.ts';

/** What the disk refused, in the journal's words: JOURNAL_FULL or JOURNAL_IO, to be tried again after a while. */
export function journalError(doing: string, cause: unknown): unknown {
  if (!(cause instanceof ReconcileError)) return cause;
  const code = journalCodes.get(cause.code);
  if (code === undefined) return cause;
  const message = `cannot ${doing}: ${cause.message}`;
  return new ReconcileError(code, message, { retry: 'backoff', cause });
}

const journalCodes: ReadonlyMap<string, string> = new Map([
  ['DISK_FULL', 'JOURNAL_FULL'],
  ['DISK_IO', 'JOURNAL_IO'],
]);

/** Damage that no crash leaves behind: only a backup or a rebuild from the status branch helps. */
export function corrupt(file: string, byte: number, what: string): ReconcileError {
  const message = `${file} is damaged at byte ${byte}: ${what}`;
  return new ReconcileError('JOURNAL_CORRUPT', message, { retry: 'never' });
}

export function newer(file: string, has: string, knows: string): ReconcileError {
  const message = `${file} was written by a newer program (${has}, this one knows ${knows}); it is left untouched`;
  return new ReconcileError('STATE_NEWER', message, { retry: 'never', exitCode: 78 });
}
