/** StuckAtInProgress made sound: an overdue run is asked for, and only what its node no longer claims was interrupted. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { hello, MINUTE, node, revision, TestFleet } from '../../fakes/fleet.ts';

/** The document of the test fleet may take an hour. */
const BUDGET = 60 * MINUTE;

const running = () => {
  const fleet = new TestFleet().accept(revision(1, { motd: {} }, { 1: {} })).connect(1);
  const job = fleet.takeJobs()[0];
  assert(job !== undefined);
  fleet.start(job);
  fleet.effects = [];
  return { fleet, job };
};
const asked = (fleet: TestFleet): number =>
  fleet.effects.filter(({ kind }) => kind === 'revoke-job').length;
const outcomeOf = (fleet: TestFleet) =>
  fleet.world.state.nodes.get(node(1))?.assignments.values().next().value?.last?.outcome;

test('a run within its time is not asked for; an overdue one is, and keeps its place while it is claimed', () => {
  const { fleet, job } = running();
  fleet.after(BUDGET);
  assert.equal(asked(fleet), 0);
  fleet.after(2 * MINUTE);
  assert.equal(asked(fleet), 1);
  fleet.happen({ kind: 'busy', node: job.node, run: job.run, with: job.run });
  assert.equal(fleet.executions()[0]?.phases.Started, 1);
  fleet.after(31 * MINUTE);
  assert.equal(asked(fleet), 2, 'and asked again');
  fleet.finish(job);
  assert.equal(outcomeOf(fleet)?.status, 'Success');
  fleet.after(24 * 60 * MINUTE);
  assert.equal(asked(fleet), 2, 'nobody is asked for what is over');
});

test('a connected node that no longer claims its run: Interrupted, and a late result replaces that', () => {
  const { fleet, job } = running();
  fleet.after(BUDGET + 2 * MINUTE);
  fleet.happen({ kind: 'revoked-job', node: job.node, run: job.run });
  const { status, detailedStatus } = outcomeOf(fleet) ?? {};
  assert.deepEqual([status, detailedStatus], ['Failed', 'Interrupted']);
  assert.equal(fleet.world.state.nodes.get(node(1))?.job, null);
  fleet.finish(job);
  assert.equal(outcomeOf(fleet)?.status, 'Success');
});

test('a node that is away is not asked: silence is no outcome', () => {
  const { fleet, job } = running();
  fleet.happen({ kind: 'disconnected', node: job.node });
  fleet.after(2 * MINUTE);
  fleet.after(28 * MINUTE);
  assert.equal(asked(fleet), 0);
  fleet.happen({ kind: 'connected', node: job.node, hello: hello(job.run, fleet.now) });
  fleet.after(BUDGET);
  assert.equal(asked(fleet), 1, 'once it is back, it is');
});

test('however often a node comes and goes, one question is due', () => {
  const { fleet, job } = running();
  for (let n = 0; n < 20; n++) {
    fleet.happen({ kind: 'disconnected', node: job.node });
    fleet.happen({ kind: 'connected', node: job.node, hello: hello(job.run, fleet.now) });
  }
  fleet.after(BUDGET + 2 * MINUTE);
  assert.equal(asked(fleet), 1);
});

test('a node that was revoked while it was being let in is dropped when its session stands', () => {
  const fleet = new TestFleet().accept(revision(1, { motd: {} }, { 1: {}, 2: {} }));
  const request = { kind: 'revoke', node: node(1) } as const;
  fleet.happen({ kind: 'operator', id: 'a', by: 'ada', request });
  fleet.effects = [];
  fleet.connect(1, 2);
  assert.deepEqual(
    fleet.effects.flatMap((effect) => (effect.kind === 'drop-node' ? [effect.node] : [])),
    [node(1)],
  );
});

test('a job that is too large for any message fails its run and is not offered again', () => {
  const fleet = new TestFleet().accept(revision(1, { motd: {} }, { 1: {} })).connect(1);
  const [job] = fleet.takeJobs();
  assert(job !== undefined);
  fleet.happen({ kind: 'undeliverable', node: job.node, run: job.run, why: 'the job has 9 bytes' });
  const { status, detailedStatus, summary } = outcomeOf(fleet) ?? {};
  assert.deepEqual(
    [status, detailedStatus, summary],
    ['Failed', 'InvalidDocument', 'the job has 9 bytes'],
  );
  assert.equal(fleet.after(24 * 60 * MINUTE).takeJobs().length, 0);
});

test('however many runs a node has, one timer asks for the one that is overdue', () => {
  const fleet = new TestFleet()
    .accept(revision(1, { motd: { schedule: 'rate(1 minute)' } }, { 1: {} }))
    .connect(1);
  const sizes: number[] = [];
  for (let minute = 0; minute < 50; minute++) {
    fleet.runAll();
    fleet.after(MINUTE);
    sizes.push(fleet.world.timers.size);
  }
  assert.ok(Math.max(...sizes.slice(10)) <= Math.max(...sizes.slice(0, 10)), String(sizes));
});
