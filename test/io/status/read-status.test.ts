import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { openStatusDirectory, openStatusRef } from '../../../src/io/status/read-status.ts';
import { git, makeRepo, tempDir } from '../../fakes/git-repo.ts';

const decoded = (bytes: Uint8Array | null) =>
  bytes === null ? null : Buffer.from(bytes).toString();

test('a status branch is read by its local or its remote name', async () => {
  const dir = tempDir();
  try {
    const repo = makeRepo(dir);
    repo.commit({ 'a.yaml': 'x' });
    const tip = repo.commit(
      { 'nodes/ab/n.json': '{}', 'state.json': '{"v":1}' },
      {
        branch: 'reconciled/status',
        message: 'Report\n\nReconciled-Instance: prod\nReconciled-Seq: 41',
      },
    );
    git(repo.work, ['checkout', '-q', 'main']);
    git(repo.work, ['fetch', '-q', 'origin']);
    for (const ref of ['reconciled/status', 'origin/reconciled/status', tip]) {
      const status = await openStatusRef(repo.work, ref);
      assert.ok(status);
      assert.deepEqual([status.commit, status.instance, status.seq], [tip, 'prod', 41]);
      assert.equal(decoded(await status.read('state.json')), '{"v":1}');
      assert.equal(await status.read('nodes'), null);
      assert.deepEqual(await status.list('nodes/ab/'), ['nodes/ab/n.json']);
      assert.deepEqual(await status.list('nod'), []);
    }
    const foreign = await openStatusRef(repo.work, 'main');
    assert.deepEqual([foreign?.instance, foreign?.seq], [null, null]);
    await assert.rejects(openStatusRef(repo.work, 'none'), { code: 'REVISION_UNKNOWN' });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});

test('a folder of status files is read the same way, and nothing outside of it', async () => {
  const dir = tempDir();
  try {
    mkdirSync(path.join(dir, 'status/nodes/ab'), { recursive: true });
    writeFileSync(path.join(dir, 'status/nodes/ab/n.json'), '{}');
    writeFileSync(path.join(dir, 'status/state.json'), '1');
    writeFileSync(path.join(dir, 'secret'), '2');
    const status = openStatusDirectory(path.join(dir, 'status'));
    assert.equal(status.commit, null);
    assert.equal(decoded(await status.read('state.json')), '1');
    assert.equal(await status.read('../secret'), null);
    assert.equal(await status.read('nodes'), null);
    assert.deepEqual(await status.list(''), ['nodes/ab/n.json', 'state.json']);
    assert.deepEqual(await status.list('nodes'), ['nodes/ab/n.json']);
    assert.deepEqual(await status.list('..'), []);
    assert.deepEqual(await status.list('none'), []);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
