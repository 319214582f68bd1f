/** `reconciled run A --node X` while A is stopped at its error threshold: X runs, and nobody else does (T8). */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { RunStatus } from '../../../src/core/model/run.ts';
import { waitingOf } from '../../../src/core/world/waiting.ts';
import type { AssociationSpec } from '../../fakes/fleet.ts';
import { MINUTE, named, node, revision, TestFleet } from '../../fakes/fleet.ts';

const web = [{ kind: 'tag', key: 'role', values: ['web'] }] as const;
const TEN = Object.fromEntries(Array.from({ length: 10 }, (_, n) => [n + 1, {}]));
const everybody = Object.keys(TEN).map(Number);

/** One node has failed, nine wait behind the stop. */
const stopped = (spec: AssociationSpec = {}): TestFleet => {
  const fleet = new TestFleet()
    .accept(revision(1, { motd: { maxConcurrency: '1', maxErrors: '0', ...spec } }, TEN))
    .connect(...everybody);
  assert.deepEqual(
    fleet.runAll(() => 'Failed'),
    ['motd@1'],
  );
  return fleet;
};

let requests = 0;
const run = (fleet: TestFleet, ...nodes: number[]) => {
  const id = `r${++requests}`;
  const request = { kind: 'run', associations: [named('motd')], nodes: nodes.map(node) } as const;
  fleet.happen({ kind: 'operator', id, by: 'me', request });
  const answer = fleet.effects.find((effect) => effect.kind === 'answer' && effect.id === id);
  return answer?.kind === 'answer' ? answer.answer : null;
};
const open = (fleet: TestFleet) => {
  const execution = fleet.executions().find(({ closed }) => closed === null);
  assert.ok(execution !== undefined);
  return execution;
};
const resume = (fleet: TestFleet): TestFleet =>
  fleet.happen({
    kind: 'operator',
    id: `r${++requests}`,
    by: 'me',
    request: { kind: 'resume', association: named('motd') },
  });

for (const status of ['Success', 'Failed'] as const satisfies readonly RunStatus[]) {
  test(`only the named node runs, and the others go on waiting: it ends as ${status}`, () => {
    const fleet = stopped();
    assert.equal(run(fleet, 5)?.ok, true);
    assert.deepEqual(
      fleet.runAll(() => status),
      ['motd@5'],
    );
    fleet.connect(...everybody).after(10 * MINUTE);
    assert.deepEqual(fleet.runAll(), [], 'nobody else, whatever happens');
    assert.equal(fleet.executions().length, 1);
    assert.equal(open(fleet).phases.Pending, 8);
    assert.notEqual(open(fleet).stopped, null);
  });
}

test('the node that had failed may be named, and its success lifts no stop', () => {
  const fleet = stopped();
  run(fleet, 1);
  assert.deepEqual(fleet.runAll(), ['motd@1']);
  assert.deepEqual([open(fleet).failures, open(fleet).phases.Pending], [0, 9]);
});

test('the named one does not wait for the threshold; the others do', () => {
  const fleet = stopped();
  fleet.happen({ kind: 'disconnected', node: node(5) });
  run(fleet, 5);
  const reasonOf = (n: number) => {
    const waiting = open(fleet).runs.get(node(n));
    return waiting === undefined ? null : waitingOf(fleet.world, open(fleet), waiting).reason;
  };
  assert.deepEqual([reasonOf(5), reasonOf(6)], ['offline', 'error-threshold']);
  fleet.connect(5);
  assert.deepEqual(fleet.runAll(), ['motd@5']);
});

test('many that are named stop at the threshold themselves, and go on when they are named again', () => {
  const fleet = stopped();
  run(fleet, 2, 3, 4);
  assert.deepEqual(
    fleet.runAll(() => 'Failed'),
    ['motd@2'],
  );
  run(fleet, 3);
  assert.deepEqual(
    fleet.runAll(() => 'Failed'),
    ['motd@3'],
  );
});

test('resume lets all others go, and a manual run of everybody, too', () => {
  const fleet = stopped();
  run(fleet, 5);
  assert.equal(fleet.runAll().length, 1);
  assert.equal(resume(fleet).runAll().length, 8);
});

test('while the named node is running in the stopped execution it is refused', () => {
  const fleet = new TestFleet()
    .accept(revision(1, { motd: { maxConcurrency: '2', maxErrors: '0' } }, TEN))
    .connect(...everybody);
  const [first, second] = fleet.takeJobs();
  assert.ok(first !== undefined && second !== undefined);
  fleet.start(second).start(first).finish(first, 'Failed');
  const answer = run(fleet, 2);
  assert.deepEqual([answer?.ok, answer?.ok === false && answer.code], [false, 'RUN_IS_OUT']);
  assert.deepEqual(fleet.takeJobs(), []);
});

test('a node named before the stop waits like all others', () => {
  const fleet = new TestFleet()
    .accept(revision(1, { motd: { maxConcurrency: '1', maxErrors: '0' } }, TEN))
    .connect(...everybody);
  run(fleet, 5);
  const [job] = fleet.takeJobs();
  assert.ok(job !== undefined);
  fleet.after(MINUTE);
  fleet.start(job).finish(job, 'Failed');
  assert.deepEqual(fleet.runAll(), []);
});

test('of nodes with a tag those run that are targets; where none is, nothing starts', () => {
  const fleet = new TestFleet().accept(
    revision(
      1,
      { motd: {}, web: { targets: web } },
      { 1: { role: 'web' }, 2: { role: 'web' }, 3: {} },
    ),
  );
  fleet.connect(1, 2, 3).runAll();
  const ask = (associations: readonly string[], nodes: number[] | null, among: number[]) => {
    const id = `r${++requests}`;
    const request = {
      kind: 'run',
      associations: associations.map(named),
      nodes: nodes?.map(node) ?? null,
      among: among.map(node),
    } as const;
    fleet.happen({ kind: 'operator', id, by: 'me', request });
    const answer = fleet.effects.find((effect) => effect.kind === 'answer' && effect.id === id);
    return answer?.kind === 'answer' ? answer.answer : null;
  };
  assert.equal(ask(['web'], null, [2, 3])?.ok, true);
  assert.deepEqual(fleet.runAll(), ['web@2']);
  assert.equal(ask(['web', 'motd', 'web'], null, [3])?.ok, true);
  assert.deepEqual(fleet.runAll(), ['motd@3'], 'one of the two has such a target');
  assert.equal(ask(['web'], [1], [3])?.ok, true);
  assert.deepEqual(fleet.runAll(), ['web@1']);
  const nobody = ask(['web'], null, [3]);
  assert.ok(nobody?.ok === false && nobody.code === 'NOT_A_TARGET');
  assert.equal(ask(['web'], [3], [1])?.ok, false, 'who is named has to be one');
  assert.deepEqual(fleet.runAll(), []);
});

test('a failure of before that heals does not make room for one more of those who are named', () => {
  const fleet = new TestFleet()
    .accept(revision(1, { motd: { maxConcurrency: '1', maxErrors: '0' } }, TEN))
    .connect(...everybody);
  const [silent] = fleet.takeJobs();
  assert.ok(silent !== undefined);
  fleet
    .start(silent)
    .happen({ kind: 'disconnected', node: silent.node })
    .after(10 * MINUTE);
  assert.notEqual(open(fleet).stopped, null);
  run(fleet, 2, 3, 4);
  fleet.finish(silent);
  assert.deepEqual(
    fleet.runAll(() => 'Failed'),
    ['motd@2'],
  );
});
