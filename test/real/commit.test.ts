import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { association, mark, script, wordsOf } from './files.ts';
import { openFleet, STATUS_BRANCH } from './fleet.ts';

/** Contract, issue 2: commit to converged status commit with the web hook. */
const WEBHOOK_MS_MAX = 5_000;

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

test('a poke without the right signature is refused and looks at nothing', async () => {
  const tip = fleet.repo.tip();
  fleet.commit(script('Greet', [mark('greet', 'two')]));
  const requests = fleet.server.requests.length;
  assert.equal(await fleet.poke(`sha256=${'0'.repeat(64)}`), 401);
  await fleet.stays(
    () =>
      fleet.summary()?.revision === tip &&
      fleet.server.requests.slice(requests).every((line) => line.includes('receive-pack')),
    'nothing is fetched',
    1_000,
  );
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
