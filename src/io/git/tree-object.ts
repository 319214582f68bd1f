import { DamagedObject } from './git-error.ts';

export type TreeEntry = { readonly mode: string; readonly name: string; readonly oid: string };

export const MODE = {
  directory: '40000',
  file: '100644',
  executable: '100755',
  symlink: '120000',
  submodule: '160000',
} as const;

const SPACE = 0x20;
/**
 * The entries of a tree object in stored order; names are checked by the reader of the tree (`tree-name.ts`), not here: what
 * is not UTF-8 in one becomes U+FFFD.
 * @throws DamagedObject when an entry is cut
 */
export function parseTree(bytes: Uint8Array): TreeEntry[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries: TreeEntry[] = [];
  for (let at = 0; at < buffer.length; ) {
    const space = buffer.indexOf(SPACE, at);
    const nul = buffer.indexOf(0, space + 1);
    if (space < 0 || nul < 0 || nul + 21 > buffer.length) throw new DamagedObject('tree entry');
    entries.push({
      mode: buffer.toString('latin1', at, space),
      name: buffer.toString('utf8', space + 1, nul),
      oid: buffer.toString('hex', nul + 1, nul + 21),
    });
    at = nul + 21;
  }
  return entries;
}

/** A tree object in Git's order: by bytes, a directory as if its name ended in `/`. */
export function encodeTree(entries: readonly TreeEntry[]): Buffer {
  const keyed = entries.map((entry) => ({ entry, key: sortKey(entry) }));
  keyed.sort((a, b) => (a.key < b.key ? -1 : 1));
  const heads = keyed.map(({ entry }) => Buffer.from(`${entry.mode} ${entry.name}\0`));
  const bytes = Buffer.allocUnsafe(heads.reduce((sum, head) => sum + head.length + 20, 0));
  let at = 0;
  keyed.forEach(({ entry }, index) => {
    at += heads[index]?.copy(bytes, at) ?? 0;
    at += bytes.write(entry.oid, at, 20, 'hex');
  });
  return bytes;
}

/** latin1 of the UTF-8 bytes compares like the bytes do; plain ASCII, our own names, needs no detour. */
function sortKey(entry: TreeEntry): string {
  const key = entry.mode === MODE.directory ? `${entry.name}/` : entry.name;
  return /^[\x00-\x7f]*$/.test(key) ? key : Buffer.from(key).toString('latin1');
}
