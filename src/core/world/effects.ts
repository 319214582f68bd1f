/** What a decision asks of the world outside, once its records are durable. */
import type { Admission } from '../enrol/register.ts';
import type { AssociationName, ExecutionId, NodeId, RunId } from '../model/brand.ts';

export type Effect =
  | {
      readonly kind: 'send-job';
      readonly node: NodeId;
      readonly run: RunId;
      readonly occasion: string;
      readonly execution: ExecutionId;
      readonly association: AssociationName;
    }
  | { readonly kind: 'revoke-job'; readonly node: NodeId; readonly run: RunId }
  | {
      readonly kind: 'cancel-run';
      readonly node: NodeId;
      readonly run: RunId;
      readonly reason: string;
    }
  | { readonly kind: 'ack'; readonly node: NodeId; readonly run: RunId }
  | { readonly kind: 'drop-node'; readonly node: NodeId; readonly reason: string }
  | { readonly kind: 'admit'; readonly id: string; readonly admission: Admission }
  | { readonly kind: 'answer'; readonly id: string; readonly answer: Answer };

/** What an operator gets back on the control socket. */
export type Answer =
  | { readonly ok: true; readonly message: string; readonly executions: readonly ExecutionId[] }
  | { readonly ok: false; readonly code: string; readonly message: string };

/** A decision in a few words, for the log: a fixed event name and fields (style guide, habit 19). */
export type Reason = {
  readonly event: string;
  readonly fields: { readonly [key: string]: string | number | boolean | null };
};

/** What the report must rewrite. */
export type Dirty = {
  readonly nodes: Set<NodeId>;
  readonly associations: Set<AssociationName>;
  /** Ended since they were last archived. */
  readonly ended: Set<ExecutionId>;
  /** Source, pause, plan: files that belong to nobody. */
  fleet: boolean;
  /** Everything, as after a restart or when the branch was deleted. */
  all: boolean;
};
