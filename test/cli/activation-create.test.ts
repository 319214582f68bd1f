import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { parse } from 'yaml';
import { call, tempFolder } from './cli.ts';

const LINE =
  /^RECONCILED_ACTIVATION_CODE=([\w-]+) reconciled agent register --server (\S+) --server-key (ed25519:\S+) --activation-id ([0-9a-f-]{36})$/m;

const config = (agents: string): string =>
  `instance: test\nsource: { url: /nonexistent }\nstateDir: state\nagents: ${agents}\n`;

test('activation create: the file holds the hash of the code, and the line joins with it', async (t) => {
  const dir = await tempFolder(t);
  await writeFile(join(dir, 'daemon.yaml'), config('{ listen: "0.0.0.0:7443" }'));
  const before = Date.now();
  const { code, stdout } = await call([
    ...['activation', 'create', '--repo', dir, '--config', join(dir, 'daemon.yaml')],
    ...['--limit', '10', '--expires', '24h', '--tag', 'role=web', '--tag', 'note=a=b'],
    ...['--name', 'web'],
  ]);
  assert.equal(code, 0);
  const [, joinCode = '', server, , id = ''] = LINE.exec(stdout) ?? [];
  assert.equal(server, `wss://${hostname()}:7443`);
  assert.ok(Buffer.from(joinCode, 'base64url').length >= 32);

  const text = await readFile(join(dir, 'activations', `${id}.yaml`), 'utf8');
  assert.ok(!text.includes(joinCode));
  const file = parse(text) as { readonly [key: string]: unknown };
  const hash = createHash('sha256').update(joinCode).digest('hex');
  assert.equal(file['ActivationCodeHash'], `sha256:${hash}`);
  assert.equal(file['RegistrationLimit'], 10);
  assert.equal(file['DefaultInstanceName'], 'web');
  assert.deepEqual(file['Tags'], [
    { Key: 'role', Value: 'web' },
    { Key: 'note', Value: 'a=b' },
  ]);
  const lifetimeMs = Date.parse(String(file['ExpirationDate'])) - before;
  assert.ok(Math.abs(lifetimeMs - 86_400_000) < 60_000);
  assert.equal((await call(['validate', dir])).code, 0);
});

test('activation create: thirty days are the most', async (t) => {
  const dir = await tempFolder(t);
  await writeFile(join(dir, 'daemon.yaml'), config('{}'));
  const argv = ['activation', 'create', '--repo', dir, '--config', join(dir, 'daemon.yaml')];
  assert.equal((await call([...argv, '--expires', '30d'])).code, 0);
});

test('activation create: the key of the daemon is made once and stays', async (t) => {
  const dir = await tempFolder(t);
  await writeFile(join(dir, 'daemon.yaml'), config('{ listen: "127.0.0.1:7443", insecure: true }'));
  const argv = ['activation', 'create', '--repo', dir, '--config', join(dir, 'daemon.yaml')];
  const lines = [await call(argv), await call(argv)].map(({ stdout }) => LINE.exec(stdout));
  assert.equal(lines[0]?.[2], 'ws://127.0.0.1:7443');
  assert.equal(lines[0][3], lines[1]?.[3]);
  assert.notEqual(lines[0][1], lines[1]?.[1]);
  const given = await call([...argv, '--server', 'wss://ops.example.org:443']);
  assert.equal(LINE.exec(given.stdout)?.[2], 'wss://ops.example.org:443');
});

test('activation create: wrong numbers and tags are wrong usage, and write nothing', async (t) => {
  const dir = await tempFolder(t);
  await writeFile(join(dir, 'daemon.yaml'), config('{}'));
  const argv = ['activation', 'create', '--repo', dir, '--config', join(dir, 'daemon.yaml')];
  for (const wrong of [
    ['--limit', '0'],
    ['--limit', '1001'],
    ['--expires', 'soon'],
    ['--expires', '31d'],
    ['--expires', '721h'],
    ['--tag', 'role'],
    ['--repo', join(dir, 'nowhere')],
  ]) {
    const repo = wrong[0] === '--repo' ? argv.filter((_, at) => at !== 2 && at !== 3) : argv;
    assert.equal((await call([...repo, ...wrong])).code, 64, wrong.join(' '));
  }
  assert.ok(!(await readdir(dir)).includes('activations'));
});
