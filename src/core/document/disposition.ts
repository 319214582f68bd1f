/** Run, skip or fail: the first rule that matches, with the reference's text. @see spec/documents.md §3.3 */
import type { SchemaVersion, Step } from '../model/document.ts';
import type { JsonObject } from '../model/json.ts';
import { KNOWN_ACTIONS, runsOn } from './actions.ts';
import { evaluatePrecondition } from './precondition.ts';
import type { Disposition, RunContext } from './prepared.ts';

export type Judgement = { readonly disposition: Disposition; readonly reason: string };

/** What the executor says of a step behind an exit condition; it alone knows whether there was one. */
export function skippedByExitText(step: {
  readonly action: string;
  readonly name: string;
}): string {
  return `Plugin with name ${step.action} and id ${step.name} skipped due to prior step with an exit condition`;
}

export function judgeStep(
  step: Step,
  schemaVersion: SchemaVersion,
  parameters: JsonObject,
  context: RunContext,
): Judgement {
  const hasPrecondition = step.precondition !== null && Object.keys(step.precondition).length > 0;
  if (schemaVersion !== '2.2') return judgeOldStep(step, hasPrecondition, context);
  const known = KNOWN_ACTIONS.has(step.action);
  const able =
    known && runsOn(step.action, context.platformType) && context.handlers.has(step.action);
  const { allowed, conditions } = evaluatePrecondition(
    step.precondition ?? {},
    parameters,
    context.platformType,
  );
  if (allowed && !known) return fail(unknownText(step), step);
  if (!able) return skip(`Step execution skipped due to unsupported plugin: ${step.action}`, step);
  const list = conditions.join(', ');
  if (!allowed)
    return skip(`Step execution skipped due to unsatisfied preconditions: '${list}'`, step);
  if (list !== '')
    return fail(
      `Unrecognized precondition(s): '${list}', please update agent to latest version`,
      step,
    );
  return { disposition: 'Run', reason: '' };
}

/** Before 2.2 nothing is skipped. */
function judgeOldStep(step: Step, hasPrecondition: boolean, context: RunContext): Judgement {
  const { action } = step;
  if (!KNOWN_ACTIONS.has(action)) return fail(unknownText(step), step);
  // The reference on Linux tells no platform apart and ends at the missing handler.
  if (context.platformType !== 'Linux' && !runsOn(action, context.platformType))
    return fail(`Plugin with name ${action} is not supported in current platform`, step);
  if (hasPrecondition)
    return fail('Precondition is not supported for document schema version prior to 2.2', step);
  if (!context.handlers.has(action) || !runsOn(action, context.platformType))
    return fail(`Plugin with name ${action} not found`, step);
  return { disposition: 'Run', reason: '' };
}

function unknownText({ action }: Step): string {
  return `Plugin with name ${action} is not supported by this version of ssm agent, please update to latest version`;
}

function fail(text: string, { name }: Step): Judgement {
  return { disposition: 'Fail', reason: `${text}. Step name: ${name}` };
}

function skip(text: string, { name }: Step): Judgement {
  return { disposition: 'Skip', reason: `${text}. Step name: ${name}` };
}
