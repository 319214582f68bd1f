/** A host whose clock ran far ahead and was set right again: no slot runs twice, and nothing rests until that date. */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { Instant } from '../../../src/core/model/brand.ts';
import { associationName, instant } from '../../../src/core/model/brand.ts';
import { present } from '../../../src/core/model/errors.ts';
import { emptyState } from '../../../src/core/model/state.ts';
import { apply } from '../../../src/core/world/apply.ts';
import { recordsOf } from '../../../src/core/world/snapshot.ts';
import { MINUTE, NOON, node, revision, TestFleet } from '../../fakes/fleet.ts';

const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** 3,650 days: at the same time of the day. */
const AHEAD = 3_650 * DAY;
const hourly = (n: number, spec = {}) =>
  revision(n, { motd: { schedule: 'cron(0 * * * ? *)', ...spec } }, { 1: {} });

const slotsOf = (fleet: TestFleet): readonly string[] =>
  fleet.journal.flatMap((record) =>
    record.kind === 'slot' ? [new Date(record.at).toISOString().slice(0, 16)] : [],
  );

/** Runs for some time, minute by minute in steps. */
function live(fleet: TestFleet, ms: number, stepMs = 10 * MINUTE): TestFleet {
  for (let passed = 0; passed < ms; passed += stepMs) fleet.after(stepMs).runAll();
  return fleet;
}

function jump(fleet: TestFleet, to: number): TestFleet {
  fleet.now = instant(to);
  fleet.happen({ kind: 'tick' }).runAll();
  return fleet;
}

function started(loaded = hourly(1)): TestFleet {
  const fleet = new TestFleet().accept(loaded).connect(1);
  fleet.runAll();
  return live(fleet, 2 * HOUR);
}

/** Ahead for three hours of its slots, then right again, where it was before. */
function setRight(fleet: TestFleet): TestFleet {
  const before = fleet.now;
  live(jump(fleet, fleet.now + AHEAD + 5 * MINUTE), 3 * HOUR);
  return jump(fleet, before + 10 * MINUTE);
}

test('set back: slots between now and those that fired ahead come as they should', () => {
  const fleet = setRight(started());
  const from = slotsOf(fleet).length;
  live(fleet, 5 * HOUR);
  assert.deepEqual(
    slotsOf(fleet).slice(from),
    ['15:00', '16:00', '17:00', '18:00', '19:00'].map((at) => `2026-03-01T${at}`),
  );
});

test('set back: those that fired ahead do not fire when their time comes, and those after them do', () => {
  const fleet = setRight(started());
  const ahead = slotsOf(fleet).filter((at) => !at.startsWith('2026'));
  assert.equal(ahead.length, 4, 'a catch-up and three slots');
  live(jump(fleet, NOON + AHEAD - HOUR), 8 * HOUR);
  const slots = slotsOf(fleet);
  assert.equal(new Set(slots).size, slots.length, 'none twice');
  const again = slots.slice(slots.lastIndexOf(present(ahead.at(-1), 'it fired')) + 1);
  assert.equal(again.filter((at) => at > present(ahead.at(-1), 'it fired')).length, 2);
});

test('set back by an hour within slots that fired: none of them fires again', () => {
  const fleet = started();
  const count = slotsOf(fleet).length;
  jump(fleet, fleet.now - 90 * MINUTE);
  live(fleet, 80 * MINUTE);
  assert.equal(slotsOf(fleet).length, count);
  live(fleet, HOUR + 20 * MINUTE);
  assert.equal(slotsOf(fleet).length, count + 1);
});

for (const { name, spec } of [
  { name: 'a schedule', spec: { schedule: 'cron(30 * * * ? *)' } },
  { name: 'a document', spec: { document: 'v2' } },
]) {
  test(`set back: ${name} that was edited by the clock ahead does not rest until then`, () => {
    const fleet = started();
    const before = fleet.now;
    jump(fleet, fleet.now + AHEAD + 5 * MINUTE);
    fleet.accept(hourly(2, spec)).runAll();
    live(jump(fleet, before), 5 * HOUR);
    const slots = slotsOf(fleet).filter((at) => at.startsWith('2026'));
    assert.equal(slots.length, 2 + 5, slots.join(' '));
  });
}

test('set back: what was first accepted by the clock ahead runs as of now', () => {
  const fleet = new TestFleet();
  jump(fleet, NOON + AHEAD);
  fleet.accept(revision(1, { motd: { schedule: 'rate(1 hour)' } }, { 1: {} })).connect(1);
  fleet.runAll();
  live(fleet, 3 * HOUR);
  live(jump(fleet, NOON), 3 * HOUR);
  const slots = slotsOf(fleet).filter((at) => at.startsWith('2026'));
  assert.deepEqual(
    slots,
    ['13:00', '14:00', '15:00'].map((at) => `2026-03-01T${at}`),
  );
});

test('set back while the daemon was down: the same', () => {
  const fleet = new TestFleet();
  jump(fleet, NOON + AHEAD);
  fleet.accept(hourly(1)).connect(1).runAll();
  live(fleet, 3 * HOUR);
  const restarted = new TestFleet();
  restarted.now = NOON;
  for (const record of recordsOf(fleet.world.state)) restarted.world.apply(record);
  restarted.happen({ kind: 'boot', instance: 'test', daemonKey: 'key' });
  restarted.happen({ kind: 'restored', revision: hourly(1) });
  restarted.connect(1).runAll();
  live(restarted, 3 * HOUR);
  assert.equal(slotsOf(restarted).length, 3);
});

test('set back: a snapshot and a replay know the same slots', () => {
  const fleet = live(setRight(started()), 3 * HOUR);
  const gapsOf = (state: typeof fleet.world.state) => {
    const motd = state.associations.get(associationName('motd'));
    return [motd?.anchor, motd?.lastSlot, motd?.gaps];
  };
  const replayed = emptyState();
  for (const record of fleet.journal) apply(replayed, JSON.parse(JSON.stringify(record)));
  const restored = emptyState();
  for (const record of recordsOf(fleet.world.state))
    apply(restored, JSON.parse(JSON.stringify(record)));
  assert.deepEqual(gapsOf(replayed), gapsOf(fleet.world.state));
  assert.deepEqual(gapsOf(restored), gapsOf(fleet.world.state));
});

test('set back: a node that rested is asked, a job that is out is not waited for until then', () => {
  const fleet = started();
  const before = fleet.now;
  jump(fleet, fleet.now + AHEAD);
  fleet.accept(hourly(2, { document: 'v2' }));
  const job = present(fleet.takeJobs()[0], 'the edit runs');
  const refused = { kind: 'refused', code: 'NotYet', message: '', clock: null } as const;
  fleet.happen({ ...refused, node: job.node, run: job.run });
  assert.equal(fleet.takeJobs().length, 0, 'it rests');
  fleet.now = before;
  fleet.happen({ kind: 'tick' });
  const again = present(fleet.takeJobs()[0], 'it is asked again');
  fleet.happen({ kind: 'disconnected', node: again.node });
  fleet.connect(1);
  const third = present(fleet.takeJobs()[0], 'and once more');
  fleet.now = instant(before - HOUR);
  fleet.happen({ kind: 'tick' });
  fleet.after(6 * MINUTE);
  assert.deepEqual(
    fleet.takeJobs().map(({ run }) => run),
    [third.run],
    'its job has expired, and it is offered again',
  );
});

test('set back: a node that went away by the clock ahead is silent an hour from now', () => {
  const fleet = started();
  const before: Instant = fleet.now;
  jump(fleet, fleet.now + AHEAD);
  fleet.happen({ kind: 'disconnected', node: node(1) });
  jump(fleet, before);
  assert.equal(fleet.world.state.nodes.get(node(1))?.lastSeenAt, before);
});

test('a suspend that was over and is to come again is reported, and ends again', () => {
  const suspend = { reason: 'migration', owner: 'ops', until: instant(NOON + HOUR) };
  const fleet = new TestFleet().accept(revision(1, { motd: { suspend } }, { 1: {} })).connect(1);
  fleet.after(HOUR + MINUTE);
  assert.deepEqual(fleet.runAll(), ['motd@1']);
  const { dirty } = fleet.world;
  for (const ms of [-10 * MINUTE, 10 * MINUTE]) {
    dirty.all = false;
    dirty.associations.clear();
    fleet.after(ms);
    assert.ok(dirty.associations.has(associationName('motd')));
  }
});

test('a clock that is set back again and again puts off neither an absence nor a question', () => {
  const fleet = new TestFleet().accept(revision(1, { motd: {} }, { 1: {}, 2: {} })).connect(1, 2);
  const [away, quiet] = fleet.takeJobs();
  assert.ok(away);
  assert.ok(quiet);
  fleet.start(away).start(quiet).happen({ kind: 'disconnected', node: away.node });
  for (let minute = 0; minute < 65; minute++) fleet.after(MINUTE).after(-1);
  const phases = fleet.executions().flatMap(({ runs }) => [...runs.values()]);
  assert.equal(phases.find(({ node: id }) => id === away.node)?.phase, 'Done');
  assert.ok(fleet.journal.some(({ kind }) => kind === 'unreachable'));
  const asked = fleet.effects.filter(({ kind }) => kind === 'revoke-job');
  assert.equal(asked.length, 1);
});

test('set back: a slot that is skipped never takes the place of an execution with runs out', () => {
  const motd = { schedule: 'cron(0 * * * ? *)', flag: true, maxConcurrency: '1' };
  const spec = { motd, other: {} };
  const fleet = new TestFleet().accept(revision(1, spec)).connect(1, 2, 3);
  fleet.runAll();
  fleet.after(65 * MINUTE);
  const [job] = fleet.takeJobs();
  assert.ok(job);
  fleet.start(job).after(-20 * MINUTE);
  // Taken away and brought back, it has forgotten that its slot has fired; the host sleeps over its second coming.
  fleet.accept(revision(2, { other: {} }), 100).accept(revision(3, spec));
  fleet.after(30 * MINUTE);
  const skips = fleet.journal.filter((record) => record.kind === 'slot-skipped');
  assert.equal(skips.length, 1);
  assert.equal(fleet.world.state.executions.get(job.execution)?.phases.Started, 1);
  fleet.finish(job);
  assert.equal(fleet.world.state.executions.get(job.execution)?.statuses.Success, 1);
  assert.equal(fleet.world.state.associations.get(associationName('motd'))?.inFlight, 0);
});
