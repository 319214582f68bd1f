/** What an author should know about a script: all warnings. */
import type { ParameterDefinition } from '../model/document.ts';
import type { Desk, Spot } from './desk.ts';
import { entriesOf } from './desk.ts';
import { forEachTemplate, holdsToken, inputFieldOf } from './input-spots.ts';
import { validTimeoutSeconds } from './inputs.ts';
import { lintSecrets } from './lint-secrets.ts';
import { nearest } from './nearest.ts';
import type { Quotes } from './quotes.ts';
import { openQuotes } from './quotes.ts';
import { pointTo, toJson } from './source.ts';
import { TOKEN, wholeToken } from './substitute.ts';
import { jsonText } from './text.ts';

type Definitions = ReadonlyMap<string, ParameterDefinition>;
type Script = { readonly action: string; readonly parameters: Definitions };

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

export function lintScript(desk: Desk, inputs: Spot, script: Script): void {
  if (inputs.node.kind !== 'map') return;
  for (const { key, keySpot } of entriesOf(inputs.node, inputs.pointer)) {
    if (SCRIPT_INPUTS.some((known) => known.toLowerCase() === key.toLowerCase())) continue;
    desk.warn(
      'unknown-input',
      keySpot,
      `${key} is no input of a script and has no effect`,
      insteadOfInput(key),
    );
  }
  lintTimeout(desk, inputs);
  lintEnvironment(desk, inputs);
  const runCommand = inputFieldOf(inputs, 'runCommand');
  if (runCommand === null) {
    desk.warn('empty-script', inputs, 'without runCommand an empty script runs and succeeds');
    return;
  }
  // Nodes flatten what this one runs.
  if (script.action !== 'aws:psModule') lintShape(desk, runCommand, script.parameters);
  forEachTemplate(runCommand, (text, at) => {
    lintTokens(desk, at, text, script);
  });
}

function insteadOfInput(key: string): string {
  if (key === 'interpolationType') return 'It belongs to the definition of a parameter.';
  // What the input is called as a parameter of AWS-RunShellScript, and what it holds.
  const near = /^(commands?|script)$/i.test(key) ? 'runCommand' : nearest(key, SCRIPT_INPUTS);
  return near === null ? '' : `Did you mean ${near}?`;
}

/** Preconfigured documents whose parameter is a script, and so is what `aws:runDocument` puts into it. */
const SCRIPT_PARAMETERS: { readonly [document: string]: string } = {
  'AWS-RunPowerShellScript': 'commands',
  'AWS-RunRemoteScript': 'commandLine',
  'AWS-RunShellScript': 'commands',
};

/** A script that goes through another document is one all the same; there a variable would be text. */
export function lintIncludedScript(desk: Desk, inputs: Spot, parameters: Definitions): void {
  const path = inputFieldOf(inputs, 'documentPath');
  const named = path?.node.kind === 'scalar' ? String(path.node.value).replace(/:.*$/, '') : '';
  const parameter = Object.hasOwn(SCRIPT_PARAMETERS, named) ? SCRIPT_PARAMETERS[named] : undefined;
  const given = inputFieldOf(inputs, 'documentParameters');
  if (parameter === undefined || given === null) return;
  lintSecrets(desk, given);
  const script = inputFieldOf(given, parameter);
  if (script === null) return;
  forEachTemplate(script, (text, at) => {
    if (wholeToken(text) !== null) return;
    for (const [token, name = ''] of text.matchAll(TOKEN)) {
      const definition = parameters.get(name);
      if (definition === undefined || !isUnchecked({ ...definition, interpolationType: 'TEXT' }))
        continue;
      desk.warn(
        'text-in-script',
        desk.next(at, token, Math.max(0, at.node.at)),
        `the value of ${name} becomes part of the script that ${named} runs, whatever it is`,
        `Give parameter ${name} an allowedPattern, or put the script into a step of its own.`,
      );
    }
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

/** Names and values are texts: nodes refuse the whole step otherwise, the stock agent's too (spec of `aws:runShellScript`). */
function lintEnvironment(desk: Desk, inputs: Spot): void {
  const environment = inputFieldOf(inputs, 'environment');
  if (environment?.node.kind !== 'map') return;
  for (const { key, spot } of entriesOf(environment.node, environment.pointer)) {
    if (isText(spot.node)) continue;
    desk.warn(
      'not-text',
      spot,
      `environment ${key} is no text, so the step fails on every node`,
      quotedHint(spot),
    );
  }
}

const isText = (node: Spot['node']): boolean =>
  node.kind === 'scalar' && typeof node.value === 'string';

const quotedHint = ({ node }: Spot): string =>
  node.kind === 'scalar' ? `Put it in quotes: "${String(node.value)}".` : 'Write a text.';

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
    const item = { node, pointer: pointTo(script.pointer, i) };
    if (!isText(node)) lintOddLine(desk, item);
    else if (node.kind === 'scalar' && listParameter(String(node.value)))
      desk.warn(
        'script-shape',
        item,
        'a StringList inside a list makes a list in a list; it is flattened here, AWS nodes fail',
        `Write runCommand: "${String(node.value)}".`,
      );
    else if (node.kind === 'scalar')
      lintWholeLine(desk, item, parameters.get(wholeToken(String(node.value)) ?? ''));
  });
}

/** A token alone in its line keeps the kind of its value. */
function lintWholeLine(desk: Desk, item: Spot, definition?: ParameterDefinition): void {
  if (definition === undefined || !NO_TEXTS.includes(definition.type)) return;
  const value = definition.default;
  if (value === undefined || typeof value === 'string') return;
  desk.warn(
    'not-text',
    item,
    `the default of ${definition.name} is no text, so the step fails unless another is given`,
    'Give it a text as default, or put the token into a longer text.',
  );
}
/** Of a String, the default itself is warned about. */
const NO_TEXTS: readonly string[] = ['Integer', 'Boolean', 'MapList', 'StringMap'];

/** YAML that was meant to be a text. */
function lintOddLine(desk: Desk, item: Spot): void {
  const { node } = item;
  if (node.kind === 'scalar' && node.value === null)
    desk.warn(
      'empty-line',
      item,
      'a line of runCommand is empty: what begins with # is a comment of YAML',
      'Put the whole line in quotes, or remove it.',
    );
  else if (node.kind === 'list')
    desk.warn(
      'script-shape',
      item,
      'a line in brackets is a list: it is flattened here, AWS nodes fail',
      'Put the whole line in quotes.',
    );
  else {
    const message = 'a line of runCommand is no text, so the step fails on every node';
    desk.warn('not-text', item, message, node.kind === 'map' ? MAP_HINT : quotedHint(item));
  }
}

const MAP_HINT =
  'Put the whole line in quotes: what begins with { or has ": " in it is a map of YAML.';

/**
 * Substitution into a script is textual, so an unchecked value is code. A token alone on its line is meant to be. Every
 * place is told, with what to write there instead.
 */
function lintTokens(desk: Desk, spot: Spot, text: string, { action, parameters }: Script): void {
  if (wholeToken(text) !== null) return;
  const isShell = action === 'aws:runShellScript';
  const quotesAt = openQuotes(text, isShell ? 'shell' : 'powershell');
  let from = Math.max(0, spot.node.at);
  for (const match of text.matchAll(TOKEN)) {
    const [token, name = ''] = match;
    const at = desk.next(spot, token, from);
    if (at !== spot) from = at.node.at + token.length;
    const definition = parameters.get(name);
    if (definition === undefined) continue;
    const quotes = quotesAt(match.index);
    const variable = isShell ? `\${SSM_${name}}` : `\${env:SSM_${name}}`;
    if (definition.interpolationType === 'ENV_VAR') {
      if (quotes === 'single') warnQuoted(desk, at, token, variable);
    } else if (isUnchecked(definition)) {
      const instead = insteadOf(variable, { quotes, isShell });
      desk.warn(
        'text-in-script',
        at,
        `the value of ${name} becomes part of the script, whatever it is`,
        `Give parameter ${name} interpolationType: ENV_VAR and write ${instead} for ${token}; or give it an allowedPattern.`,
      );
    }
  }
}

/** Written so, the shell takes the value for one word of data. */
function insteadOf(
  variable: string,
  { quotes, isShell }: { readonly quotes: Quotes; readonly isShell: boolean },
): string {
  switch (quotes) {
    case 'none':
      return `"${variable}"`;
    case 'double':
      return variable;
    case 'single':
      return isShell ? `'"${variable}"'` : `"${variable}" in double quotes`;
  }
}

function warnQuoted(desk: Desk, spot: Spot, token: string, variable: string): void {
  desk.warn(
    'env-var-quoted',
    spot,
    `in single quotes ${token} stays the text ${variable}: no shell reads a variable there`,
    'Use double quotes.',
  );
}

function isUnchecked(definition: ParameterDefinition): boolean {
  const { type, allowedPattern, allowedValues, interpolationType } = definition;
  if (type === 'Integer' || type === 'Boolean' || interpolationType === 'ENV_VAR') return false;
  return (allowedPattern === null || allowedPattern === '') && (allowedValues ?? []).length === 0;
}
