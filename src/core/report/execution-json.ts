/** An execution as commands print it (`schemas/execution.schema.json`): from memory, or from a line of the status branch. */
import { associationId } from '../canonical/identity.ts';
import type { AssociationName, Instant } from '../model/brand.ts';
import { formatInstant, isCommitId, isExecutionId, isNodeId } from '../model/brand.ts';
import {
  executionDetail,
  executionStatus,
  executionStatuses,
  lastExecutionDate,
  targetDate,
  targetDetail,
  targetStatus,
} from '../model/execution-status.ts';
import type { JsonObject } from '../model/json.ts';
import type { ExecutionAnswer, ExecutionTargetAnswer } from '../model/schemas.gen.ts';
import type { Execution, Run } from '../model/state.ts';
import { parseObject } from './parse-object.ts';
import { idIn, instantIn, numberIn, objectsIn, textIn, wordIn } from './read-fields.ts';

export function executionJson(execution: Execution, instance: string | null): ExecutionAnswer {
  const { association, version, statuses } = execution;
  return {
    id: execution.id,
    association,
    associationId: instance === null ? null : associationId(instance, association),
    associationVersion: version === null ? null : String(version),
    status: executionStatus(execution),
    detailedStatus: executionDetail(execution),
    trigger: execution.trigger,
    reason: execution.reason,
    revision: execution.revision,
    createdTime: formatInstant(execution.openedAt),
    endedTime: written(execution.endedAt),
    lastExecutionDate: written(lastExecutionDate(execution)),
    closed: execution.closed?.reason ?? null,
    stopped: execution.stopped !== null,
    skipped: execution.skipped?.reason ?? null,
    statuses: { ...statuses },
    phases: { ...execution.phases },
    failed: statuses.Failed + statuses.TimedOut + statuses.Cancelled,
    ...(execution.condensed === null ? {} : { countsOnly: true }),
  };
}

/** `waiting`: why a run that has not started does not. */
export function executionTargetJson(run: Run, waiting: string | null): ExecutionTargetAnswer {
  return {
    node: run.node,
    resourceType: 'ManagedInstance',
    status: targetStatus(run),
    detailedStatus: targetDetail(run),
    lastExecutionDate: written(targetDate(run)),
    run: run.run,
    occasion: run.occasion,
    phase: run.phase,
    summary: run.outcome?.summary ?? null,
    waiting,
  };
}

const written = (at: Instant | null): string | null => (at === null ? null : formatInstant(at));

/** A line of `executions/<day>/<association>.jsonl`; null for one that is no such line: somebody may have edited it. */
export function readExecutionLine(
  line: string,
  association: AssociationName,
): ExecutionAnswer | null {
  const object = parseObject(line);
  if (object === null) return null;
  const id = idIn(object, 'ExecutionId', isExecutionId);
  const status = wordIn(object, 'Status', executionStatuses);
  const created = instantIn(object, 'CreatedTime');
  const revision = idIn(object, 'Revision', isCommitId);
  if (id === null || status === null || created === null || revision === null) return null;
  const runs = objectsIn(object, 'Targets').flatMap((target) => readTarget(target) ?? []);
  return {
    id,
    association,
    associationId: textIn(object, 'AssociationId'),
    associationVersion: textIn(object, 'AssociationVersion'),
    status,
    detailedStatus: textIn(object, 'DetailedStatus') ?? status,
    trigger: textIn(object, 'Trigger') ?? '',
    reason: textIn(object, 'Reason') ?? '',
    revision,
    createdTime: formatInstant(created),
    endedTime: written(instantIn(object, 'EndedTime')),
    lastExecutionDate: written(instantIn(object, 'LastExecutionDate')),
    closed: textIn(object, 'Closed'),
    stopped: numberIn(object, 'Stopped') !== null,
    skipped: textIn(object, 'Skipped'),
    statuses: readCounts(textIn(object, 'ResourceCountByStatus') ?? ''),
    failed: numberIn(object, 'FailedCount') ?? 0,
    ...(object['CountsOnly'] === true ? { countsOnly: true } : {}),
    runs,
  };
}

function readTarget(target: JsonObject): ExecutionTargetAnswer | null {
  const node = idIn(target, 'ResourceId', isNodeId);
  const status = textIn(target, 'Status');
  if (node === null || status === null) return null;
  const occasion = textIn(target, 'Occasion');
  return {
    node,
    resourceType: 'ManagedInstance',
    status,
    detailedStatus: textIn(target, 'DetailedStatus') ?? status,
    lastExecutionDate: written(instantIn(target, 'LastExecutionDate')),
    ...(occasion === null ? {} : { occasion }),
  };
}

/** `{Success=1, Failed=2}` */
function readCounts(text: string): ExecutionAnswer['statuses'] {
  const pairs = [...text.matchAll(/(\w{1,20})=(\d{1,9})/g)];
  return Object.fromEntries(pairs.map(([, status = '', count]) => [status, Number(count)]));
}
