import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assess } from '../../../src/core/compliance/assess.ts';
import type { Ring } from '../../../src/core/model/association.ts';
import type { Instant, NodeId } from '../../../src/core/model/brand.ts';
import { instant } from '../../../src/core/model/brand.ts';
import type { Calendar } from '../../../src/core/model/calendar.ts';
import { present } from '../../../src/core/model/errors.ts';
import type { RunStatus } from '../../../src/core/model/run.ts';
import type { AlarmState } from '../../../src/core/rollout/gate.ts';
import { parseRateLimit } from '../../../src/core/rollout/limits.ts';
import { boundWaiting, waitingOf } from '../../../src/core/world/waiting.ts';
import type { AssociationSpec } from '../../fakes/fleet.ts';
import { commit, MINUTE, NOON, named, node, revision, TestFleet } from '../../fakes/fleet.ts';

const HOUR = 60 * MINUTE;
const at = (text: string): Instant => instant(Date.parse(text));

/** `waits(fleet, 'motd', 2)` is `calendar until 2026-03-01T13:00:00.000Z: freeze`. */
function waits(fleet: TestFleet, name: string, n: number): string {
  const { world } = fleet;
  const id = world.state.nodes.get(node(n))?.assignments.get(named(name))?.execution ?? null;
  const execution = id === null ? undefined : world.state.executions.get(id);
  const run = execution?.runs.get(node(n));
  if (execution === undefined || run?.phase !== 'Pending') return 'nothing';
  const { reason, until, detail } = waitingOf(world, execution, run);
  const end = until === null ? '' : ` until ${new Date(until).toISOString()}`;
  return `${reason}${end}${detail === undefined ? '' : `: ${detail}`}`;
}

const runAgain = (name: string) => ({
  kind: 'operator' as const,
  id: 'run again',
  by: 'alice',
  request: { kind: 'run' as const, associations: [named(name)], nodes: null },
});

/** One node with one association behind these calendars. */
const gated = (motd: AssociationSpec, ...calendars: readonly Calendar[]): TestFleet =>
  new TestFleet().accept(revision(1, { motd }, { 1: {} }, calendars)).connect(1);

const skippedSlots = (fleet: TestFleet): readonly string[] =>
  fleet.journal.flatMap((record) =>
    record.kind === 'slot-skipped' ? [`${record.reason} ${record.detail}`.trim()] : [],
  );

// --- suspend ----------------------------------------------------------------------------------------------------

const suspend = { reason: 'migration', owner: 'ops', until: instant(NOON + 2 * HOUR) };

test('a suspended association starts nothing of a new generation until it ends by itself', () => {
  const fleet = gated({ suspend });
  assert.deepEqual(fleet.runAll(), []);
  assert.equal(
    waits(fleet, 'motd', 1),
    'suspended until 2026-03-01T14:00:00.000Z: migration (ops)',
  );
  fleet.after(2 * HOUR - 1);
  assert.deepEqual(fleet.runAll(), []);
  fleet.after(1);
  assert.deepEqual(fleet.runAll(), ['motd@1']);
});

test('slots of a suspended association are recorded and never caught up', () => {
  const motd = { schedule: 'rate(30 minutes)' };
  const fleet = gated(motd);
  fleet.runAll();
  fleet.accept(revision(2, { motd: { ...motd, suspend } }));
  for (let i = 0; i < 4; i++) fleet.after(30 * MINUTE);
  assert.deepEqual(skippedSlots(fleet), new Array(3).fill('suspended migration (ops)'));
  assert.deepEqual(fleet.runAll(), ['motd@1'], 'the slot at the very end of the suspend runs');
});

test('lifting a suspend by a commit starts at once', () => {
  const fleet = gated({ suspend });
  assert.deepEqual(fleet.runAll(), []);
  fleet.accept(revision(2, { motd: {} }));
  assert.deepEqual(fleet.runAll(), ['motd@1']);
});

test('a manual run of a suspended association waits, with its reason', () => {
  const fleet = gated({});
  fleet.runAll();
  fleet.accept(revision(2, { motd: { suspend } }));
  fleet.happen(runAgain('motd'));
  assert.deepEqual(fleet.runAll(), []);
  assert.match(waits(fleet, 'motd', 1), /^suspended/);
});

// --- calendars --------------------------------------------------------------------------------------------------

/** Closed for these spans, `[from, hours]`. */
function freeze(...spans: readonly (readonly [string, number])[]): Calendar {
  return {
    name: 'freeze',
    kind: 'DEFAULT_OPEN',
    file: 'calendars/freeze.ics',
    unreadable: null,
    floatingZone: 'UTC',
    zones: [],
    events: spans.map(([from, hours], i) => ({
      summary: 'freeze',
      line: i + 1,
      start: { local: Date.parse(from), zone: 'UTC' },
      length: { clockMs: 0, ms: hours * HOUR },
      rule: null,
      further: [],
      except: [],
    })),
  };
}
const calendarNames = ['freeze'];

test('behind a closed calendar a new generation waits for it to open', () => {
  const calendar = freeze(['2026-03-01T11:00:00Z', 3]);
  const fleet = gated({ calendarNames }, calendar);
  assert.deepEqual(fleet.runAll(), []);
  assert.equal(waits(fleet, 'motd', 1), 'calendar until 2026-03-01T14:00:00.000Z: freeze');
  fleet.after(2 * HOUR);
  assert.deepEqual(fleet.runAll(), ['motd@1']);
});

test('a slot in a closed calendar is not applied, and the next one is tried', () => {
  const calendar = freeze(['2026-03-01T12:30:00Z', 1]);
  const motd = { calendarNames, schedule: 'rate(1 hour)' };
  const fleet = gated(motd, calendar);
  fleet.runAll();
  fleet.after(HOUR);
  assert.deepEqual(fleet.runAll(), []);
  assert.deepEqual(skippedSlots(fleet), ['calendar freeze']);
  fleet.after(HOUR);
  assert.deepEqual(fleet.runAll(), ['motd@1']);
});

test('at(): a calendar that is closed at that instant means it never runs', () => {
  const calendar = freeze(['2026-03-01T12:30:00Z', 1]);
  const motd = { calendarNames, schedule: 'at(2026-03-01T13:00:00)', flag: true };
  const fleet = gated(motd, calendar);
  fleet.after(HOUR).after(24 * HOUR);
  assert.deepEqual(fleet.runAll(), []);
});

test('a calendar that closes during an execution stops its starts and not its runs', () => {
  const calendar = freeze(['2026-03-01T12:10:00Z', 1]);
  const motd = { calendarNames, maxConcurrency: '1' };
  const fleet = new TestFleet()
    .accept(revision(1, { motd }, { 1: {}, 2: {} }, [calendar]))
    .connect(1, 2);
  const [job] = fleet.takeJobs();
  assert.ok(job);
  fleet
    .start(job)
    .after(15 * MINUTE)
    .finish(job);
  assert.deepEqual(fleet.runAll(), []);
  assert.equal(waits(fleet, 'motd', 2), 'calendar until 2026-03-01T13:10:00.000Z: freeze');
  fleet.after(55 * MINUTE);
  assert.deepEqual(fleet.runAll(), ['motd@2']);
});

test('a node that comes while the calendar is closed is applied when it opens', () => {
  const calendar = freeze(['2026-03-01T12:10:00Z', 1]);
  const motd = { calendarNames, schedule: 'rate(30 minutes)' };
  const fleet = new TestFleet().accept(revision(1, { motd }, { 1: {} }, [calendar])).connect(1, 2);
  fleet.runAll();
  fleet.after(20 * MINUTE).accept(revision(2, { motd }, { 1: {}, 2: {} }, [calendar]));
  fleet.after(15 * MINUTE);
  assert.deepEqual(fleet.runAll(), []);
  assert.deepEqual(skippedSlots(fleet), ['calendar freeze']);
  fleet.after(35 * MINUTE);
  assert.deepEqual(fleet.runAll(), ['motd@2']);
});

test('a calendar that nobody can read is closed', () => {
  const fleet = gated({ calendarNames });
  assert.deepEqual(fleet.runAll(), []);
  assert.match(
    waits(fleet, 'motd', 1),
    /^calendar: freeze; calendars\/freeze\.ics counts as closed/,
  );
});

/** `Pending/Associated waiting: schedule until …`, and what the fleet comes to. */
function standsAs(fleet: TestFleet, name: string, n: number): readonly [string, string] {
  const { world } = fleet;
  const { revision: loaded } = world;
  assert.ok(loaded !== null);
  const standings = assess({
    now: fleet.now,
    state: world.state,
    definitions: loaded.definitions,
    nodes: world.fleet.nodes,
    boundWaiting: (of) => boundWaiting(world, of),
    waitingOf: (execution, run) => waitingOf(world, execution, run),
  });
  const of = standings.of(node(n)).find(({ association }) => association === named(name));
  const { reason, until, detail } = of?.waiting ?? { reason: null, until: null };
  const end = until == null ? '' : ` until ${new Date(until).toISOString()}`;
  const why = detail === undefined ? '' : `: ${detail}`;
  const { status, detailedStatus } = of ?? {};
  return [`${status}/${detailedStatus} ${reason}${end}${why}`, standings.fleet.verdict];
}

test('a calendar that cannot be read never leaves an association that waits for its slot green', () => {
  const motd = { schedule: 'cron(0 2 * * ? *)', flag: true, calendarNames };
  const broken = { ...freeze(), unreadable: 'line 3: no DTSTART' };
  const fleet = gated(motd, broken);
  const why = 'freeze; calendars/freeze.ics counts as closed: line 3: no DTSTART';
  for (let days = 0; days < 3; days++) {
    assert.deepEqual(standsAs(fleet, 'motd', 1), [
      `Pending/Associated calendar: ${why}`,
      'pending',
    ]);
    fleet.after(24 * HOUR);
    assert.deepEqual(fleet.runAll(), []);
  }
});

test('whoever waits for a slot that a gate will skip waits for the gate; a slot that opens is waited for as stated', () => {
  const motd = { schedule: 'cron(0 2 * * ? *)', flag: true, calendarNames };
  const tomorrow = freeze(['2026-03-02T00:00:00Z', 4]);
  const fleet = gated(motd, tomorrow);
  assert.deepEqual(standsAs(fleet, 'motd', 1), [
    'Pending/Associated calendar until 2026-03-02T04:00:00.000Z: freeze',
    'pending',
  ]);
  fleet.accept(revision(2, { motd }, { 1: {} }, [freeze()]));
  assert.deepEqual(standsAs(fleet, 'motd', 1), [
    'Pending/Associated schedule until 2026-03-02T02:00:00.000Z',
    'compliant',
  ]);
  const longer = { ...suspend, until: at('2026-03-02T09:00:00Z') };
  fleet.accept(revision(3, { motd: { ...motd, suspend: longer } }, { 1: {} }, [freeze()]));
  assert.deepEqual(standsAs(fleet, 'motd', 1), [
    'Pending/Associated suspended until 2026-03-02T09:00:00.000Z: migration (ops)',
    'pending',
  ]);
  fleet.after(14 * HOUR);
  assert.equal(standsAs(fleet, 'motd', 1)[1], 'compliant', 'the slot after the suspend opens');
});

test('what changed without a slot to come says that a manual run starts it', () => {
  const { settings } = revision(1, {}).catalog;
  const quiet = (values: string) => {
    const loaded = revision(1, { motd: { values } }, { 1: {} });
    const triggers = { ...settings.triggers, parameterValues: false };
    return { ...loaded, catalog: { ...loaded.catalog, settings: { ...settings, triggers } } };
  };
  const fleet = new TestFleet().accept(quiet('a')).connect(1);
  fleet.runAll();
  fleet.accept({ ...quiet('b'), commit: commit(2) });
  assert.deepEqual(fleet.runAll(), []);
  assert.deepEqual(standsAs(fleet, 'motd', 1), [
    'Pending/Associated schedule: no slot is to come: a manual run starts it',
    'pending',
  ]);
  fleet.happen(runAgain('motd'));
  assert.deepEqual(fleet.runAll(), ['motd@1']);
  assert.equal(standsAs(fleet, 'motd', 1)[1], 'compliant');
});

test('with ApplyOnlyAtCronInterval a calendar that closes after the slot makes nobody start late', () => {
  const motd = { schedule: 'cron(0 2 * * ? *)', flag: true, maxConcurrency: '1', calendarNames };
  const closing = freeze(['2026-03-02T02:05:00Z', 8]);
  const fleet = new TestFleet().accept(revision(1, { motd }, undefined, [closing]));
  fleet.connect(1, 2, 3).after(14 * HOUR);
  const [job] = fleet.takeJobs();
  assert.ok(job);
  fleet.start(job).after(6 * MINUTE);
  fleet.finish(job).after(4 * MINUTE);
  fleet.after(8 * HOUR);
  assert.deepEqual(fleet.runAll(), []);
  const [execution] = fleet.executions();
  assert.equal(execution?.closed?.reason, 'deadline');
  assert.deepEqual([execution.statuses.Success, execution.statuses.Skipped], [1, 2]);
});

// --- alarms -----------------------------------------------------------------------------------------------------

const read = (state: AlarmState | null) => ({
  kind: 'alarms' as const,
  states: new Map(state === null ? [] : [['budget', state]]),
});

for (const { state, ignorePollFailure, starts } of [
  { state: 'OK', ignorePollFailure: false, starts: true },
  { state: 'INSUFFICIENT_DATA', ignorePollFailure: false, starts: true },
  { state: 'ALARM', ignorePollFailure: false, starts: false },
  { state: 'ALARM', ignorePollFailure: true, starts: false },
  { state: 'UNKNOWN', ignorePollFailure: false, starts: false },
  { state: 'UNKNOWN', ignorePollFailure: true, starts: true },
  { state: null, ignorePollFailure: false, starts: false },
] as const) {
  test(`alarm ${state ?? 'never read'}, IgnorePollAlarmFailure ${ignorePollFailure}`, () => {
    const alarm = { name: 'budget', ignorePollFailure };
    const fleet = new TestFleet()
      .accept(revision(1, { motd: { alarm } }, { 1: {} }))
      .happen(read(state))
      .connect(1);
    assert.deepEqual(fleet.runAll(), starts ? ['motd@1'] : []);
    if (!starts) assert.match(waits(fleet, 'motd', 1), /^alarm: budget/);
    assert.deepEqual(fleet.happen(read('OK')).runAll(), starts ? [] : ['motd@1']);
  });
}

test('with ApplyOnlyAtCronInterval a slot behind an alarm is given up at its starting deadline', () => {
  const motd = {
    schedule: 'cron(0 2 * * ? *)',
    flag: true,
    alarm: { name: 'budget', ignorePollFailure: false },
  };
  const fleet = new TestFleet().happen(read('ALARM')).accept(revision(1, { motd }));
  fleet.connect(1, 2, 3).after(14 * HOUR);
  assert.match(waits(fleet, 'motd', 1), /^alarm/);
  fleet.after(10 * MINUTE - 1);
  assert.match(waits(fleet, 'motd', 1), /^alarm/);
  fleet.after(1);
  assert.equal(waits(fleet, 'motd', 1), 'nothing');
  assert.deepEqual(fleet.happen(read('OK')).runAll(), []);
  assert.equal(fleet.after(24 * HOUR - 10 * MINUTE).runAll().length, 3, 'the next slot runs');
});

// --- dependencies -----------------------------------------------------------------------------------------------

test('what depends on another runs after it on each node', () => {
  const fleet = new TestFleet()
    .accept(revision(1, { app: { dependsOn: ['base'] }, base: {} }))
    .connect(1, 2);
  assert.equal(waits(fleet, 'app', 1), 'dependency: base runs first');
  assert.deepEqual(fleet.runAll(), ['base@1', 'base@2', 'app@1', 'app@2']);
});

test('a failed dependency is a visible reason, and its success lets go', () => {
  const fleet = new TestFleet()
    .accept(
      revision(1, {
        app: { dependsOn: ['base'] },
        base: { schedule: 'rate(30 minutes)' },
      }),
    )
    .connect(1);
  assert.deepEqual(
    fleet.runAll(() => 'Failed'),
    ['base@1'],
  );
  assert.equal(waits(fleet, 'app', 1), 'dependency: base failed');
  fleet.after(30 * MINUTE);
  assert.deepEqual(fleet.runAll(), ['base@1', 'app@1']);
});

test('a new generation of a dependency goes first, though the old one had succeeded', () => {
  const app = { dependsOn: ['base'] };
  const fleet = new TestFleet().accept(revision(1, { app, base: {} }, { 1: {} })).connect(1);
  fleet.runAll();
  fleet.accept(
    revision(2, { app: { ...app, document: 'v2' }, base: { document: 'v2' } }, { 1: {} }),
  );
  assert.deepEqual(fleet.runAll(), ['base@1', 'app@1']);
});

test('a dependency that does not target the node has not succeeded there', () => {
  const fleet = new TestFleet()
    .accept(
      revision(
        1,
        {
          app: { dependsOn: ['base'] },
          base: { targets: [{ kind: 'tag', key: 'role', values: [] }] },
        },
        { 1: { role: 'web' }, 2: {} },
      ),
    )
    .connect(1, 2);
  assert.deepEqual(fleet.runAll(), ['base@1', 'app@1']);
  assert.equal(waits(fleet, 'app', 2), 'dependency: base does not target this node');
});

test('without its dependency in the file any more, it runs', () => {
  const fleet = new TestFleet()
    .accept(revision(1, { app: { dependsOn: ['base'] }, base: {} }, { 1: {} }))
    .connect(1);
  fleet.runAll(() => 'Failed');
  fleet.accept(revision(2, { app: {}, base: {} }, { 1: {} }));
  assert.deepEqual(fleet.runAll(), ['app@1']);
});

test('a dependency that is taken away from its turn is not waited for', () => {
  const fleet = new TestFleet()
    .accept(
      revision(1, { app: { dependsOn: ['base'] }, base: { schedule: 'rate(1 hour)' } }, { 1: {} }),
    )
    .connect(1);
  fleet.runAll();
  const manual = (name: string) => ({
    kind: 'operator' as const,
    id: `run-${name}`,
    by: 'alice',
    request: { kind: 'run' as const, associations: [named(name)], nodes: null },
  });
  fleet.happen({ kind: 'disconnected', node: node(1) }, manual('base'), manual('app')).connect(1);
  const [job] = fleet.takeJobs();
  assert.ok(job);
  assert.equal(job.association, 'base');
  assert.equal(waits(fleet, 'app', 1), 'dependency: base runs first');
  fleet.happen({
    kind: 'operator',
    id: 'c',
    by: 'alice',
    request: { kind: 'cancel', execution: job.execution },
  });
  fleet.happen({ kind: 'revoked-job', node: node(1), run: job.run });
  assert.deepEqual(fleet.runAll(), ['app@1']);
});

// --- rings ------------------------------------------------------------------------------------------------------

const ring = (tag: string, soakMinutes = 0, maxErrors: string | null = null): Ring => ({
  name: tag,
  targets: [{ kind: 'tag', key: 'ring', values: [tag] }],
  soakMs: soakMinutes * MINUTE,
  maxErrors: maxErrors === null ? null : parseRateLimit(maxErrors),
});
const FLEET = {
  1: { ring: 'canary' },
  2: { ring: 'canary' },
  3: { ring: 'early' },
  4: {},
  5: {},
};
const rings = [ring('canary', 30, '0'), ring('early', 10)];
/** All five of them. */
const ringed = (motd: AssociationSpec): TestFleet =>
  new TestFleet().accept(revision(1, { motd }, FLEET)).connect(1, 2, 3, 4, 5);
const failing =
  (...numbers: readonly number[]) =>
  (id: NodeId): RunStatus =>
    numbers.some((n) => node(n) === id) ? 'Failed' : 'Success';
const resume = (name: string) => ({
  kind: 'operator' as const,
  id: 'resume',
  by: 'alice',
  request: { kind: 'resume' as const, association: named(name) },
});

test('a new generation goes ring by ring, and soaks in between', () => {
  const fleet = ringed({ rings });
  assert.equal(waits(fleet, 'motd', 3), 'rollout: ring 2 of 3; ring 1 runs');
  assert.deepEqual(fleet.runAll(), ['motd@1', 'motd@2']);
  assert.equal(
    waits(fleet, 'motd', 3),
    'rollout until 2026-03-01T12:30:00.000Z: ring 2 of 3; ring 1 soaks',
  );
  assert.equal(waits(fleet, 'motd', 4), 'rollout: ring 3 of 3; ring 1 soaks');
  fleet.after(30 * MINUTE - 1);
  assert.deepEqual(fleet.runAll(), []);
  fleet.after(1);
  assert.deepEqual(fleet.runAll(), ['motd@3']);
  fleet.after(10 * MINUTE);
  assert.deepEqual(fleet.runAll(), ['motd@4', 'motd@5']);
  assert.equal(fleet.world.state.associations.get(named('motd'))?.rollout, null);
});

test('too many failures of a ring halt the rollout; resume forgives them', () => {
  const fleet = ringed({ rings });
  assert.deepEqual(fleet.runAll(failing(2)), ['motd@1', 'motd@2']);
  fleet.after(24 * HOUR);
  assert.deepEqual(fleet.runAll(), []);
  assert.equal(waits(fleet, 'motd', 3), 'rollout: ring 2 of 3; halted: 1 failed in ring 1');
  fleet.happen(resume('motd'));
  assert.deepEqual(fleet.runAll(), [], 'it soaks first');
  fleet.after(30 * MINUTE);
  assert.deepEqual(fleet.runAll(), ['motd@3']);
});

test('a failure that was forgiven and is repaired pardons no other', () => {
  const motd = { rings, schedule: 'rate(10 minutes)' };
  const fleet = new TestFleet().accept(revision(1, { motd }, FLEET)).connect(1, 2, 3, 4, 5);
  fleet.runAll(failing(2));
  fleet.happen(resume('motd')).after(10 * MINUTE);
  assert.deepEqual(fleet.runAll().toSorted(), ['motd@1', 'motd@2'], 'repaired');
  fleet.after(10 * MINUTE);
  assert.deepEqual(fleet.runAll(failing(1)).toSorted(), ['motd@1', 'motd@2']);
  assert.match(waits(fleet, 'motd', 3), /halted: 1 failed in ring 1/);
});

test('a failure while a ring soaks halts, too', () => {
  const motd = { rings, schedule: 'rate(10 minutes)' };
  const fleet = ringed(motd);
  fleet.runAll();
  fleet.after(10 * MINUTE);
  assert.deepEqual(fleet.runAll(failing(1)).toSorted(), ['motd@1', 'motd@2']);
  fleet.after(30 * MINUTE);
  assert.deepEqual(fleet.runAll().toSorted(), ['motd@1', 'motd@2'], 'repaired, and still halted');
  assert.match(waits(fleet, 'motd', 3), /halted/);
});

test('a commit lifts a halt: another generation begins at the first ring', () => {
  const fleet = ringed({ rings });
  fleet.runAll(failing(1, 2));
  fleet.accept(revision(2, { motd: { rings, document: 'v2' } }, FLEET));
  assert.deepEqual(fleet.runAll(), ['motd@1', 'motd@2']);
  fleet.after(30 * MINUTE);
  assert.deepEqual(fleet.runAll(), ['motd@3']);
});

test('a commit lifts a halt: an edit of anything goes on where the rollout was', () => {
  const fleet = ringed({ rings });
  fleet.runAll(failing(2));
  fleet.accept(revision(2, { motd: { rings, severity: 'HIGH' } }, FLEET));
  fleet.after(30 * MINUTE);
  assert.deepEqual(fleet.runAll(), ['motd@3']);
});

test('an offline node holds up no ring; a ring that is offline as a whole proves nothing', () => {
  const fleet = new TestFleet().accept(revision(1, { motd: { rings } }, FLEET)).connect(3, 4, 5);
  fleet.after(24 * HOUR);
  assert.deepEqual(fleet.runAll(), []);
  fleet.connect(1);
  assert.deepEqual(fleet.runAll(), ['motd@1']);
  fleet.after(30 * MINUTE);
  assert.deepEqual(fleet.runAll(), ['motd@3']);
  fleet.connect(2);
  assert.deepEqual(fleet.runAll(), ['motd@2'], 'its ring has come long ago');
});

test('a ring without nodes is skipped, its soak too', () => {
  const fleet = new TestFleet()
    .accept(revision(1, { motd: { rings: [ring('nobody', 60), ring('canary', 5)] } }, FLEET))
    .connect(1, 2, 3);
  assert.deepEqual(fleet.runAll(), ['motd@1', 'motd@2']);
});

test('once a generation is everywhere, slots and new nodes are held by no ring', () => {
  const motd = { rings, schedule: 'rate(1 hour)' };
  const fleet = ringed(motd);
  for (const minutes of [0, 30, 10]) fleet.after(minutes * MINUTE).runAll();
  fleet.after(20 * MINUTE);
  assert.deepEqual(fleet.runAll().length, 5);
  fleet.accept(revision(2, { motd }, { ...FLEET, 6: { ring: 'early' } })).connect(6);
  assert.deepEqual(fleet.runAll(), ['motd@6']);
});

test('slots repeat a generation only where it has come', () => {
  const motd = { rings, schedule: 'rate(20 minutes)' };
  const fleet = ringed(motd);
  fleet.runAll();
  fleet.after(20 * MINUTE);
  assert.deepEqual(fleet.runAll().toSorted(), ['motd@1', 'motd@2']);
});

test('a restart goes on where the rollout was', () => {
  const loaded = revision(1, { motd: { rings } }, FLEET);
  const fleet = new TestFleet().accept(loaded).connect(1, 2, 3, 4, 5);
  fleet.runAll();
  fleet.after(10 * MINUTE).happen({ kind: 'boot', instance: 'test', daemonKey: 'key' });
  fleet.happen({ kind: 'restored', revision: loaded }).connect(1, 2, 3, 4, 5);
  assert.deepEqual(fleet.runAll(), []);
  fleet.after(20 * MINUTE);
  assert.deepEqual(fleet.runAll(), ['motd@3']);
});

const stands = (fleet: TestFleet) => {
  const rollout = fleet.world.state.associations.get(named('motd'))?.rollout ?? null;
  return rollout === null ? null : `${rollout.ring}${rollout.passedAt === null ? '' : ' soaks'}`;
};
const [canary = ring('canary', 30), early = ring('early', 10)] = rings;

for (const { edit, to, becomes, starts } of [
  { edit: 'it is dropped', to: [early], becomes: '0', starts: ['motd@3'] },
  {
    edit: 'it is renamed',
    to: [{ ...canary, name: 'first' }, early],
    becomes: '0 soaks',
    starts: [],
  },
  {
    edit: 'it soaks for longer',
    to: [{ ...canary, soakMs: HOUR }, early],
    becomes: '0 soaks',
    starts: [],
  },
  {
    edit: 'one that has not run comes before it',
    to: [early, canary],
    becomes: '0',
    starts: ['motd@3'],
  },
  { edit: 'the one after it is dropped', to: [canary], becomes: '0 soaks', starts: [] },
] as const)
  test(`while a ring soaks ${edit}: the rings after it are not let through`, () => {
    const fleet = ringed({ rings });
    assert.deepEqual(fleet.runAll(), ['motd@1', 'motd@2']);
    fleet.accept(revision(2, { motd: { rings: to } }, FLEET));
    assert.deepEqual(fleet.runAll(), starts);
    assert.equal(stands(fleet), starts.length > 0 ? `${becomes} soaks` : becomes);
  });

test('a ring that is put before the one that runs comes first for whoever has not started', () => {
  const fleet = ringed({ rings: [{ ...early, soakMs: 0 }] });
  const [job] = fleet.takeJobs();
  assert.ok(job);
  fleet.accept(revision(2, { motd: { rings } }, FLEET));
  assert.equal(stands(fleet), '0');
  assert.deepEqual(fleet.runAll(), ['motd@1', 'motd@2']);
  fleet.start(job).finish(job);
  assert.equal(waits(fleet, 'motd', 4), 'rollout: ring 3 of 3; ring 1 soaks');
});

test('what a resume forgave a ring goes with it to its new place', () => {
  const nobody = ring('nobody', 60);
  const fleet = ringed({ rings });
  fleet.runAll(failing(2));
  fleet.happen(resume('motd'));
  fleet.accept(revision(2, { motd: { rings: [nobody, canary, early] } }, FLEET));
  assert.deepEqual(fleet.world.state.associations.get(named('motd'))?.rollout?.forgiven, [node(2)]);
  assert.equal(stands(fleet), '1 soaks');
});

test('a run that was cancelled proves nothing: its ring waits for it, and says so', () => {
  const motd = { rings, schedule: 'rate(1 hour)' };
  const fleet = ringed(motd);
  const jobs = fleet.takeJobs();
  const request = { kind: 'cancel' as const, execution: jobs[0]?.execution as never };
  for (const job of jobs) fleet.start(job);
  fleet.happen({ kind: 'operator', id: 'c', by: 'alice', request });
  for (const job of jobs) fleet.finish(job, 'Cancelled');
  fleet.after(40 * MINUTE);
  assert.equal(stands(fleet), '0');
  fleet.effects = [];
  fleet.happen(resume('motd'));
  const [answer] = fleet.effects.flatMap((each) => (each.kind === 'answer' ? [each.answer] : []));
  assert.match(answer?.message ?? '', /ring 1 waits for 2 nodes whose run was cancelled/);
  fleet.after(20 * MINUTE);
  assert.deepEqual(fleet.runAll().toSorted(), ['motd@1', 'motd@2'], 'the next slot goes on');
  assert.equal(stands(fleet), '0 soaks');
});

test('a ring that a program brings other content to waits for its next execution, and says so', () => {
  const { 3: _, ...before } = FLEET;
  const brings = (n: number, document: string, nodes: typeof before) =>
    revision(n, { motd: { document, rings } }, nodes);
  const old = new TestFleet().accept(brings(1, 'v1', before)).connect(1, 2, 4, 5);
  old.runAll();
  old.after(30 * MINUTE).runAll();
  assert.equal(stands(old), null, 'it went everywhere');
  const fleet = old.restarted().happen({ kind: 'restored', revision: brings(1, 'v2', before) });
  fleet
    .connect(1, 2, 4, 5)
    .accept(brings(2, 'v2', FLEET))
    .connect(3);
  assert.deepEqual(fleet.runAll(), []);
  const idle = 'ring 1 waits for 2 nodes to which nothing is owed: the next execution runs there';
  assert.equal(waits(fleet, 'motd', 3), `rollout: ring 2 of 3; ${idle}`);
  fleet.effects = [];
  fleet.happen(resume('motd'));
  const [answer] = fleet.effects.flatMap((each) => (each.kind === 'answer' ? [each.answer] : []));
  assert.match(answer?.message ?? '', new RegExp(idle));
});

test('H-16: a job that the canary would not take halts nothing, and proves nothing', () => {
  const strict = [{ ...canary, soakMs: 0 }];
  const fleet = new TestFleet()
    .accept(revision(1, { motd: { rings: strict } }, FLEET))
    .connect(1, 2, 3);
  const refuse = (job: { readonly node: NodeId; readonly run: never }) =>
    fleet.happen({ kind: 'refused', ...job, code: 'BadSignature', message: '', clock: null });
  const [one, two] = fleet.takeJobs();
  assert.ok(one && two);
  refuse({ node: one.node, run: one.run as never });
  assert.equal(stands(fleet), '0');
  refuse({ node: two.node, run: two.run as never });
  assert.equal(stands(fleet), '0', 'a ring that took nothing proves nothing');
  assert.equal(fleet.world.state.associations.get(named('motd'))?.rollout?.halted, null);
});

// --- Duration ---------------------------------------------------------------------------------------------------

test('Duration cancels what runs and starts nothing more', () => {
  const motd = {
    schedule: 'cron(0 13 * * ? *)',
    flag: true,
    durationMs: 4 * HOUR,
    maxConcurrency: '1',
  };
  const fleet = new TestFleet().accept(revision(1, { motd }, { 1: {}, 2: {} })).connect(1, 2);
  fleet.after(at('2026-03-01T13:00:00Z') - NOON);
  const [job] = fleet.takeJobs();
  assert.ok(job);
  fleet.start(job).after(4 * HOUR - 1);
  assert.deepEqual(fleet.effects.filter(({ kind }) => kind === 'cancel-run').length, 0);
  fleet.after(1);
  assert.deepEqual(
    fleet.effects.flatMap((effect) => (effect.kind === 'cancel-run' ? [effect.reason] : [])),
    ['its Duration is over'],
  );
  fleet.finish(job, 'Cancelled');
  assert.deepEqual(fleet.runAll(), []);
  assert.equal(fleet.executions()[0]?.closed?.reason, 'duration');
});

test('a node that skipped by a precondition has nothing to do, also once it was not there for a slot', () => {
  const base = { schedule: 'rate(1 hour)', rings };
  const web = { dependsOn: ['base'] };
  const fleet = new TestFleet().accept(revision(1, { base, web }, { 1: {} })).connect(1);
  assert.deepEqual(
    fleet.runAll(() => 'Skipped'),
    ['base@1', 'web@1'],
  );
  fleet.happen({ kind: 'disconnected', node: node(1) }).after(2 * HOUR);
  const open = fleet.world.state.associations.get(named('base'))?.open ?? null;
  const request = { kind: 'cancel', execution: present(open, 'owed at its slot') } as const;
  fleet.happen({ kind: 'operator', id: 'c', by: 'ada', request }).connect(1);
  assert.deepEqual(fleet.runAll(), []);
  fleet.accept(revision(2, { base, web: { ...web, document: 'v2' } }, { 1: {} }));
  assert.deepEqual(fleet.runAll(), ['web@1']);
});
