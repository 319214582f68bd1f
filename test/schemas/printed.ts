/** What the program prints or publishes, held against its schema with nothing left over: a key that it does not describe is a fault. */
import assert from 'node:assert/strict';
import type { ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { readSchemas } from '../../schemas/generate/source.ts';

const ajv = new Ajv2020({
  strict: true,
  strictRequired: false,
  allowUnionTypes: true,
  validateFormats: false,
  allErrors: true,
});
const compiled = new Map<string, ValidateFunction>();

export function fits(kind: string, printed: string, label = kind): void {
  const validate = compiled.get(kind) ?? compile(kind);
  compiled.set(kind, validate);
  assert.ok(validate(JSON.parse(printed)), `${label}: ${JSON.stringify(validate.errors, null, 1)}`);
}

function compile(kind: string): ValidateFunction {
  const found = readSchemas().find((one) => one.kind === kind);
  assert.ok(found !== undefined, kind);
  return ajv.compile(closed(found.schema) as object);
}

/** Readers must pass over keys that a later version adds (`additionalProperties`); this version adds none in silence. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [
      key,
      key === 'additionalProperties' && value === true ? false : closed(value),
    ]),
  );
}

/** Files of the status branch that machines read, all but `state.json`, which is the daemon's own. */
const published: readonly (readonly [RegExp, string])[] = [
  [/^summary\.json$/, 'status-summary'],
  [/^plan\.json$/, 'plan'],
  [/^nodes\/[^/]+\/[^/]+\.json$/, 'node-status'],
  [/^associations\/[^/]+\/status\.json$/, 'association-description'],
];

/** How many of them there were. */
export function fitAll(files: ReadonlyMap<string, string>): number {
  let count = 0;
  for (const [path, text] of files) {
    const kind = published.find(([form]) => form.test(path))?.[1];
    if (kind === undefined) continue;
    fits(kind, text, path);
    count++;
  }
  return count;
}
