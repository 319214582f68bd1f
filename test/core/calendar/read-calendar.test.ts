import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  DATES_MAX,
  EVENTS_MAX,
  RECURRING_EVENTS_MAX,
  readCalendar,
} from '../../../src/core/calendar/read-calendar.ts';
import { PER_DAY_MAX } from '../../../src/core/calendar/read-rule.ts';
import { PROBLEM_CODES } from '../../../src/core/load/problem-codes.ts';
import { calendar, closedTimes, event, problemsIn, read } from './files.ts';

const BERLIN = 'TZID=Europe/Berlin';
/** A night of July 2026 as `22:00` to `06:00` in Berlin, recurring as told. */
const nights = (...more: readonly string[]) =>
  event(`DTSTART;${BERLIN}:20260706T220000`, `DTEND;${BERLIN}:20260707T060000`, ...more);
/** Outlook's name, Outlook's way: a zone that the file defines itself. */
const OUTLOOK = [
  'BEGIN:VTIMEZONE',
  'TZID:W. Europe Standard Time',
  'BEGIN:STANDARD',
  'DTSTART:16010101T030000',
  'TZOFFSETFROM:+0200',
  'TZOFFSETTO:+0100',
  'RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10',
  'END:STANDARD',
  'BEGIN:DAYLIGHT',
  'DTSTART:16010101T020000',
  'TZOFFSETFROM:+0100',
  'TZOFFSETTO:+0200',
  'RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3',
  'END:DAYLIGHT',
  'END:VTIMEZONE',
].join('\r\n');

for (const c of [
  {
    name: 'once, in UTC',
    text: calendar(event('DTSTART:20260706T220000Z', 'DTEND:20260707T060000Z')),
    want: ['07-06T22:00/07-07T06:00'],
  },
  {
    name: 'once, on the clock of a zone',
    text: calendar(nights()),
    want: ['07-06T20:00/07-07T04:00'],
  },
  {
    name: 'start and end on two clocks: the time between them',
    text: calendar(
      event('DTSTART;TZID=America/New_York:20260706T220000', `DTEND;${BERLIN}:20260707T060000`),
    ),
    want: ['07-07T02:00/07-07T04:00'],
  },
  {
    name: 'a duration',
    text: calendar(event('DTSTART:20260706T220000Z', 'DURATION:P1DT2H')),
    want: ['07-06T22:00/07-08T00:00'],
  },
  {
    name: 'a time without a zone is on the clock of the repository',
    text: calendar(event('DTSTART:20260706T220000', 'DURATION:PT1H')),
    floatingZone: 'Asia/Kathmandu',
    want: ['07-06T16:15/07-06T17:15'],
  },
  {
    name: 'or on that of X-WR-TIMEZONE',
    text: calendar(
      'X-WR-TIMEZONE:Europe/Berlin',
      event('DTSTART:20260706T220000', 'DURATION:PT1H'),
    ),
    floatingZone: 'Asia/Kathmandu',
    want: ['07-06T20:00/07-06T21:00'],
  },
  {
    name: 'a whole day',
    text: calendar(event('DTSTART;VALUE=DATE:20260706')),
    floatingZone: 'Europe/Berlin',
    want: ['07-05T22:00/07-06T22:00'],
  },
  {
    name: 'days up to, and without, DTEND',
    text: calendar(event('DTSTART;VALUE=DATE:20260706', 'DTEND;VALUE=DATE:20260709')),
    want: ['07-06T00:00/07-09T00:00'],
  },
  {
    name: 'every night, without one, and one moved',
    text: calendar(
      nights('RRULE:FREQ=DAILY;COUNT=4', `EXDATE;${BERLIN}:20260707T220000`),
      event('RECURRENCE-ID:20260708T200000Z', 'DTSTART:20260710T120000Z', 'DTEND:20260710T130000Z'),
    ),
    want: ['07-06T20:00/07-07T04:00', '07-09T20:00/07-10T04:00', '07-10T12:00/07-10T13:00'],
  },
  {
    name: 'a cancelled occurrence',
    text: calendar(
      nights('RRULE:FREQ=DAILY;COUNT=2'),
      event(
        `RECURRENCE-ID;${BERLIN}:20260706T220000`,
        'DTSTART:20260706T200000Z',
        'STATUS:CANCELLED',
        'DURATION:PT1H',
      ),
    ),
    want: ['07-07T20:00/07-08T04:00'],
  },
  {
    name: 'further dates, one with a length of its own',
    text: calendar(
      nights(
        `RDATE;${BERLIN}:20260708T220000`,
        'RDATE;VALUE=PERIOD:20260709T200000Z/PT1H,20260710T200000Z/20260710T220000Z',
      ),
    ),
    want: [
      '07-06T20:00/07-07T04:00',
      '07-08T20:00/07-09T04:00',
      '07-09T20:00/07-09T21:00',
      '07-10T20:00/07-10T22:00',
    ],
  },
  {
    name: 'overlapping and adjacent events are one',
    text: calendar(
      event('DTSTART:20260706T100000Z', 'DTEND:20260706T120000Z'),
      event('DTSTART:20260706T110000Z', 'DTEND:20260706T130000Z', 'UID:two').replace(
        'UID:one\r\n',
        '',
      ),
      event('DTSTART:20260706T130000Z', 'DTEND:20260706T140000Z'),
    ),
    want: ['07-06T10:00/07-06T14:00'],
  },
  {
    name: 'whole days in a row are one',
    text: calendar(event('DTSTART;VALUE=DATE:20260706', 'RRULE:FREQ=DAILY;COUNT=3')),
    floatingZone: 'Europe/Berlin',
    want: ['07-05T22:00/07-08T22:00'],
  },
  {
    name: 'advisory and cancelled events do not count, tentative and transparent ones do',
    text: calendar(
      event('DTSTART:20260706T100000Z', 'DURATION:PT1H', 'X-EVENT-TYPE:ADVISORY'),
      event('DTSTART:20260707T100000Z', 'DURATION:PT1H', 'STATUS:CANCELLED'),
      event('DTSTART:20260708T100000Z', 'DURATION:PT1H', 'STATUS:TENTATIVE'),
      event('DTSTART:20260709T100000Z', 'DURATION:PT1H', 'TRANSP:TRANSPARENT'),
      event('DTSTART:20260710T100000Z', 'DURATION:PT1H', 'X-EVENT-TYPE:STANDARD'),
    ),
    want: ['07-08T10:00/07-08T11:00', '07-09T10:00/07-09T11:00', '07-10T10:00/07-10T11:00'],
  },
  {
    name: 'a zone of the file itself',
    text: calendar(
      OUTLOOK,
      event(
        'DTSTART;TZID="W. Europe Standard Time":20260706T220000',
        'DTEND;TZID=W. Europe Standard Time:20260707T060000',
        'RRULE:FREQ=MONTHLY;INTERVAL=6;COUNT=2',
      ),
    ),
    want: ['07-06T20:00/07-07T04:00', '01-06T21:00/01-07T05:00'],
  },
  {
    name: 'a wrong definition of a zone that IANA knows does not count',
    text: calendar(
      OUTLOOK.replaceAll('+0', '-0').replace('W. Europe Standard Time', 'Europe/Berlin'),
      nights(),
    ),
    want: ['07-06T20:00/07-07T04:00'],
  },
  {
    name: 'what is no event is passed over, in any letter case, with folded lines and blank ones',
    text: 'begin:vcalendar\nVersion:2.0\nx-calendar-type:default-open\n\nBEGIN:VTODO\nSUMMARY:Add events\nEND:VTODO\nBEGIN:VEVENT\nDTSTART:2026\n 0706T100\n 000Z\nduration:PT1H\nBEGIN:VALARM\nTRIGGER:-PT5M\nEND:VALARM\nEND:VEVENT\nend:vcalendar',
    want: ['07-06T10:00/07-06T11:00'],
  },
  {
    name: 'an empty calendar',
    text: calendar(),
    want: [],
  },
]) {
  test(`readCalendar: ${c.name}`, () => {
    assert.deepEqual(closedTimes(read(c.text, c.floatingZone), '2026-07-01T00:00:00Z', 9), c.want);
  });
}

for (const c of [
  {
    name: 'into the gap: closed from the first instant after it',
    lines: [`DTSTART;${BERLIN}:20260329T023000`, `DTEND;${BERLIN}:20260329T040000`],
    want: '03-29T01:00/03-29T02:00',
  },
  {
    name: 'over the gap: a night ends when the clock says so',
    lines: [`DTSTART;${BERLIN}:20260328T220000`, `DTEND;${BERLIN}:20260329T060000`],
    want: '03-28T21:00/03-29T04:00',
  },
  {
    name: 'over the gap: eight hours are eight hours',
    lines: [`DTSTART;${BERLIN}:20260328T220000`, 'DURATION:PT8H'],
    want: '03-28T21:00/03-29T05:00',
  },
  {
    name: 'over the gap: a day is a day on the clock',
    lines: [`DTSTART;${BERLIN}:20260328T220000`, 'DURATION:P1D'],
    want: '03-28T21:00/03-29T20:00',
  },
  {
    name: 'in the repeated hour: from its first pass',
    lines: [`DTSTART;${BERLIN}:20261025T023000`, `DTEND;${BERLIN}:20261025T030000`],
    want: '10-25T00:30/10-25T02:00',
  },
  {
    name: 'a whole day that a zone left out',
    year: 2011,
    lines: ['DTSTART;TZID=Pacific/Apia:20111229T230000', 'DTEND;TZID=Pacific/Apia:20111231T010000'],
    want: '12-30T09:00/12-30T11:00',
  },
]) {
  test(`readCalendar: ${c.name}`, () => {
    const of = read(calendar(event(...c.lines)));
    assert.deepEqual(closedTimes(of, `${c.year ?? 2026}-01-01T00:00:00Z`, 2), [c.want]);
  });
}

for (const c of [
  { name: 'no calendar', text: '', want: ['calendar-syntax 1:1'] },
  { name: 'no line', text: calendar('what is this'), want: ['calendar-syntax 4:1'] },
  { name: 'a control character', text: calendar('X-A:\u0000'), want: ['calendar-syntax 4:1'] },
  { name: 'no end', text: 'BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n', want: ['calendar-syntax 2:1'] },
  {
    name: 'another end',
    text: calendar('BEGIN:VEVENT', 'END:VTODO'),
    want: ['calendar-syntax 5:1'],
  },
  { name: 'two calendars', text: calendar() + calendar(), want: ['calendar-syntax 5:1'] },
  { name: 'an event alone', text: event(), want: ['calendar-syntax 1:1'] },
  { name: 'a line outside', text: `X-A:b\r\n${calendar()}`, want: ['calendar-syntax 1:1'] },
  {
    name: 'another version',
    text: calendar().replace(':2.0', ':1.0'),
    want: ['calendar-syntax 2:9'],
  },
  {
    name: 'another calendar than the Gregorian',
    text: calendar('CALSCALE:HEBREW'),
    want: ['calendar-syntax 4:10'],
  },
  { name: 'no type', text: calendar().replace(/X-C.*\r\n/, ''), want: ['calendar-type 1:1'] },
  {
    name: 'an unknown type',
    text: calendar().replace('DEFAULT_OPEN', 'OPEN'),
    want: ['calendar-type 3:17'],
  },
  {
    name: 'two types',
    text: calendar('X-CALENDAR-TYPE:DEFAULT_CLOSED'),
    want: ['calendar-event 4:1'],
  },
  { name: 'no start', text: calendar(event()), want: ['calendar-event 4:1'] },
  {
    name: 'a month that does not exist',
    text: calendar(event('DTSTART:20261306T100000Z', 'DURATION:PT1H')),
    want: ['calendar-time 6:9'],
  },
  {
    name: 'a day that does not exist, on a folded line',
    text: calendar(event('DTSTART;TZID=Europe\r\n /Berlin:20260230T100000', 'DURATION:PT1H')),
    want: ['calendar-time 7:10'],
  },
  {
    name: 'a zone that nobody knows',
    text: calendar(event('DTSTART;TZID=Europe/Belrin:20260706T100000', 'DURATION:PT1H')),
    want: ['calendar-zone 6:1'],
  },
  {
    name: "Outlook's zone without its definition",
    text: calendar(event('DTSTART;TZID=W. Europe Standard Time:20260706T100000', 'DURATION:PT1H')),
    want: ['calendar-zone 6:1'],
  },
  {
    name: 'an end before the start',
    text: calendar(event('DTSTART:20260706T100000Z', 'DTEND:20260705T100000Z')),
    want: ['calendar-time 7:7'],
  },
  {
    name: 'an end of another kind',
    text: calendar(event('DTSTART:20260706T100000Z', 'DTEND;VALUE=DATE:20260708')),
    want: ['calendar-time 7:18'],
  },
  {
    name: 'an end without a zone',
    text: calendar(event('DTSTART:20260706T100000Z', 'DTEND:20260706T110000')),
    want: ['calendar-time 7:7'],
  },
  {
    name: 'an end and a duration',
    text: calendar(event('DTSTART:20260706T100000Z', 'DTEND:20260706T110000Z', 'DURATION:PT1H')),
    want: ['calendar-event 8:1'],
  },
  {
    name: 'a negative duration',
    text: calendar(event('DTSTART:20260706T100000Z', 'DURATION:-PT1H')),
    want: ['calendar-time 7:10'],
  },
  {
    name: 'no length',
    text: calendar(event('DTSTART:20260706T100000Z')),
    want: ['calendar-no-length 6:1'],
  },
  {
    name: 'an EXDATE of another kind',
    text: calendar(nights('RRULE:FREQ=DAILY', 'EXDATE;VALUE=DATE:20260707')),
    want: ['calendar-time 9:19'],
  },
  {
    name: 'an EXDATE in another zone hits nothing',
    text: calendar(nights('RRULE:FREQ=DAILY', 'EXDATE:20260707T220000Z')),
    want: ['calendar-unused 9:8'],
  },
  {
    name: 'a moved occurrence that never was',
    text: calendar(nights('RRULE:FREQ=DAILY;COUNT=2'), nights('RECURRENCE-ID:20260708T200000Z')),
    want: ['calendar-unused 14:15'],
  },
  {
    name: 'RANGE',
    text: calendar(nights('RECURRENCE-ID;RANGE=THISANDFUTURE:20260708T200000Z')),
    want: ['calendar-event 8:1'],
  },
  {
    name: 'a moved occurrence that recurs',
    text: calendar(nights('RECURRENCE-ID:20260708T200000Z', 'RRULE:FREQ=DAILY')),
    want: ['calendar-event 9:1'],
  },
  {
    name: 'a moved occurrence of nothing',
    text: calendar(nights('RECURRENCE-ID:20260708T200000Z')).replace('UID:one\r\n', ''),
    want: ['calendar-event 7:1'],
  },
  {
    name: 'an unknown type of event',
    text: calendar(nights('X-EVENT-TYPE:ADVISOR')),
    want: ['calendar-event 8:14'],
  },
  {
    name: 'a rule twice',
    text: calendar(nights('RRULE:FREQ=DAILY', 'RRULE:FREQ=WEEKLY')),
    want: ['calendar-event 9:1'],
  },
  { name: 'EXRULE', text: calendar(nights('EXRULE:FREQ=DAILY')), want: ['calendar-rule 8:1'] },
  {
    name: 'a first start that does not fit its rule',
    text: calendar(nights('RRULE:FREQ=WEEKLY;BYDAY=SA')),
    want: ['calendar-rule-start 8:1'],
  },
  {
    name: 'a recurring event as long as a season',
    text: calendar(event('DTSTART:20260101T000000Z', 'DURATION:P93D', 'RRULE:FREQ=YEARLY')),
    want: ['calendar-limit 8:1'],
  },
  {
    name: 'free and busy times',
    text: calendar('BEGIN:VFREEBUSY', 'END:VFREEBUSY'),
    want: ['no-effect 4:1', 'calendar-no-events 1:1'],
  },
  {
    name: 'advisory events alone',
    text: calendar(nights('X-EVENT-TYPE:ADVISORY')),
    want: ['calendar-no-events 1:1'],
  },
  {
    name: 'a zone without observances',
    text: calendar('BEGIN:VTIMEZONE', 'TZID:x y', 'END:VTIMEZONE'),
    want: ['calendar-zone 4:1'],
  },
  {
    name: 'a zone with a wrong offset',
    text: calendar(OUTLOOK.replace('+0100', '+9900')),
    want: ['calendar-zone 9:12'],
  },
  {
    name: 'a zone that changes daily',
    text: calendar(OUTLOOK.replace('FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10', 'FREQ=DAILY')),
    want: ['calendar-zone 10:7'],
  },
  {
    name: 'an unknown X-WR-TIMEZONE',
    text: calendar('X-WR-TIMEZONE:Mars'),
    want: ['calendar-zone 4:15'],
  },
  {
    name: 'everything at once',
    text: calendar(
      event('DTSTART:2026'),
      event('DTSTART:20260706T100000Z', 'DTEND:1'),
      'X-WR-TIMEZONE:Mars',
    ),
    want: ['calendar-zone 13:15', 'calendar-time 6:9', 'calendar-time 11:7'],
  },
]) {
  test(`readCalendar refuses or warns: ${c.name}`, () => {
    assert.deepEqual(problemsIn(c.text), c.want);
    for (const place of problemsIn(c.text)) assert.ok((place.split(' ')[0] ?? '') in PROBLEM_CODES);
  });
}

for (const [rule, column] of [
  ['FREQ=MINUTELY', 12],
  ['FREQ=SECONDLY', 12],
  ['INTERVAL=2', 7],
  ['FREQ=DAILY;BYHOUR=0,1,24', 29],
  ['FREQ=DAILY;BYHOUR=-1', 25],
  ['FREQ=HOURLY;BYMINUTE=60', 28],
  ['FREQ=HOURLY;BYSECOND=60', 28],
  ['FREQ=HOURLY;BYDAY=1MO', 25],
  ['FREQ=HOURLY;BYWEEKNO=1', 28],
  [`FREQ=HOURLY;BYMINUTE=${Array.from({ length: 42 }, (_, n) => n).join(',')}`, 28],
  ['FREQ=DAILY;INTERVAL=0', 27],
  ['FREQ=DAILY;INTERVAL=1001', 27],
  ['FREQ=DAILY;COUNT=10001', 24],
  ['FREQ=DAILY;COUNT=2;UNTIL=20270101', 32],
  ['FREQ=DAILY;UNTIL=20270230', 24],
  ['FREQ=DAILY;FREQ=DAILY', 18],
  ['FREQ=DAILY;BYDAY=1MO', 24],
  ['FREQ=WEEKLY;BYMONTHDAY=1', 30],
  ['FREQ=WEEKLY;BYDAY=MO,XX', 28],
  ['FREQ=MONTHLY;BYWEEKNO=1', 29],
  ['FREQ=MONTHLY;BYYEARDAY=1', 30],
  ['FREQ=MONTHLY;BYMONTHDAY=32', 31],
  ['FREQ=MONTHLY;BYMONTHDAY=0', 31],
  ['FREQ=MONTHLY;BYSETPOS=1', 29],
  ['FREQ=YEARLY;BYMONTH=13', 27],
  ['FREQ=YEARLY;BYWEEKNO=20;BYDAY=1MO', 37],
  ['FREQ=WEEKLY;WKST=XX', 24],
  ['FREQ=DAILY;__proto__=1', 18],
] as const) {
  test(`readCalendar refuses the rule ${rule}`, () => {
    assert.deepEqual(problemsIn(calendar(nights(`RRULE:${rule}`))), [`calendar-rule 8:${column}`]);
  });
}

for (const [rule, column] of [
  ['FREQ=HOURLY', 12],
  ['FREQ=DAILY;BYHOUR=8', 25],
] as const) {
  test(`readCalendar refuses the rule ${rule} for whole days`, () => {
    const text = calendar(event('DTSTART;VALUE=DATE:20260706', `RRULE:${rule}`));
    assert.deepEqual(problemsIn(text), [`calendar-rule 7:${column}`]);
  });
}

test('readCalendar warns of a first start at none of the times of its rule', () => {
  const rule = 'RRULE:FREQ=DAILY;BYHOUR=8';
  assert.deepEqual(problemsIn(calendar(nights(rule))), ['calendar-rule-start 8:1']);
});

for (const c of [
  {
    what: 'events',
    max: EVENTS_MAX,
    text: (n: number) =>
      nights()
        .concat('\r\n')
        .repeat(n - 1),
  },
  {
    what: 'recurring events',
    max: RECURRING_EVENTS_MAX,
    text: (n: number) => nights('RRULE:FREQ=DAILY').concat('\r\n').repeat(n),
  },
  {
    what: 'times two dozen occurrences a day',
    max: Math.floor(PER_DAY_MAX / 24),
    text: (n: number) => nights('RRULE:FREQ=HOURLY').concat('\r\n').repeat(n),
  },
  {
    what: 'dates',
    max: DATES_MAX,
    text: (n: number) =>
      nights(`RDATE:${Array(n).fill('20260706T220000Z').join(',')}`).concat('\r\n'),
  },
  {
    what: 'onsets of zones',
    max: 2_000,
    text: (n: number) =>
      OUTLOOK.replace(/RRULE.*\r\n/g, '')
        .replace(
          'END:DAYLIGHT',
          `RDATE:${Array(n - 2)
            .fill('20260706T220000')
            .join(',')}\r\nEND:DAYLIGHT`,
        )
        .concat('\r\n'),
  },
]) {
  test(`readCalendar takes ${c.max} ${c.what} and no more`, () => {
    const codes = (n: number) =>
      problemsIn(calendar(nights(), c.text(n).trimEnd())).map((one) => one.split(' ')[0]);
    assert.deepEqual(codes(c.max), []);
    assert.deepEqual(codes(c.max + 1), ['calendar-limit']);
  });
}

test('readCalendar: a zone of the file agrees with the same zone of IANA', () => {
  const of = (zone: string) =>
    read(
      calendar(
        OUTLOOK,
        event(`DTSTART;TZID=${zone}:20200101T023000`, 'DURATION:PT45M', 'RRULE:FREQ=DAILY'),
      ),
    );
  const [own, iana] = ['W. Europe Standard Time', 'Europe/Berlin'].map((zone) =>
    closedTimes(of(zone), '2020-01-01T00:00:00Z', 3_000),
  );
  assert.deepEqual(own, iana);
});

test('readCalendar: the summary is one short line', () => {
  const { content } = readCalendar(
    calendar(nights(`SUMMARY;LANGUAGE="de;DE":Freeze\\, all\\nsystems ${'x'.repeat(500)}`)),
    'x.ics',
  );
  const [{ summary } = { summary: '' }] = content?.events ?? [];
  assert.ok(summary.startsWith('Freeze, all systems xxx'));
  assert.equal(summary.length, 200);
});
