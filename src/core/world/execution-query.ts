/** Which executions somebody asks for: the filters of `DescribeAssociationExecutions` (SSM API), newest first. */
import type { AssociationName, Instant } from '../model/brand.ts';
import type { ExecutionStatus } from '../model/execution-status.ts';
import { executionStatus } from '../model/execution-status.ts';
import type { Execution } from '../model/state.ts';

/** Null: any. */
export type ExecutionFilter = {
  readonly association: AssociationName | null;
  readonly status: ExecutionStatus | null;
  /** CreatedTime GREATER_THAN and LESS_THAN. */
  readonly createdAfter: Instant | null;
  readonly createdBefore: Instant | null;
};

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
