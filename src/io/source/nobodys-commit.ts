/** An operator may name anything of 40 digits. Where nobody has pushed such a commit nothing is damaged, and nothing is to be mended. */
import { relate } from '../git/history.ts';
import type { Mirror } from '../git/mirror.ts';
import type { ObjectReader } from '../git/object-reader.ts';
import { resolveRef } from '../git/refs.ts';

/**
 * True when the branch, as it was fetched, is whole and does not hold this commit, or the id is that of something else.
 * @throws DamagedObject when the mirror lacks what the branch holds: then it may have lost the commit, too
 */
export async function isNobodysCommit(
  mirror: Pick<Mirror, 'gitdir' | 'reader' | 'shallow'>,
  { commit, branch }: { readonly commit: string; readonly branch: string },
): Promise<boolean> {
  const { reader } = mirror;
  if (reader.has(commit)) return !(await isCommit(reader, commit));
  const tip = await resolveRef(mirror.gitdir, `refs/remotes/origin/${branch}`);
  if (tip === null) return true;
  const relation = await relate(reader, { known: commit, tip }, await mirror.shallow());
  return relation.kind === 'diverged';
}

export const isCommit = async (reader: ObjectReader, oid: string): Promise<boolean> =>
  reader.has(oid) && (await reader.read(oid))?.kind === 'commit';
