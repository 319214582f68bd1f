/**
 * Words for one run: how it stands, how it ended, and what each step left. AWS's spellings throughout
 * (spec/state-manager.md §5); an interrupted run is `Failed` with detailed status `Interrupted` (contract §1).
 */

import type {
  AssociationName,
  CommitId,
  Digest,
  ExecutionId,
  Instant,
  NodeId,
  RunId,
} from './brand.ts';
import type { ComplianceReport } from './compliance.ts';

/** Final states of a run. */
export type RunStatus = 'Success' | 'Failed' | 'TimedOut' | 'Cancelled' | 'Skipped';

/** More than the status says; a closed list, since it is printed outside of fences. */
export type DetailedStatus =
  | RunStatus
  | 'Interrupted'
  | 'Unreachable'
  | 'InvalidDocument'
  /** A SecureString could not be opened on the node: nothing was started. */
  | 'SecretUnavailable'
  | 'Undeliverable'
  | 'Terminated'
  | 'Revoked';

export type StepStatus = 'Success' | 'Failed' | 'TimedOut' | 'Cancelled' | 'Skipped';

/** A stream of a step: AWS's field (24,000 bytes, AWS's marker) and beside it head, tail, count and digest. */
export type StreamResult = {
  /** At most 24,000 bytes; longer ones are cut to 23,980 and `--output truncated--`. */
  readonly text: string;
  readonly head: string;
  readonly tail: string;
  /** Bytes the step wrote, however many were kept. */
  readonly bytes: number;
  /** SHA-256 of all of them. */
  readonly digest: Digest;
};

export type StepResult = {
  readonly name: string;
  readonly action: string;
  readonly status: StepStatus;
  readonly exitCode: number;
  /** Why it was skipped, failed before it ran, or was killed by us; '' otherwise. */
  readonly reason: string;
  readonly startedAt: Instant | null;
  readonly finishedAt: Instant | null;
  readonly stdout: StreamResult;
  readonly stderr: StreamResult;
};

/** How one run ended, as the agent tells it. */
export type RunResult = {
  readonly run: RunId;
  readonly execution: ExecutionId;
  readonly association: AssociationName;
  /** Of the job: a daemon that lost its state may not know the execution. Absent: told by an agent of before. */
  readonly generation?: Digest | null;
  readonly status: RunStatus;
  readonly detailedStatus: DetailedStatus;
  /** AWS's agent codes: '' | 'ExecutionError' | 'InvalidAssoc' (spec/state-manager.md §5.2). */
  readonly errorCode: '' | 'ExecutionError' | 'InvalidAssoc';
  /** `2 out of 2 plugins processed, …`, at most 510 characters. */
  readonly executionSummary: string;
  readonly startedAt: Instant;
  readonly finishedAt: Instant;
  readonly steps: readonly StepResult[];
  /** `aws:refreshAssociation`: associations to be run here now; none are all. Absent or null: it asked for none. */
  readonly refresh?: readonly string[] | null;
  /** Compliance items that its steps reported; null when they reported none. */
  readonly compliance: ComplianceReport | null;
};

/** Why a run came to be; part of its id (contract §6). Spelled as in `core/canonical/occasion.ts`. */
export type Occasion =
  | { readonly kind: 'slot'; readonly at: Instant }
  | {
      readonly kind: 'change';
      readonly commit: CommitId;
      readonly position: number;
      /** The association's version, where a commit is not all that tells one change from another. */
      readonly version?: number;
    }
  | { readonly kind: 'target'; readonly commit: CommitId; readonly position: number }
  | { readonly kind: 'manual'; readonly request: string }
  | { readonly kind: 'retry'; readonly attempt: number; readonly run: RunId };

export type RunKey = {
  readonly node: NodeId;
  readonly association: AssociationName;
  readonly generation: Digest;
  readonly occasion: string;
};
