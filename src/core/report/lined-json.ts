/**
 * JSON for people, `git diff` and `grep`: sorted keys, one top-level key per line, and of a top-level list one entry per
 * line. A change of one entry changes one line.
 */
import { canonicalJson } from '../canonical/json.ts';
import { visibleJson } from './escape.ts';

/** `written`: further lists, each entry in canonical JSON already. Whoever knows the shape writes 100,000 faster. */
export function linedJson(
  record: { readonly [key: string]: unknown },
  written: { readonly [key: string]: readonly string[] } = {},
): string {
  const values = new Map(Object.entries(record).map(([key, value]) => [key, linedValue(value)]));
  for (const [key, entries] of Object.entries(written)) values.set(key, linedList(entries));
  const lines = [...values.keys()]
    .sort()
    .map((key) => `  ${JSON.stringify(key)}: ${values.get(key)}`);
  return visibleJson(`{\n${lines.join(',\n')}\n}\n`);
}

const linedValue = (value: unknown): string =>
  Array.isArray(value) ? linedList(value.map(canonicalJson)) : canonicalJson(value);

const linedList = (entries: readonly string[]): string =>
  entries.length === 0 ? '[]' : `[\n    ${entries.join(',\n    ')}\n  ]`;

/** One value on one line, without its newline. */
export const jsonLine = (value: unknown): string => visibleJson(canonicalJson(value));
