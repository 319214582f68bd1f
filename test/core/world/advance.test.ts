import assert from 'node:assert/strict';
import test from 'node:test';
import { instant } from '../../../src/core/model/brand.ts';
import { present } from '../../../src/core/model/errors.ts';
import { emptyState } from '../../../src/core/model/state.ts';
import { apply } from '../../../src/core/world/apply.ts';
import { recordsOf } from '../../../src/core/world/snapshot.ts';
import { lastPlanReport } from '../../../src/reconcile/last-plan.ts';
import { commit, hello, MINUTE, named, node, revision, TestFleet } from '../../fakes/fleet.ts';

const web = [{ kind: 'tag', key: 'role', values: ['web'] }] as const;

test('a new association runs once on every connected target, with its reason', () => {
  const fleet = new TestFleet().accept(revision(1, { motd: {} })).connect(1, 2, 3);
  assert.deepEqual(fleet.runAll(), ['motd@1', 'motd@2', 'motd@3']);
  assert.deepEqual(fleet.runAll(), []);
  const execution = fleet.executions()[0];
  assert.equal(execution?.reason, 'new association in 0000000');
  assert.equal(execution.endedAt, fleet.now);
});

test('an edit of the document runs everywhere; of the severity nowhere; a revert runs again', () => {
  const fleet = new TestFleet().accept(revision(1, { motd: {} })).connect(1, 2, 3);
  fleet.runAll();
  fleet.accept(revision(2, { motd: { document: 'v2' } }));
  assert.equal(fleet.runAll().length, 3);
  fleet.accept(revision(3, { motd: { document: 'v2', severity: 'HIGH' } }));
  assert.equal(fleet.runAll().length, 0);
  fleet.accept(revision(4, { motd: {} }));
  assert.equal(fleet.runAll().length, 3, 'A → B → A runs A again');
});

test('an edit of the targets runs the newly matched nodes only', () => {
  const nodes = { 1: { role: 'web' }, 2: { role: 'web' }, 3: { role: 'db' } };
  const fleet = new TestFleet()
    .accept(revision(1, { motd: { targets: web } }, nodes))
    .connect(1, 2, 3);
  assert.deepEqual(fleet.runAll(), ['motd@1', 'motd@2']);
  fleet.accept(revision(2, { motd: {} }, nodes));
  assert.deepEqual(fleet.runAll(), ['motd@3']);
  fleet.accept(revision(3, { motd: { targets: web } }, nodes));
  assert.deepEqual(fleet.runAll(), []);
  assert.equal(fleet.world.state.nodes.get(node(3))?.assignments.size, 0);
});

test('a node that gets the tag runs at once, and again after it lost and regained it', () => {
  const one = (role: string) => ({ 1: { role } });
  const fleet = new TestFleet()
    .accept(revision(1, { motd: { targets: web } }, one('db')))
    .connect(1);
  assert.deepEqual(fleet.runAll(), []);
  fleet.accept(revision(2, { motd: { targets: web } }, one('web')));
  assert.deepEqual(fleet.runAll(), ['motd@1']);
  fleet.accept(revision(3, { motd: { targets: web } }, one('db')));
  fleet.accept(revision(4, { motd: { targets: web } }, one('web')));
  assert.deepEqual(fleet.runAll(), ['motd@1']);
});

test('MaxConcurrency bounds what is out; the next starts when one ends', () => {
  const fleet = new TestFleet()
    .accept(revision(1, { motd: { maxConcurrency: '2' } }))
    .connect(1, 2, 3);
  const [first, second, ...rest] = fleet.takeJobs();
  assert.ok(first && second);
  assert.equal(rest.length, 0);
  fleet.start(first).start(second).finish(first);
  assert.deepEqual(
    fleet.takeJobs().map((job) => job.node),
    [node(3)],
  );
});

test('MaxErrors 0 stops at the first failure; the stop lasts until an operator resumes', () => {
  const fleet = new TestFleet()
    .accept(revision(1, { motd: { maxConcurrency: '1', maxErrors: '0' } }))
    .connect(1, 2, 3);
  assert.deepEqual(
    fleet.runAll(() => 'Failed'),
    ['motd@1'],
  );
  assert.equal(fleet.executions()[0]?.stopped?.failures, 1);
  fleet.happen({
    kind: 'operator',
    id: 'r1',
    by: 'root',
    request: { kind: 'resume', association: named('motd') },
  });
  assert.deepEqual(fleet.runAll(), ['motd@2', 'motd@3']);
});

test('a node is given one job at a time, whatever it is owed', () => {
  const fleet = new TestFleet()
    .accept(revision(1, { aaa: {}, bbb: {}, ccc: {} }, { 1: {} }))
    .connect(1);
  const [job, ...rest] = fleet.takeJobs();
  assert.ok(job);
  assert.equal(rest.length, 0);
  assert.equal(job.association, 'aaa');
  fleet.start(job).finish(job);
  assert.deepEqual(fleet.runAll(), ['bbb@1', 'ccc@1']);
});

test('an offline node is owed its run and gets it when it comes', () => {
  const fleet = new TestFleet().accept(revision(1, { motd: {} })).connect(1, 2);
  assert.deepEqual(fleet.runAll(), ['motd@1', 'motd@2']);
  assert.equal(fleet.executions()[0]?.endedAt, null);
  fleet.after(90 * MINUTE).connect(3);
  assert.deepEqual(fleet.runAll(), ['motd@3']);
});

test('a slot opens an execution, closes the one before, and runs who did not get a turn', () => {
  const fleet = new TestFleet()
    .accept(revision(1, { motd: { schedule: 'rate(30 minutes)' } }))
    .connect(1, 2);
  fleet.runAll();
  fleet.after(29 * MINUTE);
  assert.deepEqual(fleet.runAll(), []);
  fleet.after(MINUTE);
  assert.deepEqual(fleet.runAll(), ['motd@1', 'motd@2']);
  assert.equal(fleet.executions()[0]?.closed?.reason, 'next-slot');
  assert.equal(fleet.executions()[0]?.statuses.Skipped, 1);
  fleet.connect(3);
  assert.deepEqual(fleet.runAll(), ['motd@3'], 'one catch-up, not one per missed slot');
});

test('missed slots collapse into one catch-up', () => {
  const fleet = new TestFleet()
    .accept(revision(1, { motd: { schedule: 'rate(30 minutes)' } }, { 1: {} }))
    .connect(1);
  fleet.runAll();
  fleet.after(5 * 60 * MINUTE + 1);
  assert.deepEqual(fleet.runAll(), ['motd@1']);
});

test('a slot never runs twice, whatever the clock does', () => {
  const fleet = new TestFleet()
    .accept(revision(1, { motd: { schedule: 'cron(0 * * * ? *)' } }, { 1: {} }))
    .connect(1);
  fleet.runAll();
  fleet.after(60 * MINUTE);
  assert.deepEqual(fleet.runAll(), ['motd@1']);
  fleet.after(-45 * MINUTE).after(50 * MINUTE);
  assert.deepEqual(fleet.runAll(), []);
  fleet.after(55 * MINUTE);
  assert.deepEqual(fleet.runAll(), ['motd@1']);
});

test('with the flag, nothing runs but at the slot, and nobody starts late', () => {
  const spec = { motd: { schedule: 'cron(0 13 * * ? *)', flag: true } };
  const fleet = new TestFleet().accept(revision(1, spec)).connect(1, 2);
  assert.deepEqual(fleet.runAll(), []);
  fleet.after(60 * MINUTE);
  assert.deepEqual(fleet.runAll(), ['motd@1', 'motd@2']);
  fleet.after(11 * MINUTE).connect(3);
  assert.deepEqual(fleet.runAll(), []);
  assert.equal(fleet.executions()[0]?.statuses.Skipped, 1);
});

test('with the flag, a slot missed by more than the starting deadline is recorded and never run', () => {
  const fleet = new TestFleet()
    .accept(revision(1, { motd: { schedule: 'cron(0 13 * * ? *)', flag: true } }))
    .connect(1);
  fleet.after(75 * MINUTE);
  assert.deepEqual(fleet.runAll(), []);
  const missed = fleet.journal.find((record) => record.kind === 'slot-skipped');
  assert.equal(missed?.reason, 'missed');
  assert.equal(fleet.executions()[0]?.skipped?.targets, 3, 'the history has it');
});

test('a change during a run lets it finish and takes back what has not started', () => {
  const fleet = new TestFleet()
    .accept(revision(1, { motd: { maxConcurrency: '2' } }))
    .connect(1, 2, 3);
  const [first, second] = fleet.takeJobs();
  assert.ok(first && second);
  fleet.start(first).accept(revision(2, { motd: { document: 'v2', maxConcurrency: '2' } }));
  assert.deepEqual(
    fleet.effects.filter((e) => e.kind === 'revoke-job').map((e) => e.node),
    [second.node],
  );
  assert.equal(fleet.takeJobs().length, 0, 'both places are still taken');
  fleet.happen({ kind: 'revoked-job', node: second.node, run: second.run });
  const next = fleet.takeJobs();
  assert.equal(next.length, 1, 'the started one occupies a place of the new execution');
  fleet.finish(first);
  assert.equal(fleet.runAll().length, 2);
  assert.equal(fleet.executions()[0]?.statuses.Success, 1);
});

test('silence before Started frees the place; silence after it is Unreachable until a late result', () => {
  const fleet = new TestFleet()
    .accept(revision(1, { motd: { maxConcurrency: '1', maxErrors: '0' } }))
    .connect(1, 2);
  const [job] = fleet.takeJobs();
  assert.ok(job);
  fleet.happen({ kind: 'disconnected', node: job.node });
  const [other] = fleet.takeJobs();
  assert.equal(other?.node, node(2));
  fleet.start(other).happen({ kind: 'disconnected', node: other.node });
  fleet.after(3 * MINUTE);
  assert.equal(fleet.executions()[0]?.phases.Unreachable, 1);
  assert.equal(fleet.executions()[0]?.failures, 1);
  fleet.connect(1);
  assert.equal(fleet.takeJobs().length, 0, 'it holds its place and counts against MaxErrors');
  fleet.after(70 * MINUTE);
  assert.equal(fleet.executions()[0]?.statuses.Failed, 1);
  fleet.finish(other);
  assert.equal(fleet.executions()[0]?.statuses.Success, 1, 'the late result replaces the silence');
});

test('a restart forgets nothing: offered jobs are owed again, started ones are waited for', () => {
  const fleet = new TestFleet()
    .accept(revision(1, { motd: { maxConcurrency: '2' } }))
    .connect(1, 2, 3);
  const [first] = fleet.takeJobs();
  assert.ok(first);
  fleet.start(first);
  const again = new TestFleet();
  for (const record of fleet.journal) apply(again.world.state, record);
  again.happen({ kind: 'boot', instance: 'test', daemonKey: 'key' });
  again.happen({ kind: 'restored', revision: revision(1, { motd: { maxConcurrency: '2' } }) });
  again.happen({ kind: 'connected', node: first.node, hello: hello(first.run, fleet.now) });
  assert.equal(again.takeJobs().length, 0);
  again.connect(2, 3);
  const jobs = again.takeJobs();
  assert.equal(jobs.length, 1, 'the started run keeps its place');
  again.finish(first);
  assert.equal(again.runAll().length >= 1, true);
});

test('a node that comes back without its started run is given a minute, then asked; what it does not know is Interrupted', () => {
  const fleet = new TestFleet().accept(revision(1, { motd: {} }, { 1: {} })).connect(1);
  const [job] = fleet.takeJobs();
  assert.ok(job);
  fleet
    .start(job)
    .happen({ kind: 'disconnected', node: job.node })
    .connect(1)
    .after(2 * MINUTE);
  assert.equal(fleet.executions()[0]?.phases.Started, 1, 'nothing is guessed');
  fleet.disown();
  const last = fleet.world.state.nodes.get(node(1))?.assignments.get(named('motd'))?.last;
  assert.equal(last?.outcome.status, 'Failed');
  assert.equal(last.outcome.detailedStatus, 'Interrupted');
});

test('the guard holds a revision that removes too much, a trailer releases it', () => {
  const many = Object.fromEntries([...'abcdefghij'].map((c) => [`${c}${c}${c}`, {}]));
  const fleet = new TestFleet().accept(revision(1, many)).connect(1);
  fleet.runAll();
  fleet.accept(revision(2, { aaa: {} }));
  assert.equal(fleet.world.state.held?.code, 'TooManyDeletions');
  assert.match(fleet.world.state.held.reason, RegExp(`or: reconciled accept ${commit(2)}$`));
  assert.equal(fleet.world.state.accepted?.commit, commit(1));
  assert.equal(fleet.world.state.associations.size, 10);
  fleet.accept(revision(3, { aaa: {} }), 9);
  assert.equal(fleet.world.state.held, null);
  assert.equal(fleet.world.state.associations.size, 1);
});

test('a rewritten branch is held and released when the tip is the accepted revision again', () => {
  const fleet = new TestFleet().accept(revision(1, { motd: {} }));
  fleet.happen({ kind: 'source-stuck', tip: commit(9), ancestry: 'diverged' });
  assert.equal(fleet.world.state.held?.code, 'SourceDiverged');
  assert.match(fleet.world.state.held.reason, RegExp(`reconciled accept ${commit(9)}$`));
  fleet.happen({ kind: 'source-same' });
  assert.equal(fleet.world.state.held, null);
});

for (const { name, between } of [
  { name: 'the plan of what is in force is told again', between: (fleet: TestFleet) => fleet },
  {
    name: 'a daemon that has started since tells that nothing changes',
    between: (fleet: TestFleet) => {
      const revision = present(fleet.world.revision, 'it is in force');
      return fleet.restarted().happen({ kind: 'restored', revision });
    },
  },
])
  test(`once what a guard held is gone from the source, ${name}`, () => {
    const before = new TestFleet().accept(revision(1, { motd: {}, hosts: {} }));
    before.accept(revision(2, { motd: {}, hosts: { document: 'v2' } }));
    const fleet = between(before).accept(revision(3, {}));
    const plan = () => {
      const { head, verdict, summary } = present(lastPlanReport(fleet.world), 'one was judged');
      return [head, verdict.kind, summary.associations.delete] as const;
    };
    assert.deepEqual(plan(), [commit(3), 'held', 2]);
    fleet.happen({ kind: 'source-same' });
    assert.deepEqual(plan(), [commit(2), 'accepted', 0]);
  });

test('pause starts nothing, resume starts what is owed', () => {
  const fleet = new TestFleet();
  fleet.happen({ kind: 'operator', id: 'p', by: 'root', request: { kind: 'pause' } });
  fleet.accept(revision(1, { motd: {} })).connect(1, 2, 3);
  assert.deepEqual(fleet.runAll(), []);
  fleet.happen({
    kind: 'operator',
    id: 'r',
    by: 'root',
    request: { kind: 'resume', association: null },
  });
  assert.equal(fleet.runAll().length, 3);
});

test('a manual run on one node joins what is open and runs there only', () => {
  const fleet = new TestFleet().accept(revision(1, { motd: {} })).connect(1, 2, 3);
  fleet.runAll();
  const request = { kind: 'run', associations: [named('motd')], nodes: [node(2)] } as const;
  fleet.happen({ kind: 'operator', id: 'm1', by: 'root', request });
  assert.deepEqual(fleet.runAll(), ['motd@2']);
  fleet.happen({ kind: 'operator', id: 'm2', by: 'root', request });
  assert.deepEqual(fleet.runAll(), ['motd@2']);
});

test('the same result twice is acked twice and counted once', () => {
  const fleet = new TestFleet().accept(revision(1, { motd: {} }, { 1: {} })).connect(1);
  const [job] = fleet.takeJobs();
  assert.ok(job);
  fleet.start(job).finish(job).finish(job);
  assert.equal(fleet.effects.filter((effect) => effect.kind === 'ack').length, 2);
  assert.equal(fleet.journal.filter((record) => record.kind === 'finished').length, 1);
});

test('a snapshot folds into the state it was taken from', () => {
  const fleet = new TestFleet()
    .accept(revision(1, { motd: { schedule: 'rate(30 minutes)' }, hosts: {} }))
    .connect(1, 2);
  fleet.runAll();
  fleet.after(31 * MINUTE);
  const copy = emptyState();
  for (const record of recordsOf(fleet.world.state))
    apply(copy, JSON.parse(JSON.stringify(record)));
  assert.deepEqual(copy, fleet.world.state);
});

test('a node that nothing targets is reported when it comes, changes and goes', () => {
  const roles = (all: { readonly [n: number]: { readonly role: string } }) =>
    revision(++at, { motd: { targets: web } }, all);
  let at = 0;
  const fleet = new TestFleet().accept(roles({ 1: { role: 'web' } }));
  const { dirty } = fleet.world;
  for (const all of [
    { 1: { role: 'web' }, 2: { role: 'db' } },
    { 1: { role: 'web' }, 2: { role: 'cache' } },
    { 1: { role: 'web' } },
  ]) {
    dirty.nodes.clear();
    fleet.accept(roles(all));
    assert.deepEqual([...dirty.nodes], [node(2)]);
  }
});

test('a result counts as the newest although the clock of its node was set back', () => {
  const fleet = new TestFleet().accept(revision(1, { motd: {} }, { 1: {} })).connect(1);
  const [first] = fleet.takeJobs();
  assert.ok(first);
  fleet.start(first);
  const { now } = fleet;
  fleet.now = instant(now + 60 * MINUTE);
  fleet.finish(first, 'Failed');
  fleet.now = instant(now + MINUTE);
  fleet.accept(revision(2, { motd: { document: 'v2' } }, { 1: {} }));
  assert.deepEqual(fleet.runAll(), ['motd@1']);
  const last = fleet.world.state.nodes.get(node(1))?.assignments.get(named('motd'))?.last;
  assert.equal(last?.outcome.status, 'Success');
});

test('an edited schedule does not repeat a slot when the clock was set back', () => {
  const hourly = { schedule: 'cron(0 * * * ? *)' };
  const one = { 1: {} };
  const fleet = new TestFleet().accept(revision(1, { motd: hourly }, one)).connect(1);
  fleet.runAll();
  fleet.after(60 * MINUTE);
  assert.deepEqual(fleet.runAll(), ['motd@1']);
  fleet.after(-30 * MINUTE).accept(revision(2, { motd: {} }, one));
  fleet.accept(revision(3, { motd: hourly }, one));
  fleet.runAll();
  fleet.after(31 * MINUTE);
  assert.deepEqual(fleet.runAll(), []);
  fleet.after(60 * MINUTE);
  assert.deepEqual(fleet.runAll(), ['motd@1']);
});

for (const { onInterrupted, retries } of [
  { onInterrupted: 'Report', retries: 0 },
  { onInterrupted: 'Retry', retries: 15 },
] as const) {
  test(`OnInterrupted ${onInterrupted}: a run that is always cut off is tried again ${retries} times`, () => {
    const fleet = new TestFleet()
      .accept(revision(1, { motd: { onInterrupted, maxErrors: '0' } }, { 1: {} }))
      .connect(1);
    const ids: string[] = [];
    for (let [job] = fleet.takeJobs(); job !== undefined; [job] = fleet.takeJobs()) {
      ids.push(job.run);
      fleet.start(job).happen({ kind: 'disconnected', node: job.node });
      fleet
        .connect(1)
        .after(2 * MINUTE)
        .disown();
    }
    assert.equal(ids.length, retries + 1);
    assert.equal(new Set(ids).size, ids.length, 'each under an id of its own');
    const execution = fleet.executions()[0];
    assert.equal(execution?.statuses.Failed, 1);
    assert.notEqual(execution.endedAt, null);
  });
}

test('OnInterrupted Retry: one retry that succeeds leaves no failure behind', () => {
  const fleet = new TestFleet()
    .accept(revision(1, { motd: { onInterrupted: 'Retry', maxErrors: '0' } }, { 1: {} }))
    .connect(1);
  const [job] = fleet.takeJobs();
  assert.ok(job);
  fleet
    .start(job)
    .happen({ kind: 'disconnected', node: job.node })
    .connect(1)
    .after(2 * MINUTE)
    .disown();
  assert.deepEqual(fleet.runAll(), ['motd@1']);
  assert.equal(fleet.executions()[0]?.failures, 0);
  assert.equal(fleet.executions()[0]?.stopped, null);
});

test('a daemon that starts with another key says so, and its state is of that key from then on', () => {
  const fleet = new TestFleet();
  fleet.accept(revision(1, { motd: {} }));
  const boot = (daemonKey: string) => {
    fleet.happen({ kind: 'boot', instance: 'test', daemonKey });
    return fleet.last?.reasons;
  };
  assert.deepEqual(boot('key'), []);
  assert.deepEqual(boot('other'), [
    { event: 'daemon key changed', fields: { before: 'key', daemonKey: 'other' } },
  ]);
  assert.deepEqual(fleet.world.state.instance, {
    name: 'test',
    epoch: 1,
    branchEpoch: 1,
    anewEpoch: 0,
    daemonKey: 'other',
  });
});

test('a source that is not read is told once, with its first reason, until it is read again', () => {
  const fleet = new TestFleet().accept(revision(1, { motd: {} }));
  const since = fleet.now;
  fleet.after(10 * MINUTE);
  const unread = (code: string) => {
    fleet.world.dirty.fleet = false;
    fleet.happen({ kind: 'source-unread', code, forMs: fleet.now - since });
    return fleet.world.dirty.fleet;
  };
  assert.equal(unread('SOURCE_UNREACHABLE'), true);
  fleet.after(MINUTE);
  assert.equal(unread('SOURCE_AUTH'), false, 'the page does not move while it goes on');
  const told = { code: 'SOURCE_UNREACHABLE', since };
  assert.deepEqual(fleet.world.state.unread, told);
  const copy = emptyState();
  for (const record of recordsOf(fleet.world.state)) apply(copy, record);
  assert.deepEqual(copy.unread, told, 'a restart goes on with it');
  fleet.happen({ kind: 'source-read' });
  assert.equal(fleet.world.state.unread, null);
  assert.equal(fleet.world.dirty.fleet, true);
});
