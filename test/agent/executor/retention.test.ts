import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  expiredFolders,
  sweepRunFolders,
  sweepSpares,
} from '../../../src/agent/executor/retention.ts';
import { instant } from '../../../src/core/model/brand.ts';

const now = instant(1_000_000);
const limits = { runs: 3, bytes: 100, ageMs: 1_000 };
const folder = (name: string, ageMs: number, bytes = 1) => ({ name, bytes, at: now - ageMs });
const none: ReadonlySet<string> = new Set();

for (const c of [
  { name: 'all fit', folders: [folder('a', 1), folder('b', 2)], keep: none, want: [] },
  {
    name: 'too many: the oldest',
    folders: [folder('a', 4), folder('b', 1), folder('c', 3), folder('d', 2)],
    keep: none,
    want: ['a'],
  },
  {
    name: 'too large together: the oldest',
    folders: [folder('a', 3, 40), folder('b', 2, 40), folder('c', 1, 40)],
    keep: none,
    want: ['a'],
  },
  { name: 'too old', folders: [folder('a', 1_001), folder('b', 1_000)], keep: none, want: ['a'] },
  {
    name: 'never one that is active or not acked',
    folders: [folder('a', 9_000, 500)],
    keep: new Set(['a']),
    want: [],
  },
])
  test(`run folders: ${c.name}`, () => {
    assert.deepEqual(expiredFolders(c.folders, c.keep, now, limits), c.want);
  });

test('old folders go with all that is in them; spares of a dead process too', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'retention-'));
  try {
    for (const name of ['old', 'kept', 'new', 'spare-1']) {
      await mkdir(join(dir, name, 's0'), { recursive: true });
      await writeFile(join(dir, name, 's0', '0.out'), 'x');
    }
    const longAgo = new Date('2020-01-01');
    for (const name of ['old', 'kept']) await utimes(join(dir, name), longAgo, longAgo);
    await sweepRunFolders(dir, new Set(['kept']), instant(Date.now()));
    assert.deepEqual((await readdir(dir)).sort(), ['kept', 'new', 'spare-1']);
    await sweepSpares(dir);
    assert.deepEqual((await readdir(dir)).sort(), ['kept', 'new']);
  } finally {
    await rm(dir, { recursive: true });
  }
});

test('a folder in which a script makes and removes others is swept around', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'retention-'));
  const where = join(dir, 'left', 'downloads');
  await mkdir(where, { recursive: true });
  // A process that a run left behind: its run is over, and nothing keeps it from working on.
  const loop = 'while :; do mkdir -p t/a/b; rm -rf t; : >t; rm t; done';
  const child = spawn('/bin/sh', ['-c', loop], { cwd: where });
  try {
    for (let i = 0; i < 200; i++) await sweepRunFolders(dir, new Set(), instant(Date.now()));
    assert.deepEqual(await readdir(dir), ['left']);
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
    await rm(dir, { recursive: true });
  }
});
