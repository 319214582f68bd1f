/** What an author should know about a well-formed document: all warnings, nothing here refuses. */
import type { Document, ParameterDefinition } from '../model/document.ts';
import { RUN_DOCUMENT, SCRIPT_ACTIONS } from './actions.ts';
import type { Desk, Spot } from './desk.ts';
import { entriesOf, fieldOf } from './desk.ts';
import { forEachTemplate, holdsToken } from './input-spots.ts';
import { warnUnreachable } from './lint-flow.ts';
import { lintIncludedScript, lintScript } from './lint-script.ts';
import { lintSecrets } from './lint-secrets.ts';
import { nearest } from './nearest.ts';
import type { ParsedStep } from './parse-steps.ts';
import { standingObjection } from './precondition.ts';
import { KEEPERS } from './secure.ts';
import { pointTo, toJson } from './source.ts';
import { PARAMETER_NAME, tokenNames } from './substitute.ts';
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
      if (!KEEPERS.has(parsed.step.action)) lintSecrets(desk, inputs);
      if (inputs === parsed.inputs) lintShared(desk, inputs, i === steps.length - 1);
      else lintSharedInList(desk, inputs);
      if (SCRIPT_ACTIONS.has(parsed.step.action))
        lintScript(desk, inputs, { action: parsed.step.action, parameters: document.parameters });
      if (parsed.step.action === RUN_DOCUMENT)
        lintIncludedScript(desk, inputs, document.parameters);
    }
    const settings = fieldOf(desk, parsed.spot, 'settings');
    if (settings !== null) lintTokens(desk, settings, document.parameters, used);
  }
  warnUnreachable(desk, steps, document.schemaVersion);
  warnUnused(desk, root, document.parameters, {
    used,
    asVariable: variablesIn(steps),
  });
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
  forEachTemplate(spot, (text, at) => {
    for (const match of text.matchAll(ANY_TOKEN)) {
      const name = match[1] ?? '';
      if (parameters.has(name)) {
        used.add(name);
        // Pasted from a page: looks like a token, and is none.
        if (tokenNames(match[0]).length === 0)
          desk.warn(
            'undeclared-token',
            at,
            `{{ ${name} }} has blanks that are no plain ones and stays as it is`,
            `Type it anew: {{ ${name} }}.`,
          );
      } else if (!NOT_A_PARAMETER.test(name)) warnUndeclared(desk, at, name, parameters);
    }
  });
}

function warnUndeclared(desk: Desk, spot: Spot, name: string, parameters: Definitions): void {
  const near = nearest(name, parameters.keys());
  const hint = near === null ? insteadOfToken(name) : `Did you mean {{ ${near} }}?`;
  const why = name.includes(':')
    ? 'is a token of Automation runbooks'
    : 'is no parameter of the document';
  desk.warn('undeclared-token', spot, `{{ ${name} }} ${why} and stays as it is`, hint);
}

function insteadOfToken(name: string): string {
  if (/^platformType$/i.test(name))
    return 'Scripts find $AWS_SSM_PLATFORM_NAME; a precondition takes the bare word platformType.';
  if (name.includes(':')) return 'Ask for it in the script, e.g. $(date +%F).';
  return PARAMETER_NAME.test(name)
    ? `Declare ${name} under parameters.`
    : 'Names of parameters have letters and digits only.';
}

function warnUnused(
  desk: Desk,
  root: Spot,
  parameters: Definitions,
  {
    used,
    asVariable,
  }: { readonly used: ReadonlySet<string>; readonly asVariable: ReadonlySet<string> },
): void {
  const field = fieldOf(desk, root, 'parameters');
  if (field?.node.kind !== 'map') return;
  for (const { key, keySpot } of entriesOf(field.node, field.pointer)) {
    const definition = parameters.get(key);
    // Handed over as an environment variable, its use cannot be seen from here.
    if (definition === undefined || used.has(key) || definition.interpolationType === 'ENV_VAR')
      continue;
    if (asVariable.has(key))
      desk.warn(
        'unused-parameter',
        keySpot,
        `parameter ${key} is used nowhere: scripts that read $SSM_${key} find nothing there`,
        'Add interpolationType: ENV_VAR to it.',
      );
    else desk.warn('unused-parameter', keySpot, `parameter ${key} is used nowhere`, 'Remove it.');
  }
}

/** Names behind `SSM_` in scripts, as what ENV_VAR hands over is called. */
function variablesIn(steps: readonly ParsedStep[]): ReadonlySet<string> {
  const scripts = steps.filter(({ step }) => SCRIPT_ACTIONS.has(step.action));
  const text = jsonText(scripts.map(({ step }) => step.inputs));
  return new Set([...text.matchAll(/\bSSM_([a-zA-Z0-9]+)/g)].map(([, name = '']) => name));
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
    else {
      const objection = standingObjection(operands, parameters);
      if (objection === null) warnUnknownPlatform(desk, field, operands);
      else {
        const meant = operands.some((operand) => /^\W*platform[ _-]?type\W*$/i.test(operand));
        const hint = meant ? PLATFORM_HINT : '';
        desk.warn('precondition', field, `StringEquals: ${objection}: the step will fail`, hint);
      }
    }
  }
}

/** Also for `{{ platformType }}` and `platformtype`. */
const PLATFORM_HINT = 'Write platformType, bare, and one platform: [platformType, Linux].';

const PLATFORMS = ['Linux', 'Windows', 'MacOS'];

function warnUnknownPlatform(desk: Desk, spot: Spot, operands: readonly string[]): void {
  const other = operands.find((operand) => operand !== 'platformType');
  if (!operands.includes('platformType') || other === undefined || other.includes('{{')) return;
  if (PLATFORMS.some((platform) => platform.toLowerCase() === other.toLowerCase())) return;
  const near = nearest(other, PLATFORMS);
  desk.warn(
    'platform-unknown',
    spot,
    `there is no platform ${jsonText(other)}: the step is always skipped`,
    near === null ? `Write ${PLATFORMS.join(', ')}.` : `Did you mean ${near}?`,
  );
}

const SHARED: { readonly [input: string]: readonly string[] } = {
  onFailure: ['exit', 'successAndExit'],
  onSuccess: ['exit'],
};

function lintSharedInList(desk: Desk, element: Spot): void {
  for (const key of [...Object.keys(SHARED), 'finallyStep']) {
    const field = fieldOf(desk, element, key);
    if (field === null) continue;
    desk.warn(
      'ignored-input',
      field,
      `${key} has no effect in a list of inputs`,
      'It counts where inputs is a map: write one map, or a step for each.',
    );
  }
}

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
