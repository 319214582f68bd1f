/** What an author should know about a well-formed document: all warnings, nothing here refuses. */
import type { Document, ParameterDefinition } from '../model/document.ts';
import { SCRIPT_ACTIONS } from './actions.ts';
import type { Desk, Spot } from './desk.ts';
import { entriesOf, fieldOf } from './desk.ts';
import { validTimeoutSeconds } from './inputs.ts';
import { nearest } from './nearest.ts';
import type { ParsedStep } from './parse-steps.ts';
import { pointTo, toJson } from './source.ts';
import { tokenNames, wholeToken } from './substitute.ts';
import { jsonText } from './text.ts';

type Definitions = ReadonlyMap<string, ParameterDefinition>;

export function lintSteps(
  desk: Desk,
  root: Spot,
  steps: readonly ParsedStep[],
  document: Pick<Document, 'schemaVersion' | 'parameters'>,
): void {
  const used = new Set<string>();
  for (const [i, parsed] of steps.entries()) {
    lintPrecondition(desk, parsed, document, used);
    for (const inputs of elementsOf(parsed.inputs)) {
      lintTokens(desk, inputs, document.parameters, used);
      lintShared(desk, inputs, i === steps.length - 1);
      if (SCRIPT_ACTIONS.has(parsed.step.action)) lintScript(desk, inputs, document.parameters);
    }
    const settings = fieldOf(desk, parsed.spot, 'settings');
    if (settings !== null) lintTokens(desk, settings, document.parameters, used);
  }
  warnUnused(desk, root, document.parameters, used);
}

function elementsOf(inputs: Spot | null): readonly Spot[] {
  if (inputs === null) return [];
  if (inputs.node.kind !== 'list') return [inputs];
  return inputs.node.items.map((node, i) => ({ node, pointer: pointTo(inputs.pointer, i) }));
}

/** Tokens as an author may mean them: also names that can never be parameters, and runbook variables. */
const ANY_TOKEN = /\{\{\s*([\w.:/-]+)\s*\}\}/g;
const NOT_A_PARAMETER = /^ssm(-secure)?:/;

function lintTokens(desk: Desk, spot: Spot, parameters: Definitions, used: Set<string>): void {
  forEachText(spot, (text, at) => {
    if (!text.includes('{{')) return;
    for (const match of text.matchAll(ANY_TOKEN)) {
      const name = match[1] ?? '';
      if (parameters.has(name)) used.add(name);
      else if (!NOT_A_PARAMETER.test(name)) warnUndeclared(desk, at, name, parameters);
    }
  });
}

function warnUndeclared(desk: Desk, spot: Spot, name: string, parameters: Definitions): void {
  const near = nearest(name, parameters.keys());
  const hint = near === null ? `Declare ${name} under parameters.` : `Did you mean {{ ${near} }}?`;
  const why = name.includes(':')
    ? 'is a token of Automation runbooks'
    : 'is no parameter of the document';
  desk.warn('undeclared-token', spot, `{{ ${name} }} ${why} and stays as it is`, hint);
}

function warnUnused(
  desk: Desk,
  root: Spot,
  parameters: Definitions,
  used: ReadonlySet<string>,
): void {
  const field = fieldOf(desk, root, 'parameters');
  if (field?.node.kind !== 'map') return;
  for (const { key, keySpot } of entriesOf(field.node, field.pointer)) {
    const definition = parameters.get(key);
    // Handed over as an environment variable, its use cannot be seen from here.
    if (definition === undefined || used.has(key) || definition.interpolationType === 'ENV_VAR')
      continue;
    desk.warn('unused-parameter', keySpot, `parameter ${key} is used nowhere`, 'Remove it.');
  }
}

function lintPrecondition(
  desk: Desk,
  { step, spot }: ParsedStep,
  { schemaVersion, parameters }: Pick<Document, 'schemaVersion' | 'parameters'>,
  used: Set<string>,
): void {
  const field = fieldOf(desk, spot, 'precondition');
  if (field === null || step.precondition === null) return;
  lintTokens(desk, field, parameters, used);
  if (schemaVersion !== '2.2')
    desk.warn(
      'precondition',
      field,
      `schemaVersion ${schemaVersion} has no preconditions: the step will fail`,
      'Use schemaVersion "2.2".',
    );
  for (const [operator, operands] of Object.entries(step.precondition)) {
    if (operator !== 'StringEquals')
      desk.warn(
        'precondition',
        field,
        `${operator} is no operator: the step will fail`,
        'Use StringEquals.',
      );
    else if (operands.length !== 2)
      desk.warn('precondition', field, 'StringEquals takes exactly two texts: the step will fail');
  }
}

const SHARED: { readonly [input: string]: readonly string[] } = {
  onFailure: ['exit', 'successAndExit'],
  onSuccess: ['exit'],
};

function lintShared(desk: Desk, inputs: Spot, isLast: boolean): void {
  for (const [key, words] of Object.entries(SHARED)) {
    const field = fieldOf(desk, inputs, key);
    if (field === null || holdsToken(field)) continue;
    const value = toJson(field.node);
    if (typeof value === 'string' && words.includes(value)) continue;
    desk.warn(
      'ignored-input',
      field,
      `${key}: ${jsonText(value)} has no effect`,
      `Write ${words.join(' or ')}.`,
    );
  }
  const finallyStep = fieldOf(desk, inputs, 'finallyStep');
  if (finallyStep === null || holdsToken(finallyStep)) return;
  const value = toJson(finallyStep.node);
  if (value === false || value === 'false') return;
  if (value !== true && value !== 'true')
    desk.warn(
      'ignored-input',
      finallyStep,
      `finallyStep: ${jsonText(value)} has no effect`,
      'Write true.',
    );
  else if (!isLast)
    desk.warn(
      'ignored-input',
      finallyStep,
      'finallyStep has an effect on the last step only',
      'Move the step to the end.',
    );
}

const SCRIPT_INPUTS = [
  'runCommand',
  'timeoutSeconds',
  'workingDirectory',
  'environment',
  'id',
  'onFailure',
  'onSuccess',
  'finallyStep',
  'source',
  'sourceHash',
];

function lintScript(desk: Desk, inputs: Spot, parameters: Definitions): void {
  if (inputs.node.kind !== 'map') return;
  for (const { key, keySpot } of entriesOf(inputs.node, inputs.pointer)) {
    if (SCRIPT_INPUTS.some((known) => known.toLowerCase() === key.toLowerCase())) continue;
    // What the input was called in documents of the console.
    const near = key === 'commands' ? 'runCommand' : nearest(key, SCRIPT_INPUTS);
    desk.warn(
      'unknown-input',
      keySpot,
      `${key} is no input of a script and has no effect`,
      near === null ? '' : `Did you mean ${near}?`,
    );
  }
  lintTimeout(desk, inputs);
  const script = inputFieldOf(inputs, 'runCommand');
  if (script === null) {
    desk.warn('empty-script', inputs, 'without runCommand an empty script runs and succeeds');
    return;
  }
  lintShape(desk, script, parameters);
  forEachText(script, (text, at) => {
    warnTextInScript(desk, at, text, parameters);
  });
}

function lintTimeout(desk: Desk, inputs: Spot): void {
  const field = inputFieldOf(inputs, 'timeoutSeconds');
  if (field === null || holdsToken(field)) return;
  const value = toJson(field.node);
  if (validTimeoutSeconds(value) === null)
    desk.warn(
      'timeout-ignored',
      field,
      `timeoutSeconds ${jsonText(value)} is outside 5 to 172800, so 3600 is taken`,
    );
}

/** `runCommand` wants a list of texts once parameters are in. */
function lintShape(desk: Desk, script: Spot, parameters: Definitions): void {
  const listParameter = (text: string): boolean => {
    const name = wholeToken(text);
    return name !== null && parameters.get(name)?.type === 'StringList';
  };
  if (script.node.kind === 'scalar' && typeof script.node.value === 'string') {
    if (!listParameter(script.node.value))
      desk.warn(
        'script-shape',
        script,
        'runCommand is a text; it is taken as a list of one',
        'Make it a list.',
      );
    return;
  }
  if (script.node.kind !== 'list') return;
  script.node.items.forEach((node, i) => {
    if (node.kind === 'scalar' && typeof node.value === 'string' && listParameter(node.value))
      desk.warn(
        'script-shape',
        { node, pointer: pointTo(script.pointer, i) },
        'a StringList inside a list makes a list in a list; it is flattened here, AWS nodes fail',
        `Write runCommand: "${node.value}".`,
      );
  });
}

/** Substitution into a script is textual, so an unchecked value is code. A token alone on its line is meant to be. */
function warnTextInScript(desk: Desk, spot: Spot, text: string, parameters: Definitions): void {
  if (wholeToken(text) !== null) return;
  for (const name of new Set(tokenNames(text))) {
    const definition = parameters.get(name);
    if (definition === undefined || !isUnchecked(definition)) continue;
    desk.warn(
      'text-in-script',
      spot,
      `the value of ${name} becomes part of the script, whatever it is`,
      `Give ${name} an allowedPattern or allowedValues, or interpolationType: ENV_VAR.`,
    );
  }
}

function isUnchecked(definition: ParameterDefinition): boolean {
  const { type, allowedPattern, allowedValues, interpolationType } = definition;
  if (type === 'Integer' || type === 'Boolean' || interpolationType === 'ENV_VAR') return false;
  return (allowedPattern === null || allowedPattern === '') && (allowedValues ?? []).length === 0;
}

/** As `inputOf`: names of inputs match whatever their case, in YAML too. */
function inputFieldOf(inputs: Spot, name: string): Spot | null {
  if (inputs.node.kind !== 'map') return null;
  const wanted = name.toLowerCase();
  const entry =
    inputs.node.entries.find(({ key }) => key === name) ??
    inputs.node.entries.find(({ key }) => key.toLowerCase() === wanted);
  return entry === undefined
    ? null
    : { node: entry.value, pointer: pointTo(inputs.pointer, entry.key) };
}

function holdsToken({ node }: Spot): boolean {
  return node.kind === 'scalar' && typeof node.value === 'string' && node.value.includes('{{');
}

function forEachText(spot: Spot, see: (text: string, spot: Spot) => void): void {
  const { node, pointer } = spot;
  if (node.kind === 'scalar') {
    if (typeof node.value === 'string') see(node.value, spot);
  } else if (node.kind === 'list') {
    node.items.forEach((item, i) => {
      forEachText({ node: item, pointer: pointTo(pointer, i) }, see);
    });
  } else {
    for (const entry of entriesOf(node, pointer)) forEachText(entry.spot, see);
  }
}
