import { canonicalJson } from '../canonical/json.ts';
import type { Json } from '../model/json.ts';

/** Escapes are taken whole, so that a backslash which is escaped itself begins none. */
const WRITTEN_OTHERWISE = /[<>&\u2028\u2029]|\\(?:u[89a-f\d]{4}|.)/g;

/** How a value of another kind reads inside a longer text: compact JSON, sorted keys, HTML-escaped as Go does. */
export function jsonText(value: Json): string {
  return canonicalJson(value).replace(WRITTEN_OTHERWISE, (written) => {
    switch (written) {
      case '\\b':
        return '\\u0008';
      case '\\f':
        return '\\u000c';
      default:
        return written.startsWith('\\') ? loneSurrogate(written) : escaped(written);
    }
  });
}

const escaped = (character: string): string =>
  `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** Half a character is none. */
const loneSurrogate = (written: string): string =>
  /^\\ud[89a-f]/.test(written) ? '\ufffd' : written;

/** A text itself; anything else as its JSON. */
export function textOf(value: Json): string {
  return typeof value === 'string' ? value : jsonText(value);
}
