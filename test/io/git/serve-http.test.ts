import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { serveGit } from '../../../src/io/git/serve-http.ts';
import { gitEnv, makeRepo, tempDir } from '../../fakes/git-repo.ts';

const run = promisify(execFile);

test('native git clones, pushes and is told apart from a fetch', async () => {
  const dir = tempDir();
  const pushed: string[] = [];
  const server = await serveGit({
    root: dir,
    host: '127.0.0.1',
    port: 0,
    onPush: (repository) => pushed.push(repository),
  });
  try {
    const repo = makeRepo(dir);
    repo.commit({ a: '1' });
    const clone = path.join(dir, 'clone');
    const git = (...args: string[]) => run('git', args, { env: gitEnv });
    await git('clone', '-q', `${server.url}/fleet.git`, clone);
    assert.deepEqual(pushed, []);
    await git('-C', clone, 'commit', '-q', '--allow-empty', '-m', 'through http');
    await git('-C', clone, 'push', '-q', 'origin', 'main');
    assert.deepEqual(pushed, ['/fleet.git']);
    assert.equal(repo.message('main'), 'through http');
    await assert.rejects(git('ls-remote', `${server.url}/none.git`));
    await assert.rejects(git('ls-remote', `${server.url}/../fleet.git/..`));
  } finally {
    await server.close();
    rmSync(dir, { recursive: true, force: true });
  }
});
