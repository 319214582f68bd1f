/** The part of the fold that opens executions, owes runs to nodes and closes. */
import type { ExecutionId, Instant } from '../model/brand.ts';
import { present } from '../model/errors.ts';
import type { Execution, Run, State } from '../model/state.ts';
import { closeSentences, setDone, skipped } from './apply-run.ts';
import { assignmentOf, executionOf, nodeOf } from './entry-of.ts';
import type { NewRun, Record } from './records.ts';
import { count, noRuns, uncount, unforgive } from './tally.ts';

export function openExecution(state: State, record: Record & { kind: 'execution' }): void {
  const association = present(
    state.associations.get(record.association),
    'an execution has its association',
  );
  const execution: Execution = {
    id: record.id,
    association: record.association,
    version: association.version,
    occasion: record.occasion,
    trigger: record.trigger,
    reason: record.reason,
    generation: record.generation,
    revision: record.revision,
    timeoutBudgetMs: record.timeoutBudgetMs,
    openedAt: record.at,
    ...noRuns(),
    forgiven: 0,
    stopped: null,
    skipped: null,
    closed: null,
    endedAt: null,
    condensed: null,
  };
  state.executions.set(execution.id, execution);
  association.open = execution.id;
  for (const run of record.runs) owe(state, execution, run, record);
}

/** A run is owed to a node. An earlier finished run of the same node in this execution gives way to it. */
export function owe(
  state: State,
  execution: Execution,
  owed: NewRun,
  { occasion, at }: { readonly occasion: string; readonly at: Instant },
): void {
  const earlier = execution.runs.get(owed.node);
  if (earlier !== undefined) uncount(execution, earlier);
  const node = nodeOf(state, owed.node);
  // Written out and with texts that are here already: a fleet owes hundreds of thousands of runs, and a replay reads each
  // with copies of its own. Spreading takes sixteen times as long.
  const run: Run = {
    run: owed.run,
    node: node.id,
    occasion,
    phase: 'Pending',
    since: at,
    notAfter: null,
    outcome: null,
  };
  execution.runs.set(run.node, run);
  count(execution, run);
  if (earlier !== undefined) unforgive(execution, earlier, 'replaced');
  assignmentOf(node, execution.association).execution = execution.id;
}

export function closeExecution(
  state: State,
  id: ExecutionId,
  reason: NonNullable<Execution['closed']>['reason'],
  at: Instant,
): void {
  const execution = executionOf(state, id);
  execution.closed = { reason, at };
  for (const run of execution.runs.values()) {
    if (run.phase === 'Pending') {
      setDone(state, execution, run, skipped(run, closeSentences[reason], at));
    }
  }
  const association = state.associations.get(execution.association);
  if (association?.open === id) association.open = null;
}
