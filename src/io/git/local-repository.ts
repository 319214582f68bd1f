import fs from 'node:fs/promises';
import path from 'node:path';
import { isErrno } from './errno.ts';
import type { GitScope } from './git-error.ts';
import { DamagedObject, gitError } from './git-error.ts';
import { OBJECT_ID } from './objects.ts';

/** A repository on this machine that we read as it lies: no work tree is looked at, no index, no hook is run. */
export type LocalRepository = { readonly gitdir: string; readonly isBare: boolean };

/**
 * Finds the repository at `location`: a bare one, or the `.git` of a work tree.
 * @throws ReconcileError <SCOPE>_UNREACHABLE when there is none, <SCOPE>_UNSUPPORTED with the remedy when it is of a
 *   kind that is not read: linked work tree, submodule, alternates, partial clone, reftable, SHA-256
 */
export async function openLocalRepository(
  location: string,
  scope: GitScope,
): Promise<LocalRepository> {
  const found = await findGitdir(path.resolve(location), scope);
  if (found === null)
    throw gitError(
      scope,
      'UNREACHABLE',
      `${location} is not a Git repository; create one with \`git init\``,
    );
  await refuseUnsupported(found.gitdir, location, scope);
  return found;
}

/** What somebody stands in. `head`: the folder of its HEAD, which a linked work tree has beside the repository. */
export type DiscoveredRepository = LocalRepository & {
  readonly top: string;
  readonly head: string;
};

/**
 * The same for the folder itself or the nearest parent that is a repository; null when there is none. An author may stand
 * in a linked work tree or a submodule: nothing is followed for days there, as a daemon does.
 */
export async function discoverRepository(
  folder: string,
  scope: GitScope,
): Promise<DiscoveredRepository | null> {
  for (let dir = path.resolve(folder); ; dir = path.dirname(dir)) {
    const linked = await followLink(dir);
    const found = linked ?? (await findGitdir(dir, scope));
    if (found !== null) {
      await refuseUnsupported(found.gitdir, dir, scope);
      return { ...found, top: dir, head: linked?.head ?? found.gitdir };
    }
    if (dir === path.dirname(dir)) return null;
  }
}

/** Null where `.git` is no file, or leads to nothing. */
async function followLink(dir: string): Promise<(LocalRepository & { head: string }) | null> {
  const link = path.join(dir, '.git');
  if ((await kindOf(link)) !== 'file') return null;
  const target = /^gitdir: (.+?)\r?\n?$/.exec(await readOptional(link))?.[1];
  if (target === undefined) return null;
  const head = path.resolve(dir, target);
  const common = (await readOptional(path.join(head, 'commondir'))).trim();
  const gitdir = path.resolve(head, common);
  const isThere = (await kindOf(path.join(gitdir, 'objects'))) === 'directory';
  return isThere ? { gitdir, isBare: false, head } : null;
}

async function findGitdir(dir: string, scope: GitScope): Promise<LocalRepository | null> {
  const inside = path.join(dir, '.git');
  const kind = await kindOf(inside);
  if (kind === 'directory') return { gitdir: inside, isBare: false };
  if (kind === 'file')
    throw gitError(
      scope,
      'UNSUPPORTED',
      `${dir} is a linked work tree or a submodule; name the main repository or a clone instead`,
    );
  if ((await kindOf(path.join(dir, 'commondir'))) === 'file')
    throw gitError(
      scope,
      'UNSUPPORTED',
      `${dir} belongs to a linked work tree; name the main repository`,
    );
  const isBare =
    (await kindOf(path.join(dir, 'HEAD'))) === 'file' &&
    (await kindOf(path.join(dir, 'objects'))) === 'directory' &&
    (await kindOf(path.join(dir, 'refs'))) !== null;
  return isBare ? { gitdir: dir, isBare: true } : null;
}

async function refuseUnsupported(gitdir: string, location: string, scope: GitScope): Promise<void> {
  const alternates = await readOptional(path.join(gitdir, 'objects', 'info', 'alternates'));
  if (alternates.trim() !== '')
    throw gitError(
      scope,
      'UNSUPPORTED',
      `${location} borrows objects from another repository (alternates); run \`git repack -a -d\` in it and remove objects/info/alternates`,
    );
  const extensions = configSection(await readOptional(path.join(gitdir, 'config')), 'extensions');
  const format = extensions.get('objectformat') ?? 'sha1';
  if (format !== 'sha1')
    throw gitError(
      scope,
      'UNSUPPORTED',
      `${location} uses ${format} object ids; clone it into a SHA-1 repository`,
    );
  const storage = extensions.get('refstorage') ?? 'files';
  if (storage !== 'files')
    throw gitError(
      scope,
      'UNSUPPORTED',
      `${location} stores its refs as ${storage}; run \`git refs migrate --ref-format=files\``,
    );
  if (extensions.has('partialclone'))
    throw gitError(scope, 'UNSUPPORTED', `${location} is a partial clone; clone it whole`);
}

/** Ids of the commits whose parents this repository does not have. @throws DamagedObject when it is not a list of ids */
export async function readShallow(gitdir: string): Promise<ReadonlySet<string>> {
  const text = await readOptional(path.join(gitdir, 'shallow'));
  const lines = text.split('\n').filter((line) => line !== '');
  if (!lines.every((line) => OBJECT_ID.test(line))) throw new DamagedObject(`${gitdir}/shallow`);
  return new Set(lines);
}

function configSection(config: string, section: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  let current = '';
  for (const raw of config.split('\n')) {
    const line = raw.trim();
    const header = /^\[\s*([A-Za-z0-9.-]+)\s*\]/.exec(line);
    if (header?.[1] !== undefined) current = header[1].toLowerCase();
    const pair = /^([A-Za-z][A-Za-z0-9-]*)\s*=\s*(.*)$/.exec(line);
    if (current === section && pair?.[1] !== undefined)
      values.set(pair[1].toLowerCase(), (pair[2] ?? '').trim().toLowerCase());
  }
  return values;
}

async function kindOf(file: string): Promise<'file' | 'directory' | null> {
  try {
    return (await fs.stat(file)).isDirectory() ? 'directory' : 'file';
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return null;
    throw error;
  }
}

async function readOptional(file: string): Promise<string> {
  try {
    return await fs.readFile(file, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return '';
    throw error;
  }
}
