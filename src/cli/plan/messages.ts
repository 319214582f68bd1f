/** Messages of the commits that a merge would bring: a trailer in one of them releases the deletion guard. */
import { ReconcileError } from '../../core/model/errors.ts';
import { DamagedObject } from '../../io/git/git-error.ts';
import { relate } from '../../io/git/history.ts';
import { discoverRepository, readShallow } from '../../io/git/local-repository.ts';
import { openObjectReader } from '../../io/git/object-reader.ts';
import { resolveRevision } from '../../io/git/revision.ts';

/** Empty where this clone does not hold the history: then the guard is judged without trailers. */
export async function messagesSince(
  dir: string,
  known: string,
  revision: string,
): Promise<readonly string[]> {
  const repository = await discoverRepository(dir, 'SOURCE');
  if (repository === null) return [];
  const { gitdir } = repository;
  const reader = openObjectReader(gitdir);
  try {
    const tip = await resolveRevision(repository, reader, revision);
    const { messages } = await relate(reader, { known, tip }, await readShallow(gitdir));
    return messages;
  } catch (cause) {
    if (cause instanceof DamagedObject) return [];
    if (cause instanceof ReconcileError && cause.code === 'REVISION_UNKNOWN') return [];
    throw cause;
  }
}
