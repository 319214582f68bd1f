/** Other tests hold what they print against `printed.ts` themselves; these are the golden files. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { fitAll, fits } from './printed.ts';

const golden = fileURLToPath(new URL('../golden/', import.meta.url));
const filesBelow = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();

for (const name of readdirSync(join(golden, 'river'))) {
  test(`the golden status branch ${name} is what the schemas describe`, () => {
    const folder = join(golden, 'river', name, 'status');
    const texts = filesBelow(folder)
      .filter((path) => path.endsWith('.json'))
      .map((path) => [path, readFileSync(join(folder, path), 'utf8')] as const);
    assert.ok(fitAll(new Map(texts)) > 5);
  });
}

for (const [folder, file, kind] of [
  ['plan', 'plan.json', 'plan'],
  ['forecast', 'forecast.json', 'forecast'],
  ['validate', 'problems.json', 'problems'],
] as const) {
  test(`every golden ${file} is what schema ${kind} describes`, () => {
    const found = filesBelow(join(golden, folder)).filter((path) => path.endsWith(`/${file}`));
    assert.notEqual(found.length, 0);
    for (const path of found) fits(kind, readFileSync(join(golden, folder, path), 'utf8'), path);
  });
}
