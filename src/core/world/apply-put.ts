/** The part of the fold that takes a snapshot back in: whole values, with texts that are here already in the place of copies. */
import type { NodeId } from '../model/brand.ts';
import type { Execution, NodeCompliance, Run, State } from '../model/state.ts';
import { noNodeCompliance } from '../model/state.ts';
import { nodeOf } from './entry-of.ts';
import type { PutAssignment, Record } from './records.ts';
import { count, countAgain, noRuns } from './tally.ts';

export function complianceFrom(put: (Record & { kind: 'put-node' })['compliance']): NodeCompliance {
  if (put === undefined) return noNodeCompliance();
  return { ...put, types: new Map(put.types.map((type) => [type.complianceType, type])) };
}

export function putExecution(
  state: State,
  value: (Record & { kind: 'put-execution' })['value'],
  runs: readonly Run[],
): void {
  const execution: Execution = {
    ...value,
    version: value.version ?? null,
    condensed: value.condensed ?? null,
    ...noRuns(),
  };
  if (execution.condensed !== null) countAgain(execution, execution.condensed);
  state.executions.set(execution.id, execution);
  putRuns(state, execution, runs);
}

export function putRuns(state: State, execution: Execution, runs: readonly Run[]): void {
  for (const { run, node, occasion, phase, since, notAfter, outcome, forgiven } of runs) {
    const own: Run = {
      run,
      node: state.nodes.get(node)?.id ?? node,
      occasion: occasion === execution.occasion ? execution.occasion : occasion,
      phase,
      since,
      notAfter,
      outcome,
    };
    if (forgiven === true) own.forgiven = true;
    execution.runs.set(own.node, own);
    count(execution, own);
  }
}

export function putAssignments(
  state: State,
  id: NodeId,
  assignments: readonly PutAssignment[],
): void {
  const node = nodeOf(state, id);
  for (const { association, execution, last, shown, since, reported } of assignments) {
    const name = state.associations.get(association)?.name ?? association;
    const own = { association: name, execution, last, shown, since, reported: reported ?? null };
    node.assignments.set(name, own);
  }
}
