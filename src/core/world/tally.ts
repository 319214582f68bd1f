/** The counters of an execution, kept beside its runs. */
import type { Instant } from '../model/brand.ts';
import { commonFailure, lastExecutionDate } from '../model/execution-status.ts';
import { isFailure } from '../model/outcome.ts';
import type { RunStatus } from '../model/run.ts';
import type { Condensed, Execution, Outcome, PhaseCounts, Run } from '../model/state.ts';

const noPhases = (): PhaseCounts => ({
  Pending: 0,
  Offered: 0,
  Started: 0,
  Unreachable: 0,
  Done: 0,
});
const noStatuses = (): { [status in RunStatus]: number } => ({
  Success: 0,
  Failed: 0,
  TimedOut: 0,
  Cancelled: 0,
  Skipped: 0,
});

/** The counts of an execution that has no runs yet. */
export const noRuns = (): Pick<Execution, 'runs' | 'phases' | 'statuses' | 'failures'> => ({
  runs: new Map(),
  phases: noPhases(),
  statuses: noStatuses(),
  failures: 0,
});

export const count = (execution: Execution, run: Run): void => tally(execution, run, 1);
export const uncount = (execution: Execution, run: Run): void => tally(execution, run, -1);

/** Counts stay as they are; what ran last on each node stands at the node. */
export function condense(execution: Execution, at: Instant): void {
  execution.condensed = {
    at,
    statuses: { ...execution.statuses },
    failures: execution.failures,
    failure: commonFailure(execution),
    lastExecutionDate: lastExecutionDate(execution),
  };
  execution.runs.clear();
}

/** Of an execution whose runs are gone: all of them were over. */
export function countAgain(execution: Execution, { statuses, failures }: Condensed): void {
  Object.assign(execution.statuses, statuses);
  execution.phases.Done = Object.values(statuses).reduce((sum, each) => sum + each, 0);
  execution.failures = failures;
}

function tally(execution: Execution, run: Run, by: 1 | -1): void {
  execution.phases[run.phase] += by;
  if (run.outcome !== null) execution.statuses[run.outcome.status] += by;
  if (isError(run)) execution.failures += by;
}

/** From here on only further failures count. */
export function forgive(execution: Execution): void {
  execution.forgiven = execution.failures;
  for (const run of execution.runs.values()) if (isError(run)) run.forgiven = true;
}

/**
 * Once this run has changed, or another has taken its place: a failure that is none any more takes its forgiveness along, or the
 * next one would be forgiven for it.
 */
export function unforgive(execution: Execution, run: Run, became: 'changed' | 'replaced'): void {
  if (run.forgiven === true && (became === 'replaced' || !isError(run))) {
    run.forgiven = false;
    execution.forgiven--;
  }
  // A branch that a lost state came back from tells how many, not which.
  if (execution.forgiven > execution.failures) execution.forgiven = execution.failures;
}

const isError = ({ phase, outcome }: Run): boolean =>
  phase === 'Unreachable' || (outcome !== null && isFailure(outcome));

/** By a precondition, or because its platform does not fit: there is nothing to do. A run that the daemon skips never started. */
export const isSkippedByNode = ({ status, startedAt }: Outcome): boolean =>
  status === 'Skipped' && startedAt !== null;
