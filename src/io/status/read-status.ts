import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { commitId } from '../../core/model/brand.ts';
import type { StatusTip } from '../../reconcile/ports.ts';
import { parseTrailers } from '../git/commit-object.ts';
import { isErrno } from '../git/errno.ts';
import { DamagedObject, gitError } from '../git/git-error.ts';
import { folderParts, listTree } from '../git/list-tree.ts';
import { discoverRepository } from '../git/local-repository.ts';
import type { ObjectReader } from '../git/object-reader.ts';
import { openObjectReader, readCommit } from '../git/object-reader.ts';
import { ObjectTooLarge } from '../git/pack-file.ts';
import { resolveRevision } from '../git/revision.ts';

/** What a report may hold: one file per node, per association, and the roll-ups. */
export const STATUS_LIMITS = { filesMax: 200_000, depthMax: 16 };
const STATUS_FILE_BYTES_MAX = 16 << 20;

/** Status files by path, wherever they lie; `commit` is null for a plain folder. */
export type StatusFiles = Omit<StatusTip, 'commit'> & {
  readonly commit: StatusTip['commit'] | null;
};

/** Commits that are asked whose branch it is; further down nobody has looked for long. */
const NAMING_COMMITS_MAX = 50;

/**
 * What the nearest commit that names an instance says of a branch: people may have committed on top of it. Nulls when none
 * does, as far as the history is here.
 */
export async function ownerOf(
  reader: ObjectReader,
  tip: string,
): Promise<Pick<StatusTip, 'instance' | 'seq'>> {
  let oid: string | undefined = tip;
  for (let steps = 0; oid !== undefined && steps < NAMING_COMMITS_MAX; steps++) {
    if (steps > 0 && !reader.has(oid)) break;
    const { message, parents } = await readCommit(reader, oid);
    const trailers = parseTrailers(message);
    const instance = trailers.get('Reconciled-Instance');
    if (instance !== undefined) {
      const seq = Number(trailers.get('Reconciled-Seq') ?? Number.NaN);
      return { instance, seq: Number.isSafeInteger(seq) ? seq : null };
    }
    oid = parents[0];
  }
  return { instance: null, seq: null };
}

/** The tip of a status branch as the reader of its repository sees it. */
export async function statusTipOf(reader: ObjectReader, commit: string): Promise<StatusTip> {
  const { tree } = await readCommit(reader, commit);
  const owner = await ownerOf(reader, commit);
  let listing: Promise<ReadonlyMap<string, string>> | null = null;
  const files = () => (listing ??= filesOf(reader, tree));
  return {
    commit: commitId(commit),
    ...owner,
    read: (file) =>
      typed(async () => {
        const blob = (await files()).get(file);
        if (blob === undefined) return null;
        return (await reader.read(blob, STATUS_FILE_BYTES_MAX))?.bytes ?? null;
      }),
    async list(prefix) {
      const stem = folderParts(prefix)
        .map((part) => `${part}/`)
        .join('');
      return [...(await typed(files)).keys()].filter((file) => file.startsWith(stem));
    },
  };
}

async function typed<Value>(read: () => Promise<Value>): Promise<Value> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof DamagedObject || error instanceof ObjectTooLarge)
      throw gitError('STATUS', 'DAMAGED', `cannot read the status branch: ${error.message}`, error);
    throw error;
  }
}

/** Path → blob of every plain file: listed once, since a plan reads ten thousand of them. */
async function filesOf(reader: ObjectReader, tree: string): Promise<ReadonlyMap<string, string>> {
  const files = await listTree(reader, tree, '', STATUS_LIMITS);
  return new Map(files.filter((file) => file.kind === 'file').map((file) => [file.path, file.oid]));
}

/**
 * A status ref of the repository that `dir` lies in, such as `reconciled/status` or `origin/reconciled/status`.
 * @throws ReconcileError REVISION_UNKNOWN when there is no such ref
 */
export async function openStatusRef(dir: string, ref: string): Promise<StatusTip | null> {
  const repository = await discoverRepository(dir, 'STATUS');
  if (repository === null) return null;
  const reader = openObjectReader(repository.gitdir);
  return statusTipOf(reader, await resolveRevision(repository, reader, ref));
}

/** A folder with the files of a status branch, e.g. an unpacked artefact of a pipeline. */
export function openStatusDirectory(dir: string): StatusFiles {
  return {
    commit: null,
    instance: null,
    seq: null,
    async read(file) {
      if (folderParts(file).includes('..')) return null;
      try {
        return await readFile(path.join(dir, file));
      } catch (error) {
        if (isErrno(error, 'ENOENT', 'ENOTDIR', 'EISDIR')) return null;
        throw error;
      }
    },
    async list(prefix) {
      const parts = folderParts(prefix);
      if (parts.includes('..')) return [];
      try {
        const root = path.join(dir, ...parts);
        const entries = await readdir(root, { recursive: true, withFileTypes: true });
        return entries
          .filter((entry) => entry.isFile())
          .map((entry) => path.relative(dir, path.join(entry.parentPath, entry.name)))
          .filter((file) => !file.startsWith('.git/'))
          .map((file) => file.split(path.sep).join('/'))
          .sort();
      } catch (error) {
        if (isErrno(error, 'ENOENT', 'ENOTDIR')) return [];
        throw error;
      }
    },
  };
}
