/** Reading step inputs as plugins do. @see spec/documents.md §4 */
import type { Json } from '../model/json.ts';
import { isJsonObject } from '../model/json.ts';
import { jsonText } from './text.ts';

/** The value of an input; names match whatever their case, exactly first. Undefined when absent. */
export function inputOf(inputs: Json, name: string): Json | undefined {
  if (!isJsonObject(inputs)) return undefined;
  if (Object.hasOwn(inputs, name)) return inputs[name];
  const wanted = name.toLowerCase();
  const key = Object.keys(inputs).find((candidate) => candidate.toLowerCase() === wanted);
  return key === undefined ? undefined : inputs[key];
}

/** Of the inputs: what is wrong with them stands behind, and a reason has 2,000 characters at most. */
const SHOWN_CHARS_MAX = 1_500;

/** What nodes say of inputs whose kinds are not what the action takes. */
export function invalidInputsText(inputs: Json, why: string): string {
  return `Invalid format in plugin properties ${jsonText(inputs).slice(0, SHOWN_CHARS_MAX)};\nerror ${why}`;
}

const TIMEOUT_SECONDS_DEFAULT = 3600;
const TIMEOUT_SECONDS_MIN = 5;
const TIMEOUT_SECONDS_MAX = 172_800;

/**
 * Seconds a script may run: numbers and numeric texts, fractions cut off, 5 to 172,800; everything else is silently
 * 3,600, as on the reference. The front warns.
 */
export function scriptTimeoutSeconds(input: Json | undefined): number {
  return validTimeoutSeconds(input) ?? TIMEOUT_SECONDS_DEFAULT;
}

/** Null when the reference would take its default instead. */
export function validTimeoutSeconds(input: Json | undefined): number | null {
  const number = typeof input === 'string' ? numberOf(input) : input;
  if (typeof number !== 'number') return null;
  const seconds = Math.trunc(number);
  return seconds >= TIMEOUT_SECONDS_MIN && seconds <= TIMEOUT_SECONDS_MAX ? seconds : null;
}

const DIGITS = String.raw`\d+(?:_\d+)*`;
const FLOAT = new RegExp(
  `^[+-]?(?:${DIGITS}(?:\\.(?:${DIGITS})?)?|\\.${DIGITS})(?:[eE][+-]?${DIGITS})?$`,
);

/** Go's integer, else its float: digits in groups (`1_000`), no blanks around. */
function numberOf(text: string): number | null {
  return FLOAT.test(text) ? Number(text.replaceAll('_', '')) : null;
}

/**
 * The lines of a script input: a bare text is one line, a list in the list is spliced (one level), and nothing, as in
 * `- # a comment`, is an empty line.
 */
export function scriptLines(input: Json | undefined): Json {
  if (typeof input === 'string') return [input];
  if (!Array.isArray(input)) return input ?? null;
  const lines = input as readonly Json[];
  if (!lines.some((line) => line === null || Array.isArray(line))) return lines;
  return lines
    .flatMap((line): readonly Json[] => (Array.isArray(line) ? (line as readonly Json[]) : [line]))
    .map((line) => line ?? '');
}
