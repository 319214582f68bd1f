/** The part of the fold about one node: what it no longer has to do, and what it reported of compliance. */
import type { AssociationName, NodeId } from '../model/brand.ts';
import { instant } from '../model/brand.ts';
import { totalOf } from '../model/compliance.ts';
import type { State } from '../model/state.ts';
import { NO_TARGET, setDone, skipped } from './apply-run.ts';
import { nodeOf } from './entry-of.ts';
import type { Record } from './records.ts';

/** What is owed is forgotten with the assignment; a run that is out still finishes and is accounted. */
export function unassign(state: State, id: NodeId, association: AssociationName): void {
  const node = nodeOf(state, id);
  const owed = node.assignments.get(association)?.execution ?? null;
  node.assignments.delete(association);
  for (const [type, { association: of }] of node.compliance.types) {
    if (of === association) node.compliance.types.delete(type); // nobody keeps it true any more
  }
  if (owed === null) return;
  const execution = state.executions.get(owed);
  const run = execution?.runs.get(id);
  if (execution === undefined || run?.phase !== 'Pending') return;
  setDone(state, execution, run, skipped(run, NO_TARGET, execution.openedAt));
}

export function comply(state: State, record: Record & { kind: 'complied' }): void {
  const { assignments, compliance } = nodeOf(state, record.node);
  compliance.at = instant(Math.max(compliance.at ?? record.at, record.at));
  compliance.refused = record.refused;
  for (const type of record.types) {
    const { COMPLIANT, NON_COMPLIANT } = type.counts;
    if (totalOf(COMPLIANT) + totalOf(NON_COMPLIANT) === 0) {
      compliance.types.delete(type.complianceType);
    } else compliance.types.set(type.complianceType, type);
  }
  for (const { association, item } of record.items) {
    const assignment = assignments.get(association);
    if (assignment !== undefined) assignment.reported = item;
  }
}
