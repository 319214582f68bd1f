import { hash } from 'node:crypto';

export type ObjectKind = 'blob' | 'tree' | 'commit' | 'tag';

/** An object as Git hashes it: kind and content, without the loose header. */
export type GitObject = { readonly kind: ObjectKind; readonly bytes: Uint8Array };

/** The id Git gives to this content: SHA-1 over `<kind> <length>\0<content>`, 40 hex digits. */
export function objectId(kind: ObjectKind, bytes: Uint8Array): string {
  const head = `${kind} ${bytes.length}\0`;
  if (head.length + bytes.length > scratch.length)
    return hash('sha1', Buffer.concat([Buffer.from(head), bytes]), 'hex');
  scratch.write(head, 'latin1');
  scratch.set(bytes, head.length);
  return hash('sha1', scratch.subarray(0, head.length + bytes.length), 'hex');
}

/** Written over by each: ten thousand small objects are checked one after another. */
const scratch = Buffer.alloc(16 * 1024);

export const OBJECT_ID = /^[0-9a-f]{40}$/;

/** The tree without entries; Git knows it even where it is not stored. */
export const EMPTY_TREE = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';
