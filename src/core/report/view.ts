/** What the report is rendered from. No clock in it: whatever is not in here cannot make a file change. */
import type { AssociationName, ExecutionId, NodeId } from '../model/brand.ts';
import type { Catalog } from '../model/catalog.ts';
import type { Definition } from '../model/definition.ts';
import type { Node } from '../model/node.ts';
import type { Standings } from '../model/standing.ts';
import type { State } from '../model/state.ts';
import type { PlanReport } from './plan-file.ts';

export type ReportView = {
  readonly state: State;
  readonly catalog: Catalog;
  readonly definitions: ReadonlyMap<AssociationName, Definition>;
  /** Registrations and node files put together; revoked ones are not in it. */
  readonly nodes: ReadonlyMap<NodeId, Node>;
  /** `assess` of `core/compliance` over the same moment. */
  readonly standings: Standings;
  /** What the accepted revision changed, or what was held; null leaves plan.json as it is. */
  readonly plan: PlanReport | null;
  /** Paths on the branch that were not ours and have been dropped. */
  readonly foreignPaths: readonly string[];
  /** Another daemon writes the branch in the same epoch, or did so a moment ago. */
  readonly contested: boolean;
  /** Signature of the daemon's key over a text: state.json carries it. */
  readonly sign: (text: string) => string;
};

/** What has to be written again; a render of everything is `all`. */
export type DirtyReport = {
  readonly nodes: Iterable<NodeId>;
  readonly associations: Iterable<AssociationName>;
  readonly endedExecutions: Iterable<ExecutionId>;
  readonly all: boolean;
  /** Text of a file of ended executions as it is on the branch; null when there is none. */
  existing(path: string): string | null;
};
