import type { JsonObject } from '../core/model/json.ts';
import { isJsonObject } from '../core/model/json.ts';

/** Why a message is refused, with the place (`result.steps.3.name`). Thrown by readers, caught in `parse.ts` only. */
export class Malformed extends Error {}

/** The value as what it claims to be. @throws Malformed */
export type Read<Value> = (value: unknown, at: string) => Value;

/** Deeper than any document may be; keeps every later walk over the content off the end of the stack. */
const DEPTH_MAX = 64;

const refuse = (at: string, wanted: string): never => {
  throw new Malformed(`${at === '' ? 'the message' : at} is not ${wanted}`);
};

/** UTF-16 units; outside data has no need for more precision here. */
export const text =
  (lengthMax: number): Read<string> =>
  (value, at) =>
    typeof value === 'string' && value.length <= lengthMax
      ? value
      : refuse(at, `a text of at most ${lengthMax}`);

export const matching =
  <Text extends string>(holds: (text: string) => text is Text, what: string): Read<Text> =>
  (value, at) =>
    typeof value === 'string' && value.length <= 512 && holds(value) ? value : refuse(at, what);

export const integer =
  (min: number, max: number): Read<number> =>
  (value, at) =>
    typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max
      ? value
      : refuse(at, `an integer from ${min} to ${max}`);

export const oneOf =
  <const Words extends readonly string[]>(...words: Words): Read<Words[number]> =>
  (value, at) =>
    typeof value === 'string' && words.includes(value)
      ? (value as Words[number])
      : refuse(at, `one of ${words.join(', ')}`);

export const nullable =
  <Value>(read: Read<Value>): Read<Value | null> =>
  (value, at) =>
    value === null ? null : read(value, at);

export const listOf =
  <Value>(read: Read<Value>, itemsMax: number): Read<readonly Value[]> =>
  (value, at) =>
    Array.isArray(value) && value.length <= itemsMax
      ? value.map((item: unknown, index) => read(item, `${at}.${index}`))
      : refuse(at, `a list of at most ${itemsMax}`);

/** Only the keys named here are taken over; an optional key does not exist on the wire. */
export const record =
  <Shape extends object>(
    fields: { readonly [Key in keyof Shape]: Read<Shape[Key]> },
  ): Read<Shape> =>
  (value, at) => {
    if (!isJsonObject(value)) return refuse(at, 'an object');
    const shape: { [key: string]: unknown } = {};
    for (const [key, read] of Object.entries<Read<unknown>>(fields)) {
      const own = Object.hasOwn(value, key) ? value[key] : undefined;
      shape[key] = read(own, at === '' ? key : `${at}.${key}`);
    }
    return shape as Shape;
  };

/** A key that older peers and older ledgers do not have. */
export const absentAs =
  <Value>(fallback: Value, read: Read<Value>): Read<Value> =>
  (value, at) =>
    value === undefined ? fallback : read(value, at);

/** A map with free keys; `__proto__` is a key like others. */
export const mapOf =
  <Value>(
    read: Read<Value>,
    limits: { readonly entriesMax: number; readonly keyLengthMax: number },
  ): Read<{ readonly [key: string]: Value }> =>
  (value, at) => {
    if (!isJsonObject(value)) return refuse(at, 'an object');
    const entries = Object.entries(value);
    if (entries.length > limits.entriesMax)
      return refuse(at, `a map of at most ${limits.entriesMax}`);
    return Object.fromEntries(
      entries.map(([key, item]) => {
        if (key.length > limits.keyLengthMax) refuse(at, 'a map with short keys');
        return [key, read(item, `${at}.${key.slice(0, 80)}`)];
      }),
    );
  };

/** Any JSON object that is not too deep; its size is bounded by the message's. */
export const jsonObject = (): Read<JsonObject> => (value, at) => {
  if (!isJsonObject(value)) return refuse(at, 'an object');
  refuseDeep(value, at, 0);
  return value;
};

function refuseDeep(value: unknown, at: string, depth: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (depth > DEPTH_MAX) refuse(at, `at most ${DEPTH_MAX} levels deep`);
  for (const item of Object.values(value)) refuseDeep(item, at, depth + 1);
}
