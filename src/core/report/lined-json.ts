/**
 * JSON for people, `git diff` and `grep`: sorted keys, one top-level key per line, and of a top-level list one entry per
 * line. A change of one entry changes one line.
 */
import { canonicalJson, inOrder } from '../canonical/json.ts';
import { compareText } from '../model/problem.ts';
import { visibleJson } from './escape.ts';

/** The values of a record in canonical JSON, by key; of a list, its entries. */
type Written = ReadonlyMap<string, string | readonly string[]>;

export const written = (record: { readonly [key: string]: unknown }): Written =>
  new Map(
    Object.entries(record).map(([key, value]) => [
      key,
      Array.isArray(value) ? value.map(canonicalJson) : canonicalJson(value),
    ]),
  );

export function linedJson(record: { readonly [key: string]: unknown }): string {
  let text = '{\n';
  for (const { name, written } of inOrder(Object.keys(record))) {
    const value = record[name];
    text += `${text === '{\n' ? '' : ',\n'}  ${written} `;
    text += Array.isArray(value) ? linedValue(value.map(canonicalJson)) : canonicalJson(value);
  }
  return visibleJson(`${text}\n}\n`);
}

/** Whoever knows the shape of 100,000 entries writes them faster than `written` does. */
export function linedText(values: Written): string {
  const lines = sorted(values).map(
    ([key, value]) => `  ${JSON.stringify(key)}: ${linedValue(value)}`,
  );
  return visibleJson(`{\n${lines.join(',\n')}\n}\n`);
}

function linedValue(value: string | readonly string[]): string {
  if (typeof value === 'string') return value;
  return value.length === 0 ? '[]' : `[\n    ${value.join(',\n    ')}\n  ]`;
}

/** The canonical JSON of the record whose values were written. */
export function canonicalText(values: Written): string {
  const members = sorted(values).map(
    ([key, value]) =>
      `${JSON.stringify(key)}:${typeof value === 'string' ? value : `[${value.join(',')}]`}`,
  );
  return `{${members.join(',')}}`;
}

const sorted = (values: Written) => [...values].sort(([a], [b]) => compareText(a, b));

/** One value on one line, without its newline. */
export const jsonLine = (value: unknown): string => visibleJson(canonicalJson(value));
