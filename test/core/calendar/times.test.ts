/** Rules that give several times a day: BYHOUR, BYMINUTE, BYSECOND, FREQ=HOURLY. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { calendarGate } from '../../../src/core/calendar/gate.ts';
import { openRecurrence } from '../../../src/core/calendar/recurrence.ts';
import { instant } from '../../../src/core/model/brand.ts';
import { calendar, event, read } from './files.ts';
import { local, ruleOf } from './rules.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `02 0900` is nine o'clock of the second. */
const shown = (at: number): string =>
  new Date(at)
    .toISOString()
    .replace(/^.*-(\d\d)T(\d\d):(\d\d):(\d\d).*$/, (_, day, h, m, s) =>
      s === '00' ? `${day} ${h}${m}` : `${day} ${h}${m}${s}`,
    );

function starts(text: string, start: string, count: number): readonly string[] {
  const rule = ruleOf(text, start);
  const until = rule.until?.local ?? Number.POSITIVE_INFINITY;
  return openRecurrence(rule, local(start))
    .between(local(start), Math.min(until + 1, local(start) + 3 * 366 * DAY))
    .slice(0, count)
    .map(shown);
}

for (const c of [
  {
    name: 'RFC 5545: every Sunday of every other January, at two times',
    rule: 'FREQ=YEARLY;INTERVAL=2;BYMONTH=1;BYDAY=SU;BYHOUR=8,9;BYMINUTE=30',
    from: '19970105T083000',
    want: '05 0830, 05 0930, 12 0830, 12 0930, 19 0830, 19 0930, 26 0830, 26 0930, 03 0830, 03 0930',
  },
  {
    name: 'RFC 5545: every three hours of a day',
    rule: 'FREQ=HOURLY;INTERVAL=3;UNTIL=19970902T170000',
    from: '19970902T090000',
    want: '02 0900, 02 1200, 02 1500',
  },
  {
    name: 'RFC 5545: every twenty minutes in the hours of a day',
    rule: 'FREQ=DAILY;BYHOUR=9,10;BYMINUTE=0,20,40',
    from: '19970902T090000',
    want: '02 0900, 02 0920, 02 0940, 02 1000, 02 1020, 02 1040, 03 0900, 03 0920',
  },
  {
    name: 'hours go on over midnight as INTERVAL counts',
    rule: 'FREQ=HOURLY;INTERVAL=5',
    from: '20260101T210000',
    want: '01 2100, 02 0200, 02 0700, 02 1200, 02 1700, 02 2200, 03 0300',
  },
  {
    name: 'an interval longer than a day',
    rule: 'FREQ=HOURLY;INTERVAL=36',
    from: '20260101T060000',
    want: '01 0600, 02 1800, 04 0600, 05 1800',
  },
  {
    name: 'hours of some weekdays',
    rule: 'FREQ=HOURLY;BYDAY=SA;BYHOUR=22,23',
    from: '20260103T220000',
    want: '03 2200, 03 2300, 10 2200, 10 2300',
  },
  {
    name: 'hours that INTERVAL never meets leave the first start',
    rule: 'FREQ=HOURLY;INTERVAL=2;BYHOUR=1,3',
    from: '20260101T000000',
    want: '01 0000',
  },
  {
    name: 'the last half hour of each hour',
    rule: 'FREQ=HOURLY;BYMINUTE=0,30;BYSETPOS=-1',
    from: '20260101T083000',
    want: '01 0830, 01 0930, 01 1030',
  },
  {
    name: 'the last time of each day',
    rule: 'FREQ=DAILY;BYHOUR=6,18;BYSETPOS=-1',
    from: '20260101T180000',
    want: '01 1800, 02 1800, 03 1800',
  },
  {
    name: 'the first and the last of a month',
    rule: 'FREQ=MONTHLY;BYDAY=MO;BYHOUR=8,17;BYSETPOS=1,-1',
    from: '20260105T080000',
    want: '05 0800, 26 1700, 02 0800, 23 1700, 02 0800, 30 1700',
  },
  {
    name: 'COUNT counts times, not days, and the first start as one of them',
    rule: 'FREQ=DAILY;BYHOUR=8,12,16;COUNT=4',
    from: '20260101T120000',
    want: '01 1200, 01 1600, 02 0800, 02 1200',
  },
  {
    name: 'seconds',
    rule: 'FREQ=HOURLY;INTERVAL=12;BYSECOND=0,15',
    from: '20260101T000000',
    want: '01 0000, 01 000015, 01 1200, 01 120015',
  },
  {
    name: 'a position that no hour has leaves the first start, also where COUNT asks for more',
    rule: 'FREQ=HOURLY;BYMINUTE=0;BYSETPOS=5;COUNT=3',
    from: '20260101T000000',
    want: '01 0000',
  },
  {
    name: 'midnight is an hour, and minute 0 a minute',
    rule: 'FREQ=WEEKLY;BYHOUR=0;BYMINUTE=0',
    from: '20260101T000000',
    want: '01 0000, 08 0000, 15 0000',
  },
]) {
  test(`recurrence: ${c.name}`, () => {
    const want = c.want.split(', ');
    assert.deepEqual(starts(c.rule, c.from, want.length), want);
  });
}

// --- against every minute of some weeks ---------------------------------------------------------------------------

type Spec = {
  readonly freq: 'HOURLY' | 'DAILY' | 'WEEKLY';
  readonly interval: number;
  readonly hours: readonly number[];
  readonly minutes: readonly number[];
  readonly weekdays: readonly number[];
  /** Minutes from the start of 2026. */
  readonly start: number;
};
const NAMES = ['SU', 'MO', 'TU', 'WE', 'TH', 'FR', 'SA'];
const YEAR = Date.UTC(2026, 0, 1);

const some = (max: number) =>
  fc.uniqueArray(fc.integer({ min: 0, max }), { minLength: 0, maxLength: 3 });
const specs: fc.Arbitrary<Spec> = fc.record({
  freq: fc.constantFrom('HOURLY', 'DAILY', 'WEEKLY'),
  interval: fc.integer({ min: 1, max: 7 }),
  hours: some(23),
  minutes: some(59),
  weekdays: some(6),
  start: fc.integer({ min: 0, max: 20 * 24 * 60 }),
});

/** The rule word for word, asked of a minute. */
function isMeant(spec: Spec, at: number): boolean {
  const start = YEAR + spec.start * MINUTE;
  if (at === start) return true;
  if (at < start) return false;
  const [now, first] = [new Date(at), new Date(start)];
  const isOneOf = (numbers: readonly number[], is: number, otherwise: number | null): boolean =>
    numbers.length > 0 ? numbers.includes(is) : otherwise === null || is === otherwise;
  const passed = {
    HOURLY: Math.floor(at / HOUR) - Math.floor(start / HOUR),
    DAILY: Math.floor(at / DAY) - Math.floor(start / DAY),
    // 1970-01-05 was a Monday.
    WEEKLY: Math.floor((at / DAY - 4) / 7) - Math.floor((start / DAY - 4) / 7),
  }[spec.freq];
  const hour = spec.freq === 'HOURLY' ? null : first.getUTCHours();
  const weekday = spec.freq === 'WEEKLY' ? first.getUTCDay() : null;
  return (
    passed % spec.interval === 0 &&
    isOneOf(spec.hours, now.getUTCHours(), hour) &&
    isOneOf(spec.minutes, now.getUTCMinutes(), first.getUTCMinutes()) &&
    isOneOf(spec.weekdays, now.getUTCDay(), weekday)
  );
}

test('recurrence: the times that every minute of three weeks says', () => {
  fc.assert(
    fc.property(specs, fc.integer({ min: -10, max: 20 }), (spec, day) => {
      const part = (name: string, items: readonly (number | string)[]) =>
        items.length === 0 ? '' : `;${name}=${items.join(',')}`;
      const text = [
        `FREQ=${spec.freq};INTERVAL=${spec.interval}`,
        part('BYHOUR', spec.hours),
        part('BYMINUTE', spec.minutes),
        part(
          'BYDAY',
          spec.weekdays.map((each) => NAMES[each] ?? ''),
        ),
      ].join('');
      const start = YEAR + spec.start * MINUTE;
      const from = start + day * DAY - 7 * MINUTE;
      const to = from + 21 * DAY;
      const want: number[] = [];
      for (let at = Math.max(from, start - (start % MINUTE)); at < to; at += MINUTE)
        if (at >= from && isMeant(spec, at)) want.push(at);
      const written = new Date(start).toISOString().replace(/[-:]|\.000Z/g, '');
      assert.deepEqual(openRecurrence(ruleOf(text, written), start).between(from, to), want, text);
    }),
    { numRuns: 150 },
  );
});

// --- on a gate ------------------------------------------------------------------------------------------------------

test('a gate that opens every hour keeps the clock of its zone when that changes', () => {
  const gate = read(
    calendar(
      event(
        'DTSTART;TZID=Europe/Berlin:20260101T001500',
        'DURATION:PT30M',
        'RRULE:FREQ=HOURLY;BYHOUR=1,2,3',
      ),
    ).replace('DEFAULT_OPEN', 'DEFAULT_CLOSED'),
  );
  const openings = (day: string): readonly string[] => {
    const found: string[] = [];
    let now = instant(Date.parse(`${day}T00:00:00+01:00`));
    const end = now + DAY;
    while (now < end) {
      const { open, until } = calendarGate([gate], now);
      assert.ok(until !== null);
      if (open) found.push(new Date(now).toISOString().slice(11, 16));
      now = until;
    }
    return found;
  };
  assert.deepEqual(openings('2026-03-10'), ['00:15', '01:15', '02:15']);
  // 02:15 does not exist: the first instant after the gap. 03:15 comes a quarter of an hour later, and the two are one.
  assert.deepEqual(openings('2026-03-29'), ['00:15', '01:00']);
  // 02:15 comes twice: the first.
  assert.deepEqual(openings('2026-10-25'), ['23:15', '00:15', '02:15']);
});
