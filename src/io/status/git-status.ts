import { setTimeout as sleep } from 'node:timers/promises';
import type { CommitId } from '../../core/model/brand.ts';
import { commitId } from '../../core/model/brand.ts';
import { ReconcileError } from '../../core/model/errors.ts';
import type { PublishOutcome, PublishRequest, StatusPort } from '../../reconcile/ports.ts';
import { damageIn, typedDiskFailure } from '../git/errno.ts';
import { DamagedObject, gitError } from '../git/git-error.ts';
import { listTree } from '../git/list-tree.ts';
import type { ObjectReader } from '../git/object-reader.ts';
import { readCommit } from '../git/object-reader.ts';
import { isSafeRefName } from '../git/refs.ts';
import { parseRemoteUrl, withoutSecrets } from '../git/remote-url.ts';
import type { Logger } from '../log.ts';
import type { OwnCommits } from './own-commits.ts';
import { createOwnCommits } from './own-commits.ts';
import { ownerOf, STATUS_LIMITS, statusTipOf } from './read-status.ts';
import { statusCommit } from './status-commit.ts';
import type { Left, StatusConfig, StatusStore } from './status-store.ts';
import { discardStatusStore, openStatusStore } from './status-store.ts';
import type { ChangedTree, Folder } from './status-tree.ts';
import { changeTree, replaceTree } from './status-tree.ts';

/** Rounds of one publish: lost races and lost answers; after these the next interval tries again. */
const ROUNDS_MAX = 10;
/** Pushes without an answer may each take the whole deadline, so fewer of them end it. */
const UNANSWERED_MAX = 4;
const BACKOFF_MS = { first: 50, max: 2_000 };
/** Foreign paths that an outcome names; the count of the rest helps nobody. */
const FOREIGN_MAX = 1_000;

/** @throws ReconcileError STATUS_UNSUPPORTED for a URL or branch that is refused */
export function openGitStatus(config: StatusConfig, log: Logger): StatusPort & { close(): void } {
  if (!isSafeRefName(`refs/heads/${config.branch}`))
    throw gitError('STATUS', 'UNSUPPORTED', `${JSON.stringify(config.branch)} is no branch name`);
  const location = parseRemoteUrl(config.url, 'STATUS');
  let opened: Promise<StatusStore> | null = null;
  let last: Promise<unknown> = Promise.resolve();
  const own = createOwnCommits();

  async function store(): Promise<StatusStore> {
    opened ??= openStatusStore(config, location, log);
    try {
      return await opened;
    } catch (error) {
      opened = null;
      throw error;
    }
  }

  /** A damaged store is set aside once: the branch on the remote and the daemon's state are the truth. */
  async function using<Value>(operation: (store: StatusStore) => Promise<Value>): Promise<Value> {
    try {
      return await operation(await store());
    } catch (error) {
      const damage = damageIn(error);
      if (damage === null) throw typedDiskFailure(error);
      if (location.kind === 'path' && error instanceof DamagedObject) throw damaged(error);
      log.warn({ damage: damage.message }, 'damaged status store set aside');
      if (opened !== null) (await opened).close();
      opened = null;
      await discardStatusStore(config);
    }
    try {
      return await operation(await store());
    } catch (error) {
      throw error instanceof DamagedObject ? damaged(error) : typedDiskFailure(error);
    }
  }

  /** One at a time: two publishers on one pack would tear it. */
  function inTurn<Value>(operation: () => Promise<Value>): Promise<Value> {
    const mine = last.then(operation, operation);
    last = mine.then(
      () => undefined,
      () => undefined,
    );
    return mine;
  }

  return {
    tip: (signal) =>
      inTurn(() =>
        using(async ({ remote, reader }) => {
          const tip = await remote.tip(signal);
          if (tip === null) return null;
          await remote.bring(tip, signal);
          return statusTipOf(reader, tip);
        }),
      ),
    publish: (request, signal) =>
      inTurn(() =>
        using((open) => publish(open, { request, own, random: config.random, log }, signal)),
      ),
    close() {
      opened?.then(
        (open) => open.close(),
        () => undefined,
      );
      opened = null;
    },
  };
}

type Publication = {
  readonly request: PublishRequest;
  readonly own: OwnCommits;
  readonly random: () => number;
  readonly log: Logger;
};

async function publish(
  store: StatusStore,
  publication: Publication,
  signal: AbortSignal,
): Promise<PublishOutcome> {
  const { request, own, log } = publication;
  const { remote } = store;
  let rival: CommitId | null = null;
  let mine: Sent | null = null;
  let form: 'thin' | 'full' = 'thin';
  let unanswered = 0;
  let obstacle: unknown;
  for (let round = 0; round < ROUNDS_MAX && unanswered < UNANSWERED_MAX; round++) {
    if (round > 0) await sleep(backoffMs(round, publication.random), undefined, { signal });
    const tip = await remote.tip(signal);
    const sent = store.sent();
    if (sent?.commit === tip && store.known()?.commit !== tip) await store.markKnown(sent);
    if (mine !== null && mine.left.commit === tip) return published(own, mine, rival);

    const place = await findPlace(store, { tip, request }, signal);
    if (place.kind === 'rebuild') return place;
    if (
      tip !== null &&
      place.base === null &&
      (await own.isRival(store.reader, tip, request.instance))
    )
      rival = commitId(tip);
    const { root, objects } = await treeFor(request, place.base);
    if (root.oid === place.tree) {
      if (tip !== null) await store.markKnown({ commit: tip, root });
      return { kind: 'unchanged', commit: tip === null ? null : commitId(tip), rival };
    }
    const seq = Math.max(request.seq, await seqAbove(store.reader, tip));
    const commit = statusCommit({ ...request, seq }, { tree: root.oid, parent: tip });
    signal.throwIfAborted();
    await store.write([...objects, commit], { detached: place.base === null, signal });
    const left = { commit: commit.oid, root };
    await store.markSent(left);
    own.sent(commit.oid);
    mine = { left, seq, foreignPaths: place.foreignPaths };

    const sending = [...objects, commit]
      .map(({ oid }) => oid)
      .filter((oid) => !place.theirs.has(oid));
    const pack = store.wire([...new Set(sending)], form);
    const report = await remote.push({ old: tip, next: commit.oid, pack }, signal);
    switch (report.kind) {
      case 'done':
        await store.markKnown(left);
        return published(own, mine, rival);
      case 'damaged':
        if (form === 'full') throw refused(remote.name, report.reason);
        log.info({ reason: report.reason }, 'status pack sent again without deltas');
        form = 'full';
        break;
      case 'rejected':
        if ((await remote.tip(signal)) === tip) throw refused(remote.name, report.reason);
        log.info({ round, reason: report.reason }, 'status push lost a race');
        break;
      case 'unknown':
        log.warn({ round, cause: String(report.cause) }, 'status push without an answer');
        unanswered += 1;
        obstacle = report.cause;
        break;
    }
  }
  if (obstacle instanceof ReconcileError) throw obstacle;
  throw gitError(
    'STATUS',
    'UNREACHABLE',
    `pushes to ${withoutSecrets(remote.name)} were overtaken ${ROUNDS_MAX} times`,
    obstacle,
  );
}

/** Where the next commit goes: on what, over which tree, and what of it the remote already has. */
type Place = {
  readonly kind: 'place';
  /** The tree in memory that the changes apply to; null builds all of it, leaning on nothing. */
  readonly base: Folder | null;
  /** Tree at the tip; a report that gives the same one makes no commit. */
  readonly tree: string | null;
  readonly theirs: ReadonlySet<string>;
  readonly foreignPaths: readonly string[];
};

async function findPlace(
  store: StatusStore,
  asked: { readonly tip: string | null; readonly request: PublishRequest },
  signal: AbortSignal,
): Promise<Place | Extract<PublishOutcome, { kind: 'rebuild' }>> {
  const { tip, request } = asked;
  const known = store.known();
  const nothing = {
    kind: 'place',
    base: null,
    theirs: new Set<string>(),
    foreignPaths: [],
  } as const;
  if (tip === null) {
    if (request.complete) return { ...nothing, tree: null };
    return { kind: 'rebuild', reason: known === null ? 'unknown' : 'deleted' };
  }
  if (known?.commit === tip) return { ...nothing, base: known.root, tree: known.root.oid };
  await store.remote.bring(tip, signal);
  await refuseForeignInstance(store.reader, tip, request.instance);
  if (!request.complete) return { kind: 'rebuild', reason: known === null ? 'unknown' : 'edited' };
  const { tree } = await readCommit(store.reader, tip);
  const files = await listForeign(store.reader, tree);
  return {
    ...nothing,
    tree,
    theirs: new Set(files.map((file) => file.oid)),
    foreignPaths: files
      .map((file) => file.path)
      .filter((path) => (request.files.get(path) ?? null) === null)
      .slice(0, FOREIGN_MAX),
  };
}

function treeFor(request: PublishRequest, base: Folder | null): Promise<ChangedTree> {
  if (base === null) return changeTree(null, onlyPresent(request.files));
  return request.complete ? replaceTree(base, request.files) : changeTree(base, request.files);
}

function onlyPresent(files: PublishRequest['files']): PublishRequest['files'] {
  return new Map([...files].filter(([, bytes]) => bytes !== null));
}

async function refuseForeignInstance(
  reader: ObjectReader,
  tip: string,
  instance: string,
): Promise<void> {
  const owner = await ownerOf(reader, tip);
  if (owner.instance === null || owner.instance === instance) return;
  throw new ReconcileError(
    'STATUS_FOREIGN_INSTANCE',
    `the status branch belongs to the instance ${JSON.stringify(owner.instance)}; give this daemon (${instance}) a branch of its own`,
    { retry: 'never' },
  );
}

/** What stands on an edited branch; a tree that no one should list counts as one foreign path. */
async function listForeign(reader: ObjectReader, tree: string) {
  try {
    return await listTree(reader, tree, '', STATUS_LIMITS);
  } catch (error) {
    if (!(error instanceof ReconcileError)) throw error;
    return [{ path: `(${error.code})`, oid: '', kind: 'file' as const }];
  }
}

type Sent = { readonly left: Left; readonly seq: number; readonly foreignPaths: readonly string[] };

function published(
  own: OwnCommits,
  { left, seq, foreignPaths }: Sent,
  rival: CommitId | null,
): PublishOutcome {
  own.left(seq);
  return { kind: 'published', commit: commitId(left.commit), seq, foreignPaths, rival };
}

/** Numbers rise along the branch: a daemon that died right after a push knows of fewer than there are. */
async function seqAbove(reader: ObjectReader, tip: string | null): Promise<number> {
  if (tip === null) return 0;
  return ((await ownerOf(reader, tip)).seq ?? 0) + 1;
}

/** Full jitter above a half: racing publishers come apart. */
function backoffMs(round: number, random: () => number): number {
  return Math.min(BACKOFF_MS.max, BACKOFF_MS.first * 2 ** (round - 1)) * (0.5 + random());
}

function refused(remote: string, reason: string): ReconcileError {
  return gitError(
    'STATUS',
    'REFUSED',
    `${withoutSecrets(remote)} refuses the status branch: ${reason}; let the daemon's account push to it`,
  );
}

const damaged = (error: DamagedObject): ReconcileError =>
  gitError('STATUS', 'DAMAGED', `${error.message}; run \`git fsck\` in the repository`, error);
