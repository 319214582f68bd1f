/** What was set or said earlier and comes true later: absences that were over, timers of edits, cancellations nobody heard. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { digestOf } from '../../../src/core/canonical/digest.ts';
import type { Instant, RunId } from '../../../src/core/model/brand.ts';
import { executionId, instant, runId } from '../../../src/core/model/brand.ts';
import { present } from '../../../src/core/model/errors.ts';
import { hello, MINUTE, node, revision, TestFleet } from '../../fakes/fleet.ts';

const SECOND = 1_000;

const twoOnOne = () => revision(1, { motd: {}, hosts: {} }, { 1: {} });

const cancelled = (fleet: TestFleet): readonly RunId[] => {
  const told = fleet.effects.flatMap((one) => (one.kind === 'cancel-run' ? [one.run] : []));
  fleet.effects = [];
  return told;
};

function running() {
  const fleet = new TestFleet().accept(revision(1, { motd: {} })).connect(1);
  const job = present(fleet.takeJobs()[0], 'it is offered at once');
  const returns = () =>
    fleet.happen({
      kind: 'connected',
      node: job.node,
      hello: { ...hello(), running: job.run, startedAt: fleet.now },
    });
  const cancel = () => {
    const request = { kind: 'cancel', execution: job.execution } as const;
    return fleet.happen({ kind: 'operator', id: 'c', by: 'ada', request });
  };
  return {
    fleet,
    job,
    cancel,
    leaves: () => fleet.happen({ kind: 'disconnected', node: job.node }),
    returns,
  };
}

const wellDone = (run: RunId, finishedAt: Instant) => ({
  run,
  status: 'Success' as const,
  detailedStatus: 'Success' as const,
  summary: '',
  exitCode: null,
  failedStep: null,
  outputTail: '',
  startedAt: finishedAt,
  finishedAt,
  digest: null,
});

const phaseOf = (fleet: TestFleet): string | undefined =>
  fleet.executions()[0]?.runs.get(node(1))?.phase;

test('an absence counts from its own beginning, however soon after another one it begins', () => {
  const { fleet, job, leaves, returns } = running();
  fleet.start(job);
  leaves().after(5 * SECOND);
  returns().after(144 * SECOND);
  leaves().after(2 * SECOND);
  assert.equal(phaseOf(fleet), 'Started', 'away for two seconds');
  fleet.after(150 * SECOND);
  assert.equal(phaseOf(fleet), 'Unreachable');
});

test('an association has one slot timer, however often it is edited', () => {
  const fleet = new TestFleet().accept(revision(1, { motd: { schedule: 'rate(30 minutes)' } }));
  const before = fleet.world.timers.size;
  for (let n = 2; n < 50; n++) {
    fleet.accept(revision(n, { motd: { schedule: 'rate(30 minutes)', document: `v${n}` } }));
    fleet.after(SECOND);
  }
  assert.ok(fleet.world.timers.size <= before + 2, `${fleet.world.timers.size} timers`);
});

test('an earlier schedule is not missed for a later timer, and a later one not run early', () => {
  const every = (minutes: number, n: number) =>
    revision(n, { motd: { schedule: `cron(0/${minutes} * * * ? *)` } });
  const fleet = new TestFleet().accept(every(30, 1)).connect(1);
  fleet.runAll();
  fleet.after(MINUTE).accept(every(5, 2)).runAll();
  assert.deepEqual(fleet.after(4 * MINUTE).runAll(), ['motd@1'], 'five past twelve');
  fleet.accept(every(30, 3)).runAll();
  assert.deepEqual(fleet.after(20 * MINUTE).runAll(), []);
  assert.deepEqual(fleet.after(5 * MINUTE).runAll(), ['motd@1'], 'half past twelve');
});

test('a run that was cancelled while its node was away is stopped when it is back', () => {
  const { fleet, job, cancel, leaves, returns } = running();
  fleet.start(job);
  leaves();
  cancel();
  cancelled(fleet);
  returns();
  assert.deepEqual(cancelled(fleet), [job.run]);
});

test('a run that begins while it is being cancelled is stopped', () => {
  const { fleet, job, cancel } = running();
  cancel();
  assert.deepEqual(cancelled(fleet), [], 'it is taken back only');
  fleet.happen({ kind: 'busy', node: job.node, run: job.run, with: job.run });
  assert.equal(phaseOf(fleet), 'Started');
  assert.deepEqual(cancelled(fleet), [job.run]);
});

test('a run of an earlier execution that is cancelled while its node is away is stopped on its return', () => {
  const { fleet, job, cancel, leaves, returns } = running();
  fleet.start(job).accept(revision(2, { motd: { document: 'v2' } }));
  leaves();
  cancel();
  cancelled(fleet);
  returns();
  assert.deepEqual(cancelled(fleet), [job.run]);
});

test('what ran under a state that was lost is not taken for what is in force, and that is owed again', () => {
  const { fleet, job } = running();
  fleet.start(job).finish(job);
  const other = digestOf('another generation');
  const late = { ...job, run: runId('v'.repeat(26)), execution: executionId('u'.repeat(26)) };
  const { association, node: where, run } = late;
  fleet.after(SECOND).happen({
    kind: 'result',
    node: where,
    execution: late.execution,
    association,
    generation: other,
    refresh: null,
    compliance: null,
    outcome: { ...wellDone(run, fleet.now), digest: digestOf(run) },
  });
  const assignment = fleet.world.state.nodes.get(where)?.assignments.get(association);
  assert.equal(assignment?.last?.generation, other);
  const [again] = fleet.takeJobs();
  assert.equal(again?.association, association, 'what is in force runs again');
  assert.notEqual(again.run, job.run);
});

test('a result that is handed in after its node has told of the run keeps the occasion of it', () => {
  const fleet = new TestFleet().accept(revision(1, { motd: {} }));
  const { association, generation } = present(fleet.executions()[0], 'it is owed');
  const [run, execution] = [runId('v'.repeat(26)), executionId('u'.repeat(26))];
  const outcome = wellDone(run, fleet.now);
  const last = { outcome, execution, generation, occasion: 'manual:x', revision: null, reason: '' };
  fleet.happen({
    kind: 'connected',
    node: node(1),
    hello: { ...hello(), lastRuns: [{ association, last }] },
  });
  fleet.happen({
    kind: 'result',
    node: node(1),
    execution,
    association,
    generation,
    refresh: null,
    compliance: null,
    outcome: { ...outcome, digest: digestOf(run) },
  });
  const assignment = fleet.world.state.nodes.get(node(1))?.assignments.get(association);
  assert.deepEqual(assignment?.last, { ...last, outcome: { ...outcome, digest: digestOf(run) } });
});

test('a node that is away again before it could hand in its result was not interrupted, and does not run again', () => {
  const fleet = new TestFleet()
    .accept(revision(1, { motd: { onInterrupted: 'Retry' } }, { 1: {} }))
    .connect(1);
  const job = present(fleet.takeJobs()[0], 'it is offered at once');
  const leaves = () => fleet.happen({ kind: 'disconnected', node: job.node });
  fleet.start(job);
  leaves().after(MINUTE).connect(1);
  leaves()
    .after(59 * SECOND)
    .connect(1);
  fleet.after(SECOND);
  assert.equal(phaseOf(fleet), 'Started', 'back for a second');
  leaves().after(2 * MINUTE);
  assert.equal(phaseOf(fleet), 'Started', 'its absence counts from its own beginning');
  fleet
    .connect(1)
    .finish(job)
    .after(2 * MINUTE);
  assert.deepEqual(fleet.takeJobs(), []);
  assert.equal(fleet.executions()[0]?.statuses.Success, 1);
});

test('a node that is back without its run is asked for it, and only its word makes that an interruption', () => {
  const { fleet, job, leaves } = running();
  fleet.start(job);
  leaves()
    .after(MINUTE)
    .connect(1)
    .after(59 * SECOND)
    .disown();
  assert.equal(phaseOf(fleet), 'Started', 'it has a minute to hand in a result');
  // A clock that jumps ahead makes a minute, or a day, of nothing.
  fleet.after(5 * 60 * MINUTE);
  assert.equal(phaseOf(fleet), 'Started', 'nothing is guessed');
  fleet.disown();
  const outcome = fleet.executions()[0]?.runs.get(node(1))?.outcome;
  assert.equal(outcome?.detailedStatus, 'Interrupted');
});

for (const { name, between } of [
  { name: 'is asked for', between: (fleet: TestFleet) => fleet },
  {
    name: 'is asked for by a daemon that has started since, too',
    between: (fleet: TestFleet) =>
      fleet.restarted().happen({ kind: 'restored', revision: twoOnOne() }),
  },
])
  test(`a run that its node has left for another ${name}`, () => {
    const before = new TestFleet().accept(twoOnOne()).connect(1);
    const left = present(before.takeJobs()[0], 'one is offered');
    const other = present(
      before.executions().find(({ id }) => id !== left.execution),
      'the other waits',
    );
    const taken = present(other.runs.get(node(1)), 'it is owed').run;
    before.start(left).happen({ kind: 'started', node: left.node, run: taken, at: before.now });
    const fleet = between(before);
    const back = hello(taken, fleet.now);
    fleet.happen({ kind: 'connected', node: left.node, hello: back }).after(2 * MINUTE);
    fleet.disown();
    const run = fleet.world.state.executions.get(left.execution)?.runs.get(node(1));
    assert.equal(run?.outcome?.detailedStatus, 'Interrupted');
  });

test('a run that its node has left, and disowns when a later slot has come, ends', () => {
  const fleet = new TestFleet()
    .accept(revision(1, { motd: { schedule: 'rate(30 minutes)' } }, { 1: {} }))
    .connect(1);
  const created = present(fleet.takeJobs()[0], 'it is offered at once');
  const left = present(fleet.after(31 * MINUTE).takeJobs()[0], 'its slot has come');
  fleet.start(left).start(created).finish(created);
  fleet.after(30 * MINUTE).runAll();
  const later = fleet.world.state.nodes.get(left.node)?.assignments.get(left.association)?.last;
  assert.notEqual(later?.execution, left.execution, 'the association has gone on');
  fleet.after(2 * MINUTE).disown();
  const execution = present(fleet.world.state.executions.get(left.execution), 'it is kept');
  assert.equal(execution.runs.get(left.node)?.outcome?.detailedStatus, 'Interrupted');
  assert.notEqual(execution.endedAt, null);
});

for (const { name, answer } of [
  { name: 'drops', answer: { kind: 'refused', code: 'Expired', message: '', clock: null } },
  { name: 'gives back', answer: { kind: 'revoked-job' } },
] as const)
  test(`a node that came back with a run, and ${name} it unstarted, takes jobs again`, () => {
    const { fleet, job, leaves } = running();
    leaves().after(10 * MINUTE);
    fleet.happen({ kind: 'connected', node: job.node, hello: hello(job.run, null) });
    assert.deepEqual(fleet.takeJobs(), [], 'it has not begun, and is not free');
    fleet.happen({ ...answer, node: job.node, run: job.run }).after(MINUTE);
    assert.equal(fleet.takeJobs().length, 1);
  });

test('what a node whose clock is ahead ran before is not taken for newer than what it refused since', () => {
  const { fleet, job, leaves } = running();
  fleet.start(job);
  const told = wellDone(job.run, instant(fleet.now + 4 * MINUTE));
  const { node: id, execution, association } = job;
  const news = { execution, association, generation: null, compliance: null, refresh: null };
  fleet.happen({ kind: 'result', node: id, ...news, outcome: { ...told, digest: digestOf(1) } });
  fleet.accept(revision(2, { motd: { document: 'v2' } }));
  const again = present(fleet.takeJobs()[0], 'it changed');
  const refusal = { code: 'BadDigest', message: '', clock: null } as const;
  fleet.happen({ kind: 'refused', node: id, run: again.run, ...refusal });
  const lastOf = () => fleet.world.state.nodes.get(id)?.assignments.get(association)?.last;
  assert.equal(lastOf()?.outcome.detailedStatus, 'Undeliverable');
  const { generation, occasion } = present(fleet.executions()[0], 'the first');
  const last = { outcome: told, execution, generation, occasion, revision: null, reason: '' };
  const lastRuns = [{ association, last }];
  leaves().happen({ kind: 'connected', node: id, hello: { ...hello(), lastRuns } });
  assert.equal(lastOf()?.outcome.detailedStatus, 'Undeliverable');
  assert.deepEqual(fleet.takeJobs(), []);
});

for (const { name, ran, want } of [
  { name: 'and ended well', ran: 'Success', want: 'Success' },
  { name: 'and failed', ran: 'Failed', want: 'Failed' },
] as const)
  test(`a run that ended for a state that was lost, ${name}, is no more called one that did not get its turn`, () => {
    // What a state that was rebuilt believes: the run is owed still, and its node is away.
    const fleet = new TestFleet().accept(revision(1, { motd: { schedule: 'rate(30 minutes)' } }));
    const first = present(fleet.executions()[0], 'it is opened at once');
    const run = present(first.runs.get(node(1)), 'the node is a target').run;
    const outcomeOf = () => first.runs.get(node(1))?.outcome;
    fleet.after(31 * MINUTE);
    assert.equal(outcomeOf()?.status, 'Skipped');
    const { id: execution, association, generation, occasion } = first;
    const finishedAt = instant(fleet.now - 29 * MINUTE);
    const outcome = {
      ...wellDone(run, finishedAt),
      status: ran,
      detailedStatus: ran,
      startedAt: null,
    };
    const last = { outcome, execution, generation, occasion, revision: null, reason: '' };
    const returns = () =>
      fleet.happen({
        kind: 'connected',
        node: node(1),
        hello: { ...hello(), lastRuns: [{ association, last }] },
      });
    returns();
    assert.equal(outcomeOf()?.status, want);
    assert.equal(first.statuses.Skipped + first.statuses[want], first.runs.size);
    const lastOf = () => fleet.world.state.nodes.get(node(1))?.assignments.get(association)?.last;
    assert.equal(lastOf()?.outcome.run, run);
    const told = outcomeOf();
    fleet.happen({ kind: 'disconnected', node: node(1) });
    returns();
    assert.equal(outcomeOf(), told, 'said again, it changes nothing');
  });
