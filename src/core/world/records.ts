/**
 * What the daemon has decided or learned, one fact per record. State is a fold of these and nothing else: the journal
 * keeps them, `apply` is the only code that reads them into memory, a restart replays them. A pass writes its records as
 * one `PassRecord`, so a torn tail loses a whole pass or nothing of it.
 *
 * Format 1. A new kind or field raises `JOURNAL_VERSION`; an older program then refuses the state with exit code 78.
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
import type { LastSeenFacts, Registration } from '../model/node.ts';
import type { DetailedStatus, RunStatus } from '../model/run.ts';

export const JOURNAL_FORMAT = { name: 'reconciled-daemon', version: 1 } as const;

export type PassRecord = { readonly at: Instant; readonly records: readonly Record[] };

export type Record =
  // --- the daemon itself
  | {
      readonly kind: 'instance';
      readonly instance: string;
      readonly epoch: number;
      readonly daemonKey: string;
    }
  | { readonly kind: 'paused'; readonly by: string; readonly at: Instant }
  | { readonly kind: 'resumed'; readonly by: string; readonly at: Instant }
  // --- source
  | {
      readonly kind: 'accepted';
      readonly commit: CommitId;
      readonly position: number;
      readonly by: AcceptedBy;
      readonly at: Instant;
    }
  | {
      readonly kind: 'held';
      readonly tip: CommitId | null;
      readonly code: HeldCode;
      readonly reason: string;
      readonly at: Instant;
    }
  | { readonly kind: 'released' }
  /** A file whose newest content is invalid while an older one stays in force, or the end of that. */
  | {
      readonly kind: 'file-invalid';
      readonly file: string;
      readonly lastGood: BlobId;
      readonly commit: CommitId;
    }
  | { readonly kind: 'file-valid'; readonly file: string }
  | {
      readonly kind: 'document';
      readonly name: DocumentName;
      readonly number: number;
      readonly digest: Digest;
    }
  | { readonly kind: 'document-removed'; readonly name: DocumentName }
  // --- associations
  | {
      readonly kind: 'association';
      readonly name: AssociationName;
      readonly version: number;
      readonly commit: CommitId;
      readonly file: string;
      readonly digests: AssociationDigests;
      /** Anchor of `rate` slots: when the schedule of this version became effective. */
      readonly anchor: Instant;
      readonly at: Instant;
    }
  | {
      readonly kind: 'association-removed';
      readonly name: AssociationName;
      readonly commit: CommitId;
      readonly at: Instant;
    }
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
  /** The newest slot that was fired, or recorded as missed: none at or before it ever fires again. */
  | {
      readonly kind: 'slot';
      readonly association: AssociationName;
      readonly at: Instant;
      readonly missed: boolean;
    }
  // --- nodes
  | { readonly kind: 'registered'; readonly registration: Registration }
  | { readonly kind: 'revoked'; readonly node: NodeId; readonly by: string; readonly at: Instant }
  | {
      readonly kind: 'node-connected';
      readonly node: NodeId;
      readonly facts: LastSeenFacts;
      readonly at: Instant;
    }
  | { readonly kind: 'node-gone'; readonly node: NodeId; readonly at: Instant }
  // --- executions and runs
  | {
      readonly kind: 'execution';
      readonly id: ExecutionId;
      readonly association: AssociationName;
      readonly occasion: string;
      readonly trigger: Trigger;
      readonly reason: string;
      readonly generation: Digest;
      readonly revision: CommitId;
      readonly at: Instant;
      readonly runs: readonly NewRun[];
    }
  | {
      readonly kind: 'joined';
      readonly execution: ExecutionId;
      readonly reason: string;
      readonly runs: readonly NewRun[];
    }
  /** No run of it starts any more; the pending ones become Skipped. Started ones still finish. */
  | {
      readonly kind: 'execution-closed';
      readonly id: ExecutionId;
      readonly reason: CloseReason;
      readonly at: Instant;
    }
  /** Starts are off at the error threshold, or on again by an operator. */
  | {
      readonly kind: 'execution-stopped';
      readonly id: ExecutionId;
      readonly failures: number;
      readonly at: Instant;
    }
  | {
      readonly kind: 'execution-resumed';
      readonly id: ExecutionId;
      readonly by: string;
      readonly at: Instant;
    }
  /** Written before the job leaves, so that a restart knows what may be out there. */
  | {
      readonly kind: 'offered';
      readonly execution: ExecutionId;
      readonly node: NodeId;
      readonly run: RunId;
      readonly at: Instant;
      readonly notAfter: Instant;
    }
  /** The job did not start and is pending again, e.g. expired, busy, disconnected before Started. */
  | {
      readonly kind: 'returned';
      readonly execution: ExecutionId;
      readonly node: NodeId;
      readonly run: RunId;
      readonly reason: string;
    }
  | {
      readonly kind: 'started';
      readonly execution: ExecutionId;
      readonly node: NodeId;
      readonly run: RunId;
      readonly at: Instant;
    }
  | {
      readonly kind: 'unreachable';
      readonly execution: ExecutionId;
      readonly node: NodeId;
      readonly run: RunId;
      readonly at: Instant;
    }
  | {
      readonly kind: 'finished';
      readonly execution: ExecutionId;
      readonly node: NodeId;
      readonly outcome: Outcome;
    }
  | { readonly kind: 'execution-ended'; readonly id: ExecutionId; readonly at: Instant }
  // --- status branch
  | {
      readonly kind: 'published';
      readonly seq: number;
      readonly commit: CommitId;
      readonly at: Instant;
      readonly revision: CommitId | null;
    };

export type AcceptedBy = 'first' | 'ancestry' | 'trailer' | 'operator' | 'recovery';
export type HeldCode =
  | 'SourceDiverged'
  | 'SourceUnprovable'
  | 'SourceGone'
  | 'EmptyTree'
  | 'TooManyDeletions'
  | 'TooManyNodesRemoved'
  | 'TooManyNodesAffected'
  | 'ConfigInvalid';
export type Trigger =
  | 'create'
  | 'edit'
  | 'document'
  | 'parameter'
  | 'schedule'
  | 'target'
  | 'manual'
  | 'retry'
  | 'recovery';
export type CloseReason =
  | 'next-slot'
  | 'edited'
  | 'manual'
  | 'cancelled'
  | 'removed'
  | 'deadline'
  | 'complete';

export type AssociationDigests = {
  /** What a node would execute: document, effective parameters, output location (contract §5, Generation). */
  readonly generation: Digest;
  /** The three that make the generation, to say which of them changed. */
  readonly document: Digest;
  readonly parameters: Digest;
  readonly output: Digest;
  readonly schedule: Digest;
  readonly targets: Digest;
  /** Everything in the definition. */
  readonly whole: Digest;
};

/** A run that is owed: its id is known from the start, so that whoever computes it again gets the same. */
export type NewRun = { readonly node: NodeId; readonly run: RunId; readonly occasion: string };

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
  /** Digest of the result message: the same run with another digest is tampering (spec/reliability-security.md §5.3). */
  readonly digest: Digest | null;
};
