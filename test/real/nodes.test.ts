import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { runCommand } from '../../src/cli/demo/processes.ts';
import { parseJoinCommand } from '../../src/cli/demo/stage.ts';
import { loadOrCreateKeyFile } from '../../src/protocol/key-file.ts';
import { PROGRAM } from '../fakes/built-program.ts';
import { association, mark, script, wordsOf } from './files.ts';
import type { Activation } from './fleet.ts';
import { activationFile, newActivation, openFleet } from './fleet.ts';

const QUIET_MS = 1_500;
const greeting = (word: string) => script('Greet', [mark('greet', word)]);

const fleet = await openFleet({
  files: { ...greeting('first'), ...association('greet', { Name: 'Greet' }) },
  nodes: { a: {}, b: {} },
});
after(() => fleet.close());

const words = (name: string): string[] => wordsOf(fleet.lines(name, 'greet'));
await fleet.converged(fleet.repo.tip() ?? '');

test('a node that is away during a change is pending, and gets it when it returns', async () => {
  await fleet.agent('b').kill();
  const revision = fleet.commit(greeting('second'));
  await fleet.until(
    () => fleet.line('b', 'greet')?.Pending?.Reason === 'offline',
    'b is waited for',
  );
  await fleet.until(() => words('a').includes('second'), 'a does not wait for it');
  assert.deepEqual(words('b'), ['first']);
  fleet.startAgent('b');
  await fleet.converged(revision);
  assert.deepEqual(words('b'), ['first', 'second']);
});

test('a machine joins with the command that activation create prints, and registering it twice is harmless', async () => {
  const { stdout } = await fleet.run([
    'activation',
    'create',
    '--repo',
    fleet.repo.work,
    '--config',
    fleet.config,
    '--name',
    'joined',
    '--tag',
    'role=web',
  ]);
  const revision = fleet.commit({}, 'Let one join');
  const { args, code } = parseJoinCommand(stdout);
  const join = () =>
    runCommand({
      argv: [...PROGRAM, ...args, '--root', fleet.root('joined')],
      env: { PATH: process.env['PATH'], RECONCILED_ACTIVATION_CODE: code },
      signal: AbortSignal.timeout(30_000),
    });
  await join();
  const id = fleet.nodeId('joined');
  await join();
  assert.equal(fleet.nodeId('joined'), id);
  fleet.startAgent('joined');
  const summary = await fleet.converged(revision);
  assert.equal(summary.nodes.total, 3);
  assert.deepEqual(words('joined'), ['second']);
});

test('a wrong code and an expired activation make no node', async () => {
  const [good, old] = [newActivation(), newActivation()];
  const revision = fleet.commit({
    ...activationFile(good, 'good', {}),
    ...activationFile(old, 'old', {}, '2020-01-01T00:00:00Z'),
  });
  await fleet.converged(revision);
  const wrong = await register('stranger', { id: good.id, code: newActivation().code });
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /WRONG_CODE|refused/i);
  const late = await register('late', old);
  assert.equal(late.code, 1);
  assert.match(late.stderr, /expired/i);
  assert.equal(fleet.summary()?.nodes.total, 3);
});

test('a node that a commit revokes is dropped, refused, and runs nothing more', async () => {
  const id = fleet.nodeId('b');
  fleet.commit({ 'nodes/b.json': JSON.stringify({ InstanceId: id, Revoked: true }) });
  await fleet.until(() => fleet.summary()?.nodes.total === 2, 'b is a node no more');
  fleet.commit(greeting('third'));
  await fleet.until(() => words('a').includes('third'), 'the others go on');
  await fleet.agent('b').stop();
  fleet.startAgent('b');
  await fleet.stays(() => !words('b').includes('third'), 'b runs nothing', QUIET_MS);
});

test('a node that an operator revokes is shut out at once', async () => {
  await fleet.run(['node', 'revoke', fleet.nodeId('joined'), '--config', fleet.config]);
  fleet.commit(greeting('fourth'));
  await fleet.until(() => words('a').includes('fourth'), 'the others go on');
  await fleet.stays(() => !words('joined').includes('fourth'), 'it runs nothing', QUIET_MS);
});

async function register(name: string, { id, code }: Activation) {
  const { identity } = await loadOrCreateKeyFile(`${fleet.dir}/etc/daemon.key`);
  return runCommand({
    argv: [
      ...PROGRAM,
      ...['agent', 'register', '--server', fleet.agentsUrl, '--server-key', identity.publicKey],
      ...['--activation-id', id, '--root', fleet.root(name)],
    ],
    env: { PATH: process.env['PATH'], RECONCILED_ACTIVATION_CODE: code },
    allowed: [0, 1],
    signal: AbortSignal.timeout(30_000),
  });
}
