/** Taking values out of JSON that somebody may have edited: each answers null for what is not there or not of its kind. */
import type { Instant } from '../model/brand.ts';
import { parseInstant } from '../model/brand.ts';
import type { Json, JsonObject } from '../model/json.ts';
import { isJsonObject } from '../model/json.ts';

export function textIn(object: JsonObject, key: string): string | null {
  const value = field(object, key);
  return typeof value === 'string' ? value : null;
}

export function idIn<Id extends string>(
  object: JsonObject,
  key: string,
  is: (text: string) => text is Id,
): Id | null {
  const text = textIn(object, key);
  return text !== null && is(text) ? text : null;
}

/** Null when one of them is none. */
export function idsIn<Id extends string>(
  object: JsonObject,
  key: string,
  is: (text: string) => text is Id,
): readonly Id[] | null {
  const value = field(object, key);
  if (!Array.isArray(value)) return null;
  const ids = value.filter((each): each is Id => typeof each === 'string' && is(each));
  return ids.length === value.length ? ids : null;
}

export function wordIn<Word extends string>(
  object: JsonObject,
  key: string,
  words: readonly Word[],
): Word | null {
  const text = textIn(object, key);
  return words.find((word) => word === text) ?? null;
}

export function numberIn(object: JsonObject, key: string): number | null {
  const value = field(object, key);
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : null;
}

export function numbersIn(object: JsonObject, key: string): readonly number[] | null {
  const value = field(object, key);
  if (!Array.isArray(value)) return null;
  const numbers = value.filter((each) => typeof each === 'number' && Number.isSafeInteger(each));
  return numbers.length === value.length ? (numbers as readonly number[]) : null;
}

export function instantIn(object: JsonObject, key: string): Instant | null {
  const text = textIn(object, key);
  return text === null ? null : parseInstant(text);
}

export function objectIn(object: JsonObject, key: string): JsonObject | null {
  const value = field(object, key);
  return isJsonObject(value) ? value : null;
}

/** Its entries that are objects; empty when there is no list. */
export function objectsIn(object: JsonObject, key: string): readonly JsonObject[] {
  const value = field(object, key);
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

export function tagsIn(object: JsonObject, key: string): { readonly [key: string]: string } | null {
  const value = objectIn(object, key);
  if (value === null) return null;
  const tags: [string, string][] = [];
  for (const [tag, text] of Object.entries(value))
    if (typeof text === 'string') tags.push([tag, text]);
  return Object.fromEntries(tags);
}

/** Own keys only: a file cannot reach into a prototype. */
const field = (object: JsonObject, key: string): Json | undefined =>
  Object.hasOwn(object, key) ? object[key] : undefined;
