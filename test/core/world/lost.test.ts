import assert from 'node:assert/strict';
import test from 'node:test';
import { MINUTE, node, revision, TestFleet } from '../../fakes/fleet.ts';

const request = { kind: 'revoke', node: node(1) } as const;
const nodes = { 1: {}, 2: {} };

/** Both run the association; then the first is shut out, by an operator or by a commit. */
function shutOut(by: 'operator' | 'commit', step: 'started' | 'gone' | 'offered' = 'started') {
  const fleet = new TestFleet().accept(revision(1, { motd: {} }, nodes)).connect(1, 2);
  const [job, other] = fleet.takeJobs();
  assert.ok(job !== undefined && other !== undefined);
  assert.equal(job.node, node(1));
  fleet.start(other);
  if (step !== 'offered') fleet.start(job);
  if (step === 'gone') fleet.happen({ kind: 'disconnected', node: job.node }).after(10 * MINUTE);
  const [execution] = fleet.executions();
  assert.ok(execution !== undefined);
  fleet.effects = [];
  if (by === 'operator') fleet.happen({ kind: 'operator', id: 'a', by: 'ada', request });
  else fleet.accept(revision(2, { motd: {} }, { 2: {} }), 1);
  return { fleet, job, other, execution, run: () => execution.runs.get(node(1)) };
}

for (const by of ['operator', 'commit'] as const) {
  for (const step of ['started', 'gone'] as const) {
    test(`a run that was ${step} on a node that is shut out by ${by} is over at once, and says why`, () => {
      const { fleet, other, execution, run } = shutOut(by, step);
      assert.equal(run()?.phase, 'Done');
      const { status, detailedStatus, summary } = run()?.outcome ?? {};
      assert.deepEqual([status, detailedStatus], ['Failed', 'Unreachable']);
      assert.equal(summary, 'the node was shut out during the run; how it ended is not known');
      assert.equal(fleet.world.state.nodes.get(node(1))?.job, null, 'its place is free');
      assert.equal(execution.endedAt, null, 'the other one still runs');
      fleet.finish(other);
      assert.notEqual(execution.endedAt, null);
    });
  }

  test(`a result on its way when ${by} shuts its node out is taken, and stays`, () => {
    const { fleet, job, run } = shutOut(by);
    fleet.finish(job);
    assert.equal(run()?.outcome?.status, 'Success');
    assert.ok(fleet.effects.some((effect) => effect.kind === 'ack' && effect.run === job.run));
    fleet.happen({ kind: 'disconnected', node: job.node });
    assert.equal(run()?.outcome?.status, 'Success', 'what was acknowledged is never lost');
  });

  test(`a job that its node starts while ${by} shuts it out is lost with the session`, () => {
    const { fleet, job, run } = shutOut(by, 'offered');
    fleet.start(job);
    assert.equal(run()?.phase, 'Started', 'the truth replaces the guess');
    fleet.happen({ kind: 'disconnected', node: job.node });
    assert.equal(run()?.outcome?.detailedStatus, 'Unreachable');
  });
}

test('a node that a commit lets in again hands in what it ran meanwhile', () => {
  const { fleet, job } = shutOut('commit');
  fleet.happen({ kind: 'disconnected', node: job.node });
  fleet
    .accept(revision(3, { motd: {} }, nodes))
    .connect(1)
    .finish(job);
  const last = fleet.world.state.nodes.get(node(1))?.assignments.get(job.association)?.last;
  assert.deepEqual([last?.outcome.run, last?.outcome.status], [job.run, 'Success']);
});

test('the run that takes the place of a lost one decides: what that is told of late counts for nothing', () => {
  const motd = { maxErrors: '1', maxConcurrency: '1' };
  const all = { 1: {}, 2: {}, 3: {} };
  const fleet = new TestFleet().accept(revision(1, { motd }, all)).connect(1, 2, 3);
  const [job] = fleet.takeJobs();
  assert.ok(job !== undefined && job.node === node(1));
  fleet.start(job).accept(revision(2, { motd }, { 2: {}, 3: {} }), 1);
  const [execution] = fleet.executions();
  assert.ok(execution !== undefined);
  assert.equal(execution.failures, 1, 'nobody knows how it ended');
  fleet.happen({ kind: 'disconnected', node: job.node }).accept(revision(3, { motd }, all));
  assert.equal(execution.failures, 0, 'another is owed there, in the same execution');
  fleet.connect(1).finish(job, 'TimedOut');
  assert.equal(execution.failures, 0);
  const failing = (...ids: number[]) =>
    fleet.runAll((id) => (ids.some((n) => node(n) === id) ? 'Failed' : 'Success'));
  assert.deepEqual(failing(1, 2).toSorted(), ['motd@1', 'motd@2']);
  assert.equal(execution.stopped?.failures, 2, 'one for each node');
});
