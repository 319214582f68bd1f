import assert from 'node:assert/strict';
import { chmod, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { loadOrCreateKeyFile } from '../../src/protocol/key-file.ts';
import { call } from './cli.ts';
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

test('doctor: a source that cannot be read is a failure with its reason', async (t) => {
  const { config, repo } = await stage(t);
  repo.deleteBranch();
  assert.match((await doctor(config)).of('source')?.message ?? '', /no branch main/);
  await rm(repo.bare, { recursive: true });
  assert.deepEqual((await doctor(config)).of('source')?.level, 'fail');
});

test('doctor: a table for people', async (t) => {
  const { config } = await stage(t);
  const { stdout } = await call(['doctor', '--config', config]);
  assert.match(stdout, /^\tCHECK\tFOUND\n(ok|warn)\tnode\t/);
});
