/**
 * What a definition demands of a value, beyond its kind: pattern, allowed values, lengths. The texts are the agent's.
 * @see spec/documents.md §2.4
 */

import type { ParameterDefinition } from '../model/document.ts';
import type { Json } from '../model/json.ts';
import { isJsonObject } from '../model/json.ts';
import { compilePattern } from './pattern.ts';
import { jsonText, textOf } from './text.ts';

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
  const { allowedPattern, type } = definition;
  if (allowedPattern === null || allowedPattern === '') return [];
  const violation = (message: string): Violation => ({
    code: 'parameter-pattern',
    validator: 'AllowedRegexParamValidator',
    message,
  });
  if (!isTextual(value))
    return [violation(`invalid parameter type ${type} with parameter value ${goText(value)}`)];
  const pattern = compilePattern(allowedPattern);
  if (pattern.kind !== 'pattern')
    return [
      violation(
        `encountered error while compiling allowed pattern - internal error: ${pattern.reason}`,
      ),
    ];
  const text = elementsOf(value).find((element) => !pattern.finds(element));
  if (text === undefined) return [];
  return [
    violation(`parameter value /${text}/ does not match the allowed pattern /${allowedPattern}/`),
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
    return [violation(`invalid parameter type ${type} with parameter value ${goText(value)}`)];
  const text = elementsOf(value).find((element) => !allowedValues.includes(element));
  if (text === undefined) return [];
  const list = allowedValues.join(' ');
  return [violation(`parameter value /${text}/ is not in the allowed list [${list}]`)];
}

/** Lengths count bytes of UTF-8. Numbers and booleans have none. */
function charViolations(definition: ParameterDefinition, value: Json): readonly Violation[] {
  const { minChars, maxChars } = definition;
  if ((minChars === null && maxChars === null) || !isTextual(value)) return [];
  const violation = (message: string): Violation => ({
    code: 'parameter-length',
    validator: 'MinMaxCharParamValidator',
    message,
  });
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
  const { minItems, maxItems } = definition;
  const length = Array.isArray(value)
    ? value.length
    : isJsonObject(value)
      ? Object.keys(value).length
      : null;
  if (length === null) return [];
  const violation = (message: string): Violation => ({
    code: 'parameter-items',
    validator: 'MinMaxItemParamValidator',
    message,
  });
  if (minItems !== null && length < minItems)
    return [violation(`parameter value list length /${length}/ is less the min item count`)];
  if (maxItems !== null && length > maxItems)
    return [violation(`parameter value list length /${maxItems}/ has exceeded the max item count`)];
  return [];
}

function isTextual(value: Json): boolean {
  return typeof value === 'string' || (typeof value === 'object' && value !== null);
}

function elementsOf(value: Json): readonly string[] {
  return Array.isArray(value) ? value.map(textOf) : [textOf(value)];
}

/** How the reference prints a value of the wrong kind. */
function goText(value: Json): string {
  return value === null ? '<nil>' : jsonText(value);
}
