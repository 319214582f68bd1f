/** A Git host with two refs, as fallible as hosts are. People push to one, the daemon to both ends of the other. */
import { createHash } from 'node:crypto';
import { gitBlobId } from '../../src/core/canonical/digest.ts';
import type { BlobId, CommitId, Instant } from '../../src/core/model/brand.ts';
import { commitId } from '../../src/core/model/brand.ts';
import { present, ReconcileError } from '../../src/core/model/errors.ts';
import type {
  PublishOutcome,
  PublishRequest,
  SourceObservation,
  SourcePort,
  StatusPort,
  StatusTip,
} from '../../src/reconcile/ports.ts';
import type { Life, Wait } from '../../src/simulate/life.ts';
import type { Wish } from './wish.ts';
import { filesOf } from './wish.ts';

export type Commit = {
  readonly id: CommitId;
  readonly parent: CommitId | null;
  readonly wish: Wish;
  readonly message: string;
  readonly files: ReadonlyMap<string, BlobId>;
};

export type StatusCommit = {
  readonly id: CommitId;
  /** Of `tree`, what this commit wrote: the rest is as its parent had it. */
  readonly written: ReadonlyMap<string, Buffer>;
  readonly tree: ReadonlyMap<string, Buffer>;
  readonly instance: string | null;
  readonly seq: number | null;
  readonly subject: string;
  /** By the clock of whoever made it. */
  readonly at: Instant;
};

export type HostFaults = {
  sourceDown: boolean;
  statusDown: boolean;
  /** The next push is applied and its answer lost. */
  loseAnswer: boolean;
  /** The next push finds that somebody was faster. */
  race: boolean;
};

export type GitHost = ReturnType<typeof createGitHost>;

export function createGitHost(seed: string) {
  const commits = new Map<CommitId, Commit>();
  const blobs = new Map<BlobId, Buffer>();
  let source: CommitId | null = null;
  /** Nobody looks behind it. */
  let statusTip: StatusCommit | null = null;
  let made = 0;
  const faults: HostFaults = {
    sourceDown: false,
    statusDown: false,
    loseAnswer: false,
    race: false,
  };

  const nextId = (): CommitId =>
    commitId(createHash('sha1').update(`${seed}/${++made}`).digest('hex'));

  function commit(wish: Wish, parent: CommitId | null, message: string): Commit {
    const files = new Map<string, BlobId>();
    for (const [path, text] of filesOf(wish)) {
      const bytes = Buffer.from(text);
      const blob = gitBlobId(bytes);
      blobs.set(blob, bytes);
      files.set(path, blob);
    }
    const made: Commit = { id: nextId(), parent, wish, message, files };
    commits.set(made.id, made);
    return made;
  }

  /** From the tip back to `known`; null when it is no ancestor. */
  function since(tip: CommitId, known: CommitId): readonly Commit[] | null {
    const path: Commit[] = [];
    for (let at: CommitId | null = tip; at !== null; ) {
      if (at === known) return path;
      const each: Commit = present(commits.get(at), 'a parent exists');
      path.push(each);
      at = each.parent;
    }
    return null;
  }

  function observe(accepted: CommitId | null): SourceObservation {
    const tip = source;
    const none = { distance: null, messages: [] };
    if (tip === null) return { tip, ancestry: 'gone', ...none };
    if (accepted === null) return { tip, ancestry: 'first', distance: 1, messages: [] };
    if (tip === accepted) return { tip, ancestry: 'same', distance: 0, messages: [] };
    const path = since(tip, accepted);
    if (path === null) return { tip, ancestry: 'diverged', ...none };
    const messages = path.map(({ message }) => message);
    return { tip, ancestry: 'descendant', distance: path.length, messages };
  }

  function sourcePort(life: Life, times: () => Wait): SourcePort {
    const reach = <Value>(label: string, work: () => Value): Promise<Value> =>
      life.wait(times(), label, () => {
        if (faults.sourceDown) throw unreachable('SOURCE_UNREACHABLE');
        return work();
      });
    return {
      observe: (accepted) => reach('source observed', () => observe(accepted)),
      // What was fetched stands in the mirror: it can be read while the host is away.
      snapshot: (id) =>
        life.wait(times(), 'source read', () => {
          const { files } = present(commits.get(id), `commit ${id} exists`);
          return {
            commit: id,
            files: [...files].map(([path, blob]) => ({ path, blob, kind: 'file' as const })),
            read: (blob: BlobId) => Promise.resolve(readBlob(blob)),
          };
        }),
      readBlob: (blob) => Promise.resolve(readBlob(blob)),
    };
  }

  const readBlob = (blob: BlobId): Buffer => present(blobs.get(blob), `blob ${blob} exists`);

  function tipOf(): StatusTip | null {
    const tip = statusTip;
    if (tip === null) return null;
    return {
      commit: tip.id,
      instance: tip.instance,
      seq: tip.seq,
      read: (path) => Promise.resolve(tip.tree.get(path) ?? null),
      list: (prefix) =>
        Promise.resolve([...tip.tree.keys()].filter((path) => path.startsWith(prefix)).sort()),
    };
  }

  /** One per life of the daemon: what it left on the branch is known to its mirror only. */
  function statusPort(
    life: Life,
    times: () => Wait,
    onPublished: (commit: StatusCommit, before: StatusCommit | null) => void,
  ): StatusPort {
    let left: CommitId | null = null;

    function push(request: PublishRequest): PublishOutcome {
      const tip = statusTip;
      if (!request.complete && (tip === null || tip.id !== left)) {
        return {
          kind: 'rebuild',
          reason: tip === null ? 'deleted' : left === null ? 'unknown' : 'edited',
        };
      }
      const tree = new Map(request.complete ? [] : (tip?.tree ?? []));
      const written = new Map<string, Buffer>();
      for (const [path, bytes] of request.files) {
        if (bytes === null) tree.delete(path);
        else written.set(path, Buffer.from(bytes));
      }
      for (const [path, bytes] of written) tree.set(path, bytes);
      const { instance, subject, at } = request;
      const seq = Math.max(request.seq, (tip?.seq ?? 0) + 1);
      const made: StatusCommit = { id: nextId(), written, tree, instance, seq, subject, at };
      statusTip = made;
      left = made.id;
      onPublished(made, tip);
      return { kind: 'published', commit: made.id, seq, foreignPaths: [], rival: null };
    }

    return {
      tip: () =>
        life.wait(times(), 'status read', () => {
          if (faults.statusDown) throw unreachable('STATUS_UNREACHABLE');
          return tipOf();
        }),
      publish: (request) =>
        life.wait(times(), 'status pushed', () => {
          if (faults.statusDown) throw unreachable('STATUS_UNREACHABLE');
          if (faults.race) {
            faults.race = false;
            scribble('faster.txt', 'somebody else');
          }
          const outcome = push(request);
          if (faults.loseAnswer) {
            faults.loseAnswer = false;
            throw unreachable('STATUS_TIMEOUT');
          }
          return outcome;
        }),
    };
  }

  /** Somebody edits the status branch by hand. */
  function scribble(path: string, text: string): void {
    const tip = statusTip;
    if (tip === null) return;
    const written = new Map([[path, Buffer.from(text)]]);
    const tree = new Map([...tip.tree, ...written]);
    statusTip = { ...tip, id: nextId(), written, tree, subject: 'edited by hand' };
  }

  return {
    faults,
    commit,
    sourcePort,
    statusPort,
    readBlob,
    scribble,
    since,
    commitOf: (id: CommitId): Commit => present(commits.get(id), `commit ${id} exists`),
    get source() {
      return source;
    },
    set source(tip: CommitId | null) {
      source = tip;
    },
    get statusTip() {
      return statusTip;
    },
    deleteStatus(): void {
      statusTip = null;
    },
  };
}

const unreachable = (code: string): ReconcileError =>
  new ReconcileError(code, 'the host does not answer', { retry: 'backoff' });
