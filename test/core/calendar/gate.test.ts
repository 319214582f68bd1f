import assert from 'node:assert/strict';
import { test } from 'node:test';
import { calendarGate, calendarsNamed } from '../../../src/core/calendar/gate.ts';
import { aCalendar, anEvent, minutesAfter, noon } from '../../fakes/builders.ts';

const at = (minutes: number) => minutesAfter(noon, minutes);
const freeze = aCalendar('freeze', {
  events: [anEvent(at(60), at(120)), anEvent(at(90), at(150)), anEvent(at(150), at(180))],
});
const window = aCalendar('window', { kind: 'DEFAULT_CLOSED', events: [anEvent(at(30), at(170))] });
const broken = aCalendar('broken', { unreadable: 'line 3 is nonsense' });

for (const c of [
  { name: 'no calendar is open for ever', of: [], now: 0, open: true, until: null, by: [] },
  { name: 'before an event', of: [freeze], now: 0, open: true, until: 60, by: [] },
  { name: 'at the first instant', of: [freeze], now: 60, open: false, until: 180, by: ['freeze'] },
  { name: 'overlapping', of: [freeze], now: 100, open: false, until: 180, by: ['freeze'] },
  { name: 'adjacent', of: [freeze], now: 150, open: false, until: 180, by: ['freeze'] },
  { name: 'at the end', of: [freeze], now: 180, open: true, until: null, by: [] },
  { name: 'closed by default', of: [window], now: 0, open: false, until: 30, by: ['window'] },
  { name: 'open in an event', of: [window], now: 30, open: true, until: 170, by: [] },
  { name: 'never again', of: [window], now: 170, open: false, until: null, by: ['window'] },
  { name: 'both open', of: [freeze, window], now: 30, open: true, until: 60, by: [] },
  { name: 'one closed', of: [freeze, window], now: 0, open: false, until: 30, by: ['window'] },
  {
    name: 'when the one opens, the other has closed for ever',
    of: [freeze, window],
    now: 60,
    open: false,
    until: null,
    by: ['freeze'],
  },
  { name: 'unreadable', of: [broken, freeze], now: 0, open: false, until: null, by: ['broken'] },
]) {
  test(`calendarGate: ${c.name}`, () => {
    const gate = calendarGate(c.of, at(c.now));
    assert.equal(gate.open, c.open);
    assert.equal(gate.until, c.until === null ? null : at(c.until));
    assert.deepEqual(gate.closedBy, c.by);
  });
}

test('calendarGate: what cannot be read and what is missing says so', () => {
  const calendars = calendarsNamed(['broken', 'gone'], new Map([['broken', broken]]));
  assert.deepEqual(calendarGate(calendars, noon).alerts, [
    'calendars/broken.ics counts as closed: line 3 is nonsense',
    'calendars/gone.ics counts as closed: there is no such file',
  ]);
});
