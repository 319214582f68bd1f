/** Ended executions while the status branch cannot be written: a bound, and what is kept beyond it. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { executionDetail, lastExecutionDate } from '../../../src/core/model/execution-status.ts';
import { emptyState } from '../../../src/core/model/state.ts';
import { executionJson } from '../../../src/core/report/execution-json.ts';
import { withExecutions } from '../../../src/core/report/execution-lines.ts';
import { apply } from '../../../src/core/world/apply.ts';
import { recordsOf } from '../../../src/core/world/snapshot.ts';
import { World } from '../../../src/core/world/world.ts';
import { aCommit, aName, noon } from '../../fakes/builders.ts';
import type { AssociationSpec } from '../../fakes/fleet.ts';
import { MINUTE, node, revision, TestFleet } from '../../fakes/fleet.ts';

const HOUR = 60 * MINUTE;
const LIMITS = { runsMax: 6, executionsMax: 4 };
const hourly = { motd: { schedule: 'rate(1 hour)', maxErrors: '100%' } };

/** Every hour it fails on the first of two nodes. */
function played(hours: number, limits = LIMITS): TestFleet {
  const fleet = new TestFleet(new World(limits));
  fleet.accept(revision(1, hourly, { 1: {}, 2: {} })).connect(1, 2);
  const end = (id: string) => (id === node(1) ? 'Failed' : 'Success');
  fleet.runAll(end);
  for (let hour = 0; hour < hours; hour++) fleet.after(HOUR).runAll(end);
  return fleet;
}

test('history: beyond the limit of runs the oldest executions keep counts only', () => {
  const fleet = played(3);
  const [oldest, ...others] = fleet.executions();
  assert.ok(oldest !== undefined && others.length === 3);
  assert.equal(oldest.runs.size, 0);
  assert.deepEqual([oldest.statuses.Failed, oldest.statuses.Success, oldest.failures], [1, 1, 1]);
  assert.equal(executionDetail(oldest), 'Failed');
  assert.notEqual(lastExecutionDate(oldest), null);
  assert.deepEqual(
    others.map((each) => [each.runs.size, each.condensed]),
    [
      [2, null],
      [2, null],
      [2, null],
    ],
  );
  assert.deepEqual([fleet.world.history.runs, fleet.world.history.condensed], [6, 1]);
});

test('history: what was dropped is said where executions are listed, and counts stay', () => {
  const [oldest, next] = played(3).executions();
  assert.ok(oldest !== undefined && next !== undefined);
  const answer = executionJson(oldest, null);
  assert.deepEqual([answer.countsOnly, answer.failed, answer.status], [true, 1, 'Failed']);
  assert.equal(executionJson(next, null).countsOnly, undefined);
  const lines = withExecutions(null, [oldest, next], null).trim().split('\n');
  assert.match(lines[0] ?? '', /"CountsOnly":true.*"FailedCount":1/);
  assert.match(lines[0] ?? '', /\{Success=1, Failed=1\}/);
  assert.match(lines[1] ?? '', /"FailedCount":1.*"Targets":\[/);
  assert.doesNotMatch(lines[1] ?? '', /CountsOnly/);
});

test('history: beyond the limit of executions the oldest give way whole, and are counted', () => {
  const fleet = played(9);
  assert.equal(fleet.executions().length, LIMITS.executionsMax);
  assert.equal(fleet.world.history.lost, 10 - LIMITS.executionsMax);
  assert.deepEqual([...fleet.world.dirty.ended].length, LIMITS.executionsMax);
});

test('history: what ran last on a node is not touched', () => {
  const standing = (fleet: TestFleet) =>
    [1, 2].map((n) => {
      const motd = [...(fleet.world.state.nodes.get(node(n))?.assignments.values() ?? [])][0];
      return [motd?.last, motd?.shown, motd?.since];
    });
  assert.deepEqual(standing(played(9)), standing(played(9, { runsMax: 99, executionsMax: 99 })));
});

test('history: an execution without its runs comes back as it was from journal and snapshot', () => {
  const { world, journal } = played(9);
  const replayed = emptyState();
  for (const record of journal) apply(replayed, JSON.parse(JSON.stringify(record)));
  assert.deepEqual(replayed, world.state);
  const restored = emptyState();
  for (const record of recordsOf(world.state)) apply(restored, JSON.parse(JSON.stringify(record)));
  assert.deepEqual(restored.executions, world.state.executions);
});

test('history: once published they are forgotten, and a restart counts what is left', () => {
  const fleet = played(3);
  const [oldest, next] = fleet.executions();
  assert.ok(oldest !== undefined && next !== undefined);
  const commit = revision(1, {}).commit;
  const archived = [oldest.id, next.id];
  for (const id of archived) fleet.world.dirty.ended.delete(id); // as who renders them does
  fleet.happen({ kind: 'published', seq: 1, commit, epoch: 1, archived });
  const counts = () => {
    const { executions, condensed, runs } = fleet.world.history;
    return [executions, condensed, runs];
  };
  assert.deepEqual(counts(), [2, 0, 4]);
  fleet.world.reindex();
  assert.deepEqual(counts(), [2, 0, 4]);
});

const edits: readonly (readonly [string, AssociationSpec, readonly string[]])[] = [
  ['its document', { document: 'v2' }, ['document']],
  ['its document, by name alone', { documentName: 'Copy' }, ['document']],
  ['a parameter', { parameters: 'x' }, ['parameters']],
  [
    'its schedule and its targets',
    { schedule: 'rate(1 day)', targets: [{ kind: 'tag-key', keys: ['role'] }] },
    ['schedule', 'targets'],
  ],
  ['its severity', { severity: 'HIGH' }, ['other']],
];
for (const [what, edit, changed] of edits)
  test(`history: a version says what changed: ${what}`, () => {
    const fleet = new TestFleet();
    fleet.accept(revision(1, { motd: {} })).accept(revision(2, { motd: edit }));
    const versions = fleet.world.state.versions.get(aName('motd')) ?? [];
    assert.deepEqual(
      versions.map((version) => version.changed),
      [['created'], changed],
    );
  });

test('history: of an association the newest 1,000 versions are kept', () => {
  const state = emptyState();
  const association = aName('motd');
  const rest = { at: noon, revision: aCommit(1), document: 'Doc', documentVersion: null };
  for (let version = 1; version <= 1_002; version++) {
    const made = { ...rest, version, changed: ['other'] as const, scheduleExpression: null };
    apply(state, { kind: 'version', association, version: made });
  }
  const versions = state.versions.get(association) ?? [];
  assert.deepEqual([versions.length, versions[0]?.version], [1_000, 3]);
});
