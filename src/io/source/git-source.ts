import path from 'node:path';
import type { BlobId, CommitId } from '../../core/model/brand.ts';
import { commitId } from '../../core/model/brand.ts';
import { ReconcileError } from '../../core/model/errors.ts';
import type { Ancestry, Snapshot, SourceObservation, SourcePort } from '../../reconcile/ports.ts';
import { oneAtATime } from '../../waiting/one-at-a-time.ts';
import { typedDiskFailure } from '../git/errno.ts';
import { DamagedObject, gitError } from '../git/git-error.ts';
import type { Relation } from '../git/history.ts';
import { relate } from '../git/history.ts';
import type { HttpLimits, RemoteConfig } from '../git/http-client.ts';
import { HTTP_LIMITS } from '../git/http-client.ts';
import { openLocalRepository, readShallow } from '../git/local-repository.ts';
import type { Mirror } from '../git/mirror.ts';
import { openHealingMirror, WHOLE_HISTORY } from '../git/mirror.ts';
import type { ObjectReader } from '../git/object-reader.ts';
import { openObjectReader } from '../git/object-reader.ts';
import { isSafeRefName, resolveRef } from '../git/refs.ts';
import { parseRemoteUrl, withoutSecrets } from '../git/remote-url.ts';
import type { Logger } from '../log.ts';
import { isCommit, isNobodysCommit } from './nobodys-commit.ts';
import { missingBlobs, readBlobLimited, SOURCE_LIMITS, snapshotOf } from './snapshot.ts';

export type SourceConfig = {
  /** https, http to loopback, or a path. */
  readonly url: string;
  readonly branch: string;
  /** Folder of the repository that is ours; `.` for all of it. */
  readonly path: string;
  /** Where the mirror of a remote lives, inside the state directory. */
  readonly mirrorDir: string;
  readonly credentialsFile: string | null;
  readonly caFile?: string | null;
  readonly limits?: Partial<HttpLimits>;
};

/** History asked for at first; enough for the pull requests in flight to fork within it. */
const FIRST_DEPTH = 50;
const DEEPER = [500, WHOLE_HISTORY] as const;

/** @throws ReconcileError SOURCE_UNSUPPORTED for a URL or branch that is refused */
export function openGitSource(config: SourceConfig, log: Logger): SourcePort & { close(): void } {
  if (!isSafeRefName(`refs/heads/${config.branch}`))
    throw gitError('SOURCE', 'UNSUPPORTED', `${JSON.stringify(config.branch)} is no branch name`);
  const location = parseRemoteUrl(config.url, 'SOURCE');
  if (location.kind === 'path') return openLocalSource(config, location.path);
  const limits = { ...HTTP_LIMITS, ...config.limits };
  const { credentialsFile, caFile = null } = config;
  return openRemoteSource(
    config,
    { url: location.url, scope: 'SOURCE', credentialsFile, caFile, limits },
    log,
  );
}

/** Where a new tip of a source on this machine shows first, for a file watch; nothing for a remote. */
export async function sourceWatchPaths(url: string): Promise<readonly string[]> {
  const location = parseRemoteUrl(url, 'SOURCE');
  if (location.kind === 'http') return [];
  const { gitdir } = await openLocalRepository(location.path, 'SOURCE');
  return [path.join(gitdir, 'refs', 'heads'), path.join(gitdir, 'packed-refs')];
}

function openRemoteSource(
  config: SourceConfig,
  remote: RemoteConfig,
  log: Logger,
): SourcePort & { close(): void } {
  const healing = openHealingMirror(config.mirrorDir, remote, log);
  const listing = openListing(config.path);
  let wholeTip: string | null = null; // read completely once, not again at every poll

  /** The tip with its whole tree, fetched only when it is not here yet. */
  async function bringTip(mirror: Mirror, tip: string, signal: AbortSignal): Promise<void> {
    if (tip === wholeTip && mirror.reader.has(tip)) return;
    const isEmpty =
      (await resolveRef(mirror.gitdir, `refs/remotes/origin/${config.branch}`)) === null;
    if (!mirror.reader.has(tip))
      await mirror.fetch(
        { branch: config.branch, tip, depth: isEmpty ? FIRST_DEPTH : null },
        signal,
      );
    const [missing] = missingBlobs(mirror.reader, await listing.list(mirror.reader, tip));
    if (missing !== undefined) throw new DamagedObject(`${missing} of ${tip} is missing`);
    wholeTip = tip;
  }

  /** Deepens while the answer hangs on history that was not fetched. A mirror only ever grows deeper. */
  async function relateDeep(
    mirror: Mirror,
    commits: { readonly known: string; readonly tip: string },
    signal: AbortSignal,
  ): Promise<Relation> {
    let relation = await relate(mirror.reader, commits, await mirror.shallow());
    for (const depth of DEEPER) {
      if (relation.kind !== 'unprovable' || (await mirror.shallow()).size === 0) break;
      log.info({ depth, ...commits }, 'deepening the mirror to decide ancestry');
      await mirror.fetch({ branch: config.branch, tip: commits.tip, depth }, signal);
      relation = await relate(mirror.reader, commits, await mirror.shallow());
    }
    return relation;
  }

  /** What may fetch: two fetches into one mirror would race for its shallow file. */
  const inTurn = oneAtATime();

  /** A mirror that was made anew is empty or shallow; what is asked for may lie further down. */
  async function ensureHere(mirror: Mirror, oid: string, signal: AbortSignal): Promise<void> {
    if (!mirror.reader.has(oid)) await inTurn(() => fetchFor(mirror, oid, signal));
  }

  async function fetchFor(mirror: Mirror, oid: string, signal: AbortSignal): Promise<void> {
    if (mirror.reader.has(oid)) return;
    const tip = await mirror.remoteTip(config.branch, signal);
    const isWhole = tip !== null && mirror.reader.has(tip) && (await mirror.shallow()).size === 0;
    if (tip === null || isWhole) return;
    log.info({ oid }, 'fetching all history for an old object');
    await mirror.fetch({ branch: config.branch, tip, depth: WHOLE_HISTORY }, signal);
  }

  async function observe(accepted: CommitId | null, signal: AbortSignal) {
    return healing.use(async (mirror) => {
      const tip = await mirror.remoteTip(config.branch, signal);
      if (tip === null) return GONE;
      await bringTip(mirror, tip, signal);
      if (accepted === null) return firstObservation(tip);
      return observation(tip, await relateDeep(mirror, { known: accepted, tip }, signal));
    });
  }

  return {
    observe: (accepted, signal) => inTurn(() => observe(accepted, signal)),
    async snapshot(commit, signal) {
      const snapshot = await healing
        .use(async (mirror) => {
          await ensureHere(mirror, commit, signal);
          const { branch } = config;
          if (await isNobodysCommit(mirror, { commit, branch }))
            throw unknownCommit(commit, remote.url);
          return listing.take(mirror.reader, commit);
        })
        .catch((error: unknown) => {
          throw isMissing(error, commit) ? unknownCommit(commit, remote.url, error) : error;
        });
      // Damage may show as late as a blob; the mirror that replaces the damaged one begins empty.
      const read = (blob: BlobId) =>
        healing.use(async (mirror) => {
          await ensureHere(mirror, blob, NEVER_ABORTED);
          return snapshot.read(blob);
        });
      return { ...snapshot, read };
    },
    readBlob: (blob, signal) =>
      healing.use(async (mirror) => {
        await ensureHere(mirror, blob, signal);
        return readBlobLimited(mirror.reader, blob, SOURCE_LIMITS.configBytesMax);
      }),
    close: () => healing.close(),
  };
}

/** `Snapshot.read` takes no signal; the deadlines of the remote still hold. */
const NEVER_ABORTED = new AbortController().signal;

/** A repository on this machine is read where it lies: no copy, no fetch, nothing written. */
function openLocalSource(config: SourceConfig, location: string): SourcePort & { close(): void } {
  const listing = openListing(config.path);
  let reader: ObjectReader | null = null;
  let wholeTip: string | null = null;

  async function open(): Promise<{ readonly gitdir: string; readonly reader: ObjectReader }> {
    const { gitdir } = await openLocalRepository(location, 'SOURCE');
    reader ??= openObjectReader(gitdir);
    return { gitdir, reader };
  }

  /** What goes wrong while reading, typed. */
  async function typed<Value>(operation: () => Promise<Value>): Promise<Value> {
    try {
      return await operation();
    } catch (error) {
      if (!(error instanceof DamagedObject)) throw typedDiskFailure(error);
      throw gitError(
        'SOURCE',
        'DAMAGED',
        `${location}: ${error.message}; run \`git fsck\` there`,
        error,
      );
    }
  }

  const using = <Value>(
    operation: (local: {
      readonly gitdir: string;
      readonly reader: ObjectReader;
    }) => Promise<Value>,
  ): Promise<Value> => typed(async () => operation(await open()));

  return {
    observe: (accepted) =>
      using(async (local) => {
        const tip = await resolveRef(local.gitdir, `refs/heads/${config.branch}`);
        if (tip === null) return GONE;
        if (tip !== wholeTip) await listing.list(local.reader, tip);
        wholeTip = tip;
        if (accepted === null) return firstObservation(tip);
        const shallow = await readShallow(local.gitdir);
        return observation(tip, await relate(local.reader, { known: accepted, tip }, shallow));
      }),
    async snapshot(commit) {
      const snapshot = await using(async (local) => {
        if (!(await isCommit(local.reader, commit))) throw unknownCommit(commit, location);
        return listing.take(local.reader, commit);
      });
      // The repository was looked at for the snapshot: ten thousand blobs do not look at it again.
      return { ...snapshot, read: (blob) => typed(() => snapshot.read(blob)) };
    },
    readBlob: (blob) =>
      using((local) => readBlobLimited(local.reader, blob, SOURCE_LIMITS.configBytesMax)),
    close() {
      reader?.close();
      reader = null;
    },
  };
}

/** An operator may name a commit that nobody has pushed: nothing is damaged then. */
function unknownCommit(commit: CommitId, where: string, cause?: unknown): ReconcileError {
  return new ReconcileError(
    'REVISION_UNKNOWN',
    `${withoutSecrets(where)} has no commit ${commit}; push it there first, or name another`,
    { retry: 'backoff', cause },
  );
}

const isMissing = (error: unknown, commit: CommitId): boolean =>
  error instanceof ReconcileError &&
  error.cause instanceof DamagedObject &&
  error.cause.message.includes(`commit ${commit} is missing`);

/** A new tip is listed to see that it is whole, and then to be read: ten thousand files are listed once for both. */
function openListing(folder: string) {
  let last: {
    readonly reader: ObjectReader;
    readonly commit: string;
    readonly snapshot: Snapshot;
  } | null = null;
  return {
    async list(reader: ObjectReader, commit: string): Promise<Snapshot> {
      last = { reader, commit, snapshot: await snapshotOf(reader, commit, folder) };
      return last.snapshot;
    },
    /** Kept until it is asked for, and no longer. */
    async take(reader: ObjectReader, commit: string): Promise<Snapshot> {
      const known = last;
      last = null;
      if (known?.commit === commit && known.reader === reader) return known.snapshot;
      return snapshotOf(reader, commit, folder);
    },
  };
}

const GONE: SourceObservation = { tip: null, ancestry: 'gone', distance: null, messages: [] };

const firstObservation = (tip: string): SourceObservation => ({
  tip: commitId(tip),
  ancestry: 'first',
  distance: null,
  messages: [],
});

function observation(tip: string, relation: Relation): SourceObservation {
  const ancestry: Ancestry = relation.kind;
  return {
    tip: commitId(tip),
    ancestry,
    distance: relation.distance,
    messages: relation.messages,
  };
}
