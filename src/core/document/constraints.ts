/**
 * What a definition demands of a value, beyond its kind: pattern, allowed values, lengths. The texts are the agent's.
 * @see spec/documents.md §2.4
 */

import { inOrder } from '../canonical/json.ts';
import type { ParameterDefinition } from '../model/document.ts';
import type { Json } from '../model/json.ts';
import { isJsonObject } from '../model/json.ts';
import { compilePattern } from './pattern.ts';
import { textOf } from './text.ts';

export type Violation = {
  readonly code:
    | 'parameter-pattern'
    | 'parameter-not-allowed'
    | 'parameter-length'
    | 'parameter-items';
  readonly validator: string;
  readonly message: string;
};

/** How the agent names a violation when it refuses the document. */
export function agentText(parameter: string, { validator, message }: Violation): string {
  return `error thrown in '${validator}' while validating parameter /${parameter}/: ${message}`;
}

/** What is wrong with `value`, references already resolved: of each kind, the first element that breaks it. */
export function constraintViolations(
  definition: ParameterDefinition,
  value: Json,
): readonly Violation[] {
  return [
    ...patternViolations(definition, value),
    ...allowedValueViolations(definition, value),
    ...charViolations(definition, value),
    ...itemViolations(definition, value),
  ];
}

/** The one check that nodes repeat: each element of a list, the JSON text of a map. */
export function patternViolations(
  definition: ParameterDefinition,
  value: Json,
): readonly Violation[] {
  const { allowedPattern } = definition;
  if (allowedPattern === null || allowedPattern === '') return [];
  const violation = (message: string): Violation => ({
    code: 'parameter-pattern',
    validator: 'AllowedRegexParamValidator',
    message,
  });
  const pattern = compilePattern(allowedPattern);
  if (pattern.kind !== 'pattern')
    return [
      violation(
        `encountered error while compiling allowed pattern - internal error: ${pattern.reason}`,
      ),
    ];
  if (!isTextual(value)) return [violation(wrongKind(definition, value))];
  const elements = Array.isArray(value) ? (value as readonly Json[]) : [value];
  const wrong = elements.find((element) => !pattern.finds(textOf(element)));
  if (wrong === undefined) return [];
  return [
    violation(
      `parameter value /${goText(wrong)}/ does not match the allowed pattern /${allowedPattern}/`,
    ),
  ];
}

function allowedValueViolations(
  definition: ParameterDefinition,
  value: Json,
): readonly Violation[] {
  const { allowedValues, type } = definition;
  if (allowedValues === null || allowedValues.length === 0) return [];
  const violation = (message: string): Violation => ({
    code: 'parameter-not-allowed',
    validator: 'AllowedValueParamValidator',
    message,
  });
  const scalar = typeof value === 'number' || typeof value === 'boolean';
  if (!isTextual(value) && !(scalar && (type === 'Integer' || type === 'Boolean')))
    return [violation(wrongKind(definition, value))];
  const text = elementsOf(value).find((element) => !allowedValues.includes(element));
  if (text === undefined) return [];
  const list = allowedValues.join(' ');
  return [violation(`parameter value /${text}/ is not in the allowed list [${list}]`)];
}

/** Lengths count bytes of UTF-8. Integers and Booleans have none. */
function charViolations(definition: ParameterDefinition, value: Json): readonly Violation[] {
  const { minChars, maxChars, type } = definition;
  if ((minChars === null && maxChars === null) || type === 'Integer' || type === 'Boolean')
    return [];
  const violation = (message: string): Violation => ({
    code: 'parameter-length',
    validator: 'MinMaxCharParamValidator',
    message,
  });
  if (!isTextual(value)) return [violation(wrongKind(definition, value))];
  for (const text of elementsOf(value)) {
    const bytes = Buffer.byteLength(text);
    if (minChars !== null && bytes < minChars)
      return [violation(`parameter value /${text}/ is less than the min char limit /${minChars}/`)];
    if (maxChars !== null && bytes > maxChars)
      return [violation(`parameter value /${text}/ is exceeding the max chars /${maxChars}/`)];
  }
  return [];
}

/** Lists and maps only; a map given as text is not counted. */
function itemViolations(definition: ParameterDefinition, value: Json): readonly Violation[] {
  const { minItems, maxItems, type } = definition;
  if ((minItems === null && maxItems === null) || !COUNTED.has(type) || typeof value === 'string')
    return [];
  const violation = (message: string): Violation => ({
    code: 'parameter-items',
    validator: 'MinMaxItemParamValidator',
    message,
  });
  if (!isTextual(value)) return [violation(wrongKind(definition, value))];
  const length = Object.keys(value as object).length;
  if (minItems !== null && length < minItems)
    return [violation(`parameter value list length /${length}/ is less the min item count`)];
  if (maxItems !== null && length > maxItems)
    return [violation(`parameter value list length /${maxItems}/ has exceeded the max item count`)];
  return [];
}

const COUNTED: ReadonlySet<ParameterDefinition['type']> = new Set([
  'StringList',
  'StringMap',
  'MapList',
]);

const wrongKind = ({ type }: ParameterDefinition, value: Json): string =>
  `invalid parameter type ${type} with parameter value ${goText(value)}`;

function isTextual(value: Json): boolean {
  return typeof value === 'string' || (typeof value === 'object' && value !== null);
}

function elementsOf(value: Json): readonly string[] {
  return Array.isArray(value) ? value.map(textOf) : [textOf(value)];
}

/** How the reference prints a value that is no text: maps as `map[a:1 b:2]`, lists as `[1 2]`, numbers as `1e+06`. */
function goText(value: Json): string {
  if (value === null) return '<nil>';
  if (typeof value === 'number') return goNumber(value);
  if (Array.isArray(value)) return `[${(value as readonly Json[]).map(goText).join(' ')}]`;
  if (!isJsonObject(value)) return String(value);
  const keys = inOrder(Object.keys(value)).map(({ name }) => name);
  return `map[${keys.map((key) => `${key}:${goText(value[key] ?? null)}`).join(' ')}]`;
}

/** The fewest digits that say it, with an exponent of at least two digits from 1,000,000 on and below 0.0001. */
function goNumber(value: number): string {
  const [digits = '', exponent = ''] = value.toExponential().split('e');
  const power = Number(exponent);
  if (value === 0 || (power >= -4 && power < 6)) return String(value);
  return `${digits}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}
