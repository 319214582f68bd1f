import { ReconcileError } from '../../core/model/errors.ts';
import type { ObjectReader } from './object-reader.ts';
import { readCommit } from './object-reader.ts';
import { OBJECT_ID } from './objects.ts';
import { isSafeRefName, resolveRef, symbolicHead } from './refs.ts';

/** Steps that `~n` and `^n` may take in one expression. */
const STEPS_MAX = 100_000;

/** `head`: the folder of HEAD, where that is not the repository's own. */
export type Place = { readonly gitdir: string; readonly head?: string };

/**
 * The commit that `rev` names, as git rev-parse would read it: HEAD, branch, tag (annotated ones are peeled), remote
 * branch, full ref, object id or an unambiguous beginning of one, each followed by any of `~n`, `^n`, `^{commit}`.
 * @throws ReconcileError REVISION_UNKNOWN, REVISION_AMBIGUOUS (retry `never`)
 */
export async function resolveRevision(
  place: Place,
  reader: ObjectReader,
  rev: string,
): Promise<string> {
  const match = /^(.+?)((?:~\d*|\^\d*|\^\{commit\})*)$/s.exec(rev);
  const name = match?.[1] ?? rev;
  const named = await namedObject(place, reader, name === '@' ? 'HEAD' : name);
  if (named === null) throw unknown(rev, `there is no revision ${JSON.stringify(name)}`);
  let commit = await peel(reader, named, rev);
  let steps = 0;
  for (const [, operator, digits] of (match?.[2] ?? '').matchAll(/([~^])(\{commit\}|\d*)/g)) {
    if (digits === '{commit}') continue;
    const count = digits === '' ? 1 : Number(digits);
    if (operator === '^') commit = await parentOf(reader, commit, { rev, which: count });
    else
      for (let step = 0; step < count; step++) {
        if (++steps > STEPS_MAX) throw unknown(rev, 'too many steps');
        commit = await parentOf(reader, commit, { rev, which: 1 });
      }
  }
  return commit;
}

async function namedObject(
  place: Place,
  reader: ObjectReader,
  name: string,
): Promise<string | null> {
  if (OBJECT_ID.test(name)) return reader.has(name) ? name : null;
  if (isSafeRefName(name)) {
    const places = ['', 'refs/', 'refs/tags/', 'refs/heads/', 'refs/remotes/'];
    const candidates = places
      .map((place) => place + name)
      .concat(`refs/remotes/${name}/HEAD`)
      .filter((ref) => ref.startsWith('refs/') || /^[A-Z_]+$/.test(ref));
    for (const ref of candidates) {
      const oid = await (ref.startsWith('refs/')
        ? resolveRef(place.gitdir, ref)
        : ownRef(place, ref));
      if (oid !== null) return oid;
    }
  }
  return /^[0-9a-f]{4,39}$/i.test(name) ? abbreviated(reader, name.toLowerCase()) : null;
}

/** `HEAD` and its like are each work tree's; the branch that `HEAD` names is the repository's. */
async function ownRef({ gitdir, head = gitdir }: Place, ref: string): Promise<string | null> {
  const branch = ref === 'HEAD' ? await symbolicHead(head) : null;
  if (branch === null) return resolveRef(head, ref);
  return isSafeRefName(branch) ? resolveRef(gitdir, branch) : null;
}

/** An abbreviation names a commit, so blobs that begin alike do not make it ambiguous. */
async function abbreviated(reader: ObjectReader, digits: string): Promise<string | null> {
  const commits: string[] = [];
  for (const oid of reader.startingWith(digits, 64)) {
    const kind = (await reader.read(oid))?.kind;
    if (kind === 'commit' || kind === 'tag') commits.push(oid);
  }
  if (commits.length > 1)
    throw new ReconcileError(
      'REVISION_AMBIGUOUS',
      `${digits} begins several commits; give more digits`,
      {
        retry: 'never',
      },
    );
  return commits[0] ?? null;
}

async function peel(reader: ObjectReader, oid: string, rev: string): Promise<string> {
  let at = oid;
  for (let depth = 0; depth < 8; depth++) {
    const object = await reader.read(at);
    if (object?.kind === 'commit') return at;
    const target = /^object ([0-9a-f]{40})$/m.exec(
      Buffer.from(object?.bytes ?? []).toString('latin1'),
    );
    if (object?.kind !== 'tag' || target?.[1] === undefined) break;
    at = target[1];
  }
  throw unknown(rev, 'it does not name a commit');
}

async function parentOf(
  reader: ObjectReader,
  commit: string,
  asked: { readonly rev: string; readonly which: number },
): Promise<string> {
  if (asked.which === 0) return commit;
  const parent = (await readCommit(reader, commit)).parents[asked.which - 1];
  if (parent === undefined || !reader.has(parent))
    throw unknown(asked.rev, `${commit.slice(0, 12)} has no such parent here`);
  return parent;
}

function unknown(rev: string, why: string): ReconcileError {
  return new ReconcileError('REVISION_UNKNOWN', `cannot resolve ${JSON.stringify(rev)}: ${why}`, {
    retry: 'never',
  });
}
