/** `UPDATE_GOLDEN=1` rewrites problems.json of every case; the git diff is the review. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { prettyCanonicalJson } from '../../../src/core/canonical/json.ts';
import { validationOf } from '../../../src/core/load/validate.ts';
import { load, readFolder } from './repository.ts';

const golden = new URL('../../golden/validate/', import.meta.url);

for (const name of readdirSync(golden).sort())
  test(`golden: validate ${name}`, async () => {
    const files = await readFolder(new URL(`${name}/repo/`, golden));
    const { catalog } = load(files, { builtActions: ['aws:runShellScript'] });
    const found = prettyCanonicalJson(validationOf(catalog));
    const expected = new URL(`${name}/problems.json`, golden);
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(expected, found);
    assert.equal(found, readFileSync(expected, 'utf8'));
  });
