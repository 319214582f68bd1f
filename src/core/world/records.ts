/**
 * What the daemon has decided or learned, one fact per record. State is a fold of these and nothing else: the journal
 * keeps them, `apply` is the only code that reads them into memory, a restart replays them. A pass writes its records as
 * one `PassRecord`, so a torn tail loses a whole pass or nothing of it.
 *
 * Format 11: 1 knew no compliance reports, 2 no version of an execution, 3 no executions and nodes in parts, 4 no executions without runs
 * and no gaps between slots, 5 an occasion with each run, 6 no epoch of the branch, 7 no revision that is put
 * in force over several passes, 8 no source that is not read, 9 not which failures were forgiven, 10 how many of a ring were, not whom. A new kind or field raises the version; an older program then refuses the state with exit code 78.
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
} from '../model/brand.ts';
import type { RefusedPut, ReportedItem, TypeCompliance } from '../model/compliance.ts';
import type { AssociationDigests } from '../model/definition.ts';
import type { LastSeenFacts, Registration } from '../model/node.ts';
import type {
  AcceptedBy,
  Assignment,
  AssociationState,
  AssociationVersion,
  CloseReason,
  Execution,
  Gap,
  HeldCode,
  LastOutcome,
  NodeState,
  Outcome,
  RolloutState,
  Run,
  SkipReason,
  Trigger,
} from '../model/state.ts';

export const JOURNAL_FORMAT = { name: 'reconciled-daemon', version: 11 } as const;

export type PassRecord = { readonly at: Instant; readonly records: readonly Record[] };

/** A run that is owed. Its id is a pure hash, so whoever computes it again gets the same. */
export type NewRun = { readonly node: NodeId; readonly run: RunId };

type RunRef = { readonly execution: ExecutionId; readonly node: NodeId; readonly run: RunId };

/** Facts about the daemon, its source and its branch. */
type DaemonRecord =
  | {
      readonly kind: 'instance';
      readonly name: string;
      readonly epoch: number;
      /** Absent: the same, nothing has to be announced. */
      readonly branchEpoch?: number;
      /** Absent: 0. */
      readonly anewEpoch?: number;
      readonly daemonKey: string;
    }
  /** The status branch carries it. */
  | { readonly kind: 'branch-epoch'; readonly epoch: number }
  | { readonly kind: 'paused'; readonly by: string; readonly at: Instant }
  | { readonly kind: 'resumed'; readonly by: string; readonly at: Instant }
  | {
      readonly kind: 'accepted';
      readonly commit: CommitId;
      readonly position: number;
      readonly by: AcceptedBy;
      readonly at: Instant;
      /** What it changes is recorded by later passes, until `in-force`. Absent: by the same pass. */
      readonly unfinished?: boolean;
    }
  /** All that the accepted revision changes is recorded. */
  | { readonly kind: 'in-force' }
  | {
      readonly kind: 'held';
      readonly tip: CommitId | null;
      readonly code: HeldCode;
      readonly reason: string;
      readonly at: Instant;
    }
  | { readonly kind: 'released' }
  /** The source has not been read since `since`, for long enough to be told. */
  | { readonly kind: 'source-unread'; readonly code: string; readonly since: Instant }
  | { readonly kind: 'source-read' }
  /** The newest content of a file is invalid; `lastGood` stays in force. */
  | {
      readonly kind: 'file-invalid';
      readonly file: string;
      /** Null: nothing of it was ever in force. */
      readonly lastGood: BlobId | null;
    }
  | { readonly kind: 'file-valid'; readonly file: string }
  | {
      readonly kind: 'document';
      readonly name: DocumentName;
      readonly number: number;
      readonly digest: Digest;
    }
  | { readonly kind: 'document-removed'; readonly name: DocumentName }
  | {
      readonly kind: 'published';
      readonly seq: number;
      readonly commit: CommitId;
      readonly at: Instant;
    };

/** Facts about associations and whom they target. */
type AssociationRecord =
  | {
      readonly kind: 'association';
      readonly name: AssociationName;
      readonly version: number;
      readonly commit: CommitId;
      readonly file: string;
      readonly digests: AssociationDigests;
      /** Commit at which this generation became effective. */
      readonly generationCommit: CommitId;
      /** Anchor of `rate` slots. */
      readonly anchor: Instant;
      /** Slots at or before this never fire, but in a gap. */
      readonly lastSlot: Instant;
      /** Absent: none. */
      readonly gaps?: readonly Gap[];
      readonly rollout: RolloutState | null;
    }
  /** What this version is to people who list them. */
  | {
      readonly kind: 'version';
      readonly association: AssociationName;
      readonly version: AssociationVersion;
    }
  | { readonly kind: 'association-removed'; readonly name: AssociationName }
  | {
      readonly kind: 'assigned';
      readonly association: AssociationName;
      readonly nodes: readonly NodeId[];
    }
  | {
      readonly kind: 'unassigned';
      readonly association: AssociationName;
      readonly nodes: readonly NodeId[];
    }
  /** This slot fired; `over`: the first of those before it that never did. */
  | {
      readonly kind: 'slot';
      readonly association: AssociationName;
      readonly at: Instant;
      readonly over?: Instant;
    }
  /** Its version came into force by a clock that was ahead: slots count from here. */
  | {
      readonly kind: 'anchored';
      readonly association: AssociationName;
      readonly anchor: Instant;
      readonly gaps: readonly Gap[];
    }
  /** This slot came, and nothing was to run: an execution of nobody, for the history. */
  | {
      readonly kind: 'slot-skipped';
      readonly id: ExecutionId;
      readonly association: AssociationName;
      readonly slot: Instant;
      readonly over?: Instant;
      readonly reason: SkipReason;
      readonly detail: string;
      readonly targets: number;
      readonly generation: Digest;
      readonly revision: CommitId;
      readonly at: Instant;
    };

/** How a generation goes through its rings. */
type RolloutRecord =
  /** Every node of the ring that could be asked has ended well enough: its soak begins. */
  | {
      readonly kind: 'ring-passed';
      readonly association: AssociationName;
      readonly ring: number;
      readonly at: Instant;
    }
  | {
      readonly kind: 'ring-opened';
      readonly association: AssociationName;
      readonly ring: number;
      readonly at: Instant;
    }
  /** The last ring has passed. */
  | { readonly kind: 'rollout-ended'; readonly association: AssociationName; readonly at: Instant }
  | {
      readonly kind: 'rollout-halted';
      readonly association: AssociationName;
      readonly ring: number;
      readonly failures: number;
      readonly at: Instant;
    }
  | ({
      readonly kind: 'rollout-resumed';
      readonly association: AssociationName;
      readonly by: string;
      readonly at: Instant;
    } & Forgiven)
  /** Whom a program of before has forgiven, of whom it wrote how many they are. */
  | ({ readonly kind: 'rollout-forgiven'; readonly association: AssociationName } & Forgiven)
  /** These were forgiven, and fail no more. */
  | {
      readonly kind: 'rollout-healed';
      readonly association: AssociationName;
      readonly nodes: readonly NodeId[];
    };

type Forgiven = Pick<RolloutState, 'forgiven' | 'unnamed'>;

type NodeRecord =
  | { readonly kind: 'registered'; readonly registration: Registration }
  | { readonly kind: 'revoked'; readonly node: NodeId; readonly by: string; readonly at: Instant }
  | {
      readonly kind: 'connected';
      readonly node: NodeId;
      readonly facts: LastSeenFacts;
      readonly at: Instant;
    }
  | { readonly kind: 'disconnected'; readonly node: NodeId; readonly at: Instant };

type ExecutionRecord =
  | {
      readonly kind: 'execution';
      readonly id: ExecutionId;
      readonly association: AssociationName;
      readonly occasion: string;
      readonly trigger: Trigger;
      readonly reason: string;
      readonly generation: Digest;
      readonly revision: CommitId;
      /** Longest a run of it can take, ms. */
      readonly timeoutBudgetMs: number;
      readonly at: Instant;
      readonly runs: readonly NewRun[];
    }
  /** Runs for new, returning or named nodes that share the open execution. */
  | {
      readonly kind: 'joined';
      readonly execution: ExecutionId;
      readonly occasion: string;
      readonly reason: string;
      readonly at: Instant;
      readonly runs: readonly NewRun[];
    }
  /** No run of it starts any more: pending ones are Skipped, started ones still finish. */
  | {
      readonly kind: 'closed';
      readonly execution: ExecutionId;
      readonly reason: CloseReason;
      readonly at: Instant;
    }
  /** Starts are off at the error threshold. */
  | {
      readonly kind: 'stopped';
      readonly execution: ExecutionId;
      readonly failures: number;
      readonly at: Instant;
    }
  | { readonly kind: 'unstopped'; readonly execution: ExecutionId; readonly by: string }
  | { readonly kind: 'ended'; readonly execution: ExecutionId; readonly at: Instant }
  /** Too much has ended while the status branch could not be written: of its runs, counts are left. */
  | { readonly kind: 'condensed'; readonly execution: ExecutionId; readonly at: Instant }
  /** Its rows are on the status branch; memory forgets it. */
  | { readonly kind: 'archived'; readonly execution: ExecutionId };

type RunRecord =
  /** Written before the job leaves, so that a restart knows what may be out there. */
  | ({ readonly kind: 'offered'; readonly at: Instant; readonly notAfter: Instant } & RunRef)
  /** The job did not start: expired, busy, disconnected before Started. It is pending again. */
  | ({ readonly kind: 'returned'; readonly at: Instant; readonly reason: string } & RunRef)
  | ({ readonly kind: 'started'; readonly at: Instant } & RunRef)
  | ({ readonly kind: 'unreachable'; readonly at: Instant } & RunRef)
  | {
      readonly kind: 'finished';
      readonly execution: ExecutionId;
      readonly association: AssociationName;
      readonly node: NodeId;
      readonly at: Instant;
      /** Told by the agent: needed where the execution is not known. */
      readonly generation?: Digest | null;
      readonly outcome: Outcome;
    }
  /** Compliance items that a run reported, where they are news; types without items are gone. */
  | {
      readonly kind: 'complied';
      readonly node: NodeId;
      readonly run: RunId;
      /** When the run ended, by the node's clock. */
      readonly at: Instant;
      readonly types: readonly TypeCompliance[];
      readonly items: readonly {
        readonly association: AssociationName;
        /** Null: taken back. */
        readonly item: ReportedItem | null;
      }[];
      readonly refused: readonly RefusedPut[];
    }
  /** What the node's ledger or the status branch says ran last, when the daemon does not know better. */
  | {
      readonly kind: 'recalled';
      readonly association: AssociationName;
      readonly node: NodeId;
      readonly last: LastOutcome;
    };

/** Whole entities, written by compaction only: a snapshot is the shortest list of records that gives the state. */
type SnapshotRecord =
  | {
      readonly kind: 'put-association';
      /** Without gaps before format 5. */
      readonly value: Omit<AssociationState, 'gaps'> & Partial<Pick<AssociationState, 'gaps'>>;
    }
  | {
      readonly kind: 'put-node';
      readonly value: Omit<NodeState, 'assignments' | 'compliance'>;
      readonly assignments: readonly PutAssignment[];
      /** Absent in snapshots of before documents could report. */
      readonly compliance?: {
        readonly at: Instant | null;
        readonly types: readonly TypeCompliance[];
        readonly refused: readonly RefusedPut[];
      };
    }
  | {
      readonly kind: 'put-execution';
      /** Without its version in snapshots of format 2, never condensed before format 5. */
      readonly value: Omit<
        Execution,
        'version' | 'condensed' | 'runs' | 'phases' | 'statuses' | 'failures'
      > &
        Partial<Pick<Execution, 'version' | 'condensed'>>;
      readonly runs: readonly Run[];
    }
  /** More of its runs, or of its assignments: one that has thousands is put in parts that fit into lines. */
  | { readonly kind: 'put-runs'; readonly execution: ExecutionId; readonly runs: readonly Run[] }
  | {
      readonly kind: 'put-assignments';
      readonly node: NodeId;
      readonly assignments: readonly PutAssignment[];
    };

/** Without what it reported in snapshots of before documents could report. */
export type PutAssignment = Omit<Assignment, 'reported'> & Partial<Pick<Assignment, 'reported'>>;

export type Record =
  | DaemonRecord
  | AssociationRecord
  | RolloutRecord
  | NodeRecord
  | ExecutionRecord
  | RunRecord
  | SnapshotRecord;

/** Of 20 KB each at the very most (an output tail and a summary full of escapes): 10 MB a record. */
const PART_MAX = 500;

export function* putExecution(
  value: (Record & { kind: 'put-execution' })['value'],
  runs: readonly Run[],
): Generator<Record> {
  yield { kind: 'put-execution', value, runs: runs.slice(0, PART_MAX) };
  for (let at = PART_MAX; at < runs.length; at += PART_MAX) {
    yield { kind: 'put-runs', execution: value.id, runs: runs.slice(at, at + PART_MAX) };
  }
}

export function* putNode(
  value: (Record & { kind: 'put-node' })['value'],
  assignments: readonly PutAssignment[],
  compliance: NonNullable<(Record & { kind: 'put-node' })['compliance']>,
): Generator<Record> {
  yield { kind: 'put-node', value, assignments: assignments.slice(0, PART_MAX), compliance };
  for (let at = PART_MAX; at < assignments.length; at += PART_MAX) {
    const part = assignments.slice(at, at + PART_MAX);
    yield { kind: 'put-assignments', node: value.id, assignments: part };
  }
}
