import path from 'node:path';
import { ReconcileError } from '../../core/model/errors.ts';
import type { Snapshot } from '../../reconcile/ports.ts';
import { DamagedObject, gitError } from '../git/git-error.ts';
import { discoverRepository } from '../git/local-repository.ts';
import { openObjectReader } from '../git/object-reader.ts';
import { resolveRevision } from '../git/revision.ts';
import { snapshotOf } from './snapshot.ts';

/**
 * A revision of the repository that `dir` lies in, restricted to `dir` itself: in a work tree, `plan fleet/` reads the
 * same files from disk and from a revision. Nothing is run and nothing is written.
 * @throws ReconcileError REPOSITORY_MISSING, REVISION_UNKNOWN, REVISION_AMBIGUOUS, SOURCE_UNSUPPORTED, SOURCE_DAMAGED, TREE_UNSAFE
 */
export async function openRevision(dir: string, rev: string): Promise<Snapshot> {
  const repository = await discoverRepository(dir, 'SOURCE');
  if (repository === null)
    throw new ReconcileError(
      'REPOSITORY_MISSING',
      `${dir} is in no Git repository, so it has no revision ${rev}; run \`git init\` or leave the revision out`,
      { retry: 'never' },
    );
  const reader = openObjectReader(repository.gitdir);
  const typed = typedDamage(repository.top);
  const snapshot = await resolveRevision(repository, reader, rev)
    .then((commit) => snapshotOf(reader, commit, path.relative(repository.top, path.resolve(dir))))
    .catch(typed);
  return { ...snapshot, read: (blob) => snapshot.read(blob).catch(typed) };
}

const typedDamage =
  (location: string) =>
  (error: unknown): never => {
    if (!(error instanceof DamagedObject)) throw error;
    throw gitError('SOURCE', 'DAMAGED', `${location}: ${error.message}; run \`git fsck\``, error);
  };
