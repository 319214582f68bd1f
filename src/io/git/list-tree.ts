import { ReconcileError } from '../../core/model/errors.ts';
import { DamagedObject } from './git-error.ts';
import type { ObjectReader } from './object-reader.ts';
import { readTree } from './object-reader.ts';
import { checkForeignName, checkName } from './tree-name.ts';
import type { TreeEntry } from './tree-object.ts';
import { MODE } from './tree-object.ts';

type ListedFile = {
  /** From the folder that was listed, `/`-separated. */
  readonly path: string;
  readonly oid: string;
  readonly kind: 'file' | 'symlink' | 'submodule';
};

type TreeLimits = { readonly filesMax: number; readonly depthMax: number };

/**
 * Every file below `folder` ('' for the whole tree), in Git's order; empty when the folder does not exist. What `considers`
 * refuses by its name in `folder` is not looked into, however odd its name. Trees are compared by nobody else before they get here, so names are
 * checked: a hostile server can send any bytes.
 * @throws ReconcileError TREE_UNSAFE (retry `next-pass`: a commit repairs it), TREE_TOO_LARGE
 */
export async function listTree(
  reader: ObjectReader,
  tree: string,
  folder: string,
  limits: TreeLimits,
  considers: (name: string) => boolean = () => true,
): Promise<ListedFile[]> {
  const root = await findFolder(reader, tree, folder);
  const files: ListedFile[] = [];
  if (root === null) return files;

  async function descend(oid: string, prefix: string, depth: number): Promise<void> {
    if (depth > limits.depthMax)
      throw tooLarge(`folders are nested deeper than ${limits.depthMax}`);
    for (const entry of await readTree(reader, oid)) {
      checkForeignName(entry.name);
      if (depth === 0 && !considers(entry.name)) continue;
      const path = prefix + checkName(entry.name, prefix);
      if (entry.mode === MODE.directory) await descend(entry.oid, `${path}/`, depth + 1);
      else files.push({ path, oid: entry.oid, kind: kindOf(entry, path) });
      if (files.length > limits.filesMax) throw tooLarge(`more than ${limits.filesMax} files`);
    }
  }

  await descend(root, '', 0);
  return files;
}

/** The tree at `folder`, or null when a part of the way is missing or no directory. */
async function findFolder(
  reader: ObjectReader,
  tree: string,
  folder: string,
): Promise<string | null> {
  let oid = tree;
  for (const name of folderParts(folder)) {
    const entry = (await readTree(reader, oid)).find((candidate) => candidate.name === name);
    if (entry?.mode !== MODE.directory) return null;
    oid = entry.oid;
  }
  return oid;
}

/** `.`, `./a/`, `a//b` as the configuration may spell them → the names on the way. */
export function folderParts(folder: string): string[] {
  return folder.split('/').filter((part) => part !== '' && part !== '.');
}

function kindOf(entry: TreeEntry, path: string): ListedFile['kind'] {
  switch (entry.mode) {
    case MODE.symlink:
      return 'symlink';
    case MODE.submodule:
      return 'submodule';
    case MODE.file:
    case MODE.executable:
    case '100664': // written by very old versions of Git
      return 'file';
    default:
      throw new DamagedObject(`mode ${entry.mode} of ${path}`);
  }
}

function tooLarge(what: string): ReconcileError {
  return new ReconcileError(
    'TREE_TOO_LARGE',
    `${what}; set source.path to a smaller folder or split the repository`,
    { retry: 'next-pass' },
  );
}
