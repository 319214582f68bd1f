import { canonicalJson } from '../canonical/json.ts';
import type { Json } from '../model/json.ts';

const HTML = /[<>&\u2028\u2029]/g;

/** How a value of another kind reads inside a longer text: compact JSON, sorted keys, HTML-escaped as Go does. */
export function jsonText(value: Json): string {
  return canonicalJson(value).replace(
    HTML,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** A text itself; anything else as its JSON. */
export function textOf(value: Json): string {
  return typeof value === 'string' ? value : jsonText(value);
}
