/** Values for a document's parameters, from an association's texts to what steps see. @see spec/documents.md §2.2 */
import type { Document, ParameterDefinition } from '../model/document.ts';
import type { Json, JsonObject } from '../model/json.ts';
import { isJsonObject } from '../model/json.ts';
import type { Result } from '../model/result.ts';
import { err, ok } from '../model/result.ts';
import { constraintViolations } from './constraints.ts';
import type { Growth } from './growth.ts';
import { overgrowth, overgrowthOf } from './growth.ts';
import { nearest } from './nearest.ts';
import { fitsType } from './parse-parameters.ts';
import type { StoreLookup } from './prepared.ts';
import { readJson } from './read-json.ts';
import { holdsSecret } from './secure.ts';
import { toJson } from './source.ts';
import { resolveReferences, storeReferences } from './store.ts';

/** A mistake in supplied parameters; whoever read the file adds the place. */
export type ParameterProblem = {
  readonly code:
    | 'parameter-undeclared'
    | 'parameter-missing'
    | 'parameter-type'
    | 'parameter-not-allowed'
    | 'parameter-pattern'
    | 'parameter-length'
    | 'parameter-items'
    | 'parameter-reference'
    | 'too-large';
  readonly parameter: string;
  readonly message: string;
  readonly hint: string;
  /** The declared name or allowed value that was probably meant. */
  readonly nearest: string | null;
};

export type TypedParameters = {
  /** What was supplied and fits, typed; what is missing takes its default on the node. */
  readonly values: JsonObject;
  readonly problems: readonly ParameterProblem[];
};

/**
 * Supplied values against the document's definitions: an association's `map<name, list<text>>`, or values typed already.
 * Of texts, Integer, Boolean and MapList are read; a StringMap stays text, as on the reference. Null and an empty list
 * count as not supplied.
 * With `store`, values that hold references are judged as resolved, defaults too; without, they are taken on trust.
 */
export function typeParameters(
  document: Document,
  supplied: JsonObject,
  options: { readonly store?: StoreLookup } = {},
): TypedParameters {
  const values: { [name: string]: Json } = {};
  const problems: ParameterProblem[] = [];
  for (const [name, value] of Object.entries(supplied)) {
    const definition = document.parameters.get(name);
    if (definition === undefined) problems.push(undeclared(name, document));
    else if (isSupplied(value)) {
      const typed = typeValue(definition, value, options.store);
      problems.push(...typed.problems);
      if (typed.problems.length === 0) values[name] = typed.value;
    }
  }
  for (const definition of document.parameters.values()) {
    const { name } = definition;
    const value = Object.hasOwn(supplied, name) ? supplied[name] : undefined;
    if (value === undefined || !isSupplied(value))
      problems.push(...judgeAbsent(definition, options.store));
  }
  const growth = overgrowthOf(document, values);
  if (growth !== null) problems.push(tooLarge(growth));
  return { values, problems };
}

/** `parameters` with defaults filled in and undeclared names left out; or the texts of what is missing or too much. */
export function effectiveParameters(
  document: Document,
  parameters: JsonObject,
): Result<JsonObject, readonly string[]> {
  const effective: { [name: string]: Json } = {};
  const missing: string[] = [];
  for (const { name, default: byDefault } of document.parameters.values()) {
    const value = (Object.hasOwn(parameters, name) ? parameters[name] : undefined) ?? byDefault;
    if (value === undefined || value === null) missing.push(requiresValue(name));
    else effective[name] = value;
  }
  if (missing.length > 0) return err(missing);
  const growth = overgrowth(document, effective);
  return growth === null ? ok(effective) : err([growth.message]);
}

const isSupplied = (value: Json): boolean =>
  value !== null && !(Array.isArray(value) && value.length === 0);

const requiresValue = (name: string): string => `Parameter "${name}" requires a value.`;

function undeclared(name: string, document: Document): ParameterProblem {
  const near = nearest(name, document.parameters.keys());
  const known = [...document.parameters.keys()];
  const hint =
    near !== null
      ? `Did you mean ${near}?`
      : known.length === 0
        ? 'The document takes no parameters.'
        : `It takes ${known.join(', ')}.`;
  const message = `Parameter "${name}" is not defined in the document.`;
  return { code: 'parameter-undeclared', parameter: name, message, hint, nearest: near };
}

function tooLarge({ parameter, message }: Growth): ParameterProblem {
  const hint =
    'Use it once, hand it over as a variable (interpolationType: ENV_VAR), or shorten it.';
  return { code: 'too-large', parameter, message, hint, nearest: null };
}

function judgeAbsent(
  definition: ParameterDefinition,
  store: StoreLookup | undefined,
): readonly ParameterProblem[] {
  const { name, default: byDefault } = definition;
  if (byDefault === undefined || byDefault === null) {
    const message = requiresValue(name);
    const hint = `Add ${name} under Parameters.`;
    return [{ code: 'parameter-missing', parameter: name, message, hint, nearest: null }];
  }
  if (store === undefined || storeReferences(byDefault).length === 0) return [];
  const resolved = resolveReferences(byDefault, store);
  return resolved.ok
    ? judgeValue(definition, resolved.value)
    : [badReference(name, resolved.error)];
}

type Typed = { readonly value: Json; readonly problems: readonly ParameterProblem[] };

function typeValue(
  definition: ParameterDefinition,
  value: Json,
  store: StoreLookup | undefined,
): Typed {
  const texts = textsOf(value);
  if (texts !== null) return typeTexts(definition, texts, store);
  if (!fitsType(definition.type, value))
    return { value: null, problems: [wrongType(definition, EXPECTED[definition.type])] };
  if (storeReferences(value).length === 0)
    return { value, problems: judgeValue(definition, value) };
  if (store === undefined) return { value, problems: [] };
  const resolved = resolveReferences(value, store);
  const problems = resolved.ok
    ? judgeValue(definition, resolved.value)
    : [badReference(definition.name, resolved.error)];
  return { value, problems };
}

/** As an association has them, or one alone; null for values of other kinds. */
function textsOf(value: Json): readonly string[] | null {
  if (typeof value === 'string') return [value];
  if (!Array.isArray(value)) return null;
  const texts = value.filter((item): item is string => typeof item === 'string');
  return texts.length === value.length ? texts : null;
}

const EXPECTED: { readonly [type in ParameterDefinition['type']]: string } = {
  String: 'a text',
  StringList: 'a list of texts',
  Integer: 'a whole number',
  Boolean: 'true or false',
  StringMap: 'a map',
  MapList: 'a list of maps',
};

function typeTexts(
  definition: ParameterDefinition,
  texts: readonly string[],
  store: StoreLookup | undefined,
): Typed {
  const { name } = definition;
  const [text] = texts;
  // Judged by nobody: only the executor of the node knows what it stands for.
  if (text !== undefined && texts.length === 1 && holdsSecret(definition, text))
    return { value: text, problems: [] };
  if (storeReferences(texts).length === 0) {
    const read = readTexts(definition, texts);
    if (!read.ok) return { value: null, problems: [wrongType(definition, read.error)] };
    return { value: read.value, problems: judgeValue(definition, read.value) };
  }
  if (definition.type !== 'StringList' && texts.length > 1)
    return { value: null, problems: [wrongType(definition, oneValue(texts))] };
  // Travels with its references; they resolve on the node, and here only to be judged.
  const value = definition.type === 'StringList' ? texts : (texts[0] ?? null);
  if (store === undefined) return { value, problems: [] };
  const resolved = resolveReferences(value, store);
  if (!resolved.ok) return { value, problems: [badReference(name, resolved.error)] };
  const resolvedTexts = Array.isArray(resolved.value)
    ? (resolved.value as readonly Json[])
    : [resolved.value];
  return { value, problems: typeTexts(definition, resolvedTexts.map(String), undefined).problems };
}

const oneValue = (texts: readonly string[]): string => `one value, not ${texts.length}`;

/** The error says what was expected. */
function readTexts(
  definition: ParameterDefinition,
  texts: readonly string[],
): Result<Json, string> {
  const { type } = definition;
  if (type === 'StringList') return ok(texts);
  const [text = ''] = texts;
  if (type === 'MapList') return readMapList(texts);
  if (texts.length > 1) return err(oneValue(texts));
  switch (type) {
    case 'String':
      return ok(text);
    case 'Integer': {
      const value = /^-?\d{1,10}$/.test(text) ? Number(text) : text;
      return fitsType(type, value) ? ok(value) : err('a whole number, digits only');
    }
    case 'Boolean':
      return text === 'true' || text === 'false' ? ok(text === 'true') : err('true or false');
    case 'StringMap':
      return text === '' || isJsonObject(parsed(text))
        ? ok(text)
        : err('a JSON map, e.g. {"key":"value"}');
  }
}

/** One text with the whole list, or one text for each map. */
function readMapList(texts: readonly string[]): Result<Json, string> {
  const values = texts.map(parsed);
  const [first] = values;
  const list = values.length === 1 && Array.isArray(first) ? (first as readonly Json[]) : values;
  if (list.every(isJsonObject)) return ok(list);
  return err('a JSON list of maps, e.g. [{"key":"value"}]');
}

/** Within the limits of a document; null for what is no JSON, as callers want a list or a map. */
function parsed(text: string): Json {
  const { root, faults } = readJson(text);
  return root === null || faults.length > 0 ? null : toJson(root);
}

function judgeValue(definition: ParameterDefinition, value: Json): readonly ParameterProblem[] {
  return constraintViolations(definition, value).map(({ code, message }) => {
    const near =
      code === 'parameter-not-allowed' && typeof value === 'string'
        ? nearest(value, definition.allowedValues ?? [])
        : null;
    const hint = near === null ? '' : `Did you mean ${near}?`;
    return { code, parameter: definition.name, message, hint, nearest: near };
  });
}

function wrongType({ name, type }: ParameterDefinition, expected: string): ParameterProblem {
  const message = `parameter ${name} is of type ${type} and takes ${expected}`;
  const hint = `Write ${EXPECTED[type]}${type.endsWith('List') ? '' : ', as the only item of its list'}.`;
  return { code: 'parameter-type', parameter: name, message, hint, nearest: null };
}

function badReference(parameter: string, message: string): ParameterProblem {
  return { code: 'parameter-reference', parameter, message, hint: '', nearest: null };
}
