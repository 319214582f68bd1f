import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, test } from 'node:test';
import { association, mark, script, wordsOf } from './files.ts';
import { openFleet, STATUS_BRANCH } from './fleet.ts';

const QUIET_MS = 1_200;
const greeting = (word: string) => script('Greet', [mark('greet', word)]);

const fleet = await openFleet({
  files: {
    ...greeting('a'),
    ...association('greet', { Name: 'Greet' }),
    ...script('Other', [mark('other', 'first')]),
    ...association('other', { Name: 'Other' }),
  },
  nodes: { a: {}, b: {}, c: {} },
});
after(() => fleet.close());

const NODES = ['a', 'b', 'c'] as const;
const words = (file: string): string[][] => NODES.map((name) => wordsOf(fleet.lines(name, file)));
const everywhere = (...each: string[]): string[][] => NODES.map(() => each);
const onOneNode = (lists: string[][], count: number): boolean =>
  lists.flat().length === count && lists.filter((list) => list.length > 0).length === count;
const validityOf = (name: string): string | undefined =>
  fleet.summary()?.associations.find((each) => each.name === name)?.validity;

await fleet.converged(fleet.repo.tip() ?? '');

test('going back to an earlier content runs it again', async () => {
  await fleet.converged(fleet.commit(greeting('b')));
  await fleet.converged(fleet.commit(greeting('a')));
  assert.deepEqual(words('greet'), everywhere('a', 'b', 'a'));
});

test('another severity is reported and runs nothing', async () => {
  const revision = fleet.commit(
    association('greet', { Name: 'Greet', ComplianceSeverity: 'CRITICAL' }),
  );
  const summary = await fleet.converged(revision);
  assert.equal(summary.associations.find((each) => each.name === 'greet')?.severity, 'CRITICAL');
  await fleet.stays(() => words('greet').flat().length === 9, 'no further run', QUIET_MS);
});

test('a broken file leaves its last good version in force, and the others alone', async () => {
  const revision = fleet.commit({
    'associations/greet.json': '{ "AssociationName": "greet", "Name": ',
    ...script('Other', [mark('other', 'second')]),
  });
  const summary = await fleet.converged(revision);
  assert.equal(summary.invalidFiles[0]?.file, 'associations/greet.json');
  assert.equal(summary.invalidFiles[0].lastGoodInForce, true);
  assert.deepEqual([validityOf('greet'), validityOf('other')], ['Invalid', 'Valid']);
  assert.deepEqual(words('other'), everywhere('first', 'second'));
  assert.deepEqual(words('greet'), everywhere('a', 'b', 'a'));
});

test('a restart keeps it so: what was in force can still be run', async () => {
  await fleet.daemon.stop();
  await fleet.startDaemon();
  await fleet.run(['run', 'greet', '--config', fleet.config]);
  await fleet.until(() => words('greet').flat().length === 12, 'the last good version runs');
  assert.equal(validityOf('greet'), 'Invalid');
});

test('an association of an unknown document is invalid, with the nearest name as a hint', async () => {
  const revision = fleet.commit(association('greet', { Name: 'Greeet' }));
  await fleet.until(() => fleet.summary()?.revision === revision, 'accepted');
  const [file] = fleet.summary()?.invalidFiles ?? [];
  assert.match(JSON.stringify(file?.problems), /Greet\b/);
  assert.equal(validityOf('greet'), 'Invalid');
});

test('mending it clears it and runs nothing that ran already', async () => {
  const revision = fleet.commit(association('greet', { Name: 'Greet' }));
  const summary = await fleet.converged(revision);
  assert.equal(summary.invalidFilesTotal, 0);
  assert.equal(validityOf('greet'), 'Valid');
  await fleet.stays(() => words('greet').flat().length === 12, 'no further run', QUIET_MS);
});

test('a script that fails is shown with the end of its output, and more errors than allowed stop the rollout', async () => {
  fleet.commit({
    ...script('Fail', ['echo this is why >&2', mark('fail', 'begun'), 'exit 7']),
    ...association('fail', { Name: 'Fail', MaxConcurrency: '1', MaxErrors: '0' }),
  });
  await fleet.until(() => fleet.summary()?.verdict === 'failing', 'the failure is reported');
  await fleet.stays(() => onOneNode(words('fail'), 1), 'the others never start', QUIET_MS);
  const failed = NODES.map((name) => fleet.line(name, 'fail')).filter(
    (line) => line?.Status === 'Failed',
  );
  assert.equal(failed.length, 1);
  assert.equal(failed[0]?.ExitCode, 7);
  assert.match(failed[0].OutputTail ?? '', /this is why/);
  const waiting = NODES.map((name) => fleet.line(name, 'fail')?.Pending?.Reason).filter(Boolean);
  assert.deepEqual(waiting, ['error-threshold', 'error-threshold']);
  assert.match(fleet.repo.show('associations/fail/README.md', STATUS_BRANCH), /this is why/);
});

test('a step that exceeds its time ends with everything that it started', async () => {
  fleet.commit({
    'associations/fail.json': null,
    ...script(
      'Slow',
      ['(trap "" TERM; sleep 7; touch "$RECONCILED_ROOT/survivor") &', 'sleep 60'],
      '5',
    ),
    ...association('slow', { Name: 'Slow', MaxErrors: '100%' }),
  });
  await fleet.until(
    () => NODES.every((name) => fleet.line(name, 'slow')?.Status === 'Failed'),
    'all have timed out',
  );
  assert.equal(fleet.line('a', 'slow')?.DetailedStatus, 'TimedOut');
  await fleet.stays(
    () => NODES.every((name) => !existsSync(`${fleet.root(name)}/survivor`)),
    'no process of the step is left',
    4_000,
  );
});
