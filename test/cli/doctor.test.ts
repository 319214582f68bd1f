import assert from 'node:assert/strict';
import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { saveAgentConfig } from '../../src/agent/config.ts';
import { ownIdentityFile } from '../../src/agent/vault.ts';
import { checkNode } from '../../src/cli/doctor/checks.ts';
import { nodeId } from '../../src/core/model/brand.ts';
import { loadOrCreateKeyFile } from '../../src/protocol/key-file.ts';
import { loadOrCreateIdentityFile } from '../../src/secrets/identity-file.ts';
import { git } from '../fakes/git-repo.ts';
import { startGitServer } from '../fakes/git-server.ts';
import { call, start } from './cli.ts';
import { stage } from './stage.ts';

type Finding = { readonly check: string; readonly level: string; readonly message: string };

async function doctor(config: string) {
  const { code, stdout } = await call(['doctor', '--config', config, '--format', 'json']);
  const { healthy, checks } = JSON.parse(stdout) as {
    readonly healthy: boolean;
    readonly checks: readonly Finding[];
  };
  return { code, healthy, of: (name: string) => checks.find(({ check }) => check === name) };
}

test('doctor: a host that is about to begin is healthy, with what is still missing', async (t) => {
  const { config } = await stage(t);
  const { code, healthy, of } = await doctor(config);
  assert.deepEqual([code, healthy], [0, true]);
  assert.equal(of('configuration')?.level, 'ok');
  assert.equal(of('source')?.level, 'ok');
  assert.match(of('key')?.message ?? '', /makes one when it starts/);
  assert.match(of('daemon')?.message ?? '', /no daemon listens/);
  assert.match(of('separation')?.message ?? '', /protect main/);
});

test('doctor: mistakes of the configuration are a failure, told whole', async (t) => {
  const { config } = await stage(t);
  await writeFile(config, 'instance: test\nsource: { url: x }\nbogus: 1\n');
  const { code, of } = await doctor(config);
  assert.equal(code, 1);
  assert.match(of('configuration')?.message ?? '', /stateDir[\s\S]*bogus|bogus[\s\S]*stateDir/);
});

test('doctor: a key that others can read is a failure; one without a backup is a demand', async (t) => {
  const { dir, config } = await stage(t);
  const key = join(dir, 'etc', 'daemon.key');
  await loadOrCreateKeyFile(key);
  assert.match((await doctor(config)).of('backup')?.message ?? '', /back the key up/);
  await chmod(key, 0o644);
  const { code, of } = await doctor(config);
  assert.deepEqual([code, of('key')?.level], [1, 'fail']);
});

test('doctor: the escrow identity: told when absent, its recipient when there, a failure when open or foreign', async (t) => {
  const { dir, config } = await stage(t);
  assert.equal((await doctor(config)).of('escrow'), undefined, 'none is configured');
  const file = join(dir, 'etc', 'escrow.key');
  await writeFile(config, `${await readFile(config, 'utf8')}identity: { escrow: ${file} }\n`);
  const absent = (await doctor(config)).of('escrow');
  assert.equal(absent?.level, 'warn');
  assert.match(absent.message, /makes one when it starts/);
  const { recipient } = await loadOrCreateIdentityFile(file);
  const there = (await doctor(config)).of('escrow');
  assert.equal(there?.level, 'ok');
  assert.ok(there.message.includes(recipient));
  for (const mode of [0o640, 0o604]) {
    await chmod(file, mode);
    const open = await doctor(config);
    assert.deepEqual([open.code, open.of('escrow')?.level], [1, 'fail']);
    assert.match(open.of('escrow')?.message ?? '', /chmod 600/);
  }
  await chmod(file, 0o600);
  await writeFile(file, 'hunter2\n');
  const broken = (await doctor(config)).of('escrow');
  assert.equal(broken?.level, 'fail');
  assert.ok(!broken.message.includes('hunter2'));
});

test('doctor: on a node every identity that its configuration names', async (t) => {
  const { dir } = await stage(t);
  const stateDir = join(dir, 'state');
  const role = join(dir, 'role.key');
  await mkdir(join(dir, 'etc', 'reconciled'), { recursive: true });
  await saveAgentConfig(join(dir, 'etc', 'reconciled', 'agent.yaml'), {
    server: 'wss://127.0.0.1:1',
    serverKey: `ed25519:${Buffer.alloc(32, 1).toString('base64')}`,
    nodeId: nodeId('mi-00000000000000001'),
    stateDir,
    identities: [role, 'systemd:role'],
  });
  await loadOrCreateIdentityFile(ownIdentityFile(stateDir));
  const found = async () =>
    (await checkNode(dir)).map(({ check, level, message }) => ({ check, level, message }));
  const own = { check: 'identity', level: 'ok', message: ownIdentityFile(stateDir) };
  const missing = { check: 'identity', level: 'fail', message: `there is no identity at ${role}` };
  assert.deepEqual(await found(), [own, missing]);
  await loadOrCreateIdentityFile(role);
  assert.deepEqual(await found(), [own, { check: 'identity', level: 'ok', message: role }]);
  await chmod(role, 0o640);
  assert.match((await found())[1]?.message ?? '', /can be read by others; chmod 600/);
  await writeFile(join(dir, 'etc', 'reconciled', 'agent.yaml'), 'server: nonsense\n');
  assert.deepEqual(
    (await found()).map(({ level }) => level),
    ['fail'],
  );
  assert.deepEqual(await checkNode(join(dir, 'elsewhere')), [], 'no node is here');
});

test('doctor: a source that cannot be read is a failure with its reason', async (t) => {
  const { dir, config, repo } = await stage(t);
  const source = async () => (await doctor(config)).of('source')?.message ?? '';
  repo.deleteBranch();
  assert.match(await source(), /has no branch main: nothing has been pushed to it yet$/);

  repo.commit({ 'nodes/a': '1' }, { branch: 'master' });
  git(repo.bare, ['pack-refs', '--all']);
  repo.commit({ 'nodes/a': '1' }, { branch: 'people/ada' });
  repo.commit({ 'README.md': 'x' }, { branch: 'reconciled/status' });
  const instead =
    /has no branch main; it has master, people\/ada: push main, or name one of these in/;
  assert.match(await source(), instead);
  const server = await startGitServer({ root: dir });
  t.after(() => server.close());
  const text = await readFile(config, 'utf8');
  await writeFile(config, text.replace(/url: [^,]+,/, `url: ${server.url}/fleet.git,`));
  assert.match(await source(), instead);
  await writeFile(config, text);

  await rm(repo.bare, { recursive: true });
  assert.deepEqual((await doctor(config)).of('source')?.level, 'fail');
});

test('doctor: whose the status branch is, and whether a lost state could come back from it', async (t) => {
  const { dir, config, repo } = await stage(t);
  const key = join(dir, 'etc', 'daemon.key');
  const status = async () => (await doctor(config)).of('status');
  assert.match((await status())?.message ?? '', /reconciled\/status is not there yet/);

  const once = start(t, ['daemon', '--config', config, '--once', '--timeout', '30s']);
  assert.equal((await once.ended).code, 0);
  assert.deepEqual((await status())?.level, 'ok');
  assert.match(
    (await status())?.message ?? '',
    /^reconciled\/status is at [0-9a-f]{7}, of this daemon$/,
  );
  const tip = repo.tip('reconciled/status');

  await rename(key, `${key}.old`);
  assert.deepEqual((await status())?.level, 'warn');
  assert.match((await status())?.message ?? '', /signed with a key that is not here; put it back/);
  await loadOrCreateKeyFile(key);
  assert.deepEqual((await status())?.level, 'warn');
  assert.match(
    (await status())?.message ?? '',
    /another key signed it; until this daemon has written/,
  );

  await writeFile(
    config,
    (await readFile(config, 'utf8')).replace('instance: test', 'instance: b'),
  );
  const foreign = await doctor(config);
  assert.deepEqual([foreign.code, foreign.of('status')?.level], [1, 'fail']);
  assert.match(foreign.of('status')?.message ?? '', /belongs to the instance "test"; give this/);

  const lines = 'status: { branch: main }';
  await writeFile(config, (await readFile(config, 'utf8')).replace(/^status: .*$/m, lines));
  assert.match((await status())?.message ?? '', /no daemon wrote it: what is there goes/);
  assert.equal(repo.tip('reconciled/status'), tip, 'doctor changes nothing');
});

test('doctor: a credential that may read and not push is a failure before the daemon meets it', async (t) => {
  const { dir, config } = await stage(t);
  const server = await startGitServer({ root: dir });
  t.after(() => server.close());
  const text = await readFile(config, 'utf8');
  await writeFile(config, text.replace(/url: [^,]+,/, `url: ${server.url}/fleet.git,`));
  const well = await doctor(config);
  assert.deepEqual([well.of('source')?.level, well.of('status')?.level], ['ok', 'ok']);

  server.fail(({ url }) =>
    url?.includes('git-receive-pack') === true ? { kind: 'status', status: 403 } : null,
  );
  const { code, of } = await doctor(config);
  assert.deepEqual([code, of('source')?.level, of('status')?.level], [1, 'ok', 'fail']);
  assert.match(of('status')?.message ?? '', /403/);
  assert.ok(server.requests.every((request) => !request.startsWith('POST /fleet.git/git-receive')));
});

test('doctor: a status branch that somebody has checked out is a failure', async (t) => {
  const { config, repo } = await stage(t);
  git(repo.work, ['checkout', '-q', '-B', 'reconciled/status']);
  await writeFile(config, (await readFile(config, 'utf8')).replace(repo.bare, repo.work));
  const found = (await doctor(config)).of('status');
  assert.equal(found?.level, 'fail');
  assert.match(found.message, /is checked out in .*; check out another branch there/);
});

test('doctor: a table for people', async (t) => {
  const { config } = await stage(t);
  const { stdout } = await call(['doctor', '--config', config]);
  assert.match(stdout, /^\tCHECK\tFOUND\n(ok|warn)\tnode\t/);
});
