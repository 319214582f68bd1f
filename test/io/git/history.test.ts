import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { relate } from '../../../src/io/git/history.ts';
import { openObjectReader } from '../../../src/io/git/object-reader.ts';
import { git, gitTry, makeRepo, tempDir } from '../../fakes/git-repo.ts';

/** Random histories with merges and with clocks that lie, compared with what git itself says about each pair. */
test('ancestry, distance and messages are what git rev-list says', async () => {
  const dir = tempDir();
  try {
    const repo = makeRepo(dir);
    const tree = git(repo.bare, ['mktree'], '');
    const shape = fc.array(fc.tuple(fc.nat(), fc.option(fc.nat(), { freq: 2 }), fc.nat(50)), {
      minLength: 2,
      maxLength: 7,
    });
    const pairs = fc.tuple(fc.nat(), fc.nat());
    let salt = 0;
    await fc.assert(
      fc.asyncProperty(shape, pairs, async (commits, [knownAt, tipAt]) => {
        salt += 1;
        const made: string[] = [];
        for (const [n, [parent, second, clock]] of commits.entries()) {
          const parents = n === 0 ? [] : [made[parent % n] ?? ''];
          if (n > 0 && second !== null) parents.push(made[second % n] ?? '');
          const headers = [...new Set(parents)].map((oid) => `parent ${oid}\n`).join('');
          const by = `Ada <a@example.org> ${1_750_000_000 + clock} +0000`;
          const body = `tree ${tree}\n${headers}author ${by}\ncommitter ${by}\n\ncommit ${salt}.${n}\n`;
          made.push(git(repo.bare, ['hash-object', '-t', 'commit', '-w', '--stdin'], body));
        }
        const known = made[knownAt % made.length] ?? '';
        const tip = made[tipAt % made.length] ?? '';
        const reader = openObjectReader(repo.bare);
        const relation = await relate(reader, { known, tip }, new Set());
        reader.close();
        const isAncestor =
          gitTry(repo.bare, ['merge-base', '--is-ancestor', known, tip]).code === 0;
        assert.equal(
          relation.kind,
          known === tip ? 'same' : isAncestor ? 'descendant' : 'diverged',
        );
        if (relation.kind !== 'descendant') return;
        const count = git(repo.bare, ['rev-list', '--count', '--first-parent', `${known}..${tip}`]);
        assert.equal(relation.distance, Number(count));
        const subjects = git(repo.bare, ['log', '--format=%s', `${known}..${tip}`]).split('\n');
        assert.deepEqual(
          relation.messages.map((message) => message.trim()).sort(),
          subjects.sort(),
        );
      }),
      { numRuns: 25 },
    );
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});

test('at most a thousand messages come back, the newest', async () => {
  const dir = tempDir();
  try {
    const repo = makeRepo(dir);
    const known = repo.commit({ a: '1' });
    const stream = Array.from({ length: 1_005 }, (_, n) => {
      const from = n === 0 ? 'from refs/heads/main^0\n' : '';
      return `commit refs/heads/main\ncommitter A <a@b> ${1_760_000_000 + n} +0000\ndata 5\n${String(n).padStart(5, '0')}\n${from}\n`;
    }).join('');
    git(repo.bare, ['fast-import', '--quiet'], stream);
    const reader = openObjectReader(repo.bare);
    const relation = await relate(reader, { known, tip: repo.tip() ?? '' }, new Set());
    reader.close();
    assert.equal(relation.distance, 1_005);
    assert.equal(relation.messages.length, 1_000);
    assert.equal(relation.messages[0]?.trim(), '01004');
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
