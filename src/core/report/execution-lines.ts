/**
 * `executions/<yyyy-mm-dd>/<association>.jsonl`: one line per ended execution, with the fields of `AssociationExecution` and,
 * for its failures, of `AssociationExecutionTarget` (SSM API). A line is written once more when the same execution is
 * published again, so a repeated push repeats nothing.
 */
import { associationId } from '../canonical/identity.ts';
import { retryOf } from '../canonical/occasion.ts';
import { formatInstant } from '../model/brand.ts';
import {
  executionDetail,
  executionStatus,
  isFailure,
  lastExecutionDate,
  targetDate,
  targetDetail,
  targetStatus,
} from '../model/execution-status.ts';
import { compareText } from '../model/problem.ts';
import type { Execution, Run } from '../model/state.ts';
import { capBytes } from './escape.ts';
import { jsonLine } from './lined-json.ts';
import { parseObject } from './parse-object.ts';

/** A day of an association that runs every minute. */
export const LINES_MAX = 1500;
export const NODES_PER_LINE_MAX = 20;
const REASON_BYTES_MAX = 200;

/**
 * The text of a day's file with these executions in it; of too many lines the oldest give way. `instance` makes the
 * AssociationId.
 */
export function withExecutions(
  existing: string | null,
  ended: readonly Execution[],
  instance: string | null,
): string {
  const lines = new Map<string, string>();
  for (const line of (existing ?? '').split('\n')) {
    const id = parseObject(line)?.['ExecutionId'];
    if (typeof id === 'string') lines.set(id, line);
  }
  for (const execution of [...ended].sort(byEnd)) {
    lines.delete(execution.id);
    lines.set(execution.id, executionLine(execution, instance));
  }
  return [...lines.values()].slice(-LINES_MAX).join('\n').concat('\n');
}

const byEnd = (a: Execution, b: Execution): number =>
  (a.endedAt ?? 0) - (b.endedAt ?? 0) || compareText(a.id, b.id);

function executionLine(execution: Execution, instance: string | null): string {
  const { id, association, version, openedAt, endedAt } = execution;
  const { occasion, trigger, reason, revision, generation } = execution;
  const last = lastExecutionDate(execution);
  return jsonLine({
    ExecutionId: id,
    ...(instance === null ? {} : { AssociationId: associationId(instance, association) }),
    ...(version === null ? {} : { AssociationVersion: String(version) }),
    Status: executionStatus(execution),
    DetailedStatus: executionDetail(execution),
    Trigger: trigger,
    Occasion: occasion,
    Reason: capBytes(reason, REASON_BYTES_MAX),
    Revision: revision,
    Generation: generation,
    CreatedTime: formatInstant(openedAt),
    ...(endedAt === null ? {} : { EndedTime: formatInstant(endedAt) }),
    ...(last === null ? {} : { LastExecutionDate: formatInstant(last) }),
    ...(execution.closed === null ? {} : { Closed: execution.closed.reason }),
    ...(execution.skipped === null ? {} : skippedFields(execution.skipped)),
    ...(execution.stopped === null ? {} : { Stopped: execution.stopped.failures }),
    ResourceCountByStatus: countsText(execution),
    ...failureFields(execution),
  });
}

function failureFields({ runs, statuses, condensed }: Execution) {
  const count = statuses.Failed + statuses.TimedOut + statuses.Cancelled;
  if (condensed !== null) {
    // Too much had ended while the branch could not be written: which nodes failed is not known any more.
    return { ...(count === 0 ? {} : { FailedCount: count }), CountsOnly: true };
  }
  if (count === 0) return {};
  const failed = [...runs.values()]
    .filter(({ outcome }) => outcome !== null && isFailure(outcome.status))
    .sort((a, b) => compareText(a.node, b.node));
  return { Targets: failed.slice(0, NODES_PER_LINE_MAX).map(targetFields), FailedCount: count };
}

function targetFields(run: Run) {
  const at = targetDate(run);
  return {
    ResourceId: run.node,
    ResourceType: 'ManagedInstance',
    Status: targetStatus(run),
    DetailedStatus: targetDetail(run),
    // Of all others the execution says why they run.
    ...(retryOf(run.occasion) === null ? {} : { Occasion: run.occasion }),
    ...(at === null ? {} : { LastExecutionDate: formatInstant(at) }),
  };
}

/** A slot at which nothing was to run. */
const skippedFields = ({ reason, detail }: NonNullable<Execution['skipped']>) => ({
  Skipped: reason,
  ...(detail === '' ? {} : { SkippedDetail: capBytes(detail, REASON_BYTES_MAX) }),
});

/** As AWS writes it: a text, `{Success=1, Failed=2}`. */
function countsText({ statuses, skipped }: Execution): string {
  if (skipped !== null) return `{Skipped=${skipped.targets}}`;
  const present = Object.entries(statuses).filter(([, count]) => count > 0);
  return `{${present.map(([status, count]) => `${status}=${count}`).join(', ')}}`;
}
