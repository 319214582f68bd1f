import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { makeRepo, tempDir } from '../../fakes/git-repo.ts';
import { startGitServer } from '../../fakes/git-server.ts';

const run = promisify(execFile);
const source = (file: string) => pathToFileURL(path.resolve(file)).href;

/** What the daemon does with Git, as a script of its own. */
const script = (url: string, dir: string) => `
  import { openGitSource } from '${source('src/io/source/git-source.ts')}';
  import { openGitStatus } from '${source('src/io/status/git-status.ts')}';
  import { silentLog } from '${source('src/io/log.ts')}';
  const { signal } = new AbortController();
  const common = { url: '${url}', credentialsFile: null };
  const fleet = openGitSource({ ...common, branch: 'main', path: '.', mirrorDir: '${dir}/source.git' }, silentLog);
  const { tip } = await fleet.observe(null, signal);
  const { files } = await fleet.snapshot(tip, signal);
  const status = openGitStatus(
    { ...common, branch: 'reconciled/status', mirrorDir: '${dir}/status-${path.basename(url)}', random: Math.random }, silentLog);
  const outcome = await status.publish({ files: new Map([['README.md', Buffer.from(files[0].path)]]), complete: true,
    subject: 'Report', trailers: {}, instance: 'prod', seq: 1, at: 1750000000000 }, signal);
  console.log(outcome.kind);
  fleet.close();
  status.close();
`;

test('source and status need no git on the PATH, remote or local', async () => {
  const dir = tempDir();
  const server = await startGitServer({ root: dir });
  try {
    const repo = makeRepo(dir);
    repo.commit({ 'nodes/a.yaml': 'x' });
    for (const url of [`${server.url}/fleet.git`, repo.bare]) {
      const file = path.join(dir, 'script.mts');
      writeFileSync(file, script(url, dir));
      const { stdout } = await run(
        process.execPath,
        ['--import', source('node_modules/tsx/dist/esm/index.mjs'), file],
        {
          env: { PATH: '/nonexistent' },
        },
      );
      assert.equal(stdout.trim(), 'published');
      assert.equal(repo.show('README.md', 'reconciled/status'), 'nodes/a.yaml');
      repo.deleteBranch('reconciled/status');
    }
  } finally {
    await server.close();
    rmSync(dir, { recursive: true, force: true });
  }
});
