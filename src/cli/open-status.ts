/** Where a status is read from: a folder, a reference of a clone, or the branch's usual names. */
import { statSync } from 'node:fs';
import { ReconcileError } from '../core/model/errors.ts';
import type { StatusFiles } from '../io/status/read-status.ts';
import { openStatusDirectory, openStatusRef } from '../io/status/read-status.ts';

const USUAL_REFS = ['reconciled/status', 'origin/reconciled/status'];

/**
 * `asked` is a folder with the branch's files or a reference; null asks for the newest of the usual ones. Null when there is none.
 * @throws ReconcileError REVISION_UNKNOWN, REPOSITORY_MISSING when the one that was asked for is not there
 */
export async function openStatus(dir: string, asked: string | null): Promise<StatusFiles | null> {
  if (asked === null) return newestKnown(dir);
  if (statSync(asked, { throwIfNoEntry: false })?.isDirectory() === true) {
    return openStatusDirectory(asked);
  }
  const tip = await openStatusRef(dir, asked);
  if (tip !== null) return tip;
  throw new ReconcileError(
    'REPOSITORY_MISSING',
    `${asked} is no folder, and ${dir} is in no Git repository that could have such a branch`,
    { retry: 'never' },
  );
}

/** A fetch does not move the local branch of whoever checked it out once to look at it. */
async function newestKnown(dir: string): Promise<StatusFiles | null> {
  let newest: StatusFiles | null = null;
  for (const ref of USUAL_REFS) {
    try {
      const tip = await openStatusRef(dir, ref);
      if (newest === null || (tip?.seq ?? 0) > (newest.seq ?? 0)) newest = tip;
    } catch (cause) {
      if (!(cause instanceof ReconcileError) || cause.code !== 'REVISION_UNKNOWN') throw cause;
    }
  }
  return newest;
}
