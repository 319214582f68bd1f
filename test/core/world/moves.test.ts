/** plan.json of the daemon: what a revision moves though nobody runs for it. The offline plan's is `golden/plan/moves`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Instant } from '../../../src/core/model/brand.ts';
import { formatInstant, instant } from '../../../src/core/model/brand.ts';
import type { Calendar } from '../../../src/core/model/calendar.ts';
import type { PlannedAssociation } from '../../../src/core/report/plan-file.ts';
import { lastPlanReport } from '../../../src/reconcile/last-plan.ts';
import { MINUTE, NOON, revision, TestFleet } from '../../fakes/fleet.ts';

const HOUR = 60 * MINUTE;
const motd = { calendarNames: ['freeze'], schedule: 'rate(1 hour)' };

function freeze(from: Instant, hours: number): Calendar {
  return {
    name: 'freeze',
    kind: 'DEFAULT_OPEN',
    file: 'calendars/freeze.ics',
    unreadable: null,
    floatingZone: 'UTC',
    zones: [],
    events: [
      {
        summary: 'freeze',
        line: 1,
        start: { local: from, zone: 'UTC' },
        length: { clockMs: 0, ms: hours * HOUR },
        rule: null,
        further: [],
        except: [],
      },
    ],
  };
}

const before = freeze(instant(NOON - 48 * HOUR), 1);

function planned(fleet: TestFleet): readonly PlannedAssociation[] {
  return lastPlanReport(fleet.world)?.associations ?? [];
}

const accepted = (calendar: Calendar = before): TestFleet =>
  new TestFleet().accept(revision(1, { motd }, { 1: {} }, [calendar])).connect(1);

test('a commit that changes a calendar alone is told: whom it moves, and from when to when', () => {
  const fleet = accepted();
  fleet.runAll();
  const after = freeze(instant(NOON + 30 * MINUTE), 2);
  fleet.accept(revision(2, { motd, other: {} }, { 1: {} }, [after]));
  const [moved, created] = planned(fleet);
  assert.equal(moved?.change, 'unchanged');
  assert.deepEqual(moved.reasons, ['calendar freeze changed']);
  assert.deepEqual(
    [moved.nextRunBefore, moved.nextRun].map((at) => at && formatInstant(at)),
    ['2026-03-01T13:00:00Z', '2026-03-01T15:00:00Z'],
  );
  assert.equal(created?.nextRunBefore, null);
});

for (const { name, calendar, says } of [
  { name: 'gone', calendar: null, says: 'calendar freeze is gone and counts as closed' },
  {
    name: 'broken',
    calendar: { ...before, unreadable: 'no calendar' },
    says: 'calendar freeze cannot be read and counts as closed',
  },
]) {
  test(`a calendar that is ${name} is told, and that nothing runs any more`, () => {
    const fleet = accepted();
    fleet.runAll();
    fleet.accept(revision(2, { motd }, { 1: {} }, calendar === null ? [] : [calendar]));
    const [moved] = planned(fleet);
    assert.equal(moved?.reasons[0], says);
    assert.match(
      moved.reasons[1] ?? '',
      /^no run by schedule within a year, .*: calendar \(freeze/,
    );
    assert.equal(moved.nextRun, null);
    assert.notEqual(moved.nextRunBefore, null);
  });
}

for (const { name, schedule, says } of [
  {
    name: 'at() in the past',
    schedule: 'at(2020-01-01T00:00:00)',
    says: 'no run by schedule: none of its slots is ahead (at(2020-01-01T00:00:00))',
  },
  {
    name: 'at() in a closed calendar',
    schedule: 'at(2026-03-01T12:30:00)',
    says: 'no run by schedule within a year, the slot of 2026-03-01T12:30:00Z is not let through: calendar (freeze)',
  },
]) {
  test(`${name}: the plan says that it never runs`, () => {
    const closed = freeze(instant(NOON - HOUR), 2);
    const once = { schedule, flag: true, calendarNames: ['freeze'] };
    const fleet = new TestFleet().accept(revision(1, { once }, { 1: {} }, [closed]));
    assert.deepEqual(planned(fleet)[0]?.reasons, ['new association', says]);
  });
}

test('the same calendar with its events on other lines moves nobody', () => {
  const fleet = accepted();
  fleet.runAll();
  const [event] = before.events;
  assert.ok(event !== undefined);
  const shifted = { ...before, events: [{ ...event, line: 9, summary: 'Freeze' }] };
  fleet.accept(revision(2, { motd }, { 1: {} }, [shifted]));
  assert.deepEqual(planned(fleet), []);
});

test('what a closed calendar holds is planned, and does not count as running now', () => {
  const fleet = new TestFleet().accept(
    revision(1, { motd }, { 1: {}, 2: {} }, [freeze(instant(NOON - HOUR), 2)]),
  );
  const report = lastPlanReport(fleet.world);
  const [created] = report?.associations ?? [];
  assert.equal(report?.summary.runsNow, 0);
  assert.equal(created?.nodes.length, 2);
  assert.match(created.reasons.join(), /waits: calendar until 2026-03-01T13:00:00Z \(freeze\)/);
});

test('rings: a new generation is planned ring by ring, and only the first runs now', () => {
  const canary = { kind: 'tag' as const, key: 'ring', values: ['canary'] };
  const rings = [{ name: 'canary', targets: [canary], soakMs: HOUR, maxErrors: null }];
  const nodes = { 1: { ring: 'canary' }, 2: {}, 3: {} };
  const fleet = new TestFleet().accept(revision(1, { motd: { rings } }, nodes));
  const [created] = planned(fleet);
  assert.equal(created?.runsNow, 1);
  assert.equal(created.nodes.length, 3);
  assert.deepEqual(created.reasons, [
    'new association',
    'in rings: canary 1 node (soaks 1 h), then last 2 nodes',
  ]);
});

for (const [soakMs, says] of [
  [15_000, 'canary 1 node (soaks 15 s), then last 1 node'],
  [90 * MINUTE, 'canary 1 node (soaks 90 min), then last 1 node'],
] as const) {
  test(`rings: a soak of ${soakMs} ms is told as it is`, () => {
    const canary = { kind: 'tag' as const, key: 'ring', values: ['canary'] };
    const rings = [{ name: 'canary', targets: [canary], soakMs, maxErrors: null }];
    const nodes = { 1: { ring: 'canary' }, 2: {} };
    const fleet = new TestFleet().accept(revision(1, { motd: { rings } }, nodes));
    assert.ok(planned(fleet)[0]?.reasons.includes(`in rings: ${says}`));
  });
}

test('a suspend that is lifted is told', () => {
  const suspend = { reason: 'x', owner: 'ops', until: instant(NOON + 5 * HOUR) };
  const fleet = new TestFleet().accept(
    revision(1, { motd: { schedule: 'rate(1 hour)', suspend } }, { 1: {} }),
  );
  fleet.accept(revision(2, { motd: { schedule: 'rate(1 hour)' } }, { 1: {} }));
  const [moved] = planned(fleet);
  assert.ok(moved !== undefined);
  assert.ok(moved.reasons.includes('suspend lifted'), moved.reasons.join());
  assert.ok((moved.nextRunBefore ?? 0) > (moved.nextRun ?? 0));
});

test("more than 20 associations on a node are a warning of the daemon's plan, too", () => {
  const names = Array.from({ length: 21 }, (_, n) => [`a-${n + 10}`, {}] as const);
  const fleet = new TestFleet().accept(revision(1, Object.fromEntries(names), { 1: {}, 2: {} }));
  assert.deepEqual(
    lastPlanReport(fleet.world)?.warnings.map(({ code, message }) => [code, message]),
    [
      [
        'crowded-node',
        '2 nodes have more than 20 associations, the most 21 (mi-00000000000000001)',
      ],
    ],
  );
  fleet.accept(revision(2, Object.fromEntries(names.slice(1)), { 1: {}, 2: {} }));
  assert.deepEqual(lastPlanReport(fleet.world)?.warnings, []);
});
