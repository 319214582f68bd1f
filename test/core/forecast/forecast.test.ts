import assert from 'node:assert/strict';
import test from 'node:test';
import { forecast, nextRun } from '../../../src/core/forecast/forecast.ts';
import { localDay, localTime } from '../../../src/core/forecast/local-time.ts';
import { instant } from '../../../src/core/model/brand.ts';
import type { Calendar } from '../../../src/core/model/calendar.ts';
import type { AssociationSpec } from '../../fakes/fleet.ts';
import { MINUTE, NOON, named, node, revision, TestFleet } from '../../fakes/fleet.ts';
import { foretell, HOUR, shownRuns, upcomingIn } from './worlds.ts';

const at = (text: string) => instant(Date.parse(`${text}Z`));

type Specs = { readonly [name: string]: AssociationSpec };

/** A world in which `before` has been in force since noon, at a quarter past twelve. */
function worldWith(before: Specs | null): TestFleet {
  const fleet = new TestFleet();
  if (before !== null) fleet.accept(revision(1, before));
  fleet.connect(1, 2, 3);
  fleet.runAll();
  fleet.after(15 * MINUTE);
  return fleet;
}

const half: AssociationSpec = { schedule: 'rate(30 minutes)' };
const web = [{ kind: 'tag' as const, key: 'role', values: ['web'] }];

for (const c of [
  {
    name: 'without anything applied, everything is created now',
    before: null,
    after: { aaa: half, bbb: {} },
    want: [
      '2026-03-01T12:15 create aaa on 3',
      '2026-03-01T12:15 create bbb on 3',
      '2026-03-01T12:45 schedule aaa on 3',
      '2026-03-01T13:15 schedule aaa on 3',
    ],
  },
  {
    name: 'nothing changes: slots stay on the grid of their anchor',
    before: { aaa: half },
    after: { aaa: half },
    want: ['2026-03-01T12:30 schedule aaa on 3', '2026-03-01T13:00 schedule aaa on 3'],
  },
  {
    name: 'an edited document runs now, and its slots begin anew',
    before: { aaa: half },
    after: { aaa: { ...half, document: 'v2' } },
    want: [
      '2026-03-01T12:15 document aaa on 3',
      '2026-03-01T12:45 schedule aaa on 3',
      '2026-03-01T13:15 schedule aaa on 3',
    ],
  },
  {
    name: 'an edited parameter runs now',
    before: { aaa: {} },
    after: { aaa: { parameters: 'v2' } },
    want: ['2026-03-01T12:15 edit aaa on 3'],
  },
  {
    name: 'an edit of settings runs nothing',
    before: { aaa: {} },
    after: { aaa: { severity: 'HIGH' as const } },
    want: [],
  },
  {
    name: 'more targets: only nodes that join',
    before: { aaa: { targets: [{ kind: 'ids' as const, ids: [node(1)] }] } },
    after: { aaa: { targets: [{ kind: 'ids' as const, ids: [node(1), node(2), node(3)] }] } },
    want: ['2026-03-01T12:15 target aaa on 2'],
  },
  {
    name: 'ApplyOnlyAtCronInterval: its slots alone',
    before: null,
    after: { aaa: { schedule: 'cron(0 13 ? * * *)', flag: true } },
    want: ['2026-03-01T13:00 schedule aaa on 3'],
  },
  {
    name: 'at() fires once',
    before: null,
    after: { aaa: { schedule: 'at(2026-03-01T13:00:00)', flag: true } },
    want: ['2026-03-01T13:00 schedule aaa on 3'],
  },
  {
    name: 'at() in the past never fires',
    before: null,
    after: { aaa: { schedule: 'at(2026-03-01T12:00:00)', flag: true } },
    want: [],
  },
  {
    name: 'an association that matches no node yet is told with 0',
    before: null,
    after: { aaa: { ...half, targets: web } },
    want: [
      '2026-03-01T12:15 create aaa on 0',
      '2026-03-01T12:45 schedule aaa on 0',
      '2026-03-01T13:15 schedule aaa on 0',
    ],
  },
  {
    name: 'a removed association runs nothing more',
    before: { aaa: half, bbb: {} },
    after: { bbb: {} },
    want: [],
  },
] satisfies readonly { name: string; before: Specs | null; after: Specs; want: string[] }[]) {
  test(`forecast of an hour and a bit: ${c.name}`, () => {
    const told = foretell(worldWith(c.before), revision(2, c.after), 1.1);
    assert.deepEqual(shownRuns(told), c.want);
    assert.equal(told.completeUntil, told.until);
    assert.equal(told.countedUntil, told.until);
  });
}

test('a window has its beginning and not its end', () => {
  const fleet = worldWith({ aaa: half });
  const loaded = revision(1, { aaa: half });
  fleet.now = at('2026-03-01T12:30:00');
  const told = foretell(fleet, loaded, 0.5, { asked: { earlierSlots: 'fired' } });
  assert.deepEqual(shownRuns(told), ['2026-03-01T12:30 schedule aaa on 3']);
});

test('slots before the window: the daemon owes one, a status branch has had them', () => {
  const fleet = worldWith({ aaa: half });
  const loaded = revision(1, { aaa: half });
  fleet.now = at('2026-03-01T15:10:00');
  assert.deepEqual(shownRuns(foretell(fleet, loaded, 0.2)), ['2026-03-01T15:10 schedule aaa on 3']);
  const asked = { earlierSlots: 'fired' as const };
  assert.deepEqual(shownRuns(foretell(fleet, loaded, 0.2, { asked })), []);
});

test('a slot that its starting deadline has missed is told and does not run', () => {
  const flagged: AssociationSpec = { schedule: 'cron(0 13 ? * * *)', flag: true };
  const fleet = worldWith({ aaa: flagged });
  fleet.now = at('2026-03-01T15:00:00');
  const { runs, skipped } = foretell(fleet, revision(1, { aaa: flagged }), 5);
  assert.deepEqual(runs, []);
  assert.deepEqual(
    skipped.map(({ reason, slots }) => [reason, slots]),
    [['missed', 1]],
  );
});

test('an offset and a zone: the Sunday after the second Thursday, at two in Berlin', () => {
  const spec: AssociationSpec = {
    schedule: 'cron(0 2 ? * THU#2 *)',
    timezone: 'Europe/Berlin',
    offsetDays: 3,
    flag: true,
  };
  const told = foretell(worldWith(null), revision(1, { aaa: spec }), 24 * 60);
  assert.deepEqual(shownRuns(told), [
    '2026-03-15T01:00 schedule aaa on 3',
    '2026-04-12T00:00 schedule aaa on 3',
  ]);
});

test('the hour that does not exist: two thirty runs at three, once', () => {
  const spec: AssociationSpec = {
    schedule: 'cron(30 2 ? * * *)',
    timezone: 'Europe/Berlin',
    flag: true,
  };
  const fleet = worldWith(null);
  fleet.now = at('2026-03-28T00:00:00');
  assert.deepEqual(shownRuns(foretell(fleet, revision(1, { aaa: spec }), 72)), [
    '2026-03-28T01:30 schedule aaa on 3',
    '2026-03-29T01:00 schedule aaa on 3',
    '2026-03-30T00:30 schedule aaa on 3',
  ]);
});

test('asked for one node: what targets it, counted as one', () => {
  const loaded = revision(
    1,
    { aaa: half, bbb: { targets: web }, ccc: { targets: [{ kind: 'ids', ids: [node(2)] }] } },
    { 1: { role: 'web' }, 2: {}, 3: { role: 'web' } },
  );
  const told = foretell(worldWith(null), loaded, 0.6, { asked: { nodes: new Set([node(1)]) } });
  assert.deepEqual(shownRuns(told), [
    '2026-03-01T12:15 create aaa on 1',
    '2026-03-01T12:15 create bbb on 1',
    '2026-03-01T12:45 schedule aaa on 1',
  ]);
  assert.deepEqual(
    told.associations.map(({ association }) => association),
    ['aaa', 'bbb'],
  );
});

test('asked for one association: that one alone', () => {
  const asked = { associations: new Set([named('bbb')]) };
  const told = foretell(worldWith(null), revision(1, { aaa: half, bbb: {} }), 1, { asked });
  assert.deepEqual(shownRuns(told), ['2026-03-01T12:15 create bbb on 3']);
});

test('a limit cuts at one instant for all, and the counts go on', () => {
  const specs = { aaa: { schedule: 'rate(1 minute)' }, bbb: { schedule: 'rate(1 day)' } };
  const loaded = revision(1, specs);
  const fleet = worldWith(null);
  const told = foretell(fleet, loaded, 48, { options: { runsMax: 100 } });
  assert.equal(told.runs.length, 100);
  assert.equal(told.completeUntil, fleet.now + 99 * MINUTE);
  const whole = foretell(fleet, loaded, 48);
  assert.deepEqual(
    told.runs,
    whole.runs.filter(({ at }) => at < told.completeUntil),
  );
  assert.deepEqual(told.associations, whole.associations);
  assert.deepEqual(
    told.associations.map(({ runs }) => runs),
    [48 * 60, 2],
  );
});

test('millions: the count stops at one instant for all, and says so', () => {
  const specs: Specs = Object.fromEntries(
    Array.from({ length: 100 }, (_, i) => [`rate-${i}`, { schedule: 'rate(1 minute)' }]),
  );
  const told = foretell(worldWith(null), revision(1, specs), 24 * 30, {
    options: { runsMax: 1_000 },
  });
  assert.ok(told.countedUntil < told.until);
  const wanted = (told.countedUntil - told.from) / MINUTE;
  assert.ok(told.associations.every(({ runs }) => runs === wanted));
});

test('folded: what a schedule opens on a day is one entry, and changes stand alone', () => {
  const dayOf = (when: ReturnType<typeof at>) => localDay(when, 'Asia/Tokyo');
  const specs = { aaa: half, bbb: { schedule: 'cron(0 14,20 ? * * *)' } };
  const { runs } = foretell(worldWith(null), revision(1, specs), 24, { options: { dayOf } });
  const shown = runs.map(({ association, trigger, count, times, last }) => [
    association,
    trigger,
    count,
    times.map((when) => localTime(when, 'Asia/Tokyo').time).join(' '),
    localTime(last, 'Asia/Tokyo').time,
  ]);
  assert.deepEqual(shown, [
    ['aaa', 'create', 1, '21:15', '21:15'],
    ['bbb', 'create', 1, '21:15', '21:15'],
    ['aaa', 'schedule', 5, '21:45 22:15 22:45 23:15', '23:45'],
    ['bbb', 'schedule', 1, '23:00', '23:00'],
    ['aaa', 'schedule', 42, '00:15 00:45 01:15 01:45', '20:45'],
    ['bbb', 'schedule', 1, '05:00', '05:00'],
  ]);
});

test('nextRun is the first scheduled run of a forecast, also behind gates that open and close', () => {
  const spans = [
    [0, 2],
    [3, 40],
    [47, 26],
  ] as const;
  const calendarNames = ['freeze'];
  const specs: Specs = {
    aaa: half,
    bbb: {},
    ccc: { schedule: 'rate(1 minute)', calendarNames },
    ddd: { schedule: 'cron(30 14 ? * * *)', flag: true, calendarNames },
    eee: {
      schedule: 'rate(7 minutes)',
      calendarNames,
      suspend: { reason: 'a migration', owner: 'ops', until: at('2026-03-02T00:00:00') },
    },
  };
  const fleet = worldWith({ aaa: half });
  const loaded = revision(2, specs, undefined, [freeze(spans)]);
  const span = { from: fleet.now, until: instant(fleet.now + 200 * HOUR) };
  for (const each of upcomingIn(fleet, loaded)) {
    const { runs } = forecast([each], { ...span, runsMax: 100_000, dayOf: null });
    const first = runs.find(({ trigger }) => trigger === 'schedule');
    assert.equal(nextRun(each, span)?.at, first?.at, each.association.name);
  }
});

test('a calendar that never opens: nothing comes, and nobody looks for ever', () => {
  const specs: Specs = { aaa: { schedule: 'rate(1 minute)', calendarNames: ['unknown'] } };
  const fleet = worldWith(null);
  const [each] = upcomingIn(fleet, revision(1, specs));
  assert.ok(each !== undefined);
  assert.equal(nextRun(each, { from: fleet.now, until: instant(fleet.now + 9_000 * HOUR) }), null);
  const { runs, skipped } = foretell(fleet, revision(1, specs), 2);
  assert.deepEqual(runs, []);
  assert.deepEqual(
    skipped.map(({ reason, until, slots }) => [reason, until, slots]),
    [['calendar', null, 120]], // with the start that waits
  );
});

test('a suspend: its slots are skipped as one, its start waits, and both name the owner', () => {
  const until = at('2026-03-01T14:00:00');
  const suspend = { reason: 'a migration', owner: 'ops@example.org', until };
  const told = foretell(worldWith(null), revision(1, { aaa: { ...half, suspend } }), 2.1);
  assert.deepEqual(shownRuns(told), [
    '2026-03-01T14:00 create aaa on 3',
    '2026-03-01T14:15 schedule aaa on 3',
  ]);
  const detail = 'a migration (ops@example.org)';
  assert.equal(told.runs[0]?.reason, `new association, waits: suspended (${detail})`);
  assert.deepEqual(
    told.skipped.map((skip) => [skip.reason, skip.until, skip.detail, skip.slots]),
    [['suspended', until, detail, 3]],
  );
});

test('rings: each after the soak of the one before, as an estimate; slots run where they have been', () => {
  const ring = (role: string, soakMs: number) => ({
    name: role,
    targets: [{ kind: 'tag' as const, key: 'role', values: [role] }],
    soakMs,
    maxErrors: null,
  });
  const rings = [ring('canary', HOUR), ring('nobody', 5 * HOUR), ring('early', 0)];
  const specs: Specs = { aaa: { schedule: 'rate(40 minutes)', rings } };
  const loaded = revision(1, specs, { 1: { role: 'canary' }, 2: { role: 'early' }, 3: {} });
  const { runs } = foretell(worldWith(null), loaded, 1.5);
  assert.deepEqual(
    runs.map(({ at: when, ring: name, nodes, estimated }) => [
      new Date(when).toISOString().slice(11, 16),
      name,
      nodes,
      estimated,
    ]),
    [
      ['12:15', 'canary', 1, false],
      ['12:55', null, 1, true],
      ['13:15', 'early', 1, true],
      ['13:15', 'last', 1, true],
      ['13:35', null, 3, false],
    ],
  );
});

/** Closed for these spans, `[hours after noon, hours]`. */
const freeze = (spans: readonly (readonly [number, number])[]): Calendar => ({
  name: 'freeze',
  kind: 'DEFAULT_OPEN',
  file: 'calendars/freeze.ics',
  unreadable: null,
  floatingZone: 'UTC',
  zones: [],
  events: spans.map(([after, hours], i) => ({
    summary: 'freeze',
    line: i + 1,
    start: { local: NOON + after * HOUR, zone: 'UTC' },
    length: { clockMs: 0, ms: hours * HOUR },
    rule: null,
    further: [],
    except: [],
  })),
});
