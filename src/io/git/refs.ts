import fs from 'node:fs/promises';
import path from 'node:path';
import { isErrno } from './errno.ts';
import { OBJECT_ID } from './objects.ts';

const SYMREF_DEPTH_MAX = 5;
/** What the full name of a branch begins with. */
export const BRANCHES = 'refs/heads/';

/**
 * What a full ref name (`HEAD`, `refs/heads/main`) points at, loose before packed; null when it does not exist or is
 * torn. Symbolic refs are followed.
 */
export async function resolveRef(gitdir: string, ref: string): Promise<string | null> {
  let name = ref;
  for (let depth = 0; depth < SYMREF_DEPTH_MAX; depth++) {
    const text = await readText(path.join(gitdir, name));
    if (text === null) return (await packedRefs(gitdir)).get(name) ?? null;
    const target = /^ref: (\S+)\s*$/.exec(text)?.[1];
    if (target === undefined) return OBJECT_ID.test(text.trim()) ? text.trim() : null;
    if (!isSafeRefName(target)) return null;
    name = target;
  }
  return null;
}

/** The ref that `HEAD` names, or null when it is detached. */
export async function symbolicHead(gitdir: string): Promise<string | null> {
  const text = await readText(path.join(gitdir, 'HEAD'));
  return /^ref: (\S+)\s*$/.exec(text ?? '')?.[1] ?? null;
}

/** The names of all branches, loose and packed. */
export async function branchesIn(gitdir: string): Promise<readonly string[]> {
  const folder = path.join(gitdir, BRANCHES);
  const loose = await fs.readdir(folder, { recursive: true, withFileTypes: true });
  const names = new Set(
    loose
      .filter((entry) => entry.isFile() && !entry.name.endsWith('.lock'))
      .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name))),
  );
  for (const ref of (await packedRefs(gitdir)).keys())
    if (ref.startsWith(BRANCHES)) names.add(ref.slice(BRANCHES.length));
  return [...names];
}

/** The rules of git-check-ref-format that keep a name inside `refs/`, and no leading dash. */
export function isSafeRefName(name: string): boolean {
  if (name === 'HEAD') return true;
  if (name.length > 255 || /[\x00-\x20\x7f~^:?*[\\]|\.\.|@\{|\/\/|\/$|\.$/.test(name)) return false;
  return name
    .split('/')
    .every((part) => !/^[.-]|\.lock$/.test(part) && part !== '' && part !== '@');
}

async function packedRefs(gitdir: string): Promise<ReadonlyMap<string, string>> {
  const refs = new Map<string, string>();
  for (const line of ((await readText(path.join(gitdir, 'packed-refs'))) ?? '').split('\n')) {
    const match = /^([0-9a-f]{40}) (\S+)$/.exec(line);
    if (match?.[1] !== undefined && match[2] !== undefined) refs.set(match[2], match[1]);
  }
  return refs;
}

async function readText(file: string): Promise<string | null> {
  try {
    return await fs.readFile(file, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'EISDIR')) return null;
    throw error;
  }
}
