/** Which executions somebody asks for: the filters of `DescribeAssociationExecutions` (SSM API), newest first. */
import type { AssociationName, Instant } from '../model/brand.ts';
import type { Execution } from '../model/state.ts';

/** Of `AssociationExecution`; Skipped: a slot at which nothing was to run, or nobody got a turn. */
export type ExecutionStatus = 'Pending' | 'Success' | 'Failed' | 'Skipped';
export const executionStatuses: readonly ExecutionStatus[] = [
  'Pending',
  'Success',
  'Failed',
  'Skipped',
];

/** Null: any. */
export type ExecutionFilter = {
  readonly association: AssociationName | null;
  readonly status: ExecutionStatus | null;
  /** CreatedTime GREATER_THAN and LESS_THAN. */
  readonly createdAfter: Instant | null;
  readonly createdBefore: Instant | null;
};

/** Failed hides behind nothing; Success needs an end. */
export function executionStatus({ statuses, endedAt, skipped }: Execution): ExecutionStatus {
  if (skipped !== null) return 'Skipped';
  if (statuses.Failed + statuses.TimedOut + statuses.Cancelled > 0) return 'Failed';
  if (endedAt === null) return 'Pending';
  return statuses.Success === 0 && statuses.Skipped > 0 ? 'Skipped' : 'Success';
}

export function matchingExecutions(
  executions: Iterable<Execution>,
  filter: ExecutionFilter,
): readonly Execution[] {
  const { association, status, createdAfter, createdBefore } = filter;
  return [...executions]
    .filter(
      (each) =>
        (association === null || each.association === association) &&
        (status === null || executionStatus(each) === status) &&
        (createdAfter === null || each.openedAt > createdAfter) &&
        (createdBefore === null || each.openedAt < createdBefore),
    )
    .sort((a, b) => b.openedAt - a.openedAt);
}
