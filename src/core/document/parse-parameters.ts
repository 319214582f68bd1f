/** The `parameters` of a document: definitions that a value can be judged by. @see spec/documents.md §2.1 */

import type { ParameterDefinition, ParameterType } from '../model/document.ts';
import type { Json } from '../model/json.ts';
import { isJsonObject } from '../model/json.ts';
import { constraintViolations } from './constraints.ts';
import type { Desk, Spot } from './desk.ts';
import {
  entriesOf,
  fieldOf,
  isNothing,
  textField,
  textOfScalar,
  travelsAsText,
  warnUnknownKeys,
} from './desk.ts';
import { nearest } from './nearest.ts';
import { compilePattern } from './pattern.ts';
import { holdsSecret } from './secure.ts';
import { toJson } from './source.ts';
import { storeReferences } from './store.ts';
import { PARAMETER_NAME } from './substitute.ts';
import { textOf } from './text.ts';

const PARAMETER_TYPES: readonly ParameterType[] = [
  'String',
  'StringList',
  'Integer',
  'Boolean',
  'MapList',
  'StringMap',
];

const ATTRIBUTES = [
  'type',
  'description',
  'default',
  'allowedValues',
  'allowedPattern',
  'displayType',
  'minItems',
  'maxItems',
  'minChars',
  'maxChars',
  'interpolationType',
];

export function parseParameters(desk: Desk, root: Spot): ReadonlyMap<string, ParameterDefinition> {
  const definitions = new Map<string, ParameterDefinition>();
  const field = fieldOf(desk, root, 'parameters');
  if (field === null || isNothing(field)) return definitions;
  if (field.node.kind !== 'map') {
    desk.error('not-a-map', field, 'parameters must be a map of names to definitions');
    return definitions;
  }
  for (const { key, spot, keySpot } of entriesOf(field.node, field.pointer)) {
    if (!PARAMETER_NAME.test(key)) {
      desk.error(
        'parameter-name',
        keySpot,
        `"${key}" is no name of a parameter`,
        'Use letters and digits only.',
      );
      continue;
    }
    const definition = parseDefinition(desk, key, spot);
    if (definition !== null) definitions.set(key, definition);
  }
  return definitions;
}

function parseDefinition(desk: Desk, name: string, spot: Spot): ParameterDefinition | null {
  if (spot.node.kind !== 'map') {
    desk.error(
      'null-entry',
      spot,
      `parameter ${name} has no definition`,
      'Give it at least a type.',
    );
    return null;
  }
  warnUnknownKeys(desk, spot, { of: 'a parameter', known: ATTRIBUTES });
  const written = fieldOf(desk, spot, 'default');
  // A null default is none: the reference cannot tell them apart.
  const defaultSpot = isNothing(written) ? null : written;
  const value = defaultSpot === null ? undefined : toJson(defaultSpot.node);
  const definition: ParameterDefinition = {
    name,
    type: parseType(desk, name, spot, value),
    description: textField(desk, spot, 'description') ?? '',
    default: value,
    allowedValues: parseAllowedValues(desk, spot),
    allowedPattern: parsePattern(desk, spot),
    minItems: parseLimit(desk, spot, 'minItems'),
    maxItems: parseLimit(desk, spot, 'maxItems'),
    minChars: parseLimit(desk, spot, 'minChars'),
    maxChars: parseLimit(desk, spot, 'maxChars'),
    interpolationType: parseInterpolation(desk, spot),
  };
  if (defaultSpot !== null) judgeDefault(desk, definition, defaultSpot);
  return definition;
}

/** An unknown type is not refused by nodes: it is read as the kind its default has. */
function parseType(desk: Desk, name: string, spot: Spot, value: Json | undefined): ParameterType {
  const field = fieldOf(desk, spot, 'type');
  const written = field === null ? null : textOfScalar(field.node);
  const known = PARAMETER_TYPES.find((type) => type === written);
  if (known !== undefined) return known;
  const assumed = Array.isArray(value)
    ? 'StringList'
    : isJsonObject(value)
      ? 'StringMap'
      : 'String';
  if (field === null || isNothing(field)) {
    desk.error(
      'parameter-type-missing',
      spot,
      `parameter ${name} has no type`,
      `Write type: ${assumed}.`,
    );
  } else if (written === null) {
    desk.error('not-text', field, 'type must be a text', `Write type: ${assumed}.`);
  } else {
    travelsAsText(desk, field.node);
    const near = nearest(written, PARAMETER_TYPES);
    const hint =
      near === null ? `Use one of ${PARAMETER_TYPES.join(', ')}.` : `Did you mean ${near}?`;
    desk.warn(
      'parameter-type-unknown',
      field,
      `${written} is no type of a parameter; read as ${assumed}`,
      hint,
    );
  }
  return assumed;
}

/** Numbers and booleans are accepted as their texts: the guide's own samples have them. */
function parseAllowedValues(desk: Desk, spot: Spot): readonly string[] | null {
  const field = fieldOf(desk, spot, 'allowedValues');
  if (field === null || isNothing(field)) return null;
  if (field.node.kind !== 'list') {
    desk.error('not-a-list', field, 'allowedValues must be a list of texts');
    return null;
  }
  const values = field.node.items.map((item) => toJson(item));
  if (values.some((value) => typeof value === 'object' && value !== null)) {
    desk.error('not-text', field, 'allowedValues must be a list of texts');
    return null;
  }
  if (values.some((value) => typeof value !== 'string'))
    desk.warn(
      'allowed-values-not-text',
      field,
      'allowedValues holds values that are no texts; nodes of State Manager refuse that in JSON',
      `Put them in quotes: ["${values.slice(0, 4).map(textOf).join('", "')}"].`,
    );
  return values.map(textOf);
}

function parsePattern(desk: Desk, spot: Spot): string | null {
  const source = textField(desk, spot, 'allowedPattern');
  const field = fieldOf(desk, spot, 'allowedPattern');
  if (source === null || field === null) return null;
  const pattern = compilePattern(source);
  if (pattern.kind === 'invalid')
    desk.error(
      'pattern-invalid',
      field,
      `allowedPattern cannot be compiled: ${pattern.reason}`,
      pattern.reason.includes('character class range')
        ? 'In brackets write \\- for a dash, or put it last.'
        : '',
    );
  if (pattern.kind === 'unsupported')
    desk.warn(
      'pattern-unsupported',
      field,
      `nodes cannot compile this allowedPattern, so every run fails: ${pattern.reason}`,
      'Write it without look-around, back-references and other things that RE2 lacks.',
    );
  return source;
}

const LIMIT_MAX = 2_147_483_647;

const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/**
 * A number or a numeric text; anything else cannot be read. What is no whole number from 0 is the widest limit, as on nodes.
 */
function parseLimit(desk: Desk, spot: Spot, key: string): number | null {
  const field = fieldOf(desk, spot, key);
  if (field === null || isNothing(field)) return null;
  const value = toJson(field.node);
  if (typeof value !== 'number' && !(typeof value === 'string' && JSON_NUMBER.test(value))) {
    desk.error('not-an-integer', field, `${key} must be a whole number`, 'Write e.g. 12.');
    return null;
  }
  const limit = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  if (typeof limit === 'number' && Number.isInteger(limit) && limit >= 0 && limit <= LIMIT_MAX)
    return limit;
  desk.warn(
    'limit-ignored',
    field,
    `${key} is no whole number from 0 to ${LIMIT_MAX} and limits nothing`,
  );
  return key.startsWith('min') ? 0 : LIMIT_MAX;
}

function parseInterpolation(desk: Desk, spot: Spot): 'TEXT' | 'ENV_VAR' {
  const written = textField(desk, spot, 'interpolationType');
  const field = fieldOf(desk, spot, 'interpolationType');
  if (written === null || field === null || written === 'TEXT') return 'TEXT';
  if (written === 'ENV_VAR') return 'ENV_VAR';
  desk.warn(
    'interpolation-type',
    field,
    `interpolationType ${written} has no effect`,
    'Use ENV_VAR.',
  );
  return 'TEXT';
}

/** A default travels as written; what does not fit its own definition is said here. */
function judgeDefault(desk: Desk, definition: ParameterDefinition, spot: Spot): void {
  const value = toJson(spot.node);
  if (storeReferences(value).length > 0 || holdsSecret(definition, value)) return;
  const { name, type } = definition;
  if (!fitsType(type, value)) {
    const what = `the default of ${name} is ${kindOf(value)}, not ${article(type)}`;
    const hint = type === 'String' && typeof value !== 'object' ? 'Put it in quotes.' : '';
    desk.warn('default-type', spot, `${what}; nodes use it as it is`, hint);
    return;
  }
  // No value fits a pattern that is none, which is told where it stands.
  const { allowedPattern } = definition;
  if (allowedPattern !== null && compilePattern(allowedPattern).kind !== 'pattern') return;
  for (const { message } of constraintViolations(definition, value))
    desk.warn(
      'default-not-allowed',
      spot,
      `the default of ${name} breaks its own definition: ${message}`,
    );
}

/** A StringMap may be given as text. */
export function fitsType(type: ParameterType, value: Json): boolean {
  switch (type) {
    case 'String':
      return typeof value === 'string';
    case 'StringList':
      return Array.isArray(value) && value.every((item) => typeof item === 'string');
    case 'Integer':
      return typeof value === 'number' && Number.isInteger(value) && Math.abs(value) <= LIMIT_MAX;
    case 'Boolean':
      return typeof value === 'boolean';
    case 'StringMap':
      return isJsonObject(value) || typeof value === 'string';
    case 'MapList':
      return Array.isArray(value) && value.every(isJsonObject);
  }
}

function kindOf(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'a map' : `a ${typeof value}`;
}

const article = (type: ParameterType): string => (type === 'Integer' ? 'an Integer' : `a ${type}`);
