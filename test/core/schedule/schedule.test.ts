import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Instant } from '../../../src/core/model/brand.ts';
import { instant } from '../../../src/core/model/brand.ts';
import type { Schedule } from '../../../src/core/schedule/schedule.ts';
import {
  countSlots,
  lastSlot,
  nextSlot,
  slotsBetween,
} from '../../../src/core/schedule/schedule.ts';
import { runs } from '../../fakes/runs.ts';
import { slotsByMinute } from './minute-oracle.ts';
import { schedule, shown, utc } from './schedules.ts';

const YEAR_2000 = utc('2000-01-01T00:00');
const DAY_MS = 86_400_000;

function firstSlots(of: Schedule, after: Instant, count: number): (string | null)[] {
  const slots: (string | null)[] = [];
  let at: Instant | null = after;
  while (at !== null && slots.length < count) {
    at = nextSlot(of, { after: at, anchor: after });
    slots.push(shown(at));
  }
  return slots;
}

// --- appendix I.1 of the fact sheet; its two rates that drift from the last finish are stated differences ---------

for (const c of [
  { text: 'cron(0/30 * * * ? *)', want: '2024-01-31T12:30' },
  { text: 'cron(0 0/4 * * ? *)', want: '2024-01-31T16:00' },
  { text: 'cron(15 13 ? * * *)', want: '2024-01-31T13:15' },
  { text: 'cron(15 13 ? * MON *)', want: '2024-02-05T13:15' },
  { text: 'cron(30 23 ? * TUE#3 *)', want: '2024-02-20T23:30' },
  { text: 'cron(0 0 ? * 3L *)', want: '2024-02-27T00:00' },
  { text: 'cron(0 0 ? * TUE#5 *)', want: '2024-04-30T00:00' },
  { text: 'cron(0 0 ? * THU#2 *)', offsetDays: 3, want: '2024-02-11T00:00' },
  { text: 'at(2024-02-01T00:00:00)', want: '2024-02-01T00:00' },
]) {
  test(`I.1: ${c.text}${c.offsetDays === undefined ? '' : ` + ${c.offsetDays} days`}`, () => {
    const last = utc('2024-01-31T12:00');
    const of = schedule(c.text, { offsetDays: c.offsetDays ?? null });
    assert.equal(shown(nextSlot(of, { after: last, anchor: YEAR_2000 })), c.want);
  });
}

test('I.1: with an offset, a base day that has passed at creation skips its period', () => {
  const of = schedule('cron(0 0 ? * THU#2 *)', { offsetDays: 3 });
  const created = utc('2024-02-08T10:00');
  assert.equal(shown(nextSlot(of, { after: created, anchor: created })), '2024-03-17T00:00');
  assert.equal(lastSlot(of, { atOrBefore: utc('2024-03-01T00:00'), anchor: created }), null);
  const existing = { after: created, anchor: utc('2024-02-07T00:00') };
  assert.equal(shown(nextSlot(of, existing)), '2024-02-11T00:00');
});

test('I.1: at runs once, then never', () => {
  const of = schedule('at(2024-02-01T00:00:00)');
  const at = utc('2024-02-01T00:00');
  assert.equal(nextSlot(of, { after: at, anchor: YEAR_2000 }), null);
  assert.equal(lastSlot(of, { atOrBefore: at, anchor: YEAR_2000 }), at);
  assert.equal(lastSlot(of, { atOrBefore: instant(at - 1), anchor: YEAR_2000 }), null);
  assert.equal(lastSlot(of, { atOrBefore: utc('2030-01-01T00:00'), anchor: at }), null);
  assert.equal(nextSlot(of, { after: YEAR_2000, anchor: utc('2025-01-01T00:00') }), null);
});

test('the offset may reach into the next month', () => {
  const of = schedule('cron(0 12 ? * WED#5 *)', { offsetDays: 6 });
  assert.deepEqual(firstSlots(of, utc('2024-01-01T00:00'), 2), [
    '2024-02-06T12:00',
    '2024-06-04T12:00',
  ]);
});

test('rate: anchor + k·N, whatever was run when', () => {
  const of = schedule('rate(5 hours)');
  const anchor = utc('2024-01-31T12:07');
  const next = (after: string) => shown(nextSlot(of, { after: utc(after), anchor }));
  const last = (at: string) => shown(lastSlot(of, { atOrBefore: utc(at), anchor }));
  assert.equal(next('2024-01-01T00:00'), '2024-01-31T17:07', 'before the anchor: the first');
  assert.equal(next('2024-01-31T12:07'), '2024-01-31T17:07');
  assert.equal(next('2024-01-31T17:06'), '2024-01-31T17:07');
  assert.equal(next('2024-01-31T17:07'), '2024-01-31T22:07', 'strictly after');
  assert.equal(last('2024-01-31T17:06'), null, 'the anchor itself is no slot');
  assert.equal(last('2024-01-31T17:07'), '2024-01-31T17:07');
  assert.equal(
    last('2024-02-05T09:00'),
    '2024-02-05T07:07',
    'missed ones collapse into the newest',
  );
});

// --- measured on amazon-ssm-agent 3.3.0.0, where it and AWS's own dialect agree -----------------------------------

for (const [text, ...want] of [
  ['cron(0 0 0/1 * * ? *)', '2023-03-01T11:00', '2023-03-01T12:00', '2023-03-01T13:00'],
  ['cron(0 12 * * ? *)', '2023-03-01T12:00', '2023-03-02T12:00', '2023-03-03T12:00'],
  ['cron(0 2 ? * SUN *)', '2023-03-05T02:00', '2023-03-12T02:00', '2023-03-19T02:00'],
  ['cron(0 0 1 * ? *)', '2023-04-01T00:00', '2023-05-01T00:00', '2023-06-01T00:00'],
  ['cron(0 0 LW * ? *)', '2023-03-31T00:00', '2023-04-28T00:00', '2023-05-31T00:00'],
  ['cron(0 0 ? * SUN#1 *)', '2023-03-05T00:00', '2023-04-02T00:00', '2023-05-07T00:00'],
  ['cron(0 0 31 * ? *)', '2023-03-31T00:00', '2023-05-31T00:00', '2023-07-31T00:00'],
  ['cron(0 0 1 1 ? 2020)', null],
  ['cron(0 9 1,15 * ? *)', '2023-03-15T09:00', '2023-04-01T09:00', '2023-04-15T09:00'],
  ['cron(0 0 ? * MON-FRI/2 *)', '2023-03-03T00:00', '2023-03-06T00:00', '2023-03-08T00:00'],
  ['cron(59 23 31 12 ? *)', '2023-12-31T23:59', '2024-12-31T23:59', '2025-12-31T23:59'],
  ['cron(0 16 ? * TUE#5 *)', '2023-05-30T16:00', '2023-08-29T16:00', '2023-10-31T16:00'],
] as const) {
  test(`agent: ${text}`, () => {
    assert.deepEqual(firstSlots(schedule(text), utc('2023-03-01T10:17:42'), want.length), want);
  });
}

// --- the far corners of the dialect -------------------------------------------------------------------------------

for (const [text, ...want] of [
  [
    'cron(0 0 1W * ? *)',
    '2024-06-03T00:00',
    '2024-07-01T00:00',
    '2024-08-01T00:00',
    '2024-09-02T00:00',
  ],
  ['cron(0 0 31W * ? *)', '2024-05-31T00:00', '2024-07-31T00:00', '2024-08-30T00:00'],
  ['cron(0 0 L,15 * ? *)', '2024-05-31T00:00', '2024-06-15T00:00', '2024-06-30T00:00'],
  ['cron(0 0 29 2 ? *)', '2028-02-29T00:00', '2032-02-29T00:00'],
  ['cron(0 0 ? * 3#2,6L *)', '2024-05-31T00:00', '2024-06-11T00:00', '2024-06-28T00:00'],
  ['cron(0 0 1 1 ? 2026/4)', '2026-01-01T00:00', '2030-01-01T00:00'],
  ['cron(0 0 31 12 ? 2199)', '2199-12-31T00:00', null],
] as const) {
  test(`dialect: ${text}`, () => {
    assert.deepEqual(firstSlots(schedule(text), utc('2024-05-20T00:00'), want.length), want);
  });
}

// --- daylight saving ----------------------------------------------------------------------------------------------

for (const c of [
  {
    name: 'Berlin, spring: 02:30 does not exist and runs at 03:00',
    text: 'cron(30 2 * * ? *)',
    timezone: 'Europe/Berlin',
    after: '2024-03-30T00:00',
    want: ['2024-03-30T01:30', '2024-03-31T01:00', '2024-04-01T00:30'],
  },
  {
    name: 'Berlin, spring: half hours go on without a repeat',
    text: 'cron(*/30 * * * ? *)',
    timezone: 'Europe/Berlin',
    after: '2024-03-31T00:15',
    want: ['2024-03-31T00:30', '2024-03-31T01:00', '2024-03-31T01:30'],
  },
  {
    name: 'Berlin, autumn: 02:30 runs once, at the first pass',
    text: 'cron(30 2 * * ? *)',
    timezone: 'Europe/Berlin',
    after: '2024-10-26T12:00',
    want: ['2024-10-27T00:30', '2024-10-28T01:30'],
  },
  {
    name: 'Berlin, autumn: half hours leave the second pass out',
    text: 'cron(*/30 * * * ? *)',
    timezone: 'Europe/Berlin',
    after: '2024-10-26T23:45',
    want: ['2024-10-27T00:00', '2024-10-27T00:30', '2024-10-27T02:00', '2024-10-27T02:30'],
  },
  {
    name: 'Berlin, autumn: asked in the middle of the second pass',
    text: 'cron(*/10 * * * ? *)',
    timezone: 'Europe/Berlin',
    after: '2024-10-27T01:25',
    want: ['2024-10-27T02:00'],
  },
  {
    name: 'New York, spring: 02:00 and 02:59 are one slot at 03:00',
    text: 'cron(0,59 2 * * ? *)',
    timezone: 'America/New_York',
    after: '2024-03-10T00:00',
    want: ['2024-03-10T07:00', '2024-03-11T06:00', '2024-03-11T06:59'],
  },
  {
    name: 'New York, autumn: hourly',
    text: 'cron(0 * * * ? *)',
    timezone: 'America/New_York',
    after: '2024-11-03T04:30',
    want: ['2024-11-03T05:00', '2024-11-03T07:00', '2024-11-03T08:00'],
  },
  {
    name: 'Lord Howe, spring: half an hour is missing from 02:00',
    text: 'cron(15 2 * * ? *)',
    timezone: 'Australia/Lord_Howe',
    after: '2024-10-05T00:00',
    want: ['2024-10-05T15:30', '2024-10-06T15:15'],
  },
  {
    name: 'Lord Howe, autumn: half an hour from 01:30 is repeated',
    text: 'cron(*/15 * * * ? *)',
    timezone: 'Australia/Lord_Howe',
    after: '2024-04-06T14:20',
    want: ['2024-04-06T14:30', '2024-04-06T14:45', '2024-04-06T15:30', '2024-04-06T15:45'],
  },
  {
    name: 'Apia, 2011: a whole day is missing, and its slots are one at the start of the next',
    text: 'cron(0 6,12 * * ? *)',
    timezone: 'Pacific/Apia',
    after: '2011-12-30T00:00',
    want: ['2011-12-30T10:00', '2011-12-30T16:00', '2011-12-30T22:00', '2011-12-31T16:00'],
  },
  {
    name: 'Berlin: an offset keeps the clock time over the change',
    text: 'cron(0 12 ? * SAT#5 *)',
    timezone: 'Europe/Berlin',
    offsetDays: 1,
    after: '2024-03-01T00:00',
    want: ['2024-03-31T10:00', '2024-06-30T10:00'],
  },
]) {
  test(`zone: ${c.name}`, () => {
    const of = schedule(c.text, { timezone: c.timezone, offsetDays: c.offsetDays ?? null });
    assert.deepEqual(firstSlots(of, utc(c.after), c.want.length), c.want);
  });
}

test('lastSlot: in the second pass of an hour, the newest is the last of the first pass', () => {
  const of = schedule('cron(*/10 * * * ? *)', { timezone: 'Europe/Berlin' });
  const last = (at: string) => shown(lastSlot(of, { atOrBefore: utc(at), anchor: YEAR_2000 }));
  assert.equal(last('2024-10-27T00:25'), '2024-10-27T00:20');
  assert.equal(last('2024-10-27T01:05'), '2024-10-27T00:50');
  assert.equal(last('2024-10-27T02:00'), '2024-10-27T02:00');
  assert.equal(last('2024-03-31T01:00'), '2024-03-31T01:00');
});

test('an anchor in the second pass of an hour has seen the whole first pass', () => {
  const of = schedule('cron(*/10 * * * ? *)', { timezone: 'Europe/Berlin' });
  const next = nextSlot(of, { after: YEAR_2000, anchor: utc('2024-10-27T01:25') });
  assert.equal(shown(next), '2024-10-27T02:00');
});

test('countSlots stops at its bound', () => {
  const of = schedule('cron(* * * * ? *)');
  const range = {
    after: utc('2024-01-01T00:00'),
    until: utc('2024-01-01T01:00'),
    anchor: YEAR_2000,
  };
  assert.equal(countSlots(of, { ...range, countMax: 1000 }), 60);
  assert.equal(countSlots(of, { ...range, countMax: 7 }), 7);
  assert.equal(countSlots(of, { ...range, anchor: range.until, countMax: 7 }), 0);
});

// --- laws ---------------------------------------------------------------------------------------------------------

const list = (min: number, max: number) =>
  fc
    .uniqueArray(fc.integer({ min, max }), { minLength: 1, maxLength: 4 })
    .map((all) => all.join(','));
const minutes = fc.oneof(fc.constantFrom('*', '0', '30', '*/30', '0/15', '50-10'), list(0, 59));
const hours = fc.oneof(fc.constantFrom('*', '2', '1-3', '22-4/2', '0/4', '*/1'), list(0, 23));
const days = fc.oneof(
  fc.constantFrom(
    '* * ?',
    '? * *',
    'L * ?',
    'LW * ?',
    '1W,31W * ?',
    '? * SUN#5,1L',
    '? * FRI-MON',
    '25-5/3 * ?',
  ),
  fc.nat({ max: 29 }).map((day) => `${day + 1}W * ?`),
);
const cronText = fc
  .tuple(minutes, hours, days)
  .map(([minute, hour, day]) => `cron(${minute} ${hour} ${day} *)`);

/** Three days around a change of the clock, or without one. */
const window = fc.constantFrom(
  { timezone: 'Europe/Berlin', start: '2024-03-30T00:00' },
  { timezone: 'Europe/Berlin', start: '2024-10-26T00:00' },
  { timezone: 'America/New_York', start: '2025-03-08T12:00' },
  { timezone: 'America/New_York', start: '2026-10-31T00:00' },
  { timezone: 'Australia/Lord_Howe', start: '2024-04-05T12:00' },
  { timezone: 'Australia/Lord_Howe', start: '2025-10-04T00:00' },
  { timezone: 'Africa/Casablanca', start: '2024-04-13T00:00' },
  { timezone: 'Pacific/Apia', start: '2011-12-29T00:00' },
  { timezone: 'Asia/Kathmandu', start: '2030-12-30T00:00' },
);

test('law: slots are those that a walk over all minutes finds', () => {
  fc.assert(
    fc.property(cronText, window, (text, { timezone, start }) => {
      const after = utc(start);
      const until = instant(after + 3 * DAY_MS);
      const of = schedule(text, { timezone });
      assert.deepEqual(
        [...slotsBetween(of, { after, until, anchor: YEAR_2000 })].map(shown),
        slotsByMinute(text, { timezone, after, until }).map(shown),
      );
    }),
    { numRuns: runs(150) },
  );
});

const anySchedule = fc
  .tuple(fc.oneof(cronText, fc.constantFrom('rate(7 hours)', 'rate(1 minute)')), window)
  .map(([text, { timezone, start }]) => ({ of: schedule(text, { timezone }), start: utc(start) }));

test('law: lastSlot is the slot whose next lies ahead', () => {
  fc.assert(
    fc.property(
      anySchedule,
      fc.nat({ max: 3 * 1440 }),
      fc.nat({ max: 60 }),
      ({ of, start }, minute, days) => {
        const now = instant(start + minute * 60_000);
        const anchor = instant(start - days * DAY_MS);
        const last = lastSlot(of, { atOrBefore: now, anchor });
        const next = nextSlot(of, { after: now, anchor });
        if (next !== null) assert.ok(next > now && next > anchor);
        if (last === null) {
          assert.equal(next, nextSlot(of, { after: anchor, anchor }));
        } else {
          assert.ok(last <= now && last > anchor);
          assert.equal(nextSlot(of, { after: last, anchor }), next);
          assert.equal(nextSlot(of, { after: instant(last - 1), anchor }), last);
        }
      },
    ),
    { numRuns: runs(1000) },
  );
});

test('law: slotsBetween is nextSlot after nextSlot', () => {
  fc.assert(
    fc.property(
      cronText,
      window,
      fc.nat({ max: 3 }),
      fc.nat({ max: 3 * 1440 }),
      fc.integer({ min: -2000, max: 2000 }),
      (text, { timezone, start }, offsetDays, minute, age) => {
        const plain = schedule(text, { timezone });
        const of = plain.kind === 'cron' ? { ...plain, offsetDays } : plain;
        const after = instant(utc(start) + minute * 60_000);
        const until = instant(after + 3 * DAY_MS);
        const anchor = instant(after - age * 60_000);
        const wanted: (string | null)[] = [];
        let slot = nextSlot(of, { after, anchor });
        while (slot !== null && slot <= until) {
          wanted.push(shown(slot));
          slot = nextSlot(of, { after: slot, anchor });
        }
        assert.deepEqual([...slotsBetween(of, { after, until, anchor })].map(shown), wanted);
      },
    ),
    { numRuns: runs(200) },
  );
});

test('law: with an offset, every slot is a base day that came after the anchor, moved', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 6 }),
      fc.nat({ max: 800 }),
      fc.nat({ max: 40 }),
      (offsetDays, day, age) => {
        const text = 'cron(30 12 ? * TUE#2,FRI#4 *)';
        const now = instant(utc('2023-01-01T00:00') + day * DAY_MS);
        const anchor = instant(now - age * DAY_MS);
        const slot = nextSlot(schedule(text, { offsetDays }), { after: now, anchor });
        const bases = slotsBetween(schedule(text), {
          after: anchor,
          until: instant(now + 100 * DAY_MS),
          anchor,
        });
        const wanted = [...bases].map((base) => base + offsetDays * DAY_MS).find((at) => at > now);
        assert.equal(slot, wanted);
        assert.equal(
          lastSlot(schedule(text, { offsetDays }), { atOrBefore: instant(wanted ?? 0), anchor }),
          wanted,
        );
      },
    ),
  );
});
