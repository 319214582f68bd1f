/** How calendars stand is told where nothing waits for them, and moves at their transitions only. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AssociationName } from '../../../src/core/model/brand.ts';
import { instant } from '../../../src/core/model/brand.ts';
import type { Calendar } from '../../../src/core/model/calendar.ts';
import { present } from '../../../src/core/model/errors.ts';
import { aCalendar, anEvent } from '../../fakes/builders.ts';
import { MINUTE, NOON, named, revision, TestFleet } from '../../fakes/fleet.ts';
import { statusFilesOf } from '../../fakes/status-files.ts';

const HOUR = 60 * MINUTE;
const motd = named('motd');
const hours = (from: number, to: number) =>
  anEvent(instant(NOON + from * HOUR), instant(NOON + to * HOUR));
/** Closed from one to two and from four to five o'clock in the afternoon. */
const freeze = aCalendar('freeze', { events: [hours(1, 2), hours(4, 5)] });
/** Open from noon to five. */
const shift = aCalendar('shift', { kind: 'DEFAULT_CLOSED', events: [hours(0, 5)] });

function behind(calendars: readonly Calendar[], more: object = {}, n = 1): TestFleet {
  const calendarNames = calendars.map(({ name }) => name);
  return accept(new TestFleet(), n, calendars, { calendarNames, ...more });
}

function accept(fleet: TestFleet, n: number, calendars: readonly Calendar[], spec: object) {
  return fleet.accept(revision(n, { motd: spec }, { 1: {} }, calendars));
}

function told(fleet: TestFleet): string {
  const page = present(statusFilesOf(fleet).get('associations/motd/README.md'), 'it has a page');
  return /\*\*Calendars\*\* (.*)/.exec(page)?.[1]?.replaceAll('2026-03-01T', '') ?? '';
}

const isMarked = (fleet: TestFleet, name: AssociationName = motd): boolean =>
  fleet.world.dirty.associations.delete(name);

/** Everything that was told while time went on by minutes, and at which minute it began. */
function story(fleet: TestFleet, minutes: number): readonly string[] {
  const lines = [`0 ${told(fleet)}`];
  isMarked(fleet);
  for (let minute = 1; minute <= minutes; minute++) {
    fleet.after(MINUTE);
    const now = told(fleet);
    const moved = !lines.at(-1)?.endsWith(` ${now}`);
    assert.equal(isMarked(fleet), moved, `minute ${minute}: ${now}`);
    if (moved) lines.push(`${minute} ${now}`);
  }
  return lines;
}

test('calendars: the page says how they stand and until when, and moves at a transition only', () => {
  const fleet = behind([freeze]).connect(1);
  fleet.runAll();
  assert.deepEqual(story(fleet, 330), [
    '0 `freeze`: OPEN until `13:00:00Z`',
    '60 `freeze`: CLOSED until `14:00:00Z`',
    '120 `freeze`: OPEN until `16:00:00Z`',
    '240 `freeze`: CLOSED until `17:00:00Z`',
    '300 `freeze`: OPEN',
  ]);
});

test('calendars: several stand together, and which of them is closed moves nothing', () => {
  const fleet = behind([freeze, shift]).connect(1);
  fleet.runAll();
  assert.deepEqual(story(fleet, 360), [
    '0 `freeze`, `shift`: OPEN until `13:00:00Z`',
    '60 `freeze`, `shift`: CLOSED until `14:00:00Z`',
    '120 `freeze`, `shift`: OPEN until `16:00:00Z`',
    // The shift has ended when the freeze does.
    '240 `freeze`, `shift`: CLOSED',
  ]);
});

test('calendars: a suspend in between hides no transition, nor does a run that waits', () => {
  const suspend = { reason: 'migration', owner: 'ops', until: instant(NOON + 90 * MINUTE) };
  const fleet = behind([freeze], { suspend }).connect(1);
  const page = () => told(fleet);
  assert.equal(page(), '`freeze`: OPEN until `13:00:00Z`');
  isMarked(fleet);
  fleet.after(HOUR);
  assert.ok(isMarked(fleet));
  assert.equal(page(), '`freeze`: CLOSED until `14:00:00Z`');
  fleet.after(30 * MINUTE);
  assert.deepEqual(fleet.runAll(), [], 'the suspend is over, and the calendar closed');
  fleet.after(30 * MINUTE);
  assert.deepEqual(fleet.runAll(), ['motd@1']);
  assert.equal(page(), '`freeze`: OPEN until `16:00:00Z`');
});

test('calendars: one that cannot be read is CLOSED, and says why', () => {
  const broken = aCalendar('broken', { unreadable: 'line 3 is nonsense' });
  assert.equal(
    told(behind([broken])),
    '`broken`: CLOSED; calendars/broken\\.ics counts as closed: line 3 is nonsense',
  );
});

test('calendars: an edit of a calendar alone is told at once, and lets go whoever waits', () => {
  const fleet = behind([aCalendar('freeze', { events: [hours(-1, 3)] })]).connect(1);
  assert.deepEqual(fleet.runAll(), []);
  assert.equal(told(fleet), '`freeze`: CLOSED until `15:00:00Z`');
  isMarked(fleet);
  accept(fleet, 2, [freeze], { calendarNames: ['freeze'] });
  assert.ok(isMarked(fleet));
  assert.equal(told(fleet), '`freeze`: OPEN until `13:00:00Z`');
  assert.deepEqual(fleet.runAll(), ['motd@1']);
  fleet.after(HOUR);
  assert.equal(
    told(fleet),
    '`freeze`: CLOSED until `14:00:00Z`',
    'by an earlier timer than before',
  );
  isMarked(fleet);
  accept(fleet, 3, [freeze], { calendarNames: ['freeze'] });
  assert.equal(isMarked(fleet), false, 'the same calendar moves nothing');
});

test('calendars: a clock that is set back is told by', () => {
  const fleet = behind([freeze]).connect(1);
  fleet.runAll();
  fleet.after(3 * HOUR);
  isMarked(fleet);
  fleet.now = instant(NOON + 90 * MINUTE);
  fleet.happen({ kind: 'tick' });
  assert.ok(isMarked(fleet));
  assert.deepEqual(story(fleet, 60), [
    '0 `freeze`: CLOSED until `14:00:00Z`',
    '30 `freeze`: OPEN until `16:00:00Z`',
  ]);
});

test('calendars: a restart goes on watching', () => {
  const before = behind([freeze]).connect(1);
  before.runAll();
  const fleet = behind([freeze]).connect(1);
  fleet.runAll();
  const restored = present(fleet.world.revision, 'in force');
  fleet.happen({ kind: 'boot', instance: 'test', daemonKey: 'key' });
  fleet.happen({ kind: 'restored', revision: restored });
  assert.equal(story(fleet.connect(1), 130).length, 3);
});

test('calendars: each association has one timer, however often its gate is asked for', () => {
  const fleet = behind([freeze], { schedule: 'rate(1 minute)' }).connect(1);
  for (let minute = 0; minute < 50; minute++) {
    fleet.runAll();
    fleet.after(MINUTE);
  }
  let gates = 0;
  for (let next = fleet.world.timers.pop(); next !== undefined; next = fleet.world.timers.pop()) {
    if (next.kind === 'gate') gates++;
  }
  assert.equal(gates, 1);
});
