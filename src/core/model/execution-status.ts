/** Status and DetailedStatus of a whole execution, and of each of its targets: `DescribeAssociationExecutions` (SSM API). */
import type { Instant } from './brand.ts';
import type { DetailedStatus, RunStatus } from './run.ts';
import type { Execution, Run } from './state.ts';

/** Of `AssociationExecution`; Skipped: a slot at which nothing was to run, or nobody got a turn. */
export const executionStatuses = ['Pending', 'Success', 'Failed', 'Skipped'] as const;
export type ExecutionStatus = (typeof executionStatuses)[number];

export type ExecutionDetail = DetailedStatus | 'Pending' | 'InProgress';

/** Failed hides behind nothing; Success needs an end. */
export function executionStatus({ statuses, endedAt, skipped }: Execution): ExecutionStatus {
  if (skipped !== null) return 'Skipped';
  if (statuses.Failed + statuses.TimedOut + statuses.Cancelled > 0) return 'Failed';
  if (endedAt === null) return 'Pending';
  return statuses.Success === 0 && statuses.Skipped > 0 ? 'Skipped' : 'Success';
}

/** Of failures what all of them have in common, as for an association; of what is not over, whether it has begun. */
export function executionDetail(execution: Execution): ExecutionDetail {
  const status = executionStatus(execution);
  if (status === 'Failed') return commonFailure(execution);
  if (status !== 'Pending') return status;
  const { phases, statuses } = execution;
  const begun = phases.Started + phases.Unreachable + statuses.Success > 0;
  return begun ? 'InProgress' : 'Pending';
}

export function commonFailure({ runs, condensed }: Execution): DetailedStatus {
  if (condensed !== null) return condensed.failure;
  let common: DetailedStatus | null = null;
  for (const { outcome } of runs.values()) {
    if (outcome === null || !isFailure(outcome.status)) continue;
    if (common !== null && common !== outcome.detailedStatus) return 'Failed';
    common = outcome.detailedStatus;
  }
  return common ?? 'Failed';
}

export const isFailure = (status: RunStatus): boolean =>
  status !== 'Success' && status !== 'Skipped';

export const targetStatus = ({ outcome }: Run): RunStatus | 'Pending' =>
  outcome?.status ?? 'Pending';

export function targetDetail({ outcome, phase }: Run): ExecutionDetail {
  if (outcome !== null) return outcome.detailedStatus;
  if (phase === 'Unreachable') return 'Unreachable';
  return phase === 'Started' ? 'InProgress' : 'Pending';
}

/** When it began on the node; null: it has not. */
export function targetDate({ outcome, phase, since }: Run): Instant | null {
  if (outcome !== null) return outcome.startedAt;
  return phase === 'Started' ? since : null;
}

/** `LastExecutionDate`: the newest begin on any of its nodes. AWS has been seen to leave it at the zero date. */
export function lastExecutionDate({ runs, condensed }: Execution): Instant | null {
  let last = condensed?.lastExecutionDate ?? null;
  for (const run of runs.values()) {
    const at = targetDate(run);
    if (at !== null && (last === null || at > last)) last = at;
  }
  return last;
}
