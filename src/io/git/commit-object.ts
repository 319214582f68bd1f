import { DamagedObject } from './git-error.ts';
import { OBJECT_ID } from './objects.ts';

export type Commit = {
  readonly tree: string;
  readonly parents: readonly string[];
  /** Committer's clock, seconds since the epoch: a hint for the order of walks, never a proof. */
  readonly committedAt: number;
  readonly message: string;
};

/** @throws DamagedObject when the headers lack a tree */
export function parseCommit(bytes: Uint8Array): Commit {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  const blank = text.indexOf('\n\n');
  const headers = (blank < 0 ? text : text.slice(0, blank)).split('\n');
  const values = (name: string) =>
    headers
      .filter((line) => line.startsWith(`${name} `))
      .map((line) => line.slice(name.length + 1));
  const tree = values('tree')[0] ?? '';
  if (!OBJECT_ID.test(tree)) throw new DamagedObject('commit without a tree');
  return {
    tree,
    parents: values('parent').filter((parent) => OBJECT_ID.test(parent)),
    committedAt: Number(/> (\d+) [+-]\d{4}$/.exec(values('committer')[0] ?? '')?.[1] ?? 0),
    message: blank < 0 ? '' : text.slice(blank + 2),
  };
}

/** `Key: value` lines of the last paragraph of a message; a key that occurs twice keeps its last value. */
export function parseTrailers(message: string): ReadonlyMap<string, string> {
  const paragraph =
    message
      .trimEnd()
      .split(/\n\s*\n/)
      .at(-1) ?? '';
  const trailers = new Map<string, string>();
  for (const line of paragraph.split('\n')) {
    const match = /^([A-Za-z][A-Za-z0-9-]*): (.*)$/.exec(line);
    if (match?.[1] !== undefined && match[2] !== undefined) trailers.set(match[1], match[2].trim());
  }
  return trailers;
}

/** A commit object without signature: one identity, UTC, message ending in one newline. */
export function encodeCommit(commit: {
  readonly tree: string;
  readonly parents: readonly string[];
  readonly identity: string;
  readonly atSeconds: number;
  readonly message: string;
}): Buffer {
  const by = `${commit.identity} ${commit.atSeconds} +0000`;
  const parents = commit.parents.map((parent) => `parent ${parent}\n`).join('');
  return Buffer.from(
    `tree ${commit.tree}\n${parents}author ${by}\ncommitter ${by}\n\n${commit.message.trimEnd()}\n`,
  );
}
