import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import ICAL from 'ical.js';
import { openRecurrence } from '../../../src/core/calendar/recurrence.ts';
import { local, ruleOf } from './rules.ts';

const DAY = 86_400_000;
const dateOf = (at: number): string => new Date(at).toISOString().slice(0, 10).replaceAll('-', '');

/** The first starts, as far as `UNTIL` allows. */
function starts(text: string, start: string, count: number): readonly string[] {
  const rule = ruleOf(text, start);
  const until = rule.until?.local ?? Number.POSITIVE_INFINITY;
  return openRecurrence(rule, local(start))
    .between(local(start), Math.min(until + 1, local(start) + 366 * 30 * DAY))
    .slice(0, count)
    .map(dateOf);
}

/** RFC 5545 §3.8.5.3 tells each of these. */
for (const c of [
  { rule: 'FREQ=DAILY;COUNT=3', from: '19970902T090000', want: '19970902 19970903 19970904' },
  {
    rule: 'FREQ=DAILY;INTERVAL=10;COUNT=5',
    from: '19970902T090000',
    want: '19970902 19970912 19970922 19971002 19971012',
  },
  {
    rule: 'FREQ=DAILY;UNTIL=19970905T000000Z',
    from: '19970902T090000',
    want: '19970902 19970903 19970904',
  },
  {
    rule: 'FREQ=YEARLY;UNTIL=20000131T140000Z;BYMONTH=1;BYDAY=SU,MO',
    from: '19980104T090000',
    want: '19980104 19980105 19980111 19980112 19980118',
    first: 5,
  },
  {
    rule: 'FREQ=WEEKLY;INTERVAL=2;WKST=SU',
    from: '19970902T090000',
    want: '19970902 19970916 19970930 19971014',
    first: 4,
  },
  {
    rule: 'FREQ=WEEKLY;COUNT=10;WKST=SU;BYDAY=TU,TH',
    from: '19970902T090000',
    want: '19970902 19970904 19970909 19970911 19970916 19970918 19970923 19970925 19970930 19971002',
  },
  {
    rule: 'FREQ=WEEKLY;INTERVAL=2;UNTIL=19971224T000000Z;WKST=SU;BYDAY=MO,WE,FR',
    from: '19970901T090000',
    want: '19970901 19970903 19970905 19970915 19970917 19970919 19970929',
    first: 7,
  },
  {
    rule: 'FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO',
    from: '19970805T090000',
    want: '19970805 19970810 19970819 19970824',
  },
  {
    rule: 'FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU',
    from: '19970805T090000',
    want: '19970805 19970817 19970819 19970831',
  },
  {
    rule: 'FREQ=MONTHLY;COUNT=10;BYDAY=1FR',
    from: '19970905T090000',
    want: '19970905 19971003 19971107 19971205 19980102 19980206 19980306 19980403 19980501 19980605',
  },
  {
    rule: 'FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU',
    from: '19970907T090000',
    want: '19970907 19970928 19971102 19971130 19980104 19980125 19980301 19980329 19980503 19980531',
  },
  {
    rule: 'FREQ=MONTHLY;COUNT=6;BYDAY=-2MO',
    from: '19970922T090000',
    want: '19970922 19971020 19971117 19971222 19980119 19980216',
  },
  {
    rule: 'FREQ=MONTHLY;BYMONTHDAY=-3',
    from: '19970928T090000',
    want: '19970928 19971029 19971128 19971229 19980129 19980226',
    first: 6,
  },
  {
    rule: 'FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1',
    from: '19970930T090000',
    want: '19970930 19971001 19971031 19971101 19971130 19971201 19971231 19980101 19980131 19980201',
  },
  {
    rule: 'FREQ=MONTHLY;INTERVAL=18;COUNT=4;BYMONTHDAY=10,11',
    from: '19970910T090000',
    want: '19970910 19970911 19990310 19990311',
  },
  {
    rule: 'FREQ=YEARLY;COUNT=4;BYMONTH=6,7',
    from: '19970610T090000',
    want: '19970610 19970710 19980610 19980710',
  },
  {
    rule: 'FREQ=YEARLY;INTERVAL=3;COUNT=10;BYYEARDAY=1,100,200',
    from: '19970101T090000',
    want: '19970101 19970410 19970719 20000101 20000409 20000718 20030101 20030410 20030719 20060101',
  },
  {
    rule: 'FREQ=YEARLY;BYDAY=20MO',
    from: '19970519T090000',
    want: '19970519 19980518 19990517',
    first: 3,
  },
  {
    rule: 'FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO',
    from: '19970512T090000',
    want: '19970512 19980511 19990517',
    first: 3,
  },
  {
    rule: 'FREQ=YEARLY;BYMONTH=3;BYDAY=TH',
    from: '19970313T090000',
    want: '19970313 19970320 19970327 19980305',
    first: 4,
  },
  {
    rule: 'FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13',
    from: '19980213T090000',
    want: '19980213 19980313 19981113 19990813 20001013',
    first: 5,
  },
  {
    rule: 'FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13',
    from: '19970913T090000',
    want: '19970913 19971011 19971108 19971213',
    first: 4,
  },
  {
    rule: 'FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8',
    from: '19961105T090000',
    want: '19961105 20001107 20041102',
    first: 3,
  },
  {
    rule: 'FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3',
    from: '19970904T090000',
    want: '19970904 19971007 19971106',
  },
  {
    rule: 'FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2',
    from: '19970929T090000',
    want: '19970929 19971030 19971127 19971230 19980129',
    first: 5,
  },
  {
    rule: 'FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5',
    from: '20070115T090000',
    want: '20070115 20070130 20070215 20070315 20070330',
  },
]) {
  test(`recurrence: ${c.rule} from ${c.from.slice(0, 8)}`, () => {
    assert.deepEqual(starts(c.rule, c.from, c.first ?? 100), c.want.split(' '));
  });
}

for (const c of [
  {
    name: 'a month without the day is passed over',
    rule: 'FREQ=MONTHLY',
    from: '20260131T000000',
    want: '20260131 20260331 20260531',
  },
  {
    name: '29 February comes in leap years',
    rule: 'FREQ=YEARLY',
    from: '20240229T000000',
    want: '20240229 20280229 20320229',
  },
  {
    name: 'no day at all leaves the first start',
    rule: 'FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30',
    from: '20260101T000000',
    want: '20260101',
  },
  {
    name: '30 February is not 2 March',
    rule: 'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30',
    from: '20260101T000000',
    want: '20260101',
  },
  {
    name: 'a first start that does not fit counts',
    rule: 'FREQ=WEEKLY;BYDAY=SA;COUNT=3',
    from: '20260101T000000',
    want: '20260101 20260103 20260110',
  },
  {
    name: 'week 53 is in long years only',
    rule: 'FREQ=YEARLY;BYWEEKNO=53',
    from: '20201231T000000',
    want: '20201231 20261231 20321230',
  },
  {
    name: 'the last week, counted from the end',
    rule: 'FREQ=YEARLY;BYWEEKNO=-1;BYDAY=TH',
    from: '20201231T000000',
    want: '20201231 20211230 20221229',
  },
  {
    name: 'the last workday, by its position',
    rule: 'FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1',
    from: '20260130T000000',
    want: '20260130 20260331 20260430',
  },
  {
    name: 'UNTIL as a date has all of that day',
    rule: 'FREQ=DAILY;UNTIL=20260103',
    from: '20260101T220000',
    want: '20260101 20260102 20260103',
  },
  {
    name: 'COUNT of what ends by itself',
    rule: 'FREQ=MONTHLY;COUNT=1',
    from: '20260101T220000',
    want: '20260101',
  },
]) {
  test(`recurrence: ${c.name}`, () => {
    assert.deepEqual(starts(c.rule, c.from, 3), c.want.split(' '));
  });
}

test('recurrence: a window in the far future is one in the near past', () => {
  const start = local('19700105T030000');
  const recurrence = openRecurrence(
    ruleOf('FREQ=WEEKLY;INTERVAL=3;BYDAY=MO,FR', '19700105T030000'),
    start,
  );
  const whole = recurrence.between(start, start + 200 * 366 * DAY);
  for (const at of [local('21501007T000000'), local('20261127T030000'), start - 400 * DAY]) {
    const window = recurrence.between(at, at + 90 * DAY);
    assert.deepEqual(
      window,
      whole.filter((one) => one >= at && one < at + 90 * DAY),
    );
  }
});

const weekday = fc.constantFrom('SU', 'MO', 'TU', 'WE', 'TH', 'FR', 'SA');
const list = (of: fc.Arbitrary<string | number>) =>
  fc.uniqueArray(of, { minLength: 1, maxLength: 3 }).map((items) => items.join(','));
const part = (name: string, of: fc.Arbitrary<string | number>) =>
  fc.option(
    list(of).map((items) => `;${name}=${items}`),
    { nil: '' },
  );
/** What ical.js reads right: it has no BYSETPOS beside BYMONTHDAY, and invents days for some yearly rules. */
const rules = fc.oneof(
  fc.tuple(
    fc.constant('FREQ=DAILY'),
    part('BYMONTH', fc.integer({ min: 1, max: 12 })),
    part('BYDAY', weekday),
  ),
  fc.tuple(
    fc.constant('FREQ=WEEKLY'),
    part('BYDAY', weekday),
    fc.constantFrom('', ';WKST=SU', ';WKST=WE'),
  ),
  fc.tuple(
    fc.constant('FREQ=MONTHLY'),
    part('BYMONTHDAY', fc.constantFrom(1, 5, 13, 28, -1, -2, -7)),
  ),
  fc.tuple(
    fc.constant('FREQ=MONTHLY'),
    part('BYDAY', fc.constantFrom('1MO', '2TU', '-1FR', '3SU', '4WE')),
  ),
  fc.tuple(fc.constant('FREQ=YEARLY'), part('BYMONTH', fc.integer({ min: 1, max: 12 }))),
  fc.tuple(
    fc.constant('FREQ=YEARLY;BYMONTH=3'),
    part('BYDAY', fc.constantFrom('1MO', '2TU', '-1FR')),
  ),
);

test('recurrence: the same starts as ical.js', () => {
  fc.assert(
    fc.property(
      rules,
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 0, max: 12_000 }),
      (parts, interval, day) => {
        const start = `${dateOf((day + 10_000) * DAY)}T093000`;
        // Days that some month lacks: ical.js and RFC 5545 disagree on what follows from them.
        fc.pre(Number(start.slice(6, 8)) <= 28);
        const text = `${parts.join('')};INTERVAL=${interval}`;
        const begin = openRecurrence(ruleOf(text, start), local(start))
          .between(local(start) + 1, local(start) + 12 * 366 * DAY)
          .slice(0, 20);
        const iterator = ICAL.Recur.fromString(text).iterator(
          ICAL.Time.fromString(
            `${start.slice(0, 4)}-${start.slice(4, 6)}-${start.slice(6, 8)}T09:30:00`,
            undefined,
          ),
        );
        const theirs: string[] = [];
        while (theirs.length < begin.length) {
          const next = iterator.next();
          const written = next.toString().slice(0, 10).replaceAll('-', '');
          // The first start counts for us in any case, and for ical.js when it fits.
          if (written > start.slice(0, 8)) theirs.push(written);
        }
        assert.deepEqual(begin.map(dateOf), theirs, text);
      },
    ),
    { numRuns: 400 },
  );
});
