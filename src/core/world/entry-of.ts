/** What a record speaks of. Nodes and their assignments come into being when one first names them. */
import type { AssociationName, ExecutionId, NodeId } from '../model/brand.ts';
import { present } from '../model/errors.ts';
import type { Assignment, Execution, NodeState, State } from '../model/state.ts';
import { noNodeCompliance } from '../model/state.ts';

export function nodeOf(state: State, id: NodeId): NodeState {
  const known = state.nodes.get(id);
  if (known !== undefined) return known;
  const node: NodeState = {
    id,
    facts: null,
    connectedAt: null,
    lastSeenAt: null,
    job: null,
    assignments: new Map(),
    compliance: noNodeCompliance(),
  };
  state.nodes.set(id, node);
  return node;
}

export function assignmentOf({ assignments }: NodeState, association: AssociationName): Assignment {
  const known = assignments.get(association);
  if (known !== undefined) return known;
  const assignment: Assignment = {
    association,
    execution: null,
    last: null,
    shown: null,
    since: null,
    reported: null,
  };
  assignments.set(association, assignment);
  return assignment;
}

export function executionOf(state: State, id: ExecutionId): Execution {
  return present(state.executions.get(id), `execution ${id} is known`);
}
