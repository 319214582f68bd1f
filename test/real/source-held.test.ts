import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { Files } from './files.ts';
import { association, mark, script, wordsOf } from './files.ts';
import { openFleet } from './fleet.ts';

const NAMES = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight'] as const;
/** Longer than a poll, a pass and a publish together. */
const QUIET_MS = 1_500;

const files: Files = Object.assign(
  {},
  ...NAMES.flatMap((name) => [script(name, [mark(name, 'first')]), association(name)]),
);
const changed = (name: string): Files => script(name, [mark(name, 'second')]);

const fleet = await openFleet({ files, nodes: { a: {} } });
after(() => fleet.close());

const words = (name: string): string[] => wordsOf(fleet.lines('a', name));
const heldCode = (): string | null => fleet.summary()?.held?.code ?? null;
const acceptedNow = (): string => fleet.summary()?.revision ?? '';
const heldAs = (code: string): Promise<void> =>
  fleet.until(() => heldCode() === code, `held as ${code}`);
const released = (revision: string): Promise<void> =>
  fleet.until(() => heldCode() === null && acceptedNow() === revision, `released at ${revision}`);

const first = fleet.repo.tip() ?? '';
await fleet.converged(first);

test('a force-push is held: nothing of the new tree applies, and what was accepted can still be run', async () => {
  fleet.repo.forcePush({ ...files, ...changed('one') });
  await heldAs('SourceDiverged');
  await fleet.run(['run', 'two', '--config', fleet.config]);
  await fleet.until(() => words('two').length === 2, 'a manual run of the old state');
  await fleet.stays(() => words('one').length === 1 && acceptedNow() === first, 'held', QUIET_MS);
  assert.match(fleet.repo.show('README.md', 'reconciled/status'), /source is held/);
});

test('a push that descends from what was accepted releases the source by itself', async () => {
  fleet.repo.deleteBranch();
  fleet.repo.restore(first);
  const revision = fleet.commit(changed('three'));
  await released(revision);
  await fleet.until(() => words('three').includes('second'), 'the repairing commit applies');
  assert.deepEqual(words('one'), ['first']);
});

test('an operator who accepts a rewritten tip releases it', async () => {
  const rewritten = fleet.repo.forcePush({ ...files, ...changed('three'), ...changed('four') });
  await heldAs('SourceDiverged');
  await fleet.run(['accept', rewritten, '--config', fleet.config]);
  await released(rewritten);
  await fleet.until(() => words('four').includes('second'), 'the accepted tree applies');
  assert.deepEqual(words('three'), ['first', 'second'], 'what is the same runs no second time');
});

test('a deleted branch is held and takes nothing away', async () => {
  const tip = fleet.repo.tip() ?? '';
  fleet.repo.deleteBranch();
  await heldAs('SourceGone');
  assert.equal(fleet.summary()?.associations.length, NAMES.length);
  fleet.repo.restore(tip);
  await released(tip);
});

test('deleting too many associations is held until a commit allows that number', async () => {
  const before = acceptedNow();
  const gone = NAMES.slice(0, 6);
  const removed = Object.fromEntries(gone.map((name) => [`associations/${name}.json`, null]));
  fleet.commit(removed);
  await heldAs('TooManyDeletions');
  await fleet.stays(
    () => acceptedNow() === before && fleet.summary()?.associations.length === NAMES.length,
    'nothing is removed',
    QUIET_MS,
  );
  const allowed = fleet.commit({}, `Six are retired\n\nReconciled-Allow-Delete: ${gone.length}`);
  await released(allowed);
  assert.deepEqual(
    fleet
      .summary()
      ?.associations.map((each) => each.name)
      .sort(),
    ['eight', 'seven'],
  );
});

test('a deleted folder of associations is held as an empty tree', async () => {
  const before = acceptedNow();
  fleet.commit({ associations: null });
  await heldAs('EmptyTree');
  await fleet.stays(() => acceptedNow() === before, 'the empty tree is not accepted', QUIET_MS);
  const back = fleet.commit(association('seven'));
  await released(back);
});
