import assert from 'node:assert/strict';
import { renameSync, rmSync } from 'node:fs';
import { after, test } from 'node:test';
import { association, mark, script, wordsOf } from './files.ts';
import { openFleet, STATUS_BRANCH } from './fleet.ts';

/** Longer than a fleet of this size needs to come back and be told to run. */
const QUIET_MS = 3_000;
const DEADLINE_MS = 60_000;

const fleet = await openFleet({
  files: {
    ...script('Greet', [mark('greet', 'first')]),
    ...association('greet', { Name: 'Greet' }),
  },
  nodes: { a: { role: 'web' }, b: { role: 'db' } },
});
after(() => fleet.close());

const greets = (): readonly (readonly string[])[] =>
  ['a', 'b'].map((name) => wordsOf(fleet.lines(name, 'greet')));
const both = (...words: readonly string[]) => [words, words];
const epoch = (): number => Number(JSON.parse(fleet.repo.show('state.json', STATUS_BRANCH)).epoch);
const change = (word: string) => fleet.commit(script('Greet', [mark('greet', word)]));

async function connected(): Promise<void> {
  await fleet.until(
    async () => {
      const nodes = (await fleet.ask('nodes')) as { readonly connected: boolean }[];
      return nodes.length === 2 && nodes.every((node) => node.connected);
    },
    'both agents are connected',
    DEADLINE_MS,
  );
}

/** Everybody leaves, something happens, everybody comes back: an agent whose daemon was away for long would ask seldom. */
async function meanwhile(happens: () => void): Promise<void> {
  for (const name of ['a', 'b']) await fleet.agent(name).stop();
  await fleet.daemon.stop();
  happens();
  await fleet.startDaemon();
  for (const name of ['a', 'b']) fleet.startAgent(name);
}

await fleet.converged(fleet.repo.tip() ?? '', DEADLINE_MS);

test('a state that is lost while the branch is behind comes back by itself, and nothing runs twice', async () => {
  const behind = fleet.repo.tip(STATUS_BRANCH) ?? '';
  await fleet.converged(change('second'), DEADLINE_MS);
  const before = epoch();
  await meanwhile(() => {
    fleet.repo.restore(behind, STATUS_BRANCH);
    rmSync(fleet.stateDir, { recursive: true });
  });
  await fleet.converged(fleet.repo.tip() ?? '', DEADLINE_MS);
  assert.deepEqual(greets(), both('first', 'second'));
  assert.equal(epoch(), before + 1);
  await fleet.converged(change('third'), DEADLINE_MS);
  assert.deepEqual(greets(), both('first', 'second', 'third'));
  assert.doesNotMatch(fleet.daemonLog(), /StaleEpoch/);
});

test('a daemon from an old copy of its state is silent, says so, and leaves the branch alone', async () => {
  const copy = `${fleet.stateDir}.copy`;
  await meanwhile(() => {
    renameSync(fleet.stateDir, copy);
  });
  await fleet.converged(change('fourth'), DEADLINE_MS);
  let tip: string | null = null;
  await meanwhile(() => {
    tip = fleet.repo.tip(STATUS_BRANCH);
    renameSync(fleet.stateDir, `${fleet.stateDir}.new`);
    renameSync(copy, fleet.stateDir);
    change('fifth');
  });
  await fleet.until(() => fleet.daemonLog().includes('STATUS_SUPERSEDED'), 'it says what is wrong');
  await connected();
  await fleet.stays(
    () =>
      greets()
        .flat()
        .every((word) => word !== 'fifth') && fleet.repo.tip(STATUS_BRANCH) === tip,
    'nothing runs, nothing is overwritten',
    QUIET_MS,
  );
  const status = await fleet.run(['status', '--config', fleet.config]);
  assert.match(status.stderr, /nothing starts: the status branch carries epoch 3, above 2/);
  const list = await fleet.run(['node', 'list', '--config', fleet.config]);
  assert.match(list.stdout, /ahead/);
  const doctor = await fleet.run(['doctor', '--config', fleet.config], [0, 1]);
  assert.match(doctor.stdout, /fail\s+daemon\s+runs; nothing starts/);
});

test('it goes on when an operator says so, in an epoch of its own', async () => {
  await fleet.run(['accept', '--recover', '--config', fleet.config]);
  await fleet.converged(fleet.repo.tip() ?? '', DEADLINE_MS);
  assert.deepEqual(greets(), both('first', 'second', 'third', 'fourth', 'fifth'));
  assert.ok(epoch() > 1_000_000_000);
  const { stderr } = await fleet.run(['status', '--config', fleet.config]);
  assert.doesNotMatch(stderr, /starts|seen/);
});

test('with state and branch both lost nodes register again, and are sent something when an operator says so', async () => {
  await fleet.daemon.stop();
  for (const name of ['a', 'b']) await fleet.agent(name).stop();
  rmSync(fleet.stateDir, { recursive: true });
  fleet.repo.deleteBranch(STATUS_BRANCH);
  await fleet.startDaemon();
  await fleet.join('a', { role: 'web' });
  await fleet.join('b', { role: 'db' });
  await connected();
  await fleet.until(async () => {
    const { stderr } = await fleet.run(['status', '--config', fleet.config], [0, 1]);
    return /2 nodes have seen more than this daemon/.test(stderr);
  }, 'it says that this is no beginning');
  const before = greets();
  await fleet.stays(() => greets().flat().length === before.flat().length, 'it waits', QUIET_MS);
  await fleet.run(['accept', '--recover', '--config', fleet.config]);
  // What they ran before was of this generation, so the report is green from the first: only their scripts tell that they ran again.
  await fleet.until(
    () => greets().every((words) => words.length > 5),
    'both ran it again',
    DEADLINE_MS,
  );
  await fleet.converged(fleet.repo.tip() ?? '', DEADLINE_MS);
  assert.deepEqual(greets(), both('first', 'second', 'third', 'fourth', 'fifth', 'fifth'));
});
