import assert from 'node:assert/strict';
import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { request } from 'undici';
import { association, mark, script, wordsOf } from './files.ts';
import { openFleet, STATUS_BRANCH } from './fleet.ts';

/** Longer than a fleet of this size needs to come back and be told to run. */
const QUIET_MS = 3_000;

const fleet = await openFleet({
  files: {
    ...script('Greet', [mark('greet', 'first')]),
    ...association('greet', { Name: 'Greet' }),
    ...script('Often', [mark('often', 'slot')]),
    ...association('often', { Name: 'Often', ScheduleExpression: 'rate(30 minutes)' }),
  },
  nodes: { a: { role: 'web' }, b: { role: 'db' } },
});
after(() => fleet.close());

const starts = (): string[] =>
  ['a', 'b'].flatMap((name) => [
    ...wordsOf(fleet.lines(name, 'greet')),
    ...wordsOf(fleet.lines(name, 'often')),
  ]);
const stateJson = (): { readonly [key: string]: unknown } =>
  JSON.parse(fleet.repo.show('state.json', STATUS_BRANCH));

await fleet.converged(fleet.repo.tip() ?? '');

test('a lost state directory is rebuilt from key, branch and agents, and nothing runs twice', async (t) => {
  await fleet.daemon.stop();
  const before = { starts: starts(), associations: stateJson()['associations'] };
  rmSync(fleet.stateDir, { recursive: true });
  const begin = performance.now();
  await fleet.startDaemon();
  await connected();
  t.diagnostic(`recovered, agents connected after ${Math.round(performance.now() - begin)} ms`);
  assert.match(fleet.daemonLog(), /rebuilt from the status branch/);
  await fleet.stays(() => starts().length === before.starts.length, 'nothing runs', QUIET_MS);
  await fleet.daemon.stop();
  assert.deepEqual(stateJson()['associations'], before.associations, 'versions and anchors stand');
  assert.equal(fleet.summary()?.verdict, 'compliant');
});

test('it is rebuilt also where somebody edited the page of the branch meanwhile', async () => {
  await fleet.daemon.stop();
  const before = { starts: starts(), state: stateJson() };
  fleet.repo.commit({ 'README.md': 'all is well' }, { branch: STATUS_BRANCH });
  rmSync(fleet.stateDir, { recursive: true });
  await fleet.startDaemon();
  await connected();
  await fleet.stays(() => starts().length === before.starts.length, 'nothing runs', QUIET_MS);
  await fleet.daemon.stop();
  assert.deepEqual(stateJson()['associations'], before.state['associations']);
  assert.equal(stateJson()['epoch'], Number(before.state['epoch']) + 1);
  assert.ok(fleet.repo.list(STATUS_BRANCH).some((path) => path.startsWith('nodes/')));
  assert.doesNotMatch(fleet.repo.show('README.md', STATUS_BRANCH), /all is well/);
});

test('after it the fleet goes on: nodes keep their tags, a change runs once', async () => {
  await fleet.startDaemon();
  const revision = fleet.commit({
    ...script('Greet', [mark('greet', 'second')]),
    ...association('greet', { Name: 'Greet', Targets: [{ Key: 'tag:role', Values: ['web'] }] }),
  });
  await fleet.converged(revision);
  assert.deepEqual(wordsOf(fleet.lines('a', 'greet')), ['first', 'second']);
  assert.deepEqual(wordsOf(fleet.lines('b', 'greet')), ['first']);
});

test('kill -9 at any moment and a lost directory together lose no more than what was on the branch', async () => {
  const revision = fleet.commit(script('Greet', ['sleep 0.5', mark('greet', 'third')]));
  await fleet.until(() => fleet.summary()?.revision === revision, 'accepted');
  await fleet.daemon.kill();
  rmSync(fleet.stateDir, { recursive: true });
  await fleet.startDaemon();
  await fleet.converged(revision);
  assert.deepEqual(wordsOf(fleet.lines('a', 'greet')), ['first', 'second', 'third']);
});

test('with another key nothing is restored, nothing runs, and the branch is left alone', async () => {
  await fleet.daemon.stop();
  const key = join(fleet.dir, 'etc', 'daemon.key');
  const before = { starts: starts(), tip: fleet.repo.tip(STATUS_BRANCH) };
  for (const path of [key, fleet.stateDir]) renameSync(path, `${path}.aside`);
  // The first start makes a key of its own: lost or exchanged is the same to it.
  const daemon = fleet.launchDaemon();
  await fleet.until(() => fleet.daemonLog().includes('RECOVERY_REFUSED'), 'it says what is wrong');
  await fleet.stays(
    () =>
      daemon.exitCode === null &&
      starts().length === before.starts.length &&
      fleet.repo.tip(STATUS_BRANCH) === before.tip,
    'it waits for an operator',
    QUIET_MS,
  );
  assert.equal((await request(`${fleet.httpUrl}/readyz`)).statusCode, 503);
  await daemon.stop();

  for (const path of [key, fleet.stateDir]) {
    rmSync(path, { recursive: true });
    renameSync(`${path}.aside`, path);
  }
  await fleet.startDaemon();
  // A node that met a stranger under its daemon's address asks again only after a minute.
  for (const name of ['a', 'b']) {
    await fleet.agent(name).stop();
    fleet.startAgent(name);
  }
  await connected();
});

async function connected(): Promise<void> {
  await fleet.until(async () => {
    const nodes = (await fleet.ask('nodes')) as { readonly connected: boolean }[];
    return nodes.length === 2 && nodes.every((node) => node.connected);
  }, 'both agents are connected');
}
