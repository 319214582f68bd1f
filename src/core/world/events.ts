/** What can happen to a fleet. Commits, messages, due instants and operators' requests are all events of one fold. */
import type { Ancestry } from '../accept/accept.ts';
import type { Applicant } from '../enrol/register.ts';
import type {
  AssociationName,
  CommitId,
  Digest,
  ExecutionId,
  Instant,
  NodeId,
  RunId,
} from '../model/brand.ts';
import type { Catalog } from '../model/catalog.ts';
import type { ComplianceReport } from '../model/compliance.ts';
import type { Definition } from '../model/definition.ts';
import type { LastSeenFacts } from '../model/node.ts';
import type { LastOutcome, Outcome } from '../model/state.ts';
import type { AlarmState } from '../rollout/gate.ts';
import type { Seen } from './epoch.ts';
import type { Record } from './records.ts';

/** A revision, read and resolved as far as no state is needed for it. */
export type LoadedRevision = {
  readonly commit: CommitId;
  readonly catalog: Catalog;
  readonly definitions: ReadonlyMap<AssociationName, Definition>;
};

/** What an agent tells when it connects, already proven to come from `node`. */
export type Hello = {
  readonly facts: LastSeenFacts;
  readonly running: RunId | null;
  readonly startedAt: Instant | null;
  readonly seen: Seen;
  readonly lastRuns: readonly {
    readonly association: AssociationName;
    readonly last: LastOutcome;
  }[];
};

export type AgentEvent =
  | { readonly kind: 'connected'; readonly node: NodeId; readonly hello: Hello }
  | { readonly kind: 'disconnected'; readonly node: NodeId }
  /** The job could not be handed over: the node is not connected any more. */
  | { readonly kind: 'not-sent'; readonly node: NodeId; readonly run: RunId }
  /** No agent would read the job, however often it is offered. */
  | {
      readonly kind: 'undeliverable';
      readonly node: NodeId;
      readonly run: RunId;
      readonly why: string;
    }
  | { readonly kind: 'busy'; readonly node: NodeId; readonly run: RunId; readonly with: RunId }
  | {
      readonly kind: 'refused';
      readonly node: NodeId;
      readonly run: RunId;
      readonly code: string;
      readonly message: string;
      /** What its clock showed; null: it says nothing of it. */
      readonly clock: Instant | null;
    }
  | { readonly kind: 'revoked-job'; readonly node: NodeId; readonly run: RunId }
  | { readonly kind: 'started'; readonly node: NodeId; readonly run: RunId; readonly at: Instant }
  /** The node restarts because a step of the run asked for it. */
  | { readonly kind: 'rebooting'; readonly node: NodeId; readonly run: RunId }
  | {
      readonly kind: 'result';
      readonly node: NodeId;
      readonly execution: ExecutionId;
      readonly association: AssociationName;
      /** What its job was of, where the agent says so. */
      readonly generation?: Digest | null;
      readonly outcome: Outcome;
      /** Associations that the run asks to be run on its node; none are all, null is no request. */
      readonly refresh: readonly string[] | null;
      /** Compliance items that its steps reported. */
      readonly compliance: ComplianceReport | null;
    }
  | {
      readonly kind: 'already';
      readonly node: NodeId;
      readonly run: RunId;
      readonly association: AssociationName;
      readonly last: LastOutcome;
    };

export type OperatorRequest =
  | { readonly kind: 'pause' }
  | { readonly kind: 'resume'; readonly association: AssociationName | null }
  | {
      readonly kind: 'run';
      readonly associations: readonly AssociationName[];
      /** Each has to be a target; null: every target. */
      readonly nodes: readonly NodeId[] | null;
      /** Beside them those of these that are targets: whoever has a tag. */
      readonly among?: readonly NodeId[];
    }
  | { readonly kind: 'cancel'; readonly execution: ExecutionId }
  | { readonly kind: 'revoke'; readonly node: NodeId };

export type Event =
  /** The first event after a replay: nobody is connected, whatever the journal says. */
  | {
      readonly kind: 'boot';
      readonly instance: string;
      readonly daemonKey: string;
    }
  /** Records rebuilt from the status branch, into an empty state. */
  | { readonly kind: 'recovered'; readonly records: readonly Record[] }
  /** The accepted revision, read again after a restart. */
  | { readonly kind: 'restored'; readonly revision: LoadedRevision }
  | {
      readonly kind: 'revision';
      readonly revision: LoadedRevision;
      readonly ancestry: Ancestry;
      readonly distance: number;
      readonly allowDelete: number;
      /** An operator named this very commit: neither ancestry nor guard is asked. */
      readonly acceptedBy: string | null;
    }
  /** The tip cannot be judged further than this: nothing of it applies. */
  | { readonly kind: 'source-stuck'; readonly tip: CommitId | null; readonly ancestry: Ancestry }
  /** The tip is the accepted revision (again). */
  | { readonly kind: 'source-same' }
  /** No look at the source has succeeded for this long. */
  | { readonly kind: 'source-unread'; readonly code: string; readonly forMs: number }
  /** A look has succeeded. */
  | { readonly kind: 'source-read' }
  /** A key asks to be let in; the answer goes out when its record is durable. */
  | { readonly kind: 'applied'; readonly id: string; readonly applicant: Applicant }
  | AgentEvent
  | {
      readonly kind: 'operator';
      readonly id: string;
      readonly by: string;
      readonly request: OperatorRequest;
    }
  /** The alarms of the daemon's configuration, as they were just read. */
  | { readonly kind: 'alarms'; readonly states: ReadonlyMap<string, AlarmState> }
  | {
      readonly kind: 'published';
      readonly seq: number;
      readonly commit: CommitId;
      /** Of its state.json. */
      readonly epoch: number;
      readonly archived: readonly ExecutionId[];
    }
  /** The status branch is not as we left it, and its state.json, signed by our key, is of this epoch. */
  | { readonly kind: 'branch-epoch'; readonly epoch: number }
  /** Time has passed; every pass is one. */
  | { readonly kind: 'tick' };
