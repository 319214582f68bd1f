/**
 * `{{ name }}` in inputs: one pass over what was written, values are never scanned again.
 * @see spec/documents.md §2.5
 */

import type { Json, JsonObject } from '../model/json.ts';
import { isJsonObject } from '../model/json.ts';
import { textOf } from './text.ts';

/** Names that can be supplied; a definition under another name is refused. */
export const PARAMETER_NAME = /^[a-zA-Z0-9]+$/;

/** Its first group is the name. */
export const TOKEN = /\{\{[\t\n\f\r ]*([a-zA-Z0-9]+)[\t\n\f\r ]*\}\}/g;
const WHOLE_TOKEN = /^\{\{[\t\n\f\r ]*([a-zA-Z0-9]+)[\t\n\f\r ]*\}\}$/;

/**
 * `value` with every token of a known name replaced; unknown names, map keys, numbers and booleans stay as they are.
 * A text that is nothing but a token becomes the value itself, of its own kind.
 */
export function substitute(value: Json, parameters: JsonObject): Json {
  if (typeof value === 'string') return substituteText(value, parameters);
  if (Array.isArray(value)) return value.map((item: Json) => substitute(item, parameters));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, substitute(item, parameters)]),
  );
}

function substituteText(text: string, parameters: JsonObject): Json {
  if (!text.includes('{{')) return text;
  const whole = wholeToken(text);
  if (whole !== null)
    return valueOf(parameters, whole) ?? (isKnown(parameters, whole) ? null : text);
  return text.replace(TOKEN, (token, name: string) =>
    isKnown(parameters, name)
      ? textOf(valueOf(parameters, name) ?? null).replaceAll('$$', '$')
      : token,
  );
}

/** The name when the text is one token and nothing around it. */
export function wholeToken(text: string): string | null {
  return text.startsWith('{{') ? (WHOLE_TOKEN.exec(text)?.[1] ?? null) : null;
}

/** The names of all tokens of a text, in order, repeated ones too. */
export function tokenNames(text: string): readonly string[] {
  if (!text.includes('{{')) return [];
  return Array.from(text.matchAll(TOKEN), (match) => match[1] ?? '');
}

function isKnown(parameters: JsonObject, name: string): boolean {
  return Object.hasOwn(parameters, name);
}

function valueOf(parameters: JsonObject, name: string): Json | undefined {
  return isKnown(parameters, name) ? parameters[name] : undefined;
}
