import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { TaskOrder, TaskOutcome } from '../../../src/agent/ports.ts';
import { openVault, ownIdentityFile } from '../../../src/agent/vault.ts';
import type { JsonObject } from '../../../src/core/model/json.ts';
import { encryptFor } from '../../../src/secrets/age.ts';
import { loadOrCreateIdentityFile } from '../../../src/secrets/identity-file.ts';
import { makeRepo } from '../../fakes/git-repo.ts';
import { startGitServer } from '../../fakes/git-server.ts';
import { sshMissing, startSshServer } from '../../fakes/ssh-server.ts';
import { run } from '../../protocol/messages.ts';
import type { Bench } from './bench.ts';
import { withBench } from './bench.ts';

const dir = await mkdtemp(join(tmpdir(), 'credentials-'));
after(() => rm(dir, { recursive: true, force: true }));
const own = ownIdentityFile(dir);
const { recipient } = await loadOrCreateIdentityFile(own);

/** Nothing that a shell or a URL takes as it is. */
const PASSWORD = `pa"ss'wo$rd %41\\n#@:/é`;
const secrets = async (values: { readonly [name: string]: string }) =>
  Object.fromEntries(
    await Promise.all(
      Object.entries(values).map(
        async ([name, value]) => [name, await encryptFor([recipient], value)] as const,
      ),
    ),
  );
const ciphertexts = await secrets({ '/user': 'deploy-user', '/password': PASSWORD });
const REFERENCES = { username: '{{ssm-secure:/user}}', password: '{{ ssm-secure:/password }}' };

const orderFor = (
  bench: Bench,
  inputs: JsonObject,
  given: TaskOrder['ciphertexts'] = ciphertexts,
): TaskOrder => ({
  ...bench.order(0, inputs),
  action: 'aws:downloadContent',
  ciphertexts: given,
});

async function fetchWith(
  bench: Bench,
  inputs: JsonObject,
  given?: TaskOrder['ciphertexts'],
): Promise<TaskOutcome> {
  bench.executor.start(orderFor(bench, inputs, given));
  return (await bench.next('task-ended')).outcome;
}

const http = (url: string, more: JsonObject): JsonObject => ({
  sourceType: 'HTTP',
  sourceInfo: JSON.stringify({ url, allowInsecureDownload: true, ...more }),
  destinationPath: 'file',
});

async function serve(t: TestContext, handle: RequestListener): Promise<string> {
  const server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const downloaded = (bench: Bench, name: string): string =>
  readFileSync(join(bench.dir, 'runs', run('1'), 'downloads', name), 'utf8');

/** No file below the node's folder holds a line of it, nor it as a header. */
async function assertGone(bench: Bench, values: readonly string[]): Promise<void> {
  const entries = await readdir(bench.dir, { recursive: true, withFileTypes: true });
  for (const entry of entries.filter((one) => one.isFile())) {
    const bytes = await readFile(join(entry.parentPath, entry.name));
    for (const value of values)
      assert.ok(!bytes.includes(value), `${entry.name} holds ${JSON.stringify(value)}`);
  }
}

/** Argument lists of every process, while `work` goes on. */
async function argumentsDuring<T>(work: Promise<T>): Promise<{ result: T; seen: string }> {
  let seen = '';
  const watch = { ended: false };
  const watching = (async () => {
    while (!watch.ended) {
      for (const pid of await readdir('/proc')) {
        if (!/^\d+$/.test(pid)) continue;
        seen += await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      }
      await delay(20);
    }
  })();
  const result = await work;
  watch.ended = true;
  await watching;
  return { result, seen };
}

const isRight = (header: string | undefined): boolean =>
  header === `Basic ${Buffer.from(`deploy-user:${PASSWORD}`).toString('base64')}`;

test('HTTP Basic with SecureStrings, on no command line and in no file', (t) =>
  withBench(
    async (bench) => {
      const url = await serve(t, (request, response) => {
        response.statusCode = isRight(request.headers.authorization) ? 200 : 401;
        setTimeout(() => response.end('content'), 200);
      });
      const inputs = http(`${url}/f`, { authMethod: 'Basic', ...REFERENCES });
      const { result, seen } = await argumentsDuring(fetchWith(bench, inputs));
      assert.equal(result.exitCode, 0, result.failure);
      assert.equal(downloaded(bench, 'file'), 'content');
      assert.match(seen, /agent\0perform/, 'the program was seen at work');
      for (const value of ['deploy-user', PASSWORD]) assert.ok(!seen.includes(value));
      bench.executor.release(run('1'));
      await assertGone(bench, ['deploy-user', PASSWORD, PASSWORD.slice(0, 8)]);
    },
    openVault([own]),
  ));

test('HTTP Digest with SecureStrings', (t) =>
  withBench(
    async (bench) => {
      const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
      const url = await serve(t, (request, response) => {
        const given = request.headers.authorization ?? '';
        const field = (name: string): string =>
          new RegExp(`${name}="?([^",]+)`).exec(given)?.[1] ?? '';
        const parts = [field('nc'), field('cnonce'), 'auth', md5('GET:/f')];
        const right = md5([md5(`deploy-user:r:${PASSWORD}`), 'n', ...parts].join(':'));
        if (field('response') === right) return response.end('content');
        const challenge = 'Digest realm="r", nonce="n", qop="auth"';
        return response.writeHead(401, { 'www-authenticate': challenge }).end();
      });
      const told = await fetchWith(
        bench,
        http(`${url}/f`, { authMethod: 'Digest', ...REFERENCES }),
      );
      assert.equal(told.exitCode, 0, told.failure);
      assert.equal(downloaded(bench, 'file'), 'content');
    },
    openVault([own]),
  ));

test('Git over http with SecureStrings, from a real git http-backend', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'credentials-git-'));
  t.after(() => rm(root, { recursive: true, force: true }));
  const repo = makeRepo(root, 'fleet.git');
  repo.commit({ 'a.txt': 'one' });
  const server = await startGitServer({
    root,
    auth: { username: 'deploy-user', password: PASSWORD },
  });
  t.after(() => server.close());
  await withBench(
    async (bench) => {
      const inputs = (info: JsonObject): JsonObject => ({
        sourceType: 'Git',
        sourceInfo: { repository: `${server.url}/fleet.git`, ...info },
        destinationPath: 'repo',
      });
      const told = await fetchWith(bench, inputs(REFERENCES));
      assert.equal(told.exitCode, 0, told.failure);
      assert.equal(downloaded(bench, 'repo/a.txt'), 'one');
      bench.executor.release(run('1'));
      await assertGone(bench, ['deploy-user', PASSWORD]);
    },
    openVault([own]),
  );
});

test('Git over ssh with a key that is a SecureString; the key is no file afterwards', {
  skip: sshMissing,
}, async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'credentials-ssh-'));
  t.after(() => rm(root, { recursive: true, force: true }));
  const repo = makeRepo(root, 'fleet.git');
  repo.commit({ 'a.txt': 'over ssh' });
  const server = await startSshServer(join(root, 'ssh'));
  t.after(() => server.close());
  const given = await secrets({ '/key': server.privateKey });
  const line = server.privateKey.split('\n')[1] ?? '';
  await withBench(
    async (bench) => {
      const told = await fetchWith(
        bench,
        {
          sourceType: 'Git',
          sourceInfo: {
            repository: `ssh://root@127.0.0.1:${server.port}${repo.bare}`,
            privateSSHKey: '{{ssm-secure:/key}}',
            skipHostKeyChecking: true,
          },
          destinationPath: 'repo',
        },
        given,
      );
      assert.equal(told.exitCode, 0, told.failure);
      assert.equal(downloaded(bench, 'repo/a.txt'), 'over ssh');
      bench.executor.release(run('1'));
      await assertGone(bench, [line]);
    },
    openVault([own]),
  );
});

test('a killed download leaves no key behind', (t) =>
  withBench(
    async (bench) => {
      const silent = createServer(() => undefined);
      await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
      t.after(() => {
        silent.closeAllConnections();
        silent.close();
      });
      const { port } = silent.address() as AddressInfo;
      const key = '-----BEGIN OPENSSH PRIVATE KEY-----\nnobodys-key\n-----END';
      const given = await secrets({ '/key': key });
      bench.executor.start(
        orderFor(
          bench,
          {
            sourceType: 'Git',
            sourceInfo: {
              repository: `ssh://root@127.0.0.1:${port}/x`,
              privateSSHKey: '{{ssm-secure:/key}}',
            },
          },
          given,
        ),
      );
      const scratch = join(bench.dir, 'runs', run('1'), 'scratch');
      const keyFile = async (): Promise<boolean> =>
        existsSync(scratch) &&
        (await readdir(scratch, { recursive: true })).some((name) => name.endsWith('.key'));
      while (!(await keyFile())) await delay(20);
      bench.executor.kill(run('1'));
      await bench.next('task-ended');
      bench.executor.release(run('1'));
      assert.ok(!existsSync(scratch));
      await assertGone(bench, ['nobodys-key']);
    },
    openVault([own]),
  ));

test('what a server says of a secret is masked, and one that did not come is named', (t) =>
  withBench(
    async (bench) => {
      const url = await serve(t, (request, response) => {
        response.writeHead(302, { location: `ftp://x/${encodeURI('deploy-user')}` }).end();
        request.resume();
      });
      const told = await fetchWith(bench, http(url, { authMethod: 'Basic', ...REFERENCES }));
      assert.equal(told.exitCode, 1);
      assert.match(told.failure, /\*\*\*/);
      assert.ok(!told.failure.includes('deploy-user'));
      const absent = {
        sourceType: 'GitHub',
        sourceInfo: { owner: 'o', repository: 'r', tokenInfo: '{{ssm-secure:/token}}' },
      };
      const missing = await fetchWith(bench, absent);
      assert.equal(missing.failure, 'Input contains invalid parameters [/token]');
    },
    openVault([own]),
  ));
