/** One node of an execution: how it stands there, and whether that was the first try. */
import { retryOf } from '../../core/canonical/occasion.ts';
import type { JsonObject } from '../../core/model/json.ts';
import { field } from '../answers.ts';

/** Columns NODE, STATUS, BEGAN, WHAT; `run` has the shape of `ExecutionTarget` in `schemas/execution.schema.json`. */
export function targetRow(run: JsonObject): readonly string[] {
  const waiting = field(run, 'waiting');
  const what = waiting === '-' ? field(run, 'summary') : waiting;
  const retry = retryWords(field(run, 'occasion'));
  return [
    field(run, 'node'),
    field(run, 'detailedStatus'),
    field(run, 'lastExecutionDate'),
    [retry, what].filter((words) => words !== '' && words !== '-').join(': ') || '-',
  ];
}

const RUN_DIGITS = 8;

/** A Success may be the second one that was tried. */
function retryWords(occasion: string): string {
  const retry = retryOf(occasion);
  return retry === null ? '' : `retry ${retry.attempt} of run ${retry.run.slice(0, RUN_DIGITS)}`;
}
