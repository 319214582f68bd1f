import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isUnsafePath, kindOf } from '../../../src/core/load/kinds.ts';

for (const path of [
  '',
  '.',
  'a/',
  '/a',
  'a//b',
  'a/./b',
  '../a',
  'a/..',
  '.git',
  'a/.GIT/b',
  'a\\b',
  'a\nb',
  'a/\0',
]) {
  test(`the path ${JSON.stringify(path)} is not safe everywhere`, () => {
    assert.equal(isUnsafePath(path), true);
  });
}

for (const path of ['a', 'a/b.yaml', '...', '.a/..b', '.gitignore', 'x.git', 'a b/é']) {
  test(`the path ${JSON.stringify(path)} is`, () => {
    assert.equal(isUnsafePath(path), false);
  });
}

for (const [path, hint] of [
  ['associations/web/a.YAML', 'Rename it to associations/web/a.yaml.'],
  ['documents/B.Json', 'Rename it to documents/B.json.'],
  ['reconciled.yml', 'Rename it to reconciled.yaml.'],
  ['Reconciled.YAML', 'Rename it to reconciled.yaml.'],
] as const) {
  test(`${path} is told how it has to be called`, () => {
    const kind = kindOf(path);
    assert.equal(kind.kind === 'misplaced' ? kind.hint : kind.kind, hint);
  });
}
