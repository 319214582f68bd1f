import { setImmediate as nextTurn } from 'node:timers/promises';
import { invariant } from '../../core/model/errors.ts';
import { beginSlice } from '../../core/model/slice.ts';
import type { ObjectReader } from '../git/object-reader.ts';
import { readTree } from '../git/object-reader.ts';
import { objectId } from '../git/objects.ts';
import type { NewObject } from '../git/open-pack.ts';
import { encodeTree, MODE } from '../git/tree-object.ts';

/** The status tree in memory: a commit costs what it touches and reads nothing back. */
export type Folder = {
  readonly kind: 'folder';
  readonly oid: string;
  /** The tree object itself, base of the next delta; null until it is needed after a restart. */
  readonly bytes: Uint8Array | null;
  readonly entries: ReadonlyMap<string, Folder | File>;
};
type File = { readonly kind: 'file'; readonly oid: string; readonly bytes: Uint8Array | null };

/** Path → bytes, or null to remove. */
export type Changes = ReadonlyMap<string, Uint8Array | null>;

type Nested = Map<string, Nested | Uint8Array | null>;

/** Larger files are read back from the pack when they change: memory is for the ten thousand small ones. */
const KEPT_BYTES_MAX = 16 << 10;

export type ChangedTree = { readonly root: Folder; readonly objects: readonly NewObject[] };

/**
 * The tree with `changes` made, and the objects that this takes: files first, folders deepest first, the root last.
 * Folders that become empty disappear. With `previous` null the changes are the whole tree. Other work has its turn
 * between two entries, since ten thousand files take a second to hash.
 */
export async function changeTree(previous: Folder | null, changes: Changes): Promise<ChangedTree> {
  const objects: NewObject[] = [];
  const steps = changeFolder(previous, nest(changes), objects);
  const slice = beginSlice(() => performance.now());
  for (;;) {
    const step = steps.next();
    if (step.done === true) {
      return { root: step.value ?? folderOf(new Map(), null, objects), objects };
    }
    if (!slice.isOver()) continue;
    await nextTurn();
    slice.begin();
  }
}

/**
 * `wanted` as a whole tree over `previous`: what `previous` has and `wanted` lacks is removed, and unchanged files make
 * no objects.
 */
export function replaceTree(previous: Folder, wanted: Changes): Promise<ChangedTree> {
  const changes = new Map(wanted);
  for (const path of filePaths(previous)) if (!changes.has(path)) changes.set(path, null);
  return changeTree(previous, changes);
}

/** Reads the tree of a commit of ours; file contents stay in the pack until they change. */
export async function loadFolder(reader: ObjectReader, oid: string): Promise<Folder> {
  const entries = new Map<string, Folder | File>();
  for (const { name, mode, oid: child } of await readTree(reader, oid))
    entries.set(
      name,
      mode === MODE.directory
        ? await loadFolder(reader, child)
        : { kind: 'file', oid: child, bytes: null },
    );
  return { kind: 'folder', oid, bytes: null, entries };
}

function* filePaths(folder: Folder, prefix = ''): Generator<string> {
  for (const [name, entry] of folder.entries) {
    if (entry.kind === 'folder') yield* filePaths(entry, `${prefix}${name}/`);
    else yield prefix + name;
  }
}

/** Stops after each entry. */
function* changeFolder(
  previous: Folder | null,
  changes: Nested,
  objects: NewObject[],
): Generator<undefined, Folder | null> {
  const entries = new Map(previous?.entries);
  for (const [name, change] of changes) {
    const before = entries.get(name) ?? null;
    const after =
      change === null || change instanceof Uint8Array
        ? fileOf(change, before, objects)
        : yield* changeFolder(before?.kind === 'folder' ? before : null, change, objects);
    if (after === null) entries.delete(name);
    else entries.set(name, after);
    yield;
  }
  return entries.size === 0 ? null : folderOf(entries, previous, objects);
}

function fileOf(
  bytes: Uint8Array | null,
  before: Folder | File | null,
  objects: NewObject[],
): File | null {
  if (bytes === null) return null;
  const oid = objectId('blob', bytes);
  const isUnchanged = before?.kind === 'file' && before.oid === oid;
  if (!isUnchanged) objects.push({ kind: 'blob', oid, bytes, base: baseOf(before, 'file') });
  return { kind: 'file', oid, bytes: bytes.length <= KEPT_BYTES_MAX ? bytes : null };
}

function folderOf(
  entries: ReadonlyMap<string, Folder | File>,
  previous: Folder | null,
  objects: NewObject[],
): Folder {
  const bytes = encodeTree(
    [...entries].map(([name, entry]) => ({
      name,
      oid: entry.oid,
      mode: entry.kind === 'folder' ? MODE.directory : MODE.file,
    })),
  );
  const oid = objectId('tree', bytes);
  if (oid !== previous?.oid)
    objects.push({ kind: 'tree', oid, bytes, base: baseOf(previous, 'folder') });
  return { kind: 'folder', oid, bytes, entries };
}

const baseOf = (before: Folder | File | null, kind: 'folder' | 'file'): NewObject['base'] =>
  before?.kind === kind ? { oid: before.oid, bytes: before.bytes } : null;

function nest(changes: Changes): Nested {
  const root: Nested = new Map();
  for (const [path, bytes] of changes) {
    const parts = path.split('/');
    invariant(
      parts.every(isPlainName),
      `status path ${JSON.stringify(path)} is built from checked ids`,
    );
    let folder = root;
    for (const name of parts.slice(0, -1)) {
      const inner = folder.get(name);
      const next: Nested = inner instanceof Map ? inner : new Map();
      folder.set(name, next);
      folder = next;
    }
    const name = parts.at(-1) ?? '';
    invariant(!(folder.get(name) instanceof Map), `${path} is a file or a folder, not both`);
    folder.set(name, bytes);
  }
  return root;
}

const isPlainName = (name: string): boolean => !/^\.{0,2}$|^\.git|[\x00-\x1f\x7f\\]/i.test(name);
