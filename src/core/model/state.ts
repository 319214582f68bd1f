/**
 * Everything durable about a fleet, as plain data: what the journal's records fold into. Steps read it; only
 * `core/world/apply.ts` changes it. Nothing here depends on a catalog, so a replay needs no Git.
 */
import type {
  AssociationName,
  BlobId,
  CommitId,
  Digest,
  DocumentName,
  ExecutionId,
  Instant,
  NodeId,
  RunId,
} from './brand.ts';
import type { RefusedPut, ReportedItem, TypeCompliance } from './compliance.ts';
import type { AssociationDigests } from './definition.ts';
import type { LastSeenFacts, Registration } from './node.ts';
import type { DetailedStatus, RunStatus } from './run.ts';

export type AcceptedBy = 'first' | 'ancestry' | 'trailer' | 'operator' | 'recovery';

export type HeldCode =
  | 'SourceDiverged'
  | 'SourceUnprovable'
  | 'SourceGone'
  | 'EmptyTree'
  | 'TooManyDeletions'
  | 'TooManyNodesRemoved'
  | 'TooManyNodesAffected';

/** Why an execution came to be (spec/state-manager.md §1.3). */
export type Trigger =
  | 'create'
  | 'edit'
  | 'document'
  | 'parameter'
  | 'schedule'
  | 'target'
  | 'manual'
  | 'retry';

/** Why no run of an execution starts any more. */
export type CloseReason =
  | 'next-slot'
  | 'edited'
  | 'manual'
  | 'cancelled'
  | 'removed'
  | 'deadline'
  | 'duration'
  | 'complete';

/** Why a slot opened nothing: the daemon came too late, a change calendar was closed, the association was suspended. */
export type SkipReason = 'missed' | 'calendar' | 'suspended';

/** What the daemon keeps of a result; the whole one is acked only after this is durable. */
export type Outcome = {
  readonly run: RunId;
  readonly status: RunStatus;
  readonly detailedStatus: DetailedStatus;
  readonly summary: string;
  readonly exitCode: number | null;
  readonly failedStep: string | null;
  /** Last part of stderr (or stdout) of the failed step, at most 2,000 bytes; '' for Success. */
  readonly outputTail: string;
  readonly startedAt: Instant | null;
  readonly finishedAt: Instant;
  /** Digest of the result message: the same run with another digest is tampering. Null: not told by the node. */
  readonly digest: Digest | null;
};

/**
 * Where a run stands. Pending: owed, not out. Offered: its job was handed over. Started: the node said so. Unreachable:
 * started, and the node is silent since. Done: it has an outcome.
 */
export type Phase = 'Pending' | 'Offered' | 'Started' | 'Unreachable' | 'Done';

export type Run = {
  readonly run: RunId;
  readonly node: NodeId;
  readonly occasion: string;
  phase: Phase;
  /** Instant of the last change of phase; for Offered the hand-over, for Started the start as the daemon saw it. */
  since: Instant;
  /** Offered only: the agent starts nothing later. */
  notAfter: Instant | null;
  outcome: Outcome | null;
  /** It is one of the failures of its execution that count no more. */
  forgiven?: boolean;
};

export type PhaseCounts = { [phase in Phase]: number };

export type Execution = {
  readonly id: ExecutionId;
  readonly association: AssociationName;
  /** The association's version that it runs; null for one of a journal that did not say. */
  readonly version: number | null;
  readonly occasion: string;
  readonly trigger: Trigger;
  /** A sentence part: "document changed in 1a2b3c4". */
  readonly reason: string;
  readonly generation: Digest;
  readonly revision: CommitId;
  /** Longest a run of it can take, ms: until then an unreachable node holds its place. */
  readonly timeoutBudgetMs: number;
  readonly openedAt: Instant;
  readonly runs: Map<NodeId, Run>;
  /** Of `runs`, kept beside them so that no rule has to count. */
  readonly phases: PhaseCounts;
  /** Final statuses of Done runs. */
  readonly statuses: { [status in RunStatus]: number };
  /** Runs that count against MaxErrors: Failed, TimedOut, Unreachable, but not Undeliverable (advice H-16). */
  failures: number;
  /** Of `failures`, those that led to a stop or that a `resume` has forgiven: they stop nothing any more. */
  forgiven: number;
  stopped: { readonly failures: number; readonly at: Instant } | null;
  /** A slot at which nothing was to run: recorded, and over as soon as it is. */
  readonly skipped: {
    readonly reason: SkipReason;
    /** Which calendars, or who suspended it; '' when there is nothing to add. */
    readonly detail: string;
    readonly targets: number;
  } | null;
  closed: { readonly reason: CloseReason; readonly at: Instant } | null;
  endedAt: Instant | null;
  /** Its runs are gone from memory, and this is what is left of them; null: they are in `runs`. */
  condensed: Condensed | null;
};

/** What an ended execution tells without its runs. */
export type Condensed = {
  readonly at: Instant;
  readonly statuses: { readonly [status in RunStatus]: number };
  readonly failures: number;
  /** Of its failures what all of them have in common. */
  readonly failure: DetailedStatus;
  /** The newest begin on any of its nodes. */
  readonly lastExecutionDate: Instant | null;
};

/** One association on one node: exists exactly while the targets match. */
export type Assignment = {
  readonly association: AssociationName;
  /** The execution in which a run is owed or out; null when nothing is. */
  execution: ExecutionId | null;
  /** The last outcome that was no Skipped: what "applied" means. */
  last: LastOutcome | null;
  /** The newest outcome of any kind, for the report. */
  shown: LastOutcome | null;
  /**
   * With which outcome `shown` began: while status, failed step, exit code and generation repeat, reports print this
   * one, so that a success repeated every half hour rewrites nothing.
   */
  since: LastOutcome | null;
  /** The item that speaks for a MANUAL association; what a run ends with does not touch it. */
  reported: ReportedItem | null;
};

export type LastOutcome = {
  readonly outcome: Outcome;
  readonly execution: ExecutionId;
  readonly generation: Digest | null;
  readonly occasion: string;
  readonly revision: CommitId | null;
  readonly reason: string;
};

/** How far a generation has come through its rings. */
export type RolloutState = {
  /** The newest ring whose nodes may take the generation; those before it have passed. */
  readonly ring: number;
  /** When its last node ended and its soak began; null while it runs. */
  readonly passedAt: Instant | null;
  /** Too many failures in a ring: no further node takes the generation. */
  readonly halted: {
    readonly ring: number;
    readonly failures: number;
    readonly at: Instant;
  } | null;
  /**
   * Nodes whose failure a resume has forgiven: it halts nothing any more, whatever ring they move to and however often they
   * repeat it, until they do not fail any more.
   */
  readonly forgiven: readonly NodeId[];
  /** By ring, how many were forgiven by a program that did not write down whom; absent once they have names. */
  readonly unnamed?: readonly number[];
};

/** `AssociationVersionInfo`, as far as an operator asks for it; the whole definition of then is in Git, at the revision. */
export type AssociationVersion = {
  readonly version: number;
  /** `CreatedDate`: when it came into force here. */
  readonly at: Instant;
  readonly revision: CommitId;
  readonly changed: readonly VersionChange[];
  /** `Name`: the document. */
  readonly document: string;
  /** Null: a document of a single file. */
  readonly documentVersion: number | null;
  readonly scheduleExpression: string | null;
};

export const versionChanges = [
  'created',
  'document',
  'parameters',
  'output',
  'schedule',
  'targets',
  'other',
] as const;
export type VersionChange = (typeof versionChanges)[number];

/** AWS's quota of versions per association; here the oldest give way. */
export const VERSIONS_MAX = 1_000;

/** Slots strictly between have not fired: a clock that ran ahead passed over them, or nobody was there when they came. */
export type Gap = { readonly after: Instant; readonly before: Instant };

export type AssociationState = {
  readonly name: AssociationName;
  version: number;
  /** The commit in which the version in force became effective. */
  commit: CommitId;
  file: string;
  digests: AssociationDigests;
  /** Commit at which this generation became effective: the occasion of change runs. */
  generationCommit: CommitId;
  anchor: Instant;
  /** Newest slot fired or missed; none at or before it ever fires again, but in a gap. */
  lastSlot: Instant;
  /** In order, a few; below `lastSlot`. */
  gaps: readonly Gap[];
  /** Null: the generation may be everywhere. */
  rollout: RolloutState | null;
  /** The newest execution; starts only happen in it. */
  open: ExecutionId | null;
  /** Runs Offered, Started or Unreachable, over all executions: what MaxConcurrency limits. */
  inFlight: number;
};

/** What documents reported of a node, beside associations' items, which stand at their assignments. */
export type NodeCompliance = {
  /** Newest end of a run whose report was taken: what is older changes nothing any more. */
  at: Instant | null;
  readonly types: Map<string, TypeCompliance>;
  /** Of the newest report. */
  refused: readonly RefusedPut[];
};

export type NodeState = {
  readonly id: NodeId;
  facts: LastSeenFacts | null;
  connectedAt: Instant | null;
  lastSeenAt: Instant | null;
  /** The one job that is out at this node. */
  job: { readonly execution: ExecutionId; readonly run: RunId } | null;
  readonly assignments: Map<AssociationName, Assignment>;
  readonly compliance: NodeCompliance;
};

export type State = {
  instance: {
    readonly name: string;
    readonly epoch: number;
    /** The highest that the status branch is known to carry (`core/world/epoch.ts`). */
    readonly branchEpoch: number;
    /** Begun anew by an operator: positions of jobs of earlier epochs are of another count. 0: never. */
    readonly anewEpoch: number;
    readonly daemonKey: string;
  } | null;
  paused: { readonly by: string; readonly at: Instant } | null;
  accepted: {
    readonly commit: CommitId;
    readonly position: number;
    readonly by: AcceptedBy;
    readonly at: Instant;
  } | null;
  /** Not all that the accepted revision changes is recorded yet. */
  unfinished: boolean;
  held: {
    readonly tip: CommitId | null;
    readonly code: HeldCode;
    readonly reason: string;
    readonly at: Instant;
  } | null;
  /** The source has not been read since then; `code` is why, when that was told. Null: it is read, or not missed for long. */
  unread: { readonly code: string; readonly since: Instant } | null;
  /** Path → newest valid content of a file that is invalid now; null when nothing of it was ever in force. */
  readonly invalidFiles: Map<string, BlobId | null>;
  readonly documents: Map<DocumentName, { number: number; digest: Digest }>;
  readonly associations: Map<AssociationName, AssociationState>;
  /** Oldest first. */
  readonly versions: Map<AssociationName, AssociationVersion[]>;
  readonly registrations: Map<NodeId, Registration>;
  readonly revoked: Map<NodeId, { readonly by: string; readonly at: Instant }>;
  readonly nodes: Map<NodeId, NodeState>;
  readonly executions: Map<ExecutionId, Execution>;
  published: { readonly seq: number; readonly commit: CommitId; readonly at: Instant } | null;
};

export const noNodeCompliance = (): NodeCompliance => ({ at: null, types: new Map(), refused: [] });

export function emptyState(): State {
  return {
    instance: null,
    paused: null,
    accepted: null,
    unfinished: false,
    held: null,
    unread: null,
    invalidFiles: new Map(),
    documents: new Map(),
    associations: new Map(),
    versions: new Map(),
    registrations: new Map(),
    revoked: new Map(),
    nodes: new Map(),
    executions: new Map(),
    published: null,
  };
}
