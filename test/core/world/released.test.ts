/** A plan names whoever a commit sets free, and these are the ones that start. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { instant } from '../../../src/core/model/brand.ts';
import type { Calendar } from '../../../src/core/model/calendar.ts';
import { lastPlanReport } from '../../../src/reconcile/last-plan.ts';
import type { AssociationSpec } from '../../fakes/fleet.ts';
import { MINUTE, NOON, node, revision, TestFleet } from '../../fakes/fleet.ts';

const HOUR = 60 * MINUTE;
const suspend = { reason: 'x', owner: 'ops', until: instant(NOON + 5 * HOUR) };
const canary = { kind: 'tag' as const, key: 'ring', values: ['canary'] };
const rings = [{ name: 'canary', targets: [canary], soakMs: HOUR, maxErrors: null }];

const calendar = (kind: Calendar['kind'], name = 'freeze'): Calendar => ({
  name,
  kind,
  file: `calendars/${name}.ics`,
  unreadable: null,
  floatingZone: 'UTC',
  zones: [],
  events: [],
});
const open = calendar('DEFAULT_OPEN');
const closed = calendar('DEFAULT_CLOSED');

type Side = { readonly motd: AssociationSpec; readonly calendars?: readonly Calendar[] };

const cases: readonly {
  readonly name: string;
  readonly before: Side;
  readonly after: Side;
  readonly fails?: number;
  readonly starts: readonly number[];
}[] = [
  {
    name: 'a calendar that opens',
    before: { motd: { calendarNames: ['freeze'] }, calendars: [closed] },
    after: { motd: { calendarNames: ['freeze'] }, calendars: [open] },
    starts: [1, 2, 3],
  },
  {
    name: 'a calendar that is named no more',
    before: { motd: { calendarNames: ['freeze'] }, calendars: [closed] },
    after: { motd: {}, calendars: [closed] },
    starts: [1, 2, 3],
  },
  {
    name: 'one of two calendars that opens',
    before: {
      motd: { calendarNames: ['freeze', 'other'] },
      calendars: [closed, calendar('DEFAULT_CLOSED', 'other')],
    },
    after: {
      motd: { calendarNames: ['freeze', 'other'] },
      calendars: [open, calendar('DEFAULT_CLOSED', 'other')],
    },
    starts: [],
  },
  {
    name: 'a suspend that is lifted',
    before: { motd: { suspend } },
    after: { motd: {} },
    starts: [1, 2, 3],
  },
  {
    name: 'a suspend that is lifted, of a rollout in rings',
    before: { motd: { suspend, rings } },
    after: { motd: { rings } },
    starts: [1],
  },
  {
    name: 'a suspend that goes, and targets that shrink',
    before: { motd: { suspend } },
    after: { motd: { targets: [canary] } },
    starts: [1],
  },
  {
    name: 'an edit of what was stopped by failures',
    before: { motd: { maxErrors: '0', maxConcurrency: '1' } },
    fails: 1,
    after: { motd: { maxErrors: '0', maxConcurrency: '1', severity: 'HIGH' } },
    starts: [2, 3],
  },
  {
    name: 'an edit that is no edit of the stopped association',
    before: { motd: { maxErrors: '0', maxConcurrency: '1', calendarNames: ['freeze'] } },
    fails: 1,
    after: {
      motd: { maxErrors: '0', maxConcurrency: '1', calendarNames: ['freeze'] },
      calendars: [{ ...open, floatingZone: 'Europe/Berlin' }],
    },
    starts: [],
  },
];

for (const { name, before, after, fails, starts } of cases) {
  test(`${name}: the plan says that ${starts.length} start, and they do`, () => {
    const nodes = { 1: { ring: 'canary' }, 2: {}, 3: {} };
    const said = (side: Side, n: number) =>
      revision(n, { motd: side.motd }, nodes, side.calendars ?? [open]);
    const fleet = new TestFleet().accept(said(before, 1)).connect(1, 2, 3);
    const failing = fails === undefined ? null : node(fails);
    fleet.runAll((each) => (each === failing ? 'Failed' : 'Success'));

    fleet.accept(said(after, 2));
    const report = lastPlanReport(fleet.world);
    const [told] = report?.associations ?? [];
    const ran = fleet.runAll().map((each) => Number(each.split('@')[1]));
    assert.deepEqual(ran.toSorted(), starts);
    assert.deepEqual(told?.nodes ?? [], starts.map(node));
    assert.equal(report?.summary.runsNow, starts.length);
    const isTold = told?.reasons.join().includes('what waits already starts: new association in ');
    assert.equal(isTold ?? false, starts.length > 0);
  });
}

test('who waits for a node or a place is not told again by every commit', () => {
  const fleet = new TestFleet().accept(revision(1, { motd: {} })).connect(1);
  fleet.runAll();
  fleet.accept(revision(2, { motd: { severity: 'HIGH' } }));
  const report = lastPlanReport(fleet.world);
  assert.equal(report?.summary.runsNow, 0);
  assert.deepEqual(report.associations[0]?.nodes, []);
});
