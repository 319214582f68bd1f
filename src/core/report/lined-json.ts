/**
 * JSON for people, `git diff` and `grep`: sorted keys, one top-level key per line, and of a top-level list one entry per
 * line. A change of one entry changes one line.
 */
import { canonicalJson } from '../canonical/json.ts';
import { visibleJson } from './escape.ts';

export function linedJson(record: { readonly [key: string]: unknown }): string {
  const lines = Object.keys(record)
    .sort()
    .map((key) => `  ${JSON.stringify(key)}: ${linedValue(record[key])}`);
  return visibleJson(`{\n${lines.join(',\n')}\n}\n`);
}

function linedValue(value: unknown): string {
  if (!Array.isArray(value) || value.length === 0) return canonicalJson(value);
  const entries = value.map((entry) => `    ${canonicalJson(entry)}`);
  return `[\n${entries.join(',\n')}\n  ]`;
}

/** One value on one line, without its newline. */
export const jsonLine = (value: unknown): string => visibleJson(canonicalJson(value));
