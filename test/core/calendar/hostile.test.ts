import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { calendarGate } from '../../../src/core/calendar/gate.ts';
import { RECURRING_EVENTS_MAX, readCalendar } from '../../../src/core/calendar/read-calendar.ts';
import { openRecurrence } from '../../../src/core/calendar/recurrence.ts';
import { openSpans } from '../../../src/core/calendar/spans.ts';
import { instant } from '../../../src/core/model/brand.ts';
import type { Calendar } from '../../../src/core/model/calendar.ts';
import { calendar, event, read } from './files.ts';

const DAY = 86_400_000;
const NOW = instant(Date.UTC(2026, 10, 27));

/** Words that readers stumble over, beside any text at all. */
const lines = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom('BEGIN:VEVENT', 'END:VEVENT', 'BEGIN:VTIMEZONE', 'END:VTIMEZONE'),
  },
  {
    weight: 5,
    arbitrary: fc
      .tuple(
        fc.constantFrom(
          'DTSTART',
          'DTEND',
          'DURATION',
          'RRULE',
          'EXDATE',
          'RDATE',
          'UID',
          '__proto__',
          'TZID',
        ),
        fc.constantFrom(
          '',
          ';TZID=Europe/Berlin',
          ';TZID=__proto__',
          ';VALUE=DATE',
          ';VALUE=PERIOD',
          ';X="',
        ),
        fc.constantFrom(
          '20260101',
          '20260101T000000Z',
          '99991231T235959',
          'PT1H',
          'P99999D',
          'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=10000',
          'FREQ=DAILY;BYDAY=MO;BYSETPOS=-366',
          'FREQ=HOURLY;INTERVAL=7;BYHOUR=0,23;BYMINUTE=0,59;BYSETPOS=-1;COUNT=9999',
          'FREQ=YEARLY;BYHOUR=1;BYSECOND=1,2,3;COUNT=77',
          '20260101T000000Z/PT1H',
          'constructor',
        ),
      )
      .map((parts) => `${parts[0]}${parts[1]}:${parts[2]}`),
  },
  { weight: 1, arbitrary: fc.string() },
);

test('readCalendar never throws, and what it takes can be asked', () => {
  fc.assert(
    fc.property(
      fc.array(lines, { maxLength: 30 }),
      fc.constantFrom('\r\n', '\n', '\n '),
      (all, glue) => {
        const { content, problems } = readCalendar(calendar(all.join(glue)), 'x.ics');
        assert.equal(
          content === null,
          problems.some(({ severity }) => severity === 'error'),
        );
        if (content !== null) {
          const { until } = calendarGate([asLoaded(content)], NOW);
          assert.ok(until === null || until > NOW);
        }
      },
    ),
    { numRuns: 300 },
  );
});

const asLoaded = (content: Pick<Calendar, 'kind' | 'zones' | 'events'>): Calendar => ({
  ...content,
  name: 'x',
  file: 'x.ics',
  unreadable: null,
  floatingZone: 'UTC',
});

for (const c of [
  { name: 'one line of a quarter of a MiB', text: calendar(`SUMMARY:${'x'.repeat(250_000)}`) },
  { name: 'a line in 80,000 folds', text: calendar(`SUMMARY:x${'\r\n x'.repeat(80_000)}`) },
  { name: '60,000 parameters', text: calendar(`SUMMARY${';A=b'.repeat(60_000)}:x`) },
  { name: '120,000 quotes', text: calendar(`SUMMARY;A=${'"'.repeat(120_000)}`) },
  { name: '120,000 commas', text: calendar(`SUMMARY;A=${','.repeat(120_000)}`) },
  { name: 'nested without an end', text: calendar('BEGIN:VEVENT\r\n'.repeat(15_000)) },
  { name: 'no text but blank lines', text: '\r\n'.repeat(120_000) },
  {
    name: '120,000 items in a rule',
    text: calendar(event('DTSTART:20260101T000000Z', `RRULE:${';'.repeat(120_000)}`)),
  },
]) {
  test(`readCalendar is done in a moment with ${c.name}`, () => {
    const start = performance.now();
    readCalendar(c.text, 'x.ics');
    // A quadratic reader needs minutes for any of these; this machine needs milliseconds.
    assert.ok(performance.now() - start < 5_000);
  });
}

test('a gate looks at bounded pieces of the worst calendar that can be written', () => {
  const worst = read(
    calendar(
      ...Array.from({ length: RECURRING_EVENTS_MAX }, () =>
        event('DTSTART:16010101T000000Z', 'DURATION:P92D', 'RRULE:FREQ=DAILY'),
      ),
    ),
  );
  const gate = calendarGate([worst], NOW);
  assert.equal(gate.open, false);
  // It may stay closed for longer: this is how far one question looks.
  assert.ok(gate.until !== null && gate.until > NOW && gate.until < NOW + 1_000 * DAY);
  const { between, perDayMax } = openSpans(worst);
  assert.equal(perDayMax, RECURRING_EVENTS_MAX);
  assert.ok(between(NOW, NOW + 64 * DAY).length < RECURRING_EVENTS_MAX * (64 + 92 + 6));
});

test('a gate with as many times a day as a file may have looks three pages ahead, and answers in a moment', () => {
  const rule = 'RRULE:FREQ=HOURLY;BYMINUTE=0,10,20,30,40';
  const full = read(
    calendar(
      ...Array.from({ length: 8 }, () => event('DTSTART:16010101T000000Z', 'DURATION:P9D', rule)),
    ),
  );
  const start = performance.now();
  const gate = calendarGate([full], NOW);
  assert.ok(gate.until !== null && gate.until > NOW && gate.until <= NOW + 192 * DAY);
  assert.ok(performance.now() - start < 5_000);
});

test('a rule that never fits looks at the days of its window and no others', () => {
  const rule = {
    byMonth: [2],
    byMonthDay: [30],
    byWeekNo: [],
    byYearDay: [],
    byDay: [],
    byHour: [],
    byMinute: [],
    bySecond: [],
    bySetPos: [],
  };
  const recurrence = openRecurrence(
    { freq: 'DAILY', interval: 1, until: null, weekStart: 1, ...rule },
    Date.UTC(1601, 0, 1),
  );
  assert.deepEqual(recurrence.between(NOW, NOW + 366 * DAY), []);
});

test('asked forwards, backwards and at random, a gate answers the same', () => {
  const text = calendar(
    event(
      'DTSTART;TZID=Europe/Berlin:20260101T220000',
      'DURATION:PT9H',
      'RRULE:FREQ=WEEKLY;BYDAY=MO,TH',
    ),
    event('DTSTART;VALUE=DATE:20261220', 'DTEND;VALUE=DATE:20270103', 'RRULE:FREQ=YEARLY'),
  );
  const known = read(text);
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -4_000, max: 40_000 }), { minLength: 1, maxLength: 8 }),
      (hours) => {
        for (const hour of hours) {
          const at = instant(NOW + hour * 3_600_000);
          assert.deepEqual(calendarGate([known], at), calendarGate([read(text)], at));
        }
      },
    ),
    { numRuns: 100 },
  );
});

test('the state between a question and its `until` is the answer', () => {
  const known = read(
    calendar(
      event(
        'DTSTART;TZID=America/New_York:20260101T233000',
        'DURATION:PT45M',
        'RRULE:FREQ=DAILY;INTERVAL=3',
      ),
    ),
  );
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 20_000 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (hour, share) => {
        const at = instant(NOW + hour * 3_600_000);
        const { open, until } = calendarGate([known], at);
        assert.ok(until !== null);
        const between = instant(Math.floor(at + (until - 1 - at) * share));
        assert.equal(calendarGate([known], between).open, open);
        assert.equal(calendarGate([known], until).open, !open);
      },
    ),
    { numRuns: 200 },
  );
});
