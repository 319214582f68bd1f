import type { Document, Step } from '../model/document.ts';
import type { Json, JsonObject } from '../model/json.ts';
import { isJsonObject } from '../model/json.ts';
import type { Result } from '../model/result.ts';
import { err, ok } from '../model/result.ts';
import { SCRIPT_ACTIONS } from './actions.ts';
import { agentText, patternViolations } from './constraints.ts';
import { judgeStep } from './disposition.ts';
import { scriptLines } from './inputs.ts';
import { effectiveParameters } from './parameters.ts';
import type { Preparation, PreparedStep, RunContext, SecretPiece } from './prepared.ts';
import { variablePieces } from './secure.ts';
import { resolveReferences } from './store.ts';
import { substitute } from './substitute.ts';
import { textOf } from './text.ts';

/**
 * The steps of `document` on a node, in order, with parameters and Parameter Store references in place.
 * `parameters` are typed values as `typeParameters` gave them; what is missing takes its default.
 * @throws never: a document that cannot run is `ok: false` with the text the node reports.
 * @see spec/documents.md §2.3, §3.3
 */
export function prepareRun(
  document: Document,
  parameters: JsonObject,
  context: RunContext,
): Preparation {
  const values = checkedValues(document, parameters, context);
  if (!values.ok) return { ok: false, message: values.error };
  const steps: PreparedStep[] = [];
  for (const [i, step] of document.steps.entries()) {
    const inputs = prepareInputs(step, values.value, context);
    if (!inputs.ok) return { ok: false, message: inputs.error };
    steps.push({
      name: step.name,
      action: step.action,
      inputs: inputs.value,
      ...judgeStep(step, document.schemaVersion, values.value.effective, context),
      environment: SCRIPT_ACTIONS.has(step.action) ? values.value.environment : {},
      secretEnvironment: SCRIPT_ACTIONS.has(step.action) ? values.value.secretEnvironment : {},
      ...sharedInputs(inputs.value, i === document.steps.length - 1),
    });
  }
  return { ok: true, steps };
}

type Values = {
  /** References unresolved: they resolve where they end up. */
  readonly effective: JsonObject;
  /** `SSM_<name>` → text, for ENV_VAR parameters. */
  readonly environment: { readonly [name: string]: string };
  readonly secretEnvironment: { readonly [name: string]: readonly SecretPiece[] };
  /** ENV_VAR parameters by name: what stands for them inside a script. */
  readonly environmentNames: readonly string[];
};

function checkedValues(
  document: Document,
  parameters: JsonObject,
  context: RunContext,
): Result<Values, string> {
  const filled = effectiveParameters(document, parameters);
  if (!filled.ok) return err(filled.error.join('\n'));
  const resolved = resolveReferences(filled.value, context.store);
  if (!resolved.ok) return resolved;
  const copy = isJsonObject(resolved.value) ? resolved.value : {};
  const faults: string[] = [];
  const environment: { [name: string]: string } = {};
  const secretEnvironment: { [name: string]: readonly SecretPiece[] } = {};
  const environmentNames: string[] = [];
  for (const [name, definition] of document.parameters) {
    const value = copy[name] ?? null;
    const pieces = variablePieces(definition, filled.value[name] ?? null, context.store);
    if (!pieces.ok) return pieces;
    if (pieces.value !== null) {
      // What it must look like cannot be judged: the plain text is known to the executor alone.
      environmentNames.push(name);
      secretEnvironment[`SSM_${name}`] = pieces.value;
      continue;
    }
    for (const violation of patternViolations(definition, value))
      faults.push(agentText(name, violation));
    if (definition.interpolationType !== 'ENV_VAR') continue;
    environmentNames.push(name);
    environment[`SSM_${name}`] = textOf(value);
  }
  if (faults.length > 0)
    return err(`all errors during param validation errors: ${faults.join('\n')}`);
  return ok({ effective: filled.value, environment, secretEnvironment, environmentNames });
}

/** A list of inputs is the action once per element, each prepared alike. */
function prepareInputs(step: Step, values: Values, context: RunContext): Result<Json, string> {
  const isScript = SCRIPT_ACTIONS.has(step.action);
  const substituted = isScript
    ? substituteScript(step, values)
    : substitute(step.inputs, values.effective);
  const resolved = resolveReferences(substituted, context.store);
  if (!resolved.ok || !isScript) return resolved;
  return ok(overRunCommand(resolved.value, scriptLines));
}

/** Inside the script an ENV_VAR parameter is a variable of its shell, so its value can never become code. */
function substituteScript(step: Step, { effective, environmentNames }: Values): Json {
  if (environmentNames.length === 0) return substitute(step.inputs, effective);
  const reference = step.action === 'aws:runShellScript' ? shellVariable : powerShellVariable;
  const inScript = { ...effective };
  for (const name of environmentNames) inScript[name] = reference(name);
  const script = overRunCommand(step.inputs, (runCommand) => substitute(runCommand, inScript));
  return overElements(script, (inputs) => {
    if (!isJsonObject(inputs)) return substitute(inputs, effective);
    return mapEntries(inputs, (key, value) =>
      isRunCommand(key) ? value : substitute(value, effective),
    );
  });
}

const shellVariable = (name: string): string => `\${SSM_${name}}`;
const powerShellVariable = (name: string): string => `\${env:SSM_${name}}`;

function overRunCommand(inputs: Json, change: (runCommand: Json) => Json): Json {
  return overElements(inputs, (element) =>
    isJsonObject(element)
      ? mapEntries(element, (key, value) => (isRunCommand(key) ? change(value) : value))
      : element,
  );
}

const isRunCommand = (key: string): boolean => key.toLowerCase() === 'runcommand';

function overElements(inputs: Json, change: (element: Json) => Json): Json {
  return Array.isArray(inputs) ? (inputs as readonly Json[]).map(change) : change(inputs);
}

function mapEntries(record: JsonObject, change: (key: string, value: Json) => Json): JsonObject {
  return Object.fromEntries(
    Object.entries(record).map(([key, value]) => [key, change(key, value)]),
  );
}

/** Read only when inputs is a map; unknown words are ignored, as is a finally step that is not the last. */
function sharedInputs(
  inputs: Json,
  isLast: boolean,
): Pick<PreparedStep, 'onFailure' | 'onSuccess' | 'finallyStep'> {
  const shared = isJsonObject(inputs) ? inputs : {};
  const onFailure = shared['onFailure'];
  const finallyStep = shared['finallyStep'];
  return {
    onFailure: onFailure === 'exit' || onFailure === 'successAndExit' ? onFailure : null,
    onSuccess: shared['onSuccess'] === 'exit' ? 'exit' : null,
    finallyStep: isLast && (finallyStep === true || finallyStep === 'true'),
  };
}
