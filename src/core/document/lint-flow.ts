/** Steps that no run comes to, because an earlier one ends the document. @see spec/documents.md §3.4 */
import type { SchemaVersion } from '../model/document.ts';
import { KNOWN_ACTIONS, runsOn, SCRIPT_ACTIONS } from './actions.ts';
import type { Desk, Spot } from './desk.ts';
import { fieldOf } from './desk.ts';
import { inputFieldOf } from './input-spots.ts';
import type { ParsedStep } from './parse-steps.ts';
import type { PlatformType } from './prepared.ts';
import { toJson } from './source.ts';

/** Tells each of them why, but for a finally step. */
export function warnUnreachable(
  desk: Desk,
  steps: readonly ParsedStep[],
  schemaVersion: SchemaVersion,
): void {
  let end: { readonly step: ParsedStep; readonly how: string } | null = null;
  for (const [i, step] of steps.entries()) {
    const isFinally = i === steps.length - 1 && textOf(step, 'finallyStep') === 'true';
    if (end !== null && !isFinally && meet(end.step, step))
      desk.warn(
        'unreachable-step',
        fieldOf(desk, step.spot, 'name') ?? step.spot,
        `step ${step.step.name} ${end.how}`,
        'Remove one of the exit conditions before it.',
      );
    const how: string | null = end === null ? howItEnds(step, schemaVersion) : null;
    if (how !== null) end = { step, how };
  }
}

/** What that means for later steps; null when they can be reached. */
function howItEnds({ step, inputs }: ParsedStep, schemaVersion: SchemaVersion): string | null {
  const mayBeSkipped = schemaVersion === '2.2' && step.precondition !== null;
  // A list of inputs has no shared ones.
  if (mayBeSkipped || inputs?.node.kind !== 'map') return null;
  const onFailure = toText(fieldOfInputs(inputs, 'onFailure'));
  const stopsOnFailure = onFailure === 'exit' || onFailure === 'successAndExit';
  if (!KNOWN_ACTIONS.has(step.action))
    return stopsOnFailure
      ? `is never reached: step ${step.name} always fails and ends the document`
      : null;
  if (SCRIPT_ACTIONS.has(step.action) && alwaysStops(inputs))
    return `is never reached: the script of step ${step.name} always ends the document`;
  if (stopsOnFailure && toText(fieldOfInputs(inputs, 'onSuccess')) === 'exit')
    return `is reached only when step ${step.name} times out: it ends the document when it succeeds and when it fails`;
  return null;
}

/** The last line is `exit 168` or `169`, and nothing before leaves the script in another way. */
function alwaysStops(inputs: Spot): boolean {
  const runCommand = inputFieldOf(inputs, 'runCommand');
  const value = runCommand === null ? null : toJson(runCommand.node);
  const texts: readonly unknown[] = Array.isArray(value) ? value : [value];
  const last = texts.at(-1);
  if (typeof last !== 'string' || !/(^|\n)exit 16[89]\s*$/.test(last.slice(-200))) return false;
  const script = texts.flatMap((text) =>
    typeof text === 'string' ? text.trimEnd().split('\n') : [],
  );
  script.pop();
  // A loop, a function or a quotation may hold the last line; a token may hold anything.
  return !script.some((line) => /\b(exit|exec|return)\b|\{\{|[\\'"`{(]\s*$|<</.test(line));
}

/** Some platform runs both. */
function meet(a: ParsedStep, b: ParsedStep): boolean {
  const can = ({ step: { action } }: ParsedStep, platform: PlatformType): boolean =>
    !KNOWN_ACTIONS.has(action) || runsOn(action, platform);
  return (['Linux', 'Windows', 'MacOS'] as const).some(
    (platform) => can(a, platform) && can(b, platform),
  );
}

/** Shared inputs are read by their exact names. */
function fieldOfInputs({ node, pointer }: Spot, name: string): Spot | null {
  if (node.kind !== 'map') return null;
  const entry = node.entries.find(({ key }) => key === name);
  return entry === undefined ? null : { node: entry.value, pointer };
}

const textOf = ({ inputs }: ParsedStep, name: string): string =>
  inputs === null ? '' : toText(fieldOfInputs(inputs, name));

function toText(spot: Spot | null): string {
  return spot?.node.kind === 'scalar' ? String(spot.node.value) : '';
}
