/** What the report is rendered from: durable state, the revision in force, and the few answers only the world can give. */
import type { AssociationName, Instant, NodeId } from '../model/brand.ts';
import type { Catalog } from '../model/catalog.ts';
import type { Definition } from '../model/definition.ts';
import type { Node } from '../model/node.ts';
import type { Execution, Run, State } from '../model/state.ts';

/** Why a pending run does not run now: AWS has no word for it, so it sits in a field of its own (contract §5). */
export type PendingReason =
  | 'offline'
  | 'busy'
  | 'concurrency'
  | 'error-threshold'
  | 'calendar'
  | 'alarm'
  | 'dependency'
  | 'rollout'
  | 'suspended'
  | 'paused'
  | 'schedule';

export type Waiting = { readonly reason: PendingReason; readonly until: Instant | null };

export type ReportView = {
  readonly now: Instant;
  readonly programVersion: string;
  readonly state: State;
  readonly catalog: Catalog;
  readonly definitions: ReadonlyMap<AssociationName, Definition>;
  /** Registrations and node files put together; revoked ones are not in it. */
  readonly nodes: ReadonlyMap<NodeId, Node>;
  /** Nodes that the targets match now, sorted by id. */
  targetsOf(association: AssociationName): readonly NodeId[];
  /** Next slot; null without a schedule or when none is left. */
  nextSlotOf(association: AssociationName): Instant | null;
  waitingOf(execution: Execution, run: Run): Waiting;
};
