import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isUnsafePath } from '../../../src/core/load/kinds.ts';

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
