import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { association, mark, script, wordsOf } from './files.ts';
import { openFleet, STATUS_BRANCH } from './fleet.ts';

/** Contract, issue 2: commit to converged status commit with the web hook. */
const WEBHOOK_MS_MAX = 5_000;
const POLL_MS = 2_000;
/** Longer than a signed poke needs to have its commit converged. */
const QUIET_MS = 1_500;

const fleet = await openFleet({
  files: { ...script('Greet', [mark('greet', 'one')]), ...association('greet', { Name: 'Greet' }) },
  nodes: { a: {}, b: {} },
  pollInterval: '1h',
});
after(() => fleet.close());

const greetings = (name: string): string[] => wordsOf(fleet.lines(name, 'greet'));

test('a first commit converges on every node, and the status branch says so', async () => {
  const summary = await fleet.converged(fleet.repo.tip() ?? '');
  assert.deepEqual(summary.nodes, { ...summary.nodes, total: 2, compliant: 2, failing: 0 });
  assert.deepEqual([greetings('a'), greetings('b')], [['one'], ['one']]);
});

test('a poke without the right signature is refused, and the commit goes unseen', async () => {
  const accepted = fleet.repo.tip();
  fleet.commit(script('Greet', [mark('greet', 'two')]));
  assert.equal(await fleet.poke(`sha256=${'0'.repeat(64)}`), 401);
  await fleet.stays(() => fleet.summary()?.revision === accepted, 'nobody has looked', QUIET_MS);
});

test('with the web hook a commit is a converged status commit within five seconds', async (t) => {
  const begin = performance.now();
  const revision = fleet.commit(script('Greet', [mark('greet', 'three')]));
  assert.equal(await fleet.poke(), 202);
  await fleet.converged(revision, WEBHOOK_MS_MAX);
  t.diagnostic(`converged after ${Math.round(performance.now() - begin)} ms`);
  assert.deepEqual(
    [greetings('a'), greetings('b')],
    [
      ['one', 'three'],
      ['one', 'three'],
    ],
  );
  const message = fleet.repo.message(fleet.repo.tip(STATUS_BRANCH) ?? '');
  assert.match(message, new RegExp(`^Reconciled-Source-Revision: ${revision}$`, 'm'));
});

test('without it a commit is one within a poll more', async (t) => {
  await fleet.daemon.stop();
  const config = readFileSync(fleet.config, 'utf8');
  writeFileSync(fleet.config, config.replace('pollInterval: 1h', `pollInterval: ${POLL_MS}ms`));
  await fleet.startDaemon();
  await fleet.until(async () => {
    const nodes = (await fleet.ask('nodes')) as { readonly connected: boolean }[];
    return nodes.every((node) => node.connected);
  }, 'the agents are back');
  const begin = performance.now();
  await fleet.converged(
    fleet.commit(script('Greet', [mark('greet', 'four')])),
    POLL_MS + WEBHOOK_MS_MAX,
  );
  t.diagnostic(`converged after ${Math.round(performance.now() - begin)} ms`);
});
