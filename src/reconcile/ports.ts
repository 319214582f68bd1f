/**
 * Every way a pass touches the world, on one page. Adapters live in `io/` and `journal/` and are chosen by
 * `daemon/wire.ts`; tests and the simulator bring fakes. Each port says what it promises, not how.
 */
import type { Ancestry } from '../core/accept/accept.ts';
import type { BlobId, CommitId, Instant, NodeId } from '../core/model/brand.ts';
import type { ReconcileError } from '../core/model/errors.ts';
import type { AlarmState } from '../core/rollout/gate.ts';
import type { LoadedRevision } from '../core/world/events.ts';
import type { PassRecord } from '../core/world/records.ts';
import type { AgentMessage, ServerMessage } from '../protocol/messages.ts';

export type Ports = {
  readonly clock: ClockPort;
  readonly journal: JournalPort;
  readonly source: SourcePort;
  readonly loader: LoaderPort;
  readonly agents: AgentsPort;
  readonly status: StatusPort;
};

/** Wall time for schedules and reports; durations and deadlines use `monotonicMs`. */
export type ClockPort = {
  now(): Instant;
  monotonicMs(): number;
  /** How a pass waits for its disk; the machine's own timers when absent. Rejects when the signal aborts. */
  sleep?(ms: number, signal: AbortSignal): Promise<void>;
};

export type JournalPort = {
  /**
   * Resolves when the whole pass is on disk (group commit). Rejects with a `ReconcileError` whose retry is `backoff`
   * (JOURNAL_FULL, JOURNAL_IO); nothing of it counts then, and the same pass may be handed over again.
   */
  append(pass: PassRecord): Promise<void>;
  /** Told when a pass has to wait for the disk: health is degraded until the next append succeeds. */
  onDelay?(error: ReconcileError): void;
};

/** Reads a revision: every file parsed and checked, every association resolved. Bounded in time, never in this thread. */
export type LoaderPort = {
  /**
   * `lastGood` is path → blob in force before: `Catalog.files` of the accepted revision. Mistakes are in the catalog.
   * @throws ReconcileError LOAD_TIMEOUT (retry `backoff`), or what the source throws for a missing blob
   */
  load(
    snapshot: Snapshot,
    lastGood: ReadonlyMap<string, BlobId>,
    signal: AbortSignal,
  ): Promise<LoadedRevision>;
};

// --- source ---------------------------------------------------------------------------------------------------

/** A file of the tree as Git lists it; bytes are read only when the blob is not known yet. */
export type SnapshotFile = {
  /** From the configured `source.path`, `/`-separated, never with `.` or `..` segments. */
  readonly path: string;
  readonly blob: BlobId;
  readonly kind: 'file' | 'symlink' | 'submodule';
};

/** One tree of one commit, or a folder as it lies on disk (then `commit` is null). */
export type Snapshot = {
  readonly commit: CommitId | null;
  readonly files: readonly SnapshotFile[];
  /** @throws ReconcileError BLOB_MISSING, BLOB_TOO_LARGE (limits table) */
  read(blob: BlobId): Promise<Uint8Array>;
};

export type { Ancestry };

export type SourceObservation = {
  readonly tip: CommitId | null;
  readonly ancestry: Ancestry;
  /** First-parent commits from `known` to the tip (0 when same); null when ancestry does not say. */
  readonly distance: number | null;
  /** Messages of the commits in known..tip, newest first, at most 1,000: the trailers in them can release a guard. */
  readonly messages: readonly string[];
};

export type SourcePort = {
  /**
   * One reference listing, and a fetch if the tip moved. The tip's whole tree can be read once this resolves.
   * @throws ReconcileError SOURCE_UNREACHABLE, SOURCE_AUTH, SOURCE_TIMEOUT, SOURCE_TOO_LARGE, SOURCE_DAMAGED, DISK_FULL,
   *   DISK_IO (retry `backoff`), TREE_UNSAFE, TREE_TOO_LARGE (retry `next-pass`: a commit repairs it),
   *   SOURCE_UNSUPPORTED (retry `never`: sha256, reftable, alternates, linked work tree, ssh without git)
   */
  observe(accepted: CommitId | null, signal: AbortSignal): Promise<SourceObservation>;
  snapshot(commit: CommitId, signal: AbortSignal): Promise<Snapshot>;
  /** A blob by id wherever it stands in history: the last good version of a file that is invalid now. */
  readBlob(blob: BlobId, signal: AbortSignal): Promise<Uint8Array>;
};

// --- alarms ---------------------------------------------------------------------------------------------------

export type AlarmReading = {
  readonly state: AlarmState;
  /** Why it is UNKNOWN; null when it is not. */
  readonly problem: string | null;
};

/** Alarms of the daemon's configuration: associations name them, nothing of a request comes from a repository. */
export type AlarmsPort = {
  readonly alarms: readonly { readonly name: string; readonly intervalMs: number }[];
  /** Bounded in time; never rejects. */
  read(name: string, signal: AbortSignal): Promise<AlarmReading>;
};

// --- agents ---------------------------------------------------------------------------------------------------

/** What arrives from connected agents, already authenticated as `node`. Text inside stays hostile. */
export type AgentEvent =
  | {
      readonly kind: 'connected';
      readonly node: NodeId;
      readonly session: string;
      readonly hello: AgentMessage & { kind: 'hello' };
    }
  | {
      readonly kind: 'message';
      readonly node: NodeId;
      readonly session: string;
      readonly message: AgentMessage;
    }
  | { readonly kind: 'disconnected'; readonly node: NodeId; readonly session: string };

export type AgentsPort = {
  /** Queues a message; false when the node is not connected any more. Never blocks on a slow peer. */
  send(node: NodeId, message: ServerMessage): boolean;
  /** Closes the node's session, e.g. after revocation. */
  drop(node: NodeId, reason: string): void;
};

// --- status branch --------------------------------------------------------------------------------------------

export type StatusTip = {
  readonly commit: CommitId;
  /** Trailers of the nearest commit that names an instance, people commit on top; null when none does. */
  readonly instance: string | null;
  readonly seq: number | null;
  read(path: string): Promise<Uint8Array | null>;
  list(prefix: string): Promise<readonly string[]>;
};

export type PublishRequest = {
  /** Path → bytes, or null to remove. Paths are built from checked ids only. */
  readonly files: ReadonlyMap<string, Uint8Array | null>;
  /** True: `files` is the whole tree; whatever else stands on the branch is dropped and listed as foreign. */
  readonly complete: boolean;
  readonly subject: string;
  readonly trailers: Readonly<{ [name: string]: string }>;
  readonly instance: string;
  /** The commit's number, or more: one above the commit that it stands on, where that is more. */
  readonly seq: number;
  readonly at: Instant;
};

export type PublishOutcome =
  | {
      readonly kind: 'published';
      readonly commit: CommitId;
      readonly seq: number;
      readonly foreignPaths: readonly string[];
      readonly rival: CommitId | null;
    }
  | {
      readonly kind: 'unchanged';
      readonly commit: CommitId | null;
      /** A commit that was found on top of ours, of this instance and not by this process: another daemon writes there. */
      readonly rival: CommitId | null;
    }
  /** The branch is not what we left there: ask again with `complete`. */
  | { readonly kind: 'rebuild'; readonly reason: 'deleted' | 'edited' | 'unknown' };

export type StatusPort = {
  /** The branch as the remote has it now, for recovery; null when there is none. */
  tip(signal: AbortSignal): Promise<StatusTip | null>;
  /**
   * One commit on the branch, pushed with a lease. A lost race is fetched, rebuilt on the new tip and tried again
   * inside; after a lost answer it looks for its own commit first.
   * @throws ReconcileError STATUS_UNREACHABLE, STATUS_AUTH, STATUS_TIMEOUT, STATUS_TOO_LARGE, STATUS_DAMAGED, DISK_FULL,
   *   DISK_IO, STATUS_REFUSED (protected branch) (retry `backoff`), STATUS_FOREIGN_INSTANCE, STATUS_UNSUPPORTED
   *   (retry `never`)
   */
  publish(request: PublishRequest, signal: AbortSignal): Promise<PublishOutcome>;
};
