import assert from 'node:assert/strict';
import { existsSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { casRef } from '../../../src/io/git/cas-ref.ts';
import { resolveRef } from '../../../src/io/git/refs.ts';
import { sweepLeftovers } from '../../../src/io/git/safe-fs.ts';
import type { GitRepo } from '../../fakes/git-repo.ts';
import { git, makeRepo, tempDir } from '../../fakes/git-repo.ts';

const ref = 'refs/heads/contended';
let dir = '';
let repo: GitRepo;
let first = '';
let second = '';
beforeEach(() => {
  dir = tempDir();
  repo = makeRepo(dir);
  first = repo.commit({ a: '1' });
  second = repo.commit({ a: '2' });
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test('of many who move a ref from the same place, one wins', async () => {
  assert.equal(await casRef(repo.bare, { ref, expect: null, next: first }), 'moved');
  const outcomes = await Promise.all(
    Array.from({ length: 20 }, () => casRef(repo.bare, { ref, expect: first, next: second })),
  );
  assert.equal(outcomes.filter((outcome) => outcome === 'moved').length, 1);
  assert.equal(git(repo.bare, ['rev-parse', ref]), second);
});

test('a ref that is packed or absent is compared as git sees it', async () => {
  git(repo.bare, ['update-ref', ref, first]);
  git(repo.bare, ['pack-refs', '--all']);
  assert.equal(await casRef(repo.bare, { ref, expect: null, next: second }), 'raced');
  assert.equal(await casRef(repo.bare, { ref, expect: first, next: second }), 'moved');
  assert.equal(await resolveRef(repo.bare, ref), second);
});

test("another's lock is respected and left alone", async () => {
  const lock = path.join(repo.bare, 'refs/heads/main.lock');
  writeFileSync(lock, '');
  assert.equal(
    await casRef(repo.bare, { ref: 'refs/heads/main', expect: second, next: first }),
    'locked',
  );
  assert.ok(existsSync(lock));
  assert.equal(repo.tip(), second);
});

test('the sweep at start takes temporary files and old locks, not fresh ones', async () => {
  const stale = path.join(repo.bare, 'refs/heads/a.lock');
  const fresh = path.join(repo.bare, 'refs/heads/b.lock');
  const temporary = path.join(repo.bare, 'objects/pack/.tmp-9-9');
  for (const file of [stale, fresh, temporary]) writeFileSync(file, '');
  utimesSync(stale, 1, 1);
  await sweepLeftovers(repo.bare, Date.now());
  assert.deepEqual(
    [stale, fresh, temporary].map((file) => existsSync(file)),
    [false, true, false],
  );
});
