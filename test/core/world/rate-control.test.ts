/** Rate control (spec/state-manager.md §4, appendices H-8, H-15, H-16), and the vectors of appendix I.2. */
import assert from 'node:assert/strict';
import test from 'node:test';
import * as fc from 'fast-check';
import { present } from '../../../src/core/model/errors.ts';
import { concurrencyMax, errorsAllowed, parseRateLimit } from '../../../src/core/rollout/limits.ts';
import type { Effect } from '../../../src/core/world/effects.ts';
import type { OperatorRequest } from '../../../src/core/world/events.ts';
import { recordsOf } from '../../../src/core/world/snapshot.ts';
import { World } from '../../../src/core/world/world.ts';
import type { AssociationSpec } from '../../fakes/fleet.ts';
import { hello, MINUTE, named, node, revision, TestFleet } from '../../fakes/fleet.ts';

const HOUR = 60 * MINUTE;
type Job = Effect & { kind: 'send-job' };

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i + 1);
const tagged = (count: number) => Object.fromEntries(numbers(count).map((n) => [n, {}]));

function fleetOf(count: number, spec: AssociationSpec): TestFleet {
  return new TestFleet()
    .accept(revision(1, { motd: spec }, tagged(count)))
    .connect(...numbers(count));
}

for (const { targets, maxErrors, stopsAt } of [
  { targets: 1, maxErrors: '0', stopsAt: 1 },
  { targets: 50, maxErrors: '0', stopsAt: 1 },
  { targets: 4, maxErrors: '3', stopsAt: 4 },
  { targets: 50, maxErrors: '3', stopsAt: 4 },
  { targets: 50, maxErrors: '10%', stopsAt: 6 },
  { targets: 10, maxErrors: '0%', stopsAt: 1 },
  { targets: 7, maxErrors: '100%', stopsAt: null },
  { targets: 30, maxErrors: '5%', stopsAt: 2 },
])
  test(`I.2: ${targets} targets, MaxErrors ${maxErrors}: stops at error ${stopsAt ?? 'never'}`, () => {
    const fleet = fleetOf(targets, { maxConcurrency: '1', maxErrors });
    const ran = fleet.runAll(() => 'Failed');
    const execution = fleet.executions()[0];
    assert.equal(ran.length, stopsAt ?? targets);
    assert.equal(execution?.stopped?.failures ?? null, stopsAt);
  });

for (const [limit, targets, most] of [
  ['1', 100, 1],
  ['7', 3, 7],
  ['10%', 50, 5],
  ['10%', 59, 5],
  ['10%', 9, 1],
  ['1%', 3, 1],
  ['50%', 0, 1],
  ['99%', 2, 1],
  ['100%', 7, 7],
] as const)
  test(`concurrency ${limit} of ${targets} is ${most}: floored, at least one`, () => {
    assert.equal(concurrencyMax(parseRateLimit(limit), targets), most);
  });

for (const [limit, targets, allowed] of [
  ['0', 100, 0],
  ['10%', 50, 5],
  ['5%', 30, 1],
  ['9%', 11, 0],
  ['99%', 1, 0],
  ['100%', 0, Infinity],
] as const)
  test(`errors ${limit} of ${targets} allow ${allowed}: floored, 100 % never stops`, () => {
    assert.equal(errorsAllowed(parseRateLimit(limit), targets), allowed);
  });

test('runs in flight finish after the stop, and may fail beyond the limit', () => {
  const fleet = fleetOf(9, { maxConcurrency: '3', maxErrors: '0' });
  const out = fleet.takeJobs();
  assert.equal(out.length, 3);
  for (const job of out) fleet.start(job);
  for (const job of out) fleet.finish(job, 'Failed');
  assert.equal(fleet.executions()[0]?.failures, 3);
  assert.equal(fleet.executions()[0]?.stopped?.failures, 1);
  assert.deepEqual(fleet.takeJobs(), []);
});

test('a job that is out but not started when the stop comes still runs', () => {
  const fleet = fleetOf(3, { maxConcurrency: '2', maxErrors: '0' });
  const [first, second] = fleet.takeJobs();
  assert.ok(first && second);
  fleet.start(first).finish(first, 'Failed').start(second).finish(second);
  assert.equal(fleet.executions()[0]?.statuses.Success, 1);
});

test('the stop lasts for the interval: the next slot starts with new counters', () => {
  const spec = { schedule: 'rate(1 hour)', maxConcurrency: '1', maxErrors: '1' };
  const fleet = fleetOf(4, spec);
  assert.equal(fleet.runAll(() => 'Failed').length, 2);
  assert.deepEqual(fleet.after(59 * MINUTE).runAll(), []);
  const next = fleet.after(MINUTE).runAll((id) => (id === node(3) ? 'Failed' : 'Success'));
  assert.deepEqual(next, ['motd@3', 'motd@4', 'motd@1', 'motd@2'], 'who had no turn goes first');
  const last = fleet.executions().at(-1);
  assert.equal(last?.failures, 1);
  assert.equal(last.stopped, null);
});

test('without a schedule the stop lasts until an edit, also one that runs nobody by itself', () => {
  const spec = { maxConcurrency: '1', maxErrors: '0' };
  const fleet = fleetOf(3, spec);
  assert.equal(fleet.runAll(() => 'Failed').length, 1);
  assert.deepEqual(fleet.after(30 * 24 * HOUR).runAll(), []);
  const targets = { 1: {}, 2: {}, 3: {} };
  fleet.accept(revision(2, { motd: { ...spec, maxErrors: '1' } }, targets));
  assert.deepEqual(fleet.runAll(), ['motd@2', 'motd@3']);
});

test('an edit of something else lifts no stop', () => {
  const spec = { maxConcurrency: '1', maxErrors: '0' };
  const fleet = fleetOf(3, spec);
  fleet.runAll(() => 'Failed');
  const other = { targets: [{ kind: 'tag', key: 'none', values: [] }] } as const;
  fleet.accept(revision(2, { motd: spec, other }, { 1: {}, 2: {}, 3: {} }));
  assert.deepEqual(fleet.runAll(), []);
});

test('a failure of an interval that is over counts in that interval', () => {
  const spec = { schedule: 'rate(1 hour)', maxConcurrency: '1', maxErrors: '0' };
  const fleet = fleetOf(2, spec);
  const [late] = fleet.takeJobs();
  assert.ok(late);
  fleet.start(late).after(HOUR).finish(late, 'Failed');
  const [before, now] = fleet.executions();
  assert.equal(before?.failures, 1);
  assert.equal(now?.failures, 0);
  assert.equal(now.stopped, null);
});

for (const { status, counts } of [
  { status: 'Failed', counts: 1 },
  { status: 'TimedOut', counts: 1 },
  { status: 'Success', counts: 0 },
  { status: 'Skipped', counts: 0 },
  { status: 'Cancelled', counts: 0 },
] as const)
  test(`H-16: ${status} counts ${counts === 1 ? 'as an error' : 'not'}`, () => {
    const fleet = fleetOf(1, {});
    fleet.runAll(() => status);
    assert.equal(fleet.executions()[0]?.failures, counts);
  });

test('H-16: a node that is offline, or refuses its job for ever, is no error', () => {
  const fleet = fleetOf(1, { maxErrors: '0' });
  const [job] = fleet.takeJobs();
  assert.ok(job);
  const { node, run } = job;
  fleet.happen({ kind: 'refused', node, run, code: 'Foreign', message: 'no', clock: null });
  const [execution] = fleet.executions();
  assert.equal(execution?.statuses.Failed, 1);
  assert.equal(execution.failures, 0);
  assert.equal(execution.stopped, null);
});

// --- what survives a restart ------------------------------------------------------------------------------------

/** The daemon dies and comes back with its journal; nodes that were at work say so. */
function restarted(before: TestFleet, spec: AssociationSpec, count: number, out: readonly Job[]) {
  const fleet = before.restarted();
  fleet.happen({ kind: 'restored', revision: revision(1, { motd: spec }, tagged(count)) });
  for (const job of out)
    fleet.happen({ kind: 'connected', node: job.node, hello: hello(job.run, fleet.now) });
  const busy = new Set(out.map((job) => job.node));
  return fleet.connect(...numbers(count).filter((n) => !busy.has(node(n))));
}

test('counters are folds of run records: the bounds hold over any restarts', () => {
  const step = fc.record({
    pick: fc.nat(20),
    status: fc.constantFrom('Success', 'Failed', 'TimedOut'),
    restart: fc.boolean(),
  });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 0, max: 4 }),
      fc.array(step, { maxLength: 20 }),
      (count, concurrency, errors, steps) => {
        const spec = { maxConcurrency: String(concurrency), maxErrors: String(errors) };
        let fleet = fleetOf(count, spec);
        const out: Job[] = [];
        const take = () => {
          for (const job of fleet.takeJobs()) {
            fleet.start(job);
            out.push(job);
          }
          assert.ok(out.length <= concurrency, 'never more than MaxConcurrency at once');
        };
        take();
        let failures = 0;
        for (const { pick, status, restart } of steps) {
          if (restart) {
            fleet = restarted(fleet, spec, count, out);
            take();
          }
          const [job] = out.splice(pick % Math.max(1, out.length), 1);
          if (job === undefined) break;
          fleet.finish(job, status);
          if (status !== 'Success') failures++;
          const execution = fleet.executions()[0];
          assert.equal(execution?.failures, failures);
          assert.equal(execution.stopped !== null, failures > errors);
          const before = out.length;
          take();
          if (failures > errors) assert.equal(out.length, before, 'nothing starts after the stop');
        }
      },
    ),
    { numRuns: 150 },
  );
});

test('a share of the targets grows with nodes that join, connected or not: who waits starts', () => {
  const fleet = fleetOf(2, { maxConcurrency: '50%' });
  assert.equal(fleet.takeJobs().length, 1);
  fleet.accept(revision(2, { motd: { maxConcurrency: '50%' } }, tagged(4)));
  assert.equal(fleet.takeJobs().length, 1);
});

/** The first of three is silent since it started, with MaxErrors 0; an operator resumes all the same. */
function resumedAfterSilence(): { readonly fleet: TestFleet; readonly job: Job } {
  const fleet = fleetOf(3, { maxErrors: '0', maxConcurrency: '1' });
  const [job] = fleet.takeJobs();
  assert.ok(job !== undefined);
  fleet
    .start(job)
    .happen({ kind: 'disconnected', node: job.node })
    .after(10 * MINUTE);
  assert.equal(fleet.executions()[0]?.stopped?.failures, 1);
  const request = { kind: 'resume', association: named('motd') } as const;
  return { fleet: fleet.happen({ kind: 'operator', id: 'r', by: 'ada', request }), job };
}

for (const { name, after } of [
  { name: 'at once', after: (fleet: TestFleet) => fleet },
  { name: 'after a restart', after: (fleet: TestFleet) => fleet.restarted() },
  {
    name: 'from a snapshot',
    after: (fleet: TestFleet) => {
      const world = new World();
      for (const record of recordsOf(fleet.world.state)) world.apply(record);
      return new TestFleet(world, fleet.now);
    },
  },
]) {
  test(`a failure that was forgiven and turns out to be none pardons nobody else: ${name}`, () => {
    const { fleet: before, job } = resumedAfterSilence();
    const fleet = after(before);
    if (fleet !== before) {
      fleet.happen({ kind: 'restored', revision: present(before.world.revision, 'in force') });
      fleet.connect(2, 3);
    }
    fleet.connect(1).finish(job);
    assert.equal(fleet.executions()[0]?.failures, 0);
    assert.deepEqual(
      fleet.runAll(() => 'Failed'),
      ['motd@2'],
      'its failure exceeds MaxErrors',
    );
    assert.equal(fleet.executions()[0]?.stopped?.failures, 1);
  });

  test(`a failure that was forgiven and stays one stays forgiven: ${name}`, () => {
    const { fleet: before, job } = resumedAfterSilence();
    const fleet = after(before);
    if (fleet !== before) {
      fleet.happen({ kind: 'restored', revision: present(before.world.revision, 'in force') });
      fleet.connect(2, 3);
    }
    fleet.finish(job, 'Failed').connect(1);
    assert.equal(fleet.executions()[0]?.stopped, null);
    assert.deepEqual(fleet.runAll(), ['motd@2', 'motd@3']);
  });
}

test('a node that failed, was forgiven and is named again may not fail once more for nothing', () => {
  const fleet = fleetOf(3, { maxErrors: '0', maxConcurrency: '1' });
  fleet.runAll(() => 'Failed');
  const ask = (id: string, request: OperatorRequest) =>
    fleet.happen({ kind: 'operator', id, by: 'ada', request });
  ask('r', { kind: 'resume', association: named('motd') });
  const [other] = fleet.takeJobs();
  assert.equal(other?.node, node(2));
  ask('n', { kind: 'run', associations: [named('motd')], nodes: [node(1)] });
  fleet.start(other).finish(other);
  assert.deepEqual(fleet.runAll((id) => (id === node(1) ? 'Failed' : 'Success')).at(-1), 'motd@1');
  assert.equal(fleet.executions()[0]?.stopped?.failures, 1);
});
