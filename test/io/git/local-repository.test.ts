import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { ReconcileError } from '../../../src/core/model/errors.ts';
import { discoverRepository, openLocalRepository } from '../../../src/io/git/local-repository.ts';
import { openObjectReader } from '../../../src/io/git/object-reader.ts';
import { isSafeRefName, resolveRef } from '../../../src/io/git/refs.ts';
import { resolveRevision } from '../../../src/io/git/revision.ts';
import type { GitRepo } from '../../fakes/git-repo.ts';
import { git, gitTry, makeRepo, tempDir } from '../../fakes/git-repo.ts';

let dir = '';
let repo: GitRepo;
beforeEach(() => {
  dir = tempDir();
  repo = makeRepo(dir);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const codeIs = (code: string, words?: RegExp) => (error: unknown) => {
  assert.ok(error instanceof ReconcileError, String(error));
  assert.equal(error.code, code, error.message);
  if (words !== undefined) assert.match(error.message, words);
  return true;
};
const unsupported = (words: RegExp) => codeIs('SOURCE_UNSUPPORTED', words);

describe('a repository on this machine', () => {
  test('is found bare, by its work tree and from a folder inside', async () => {
    mkdirSync(path.join(repo.work, 'a/b'), { recursive: true });
    assert.deepEqual(await openLocalRepository(repo.bare, 'SOURCE'), {
      gitdir: repo.bare,
      isBare: true,
    });
    const gitdir = path.join(repo.work, '.git');
    assert.deepEqual(await openLocalRepository(repo.work, 'SOURCE'), { gitdir, isBare: false });
    assert.deepEqual(await discoverRepository(path.join(repo.work, 'a/b'), 'SOURCE'), {
      gitdir,
      isBare: false,
      top: repo.work,
      head: gitdir,
    });
  });

  for (const kind of ['linked work tree', 'submodule'])
    test(`is found from a folder of a ${kind}, with that one's HEAD`, async () => {
      const first = repo.commit({ 'a/b': '1' });
      const top = path.join(dir, 'linked');
      if (kind === 'submodule') {
        git(repo.work, ['init', '-q', '-b', 'main', `--separate-git-dir=${top}.git`, top]);
        git(top, ['fetch', '-q', repo.bare, 'main']);
        git(top, ['checkout', '-q', '-b', 'other', 'FETCH_HEAD']);
      } else git(repo.work, ['worktree', 'add', '-q', '-b', 'other', top]);
      repo.commit({ 'a/b': '2' });
      const found = await discoverRepository(path.join(top, 'a'), 'SOURCE');
      assert.ok(found);
      assert.equal(found.top, top);
      const resolved = (rev: string) => resolveRevision(found, openObjectReader(found.gitdir), rev);
      assert.equal(await resolved('HEAD'), first);
      assert.equal(await resolved('other'), first);
      git(top, ['commit', '-q', '--allow-empty', '-m', 'next']);
      assert.equal(await resolved('@~1'), first);
      git(top, ['checkout', '-q', '--detach']);
      assert.equal(await resolved('HEAD'), git(top, ['rev-parse', 'HEAD']));
    });

  test('whose work tree was left behind is told, not guessed', async () => {
    const orphan = path.join(dir, 'orphan');
    mkdirSync(orphan);
    writeFileSync(path.join(orphan, '.git'), 'gitdir: ../gone/.git/worktrees/orphan\n');
    await assert.rejects(discoverRepository(orphan, 'SOURCE'), unsupported(/linked work tree/));
  });

  test('that is none is unreachable, which a later mount may heal', async () => {
    await assert.rejects(
      openLocalRepository(path.join(dir, 'none'), 'SOURCE'),
      codeIs('SOURCE_UNREACHABLE'),
    );
  });

  test('of a kind that is not read says which and what to do', async () => {
    repo.commit({ a: '1' });
    const linked = path.join(dir, 'linked');
    git(repo.work, ['worktree', 'add', '-q', '-b', 'other', linked]);
    await assert.rejects(
      openLocalRepository(linked, 'SOURCE'),
      unsupported(/linked work tree.*main repository/),
    );
    await assert.rejects(
      openLocalRepository(path.join(repo.work, '.git/worktrees/linked'), 'SOURCE'),
      unsupported(/linked work tree/),
    );

    const sharing = path.join(dir, 'sharing.git');
    git(dir, ['clone', '-q', '--bare', '--shared', repo.bare, sharing]);
    await assert.rejects(openLocalRepository(sharing, 'SOURCE'), unsupported(/alternates.*repack/));

    const sha256 = path.join(dir, 'sha256.git');
    git(dir, ['init', '-q', '--bare', '--object-format=sha256', sha256]);
    await assert.rejects(openLocalRepository(sha256, 'SOURCE'), unsupported(/sha256/));

    for (const [name, value, words] of [
      ['refstorage', 'reftable', /reftable.*git refs migrate/],
      ['partialclone', 'origin', /partial clone/],
    ] as const) {
      const odd = path.join(dir, `${name}.git`);
      git(dir, ['init', '-q', '--bare', odd]);
      writeFileSync(
        path.join(odd, 'config'),
        `[core]\n\tbare = true\n[extensions]\n\t${name} = ${value}\n`,
      );
      await assert.rejects(openLocalRepository(odd, 'SOURCE'), unsupported(words));
    }
  });
});

test('refs are read loose before packed, through symbolic ones, and torn ones are none', async () => {
  const first = repo.commit({ a: '1' });
  git(repo.bare, ['pack-refs', '--all']);
  assert.equal(await resolveRef(repo.bare, 'refs/heads/main'), first);
  const second = repo.commit({ a: '2' });
  assert.equal(await resolveRef(repo.bare, 'refs/heads/main'), second);
  assert.equal(await resolveRef(repo.bare, 'HEAD'), second);
  writeFileSync(path.join(repo.bare, 'refs/heads/torn'), second.slice(0, 17));
  assert.equal(await resolveRef(repo.bare, 'refs/heads/torn'), null);
  writeFileSync(path.join(repo.bare, 'refs/heads/loop'), 'ref: refs/heads/loop\n');
  assert.equal(await resolveRef(repo.bare, 'refs/heads/loop'), null);
  writeFileSync(path.join(repo.bare, 'refs/heads/escape'), 'ref: ../../../etc/passwd\n');
  assert.equal(await resolveRef(repo.bare, 'refs/heads/escape'), null);
});

test('what we call a ref name, git calls one too', () => {
  const names = [
    'main',
    'a/b',
    'a..b',
    'a b',
    '.a',
    'a.',
    'a.lock',
    'a/.b',
    'a//b',
    'a/',
    'a~1',
    'a^',
    'a:b',
    'a?',
    'a*',
    'a[',
    'a\\b',
    'a@{b',
    '@',
    'a\x01',
    'ü',
    'a.lock/b',
  ];
  for (const name of names) {
    const theirs = gitTry(dir, ['check-ref-format', `refs/heads/${name}`]).code === 0;
    const ours = isSafeRefName(`refs/heads/${name}`);
    assert.ok(!ours || theirs, `${JSON.stringify(name)} is no ref name`);
    if (name !== '@') assert.equal(ours, theirs, JSON.stringify(name));
  }
});

describe('a revision', () => {
  test('is what git rev-parse says it is', async () => {
    const first = repo.commit({ a: '1' });
    repo.commit({ a: '2' });
    git(repo.work, ['tag', 'light', first]);
    git(repo.work, ['tag', '-a', '-m', 'note', 'noted']);
    git(repo.work, ['tag', '-a', '-m', 'note of a note', 'twice', 'noted']);
    git(repo.work, ['checkout', '-q', '-b', 'side', first]);
    git(repo.work, ['commit', '-q', '--allow-empty', '-m', 'side']);
    git(repo.work, ['checkout', '-q', 'main']);
    git(repo.work, ['merge', '-q', '--no-ff', '-m', 'merge', 'side']);
    git(repo.work, ['fetch', '-q', 'origin']);
    const tip = git(repo.work, ['rev-parse', 'HEAD']);
    const gitdir = path.join(repo.work, '.git');
    for (const packed of [false, true]) {
      if (packed) git(repo.work, ['gc', '-q', '--prune=now']);
      const reader = openObjectReader(gitdir);
      for (const rev of [
        'HEAD',
        '@',
        'main',
        'side',
        'light',
        'noted',
        'twice',
        'origin/main',
        'refs/heads/main',
        'heads/main',
        'HEAD~1',
        'HEAD~',
        'HEAD^',
        'HEAD^2',
        'HEAD^2~1',
        'main~1^1',
        'HEAD^0',
        'noted^{commit}',
        'noted~1',
        tip,
        tip.slice(0, 8),
        tip.slice(0, 12).toUpperCase(),
        `${tip.slice(0, 10)}~1`,
      ])
        assert.equal(
          await resolveRevision({ gitdir }, reader, rev),
          git(repo.work, ['rev-parse', '--verify', `${rev}^{commit}`]),
          rev,
        );
      reader.close();
    }
  });

  test('that names nothing, a blob, or runs off the end of history is unknown', async () => {
    const tip = repo.commit({ a: '1' });
    const reader = openObjectReader(repo.bare);
    const blob = git(repo.bare, ['rev-parse', 'HEAD:a']);
    for (const rev of [
      'none',
      '',
      '-x',
      '../HEAD',
      'main~5',
      'main^2',
      blob,
      '0'.repeat(40),
      'dead',
      `${tip}0`,
      'main:a',
      'main@{1}',
      'a\0b',
      '~',
      '^',
    ])
      await assert.rejects(
        resolveRevision({ gitdir: repo.bare }, reader, rev),
        codeIs('REVISION_UNKNOWN'),
        rev,
      );
    reader.close();
  });
});
