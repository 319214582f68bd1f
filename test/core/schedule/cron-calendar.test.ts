import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cron } from 'croner';
import fc from 'fast-check';
import { nextMatch, previousMatch } from '../../../src/core/schedule/cron-calendar.ts';
import type { CronFields } from '../../../src/core/schedule/cron-fields.ts';
import { parseCron } from '../../../src/core/schedule/parse-cron.ts';
import { runs } from '../../fakes/runs.ts';

function fieldsOf(inner: string): CronFields {
  const parsed = parseCron(inner);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return parsed.value.fields;
}

/** croner reads the AWS dialect with these options, lone `L` and ranges over the end aside. */
function croner(inner: string): Cron {
  return new Cron(`0 ${inner}`, {
    timezone: 'UTC',
    mode: '7-part',
    alternativeWeekdays: true,
    sloppyRanges: true,
    paused: true,
  });
}

const one = (min: number, max: number) => fc.integer({ min, max });
const range = (min: number, max: number) =>
  fc.tuple(one(min, max), one(min, max)).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`);
const item = (min: number, max: number) =>
  fc.oneof(
    one(min, max).map(String),
    range(min, max),
    fc.tuple(range(min, max), one(1, 5)).map(([text, step]) => `${text}/${step}`),
    fc.tuple(one(min, max), one(1, 5)).map(([from, step]) => `${from}/${step}`),
  );
const field = (min: number, max: number) =>
  fc.oneof(
    fc.constant('*'),
    fc.array(item(min, max), { minLength: 1, maxLength: 3 }).map((items) => items.join(',')),
  );
const date = fc.oneof(
  field(1, 31),
  fc.constantFrom('L', 'LW', 'L,15'),
  one(1, 31).map((day) => `${day}W`),
);
const weekday = fc.oneof(
  field(1, 7),
  fc.tuple(one(1, 7), one(1, 5)).map(([day, n]) => `${day}#${n}`),
  one(1, 7).map((day) => `${day}L`),
);
const days = fc.oneof(
  fc.tuple(date, field(1, 12)).map(([day, month]) => `${day} ${month} ?`),
  fc.tuple(field(1, 12), weekday).map(([month, day]) => `? ${month} ${day}`),
);
const inner = fc
  .tuple(field(0, 59), field(0, 23), days, fc.constantFrom('*', '2024/3', '2020-2090'))
  .map((fields) => fields.join(' '));
const from = fc.date({
  min: new Date('1990-01-01T00:00:00Z'),
  max: new Date('2080-01-01T00:00:00Z'),
  noInvalidDate: true,
});

test('law: the next match is the one that croner finds in UTC', () => {
  fc.assert(
    fc.property(inner, from, (text, start) => {
      const fields = fieldsOf(text);
      const oracle = croner(text);
      let at: number | null = Math.floor(start.getTime() / 1000) * 1000;
      for (let i = 0; i < 3 && at !== null; i++) {
        const wanted: number | undefined = oracle.nextRun(new Date(at))?.getTime();
        at = nextMatch(fields, at);
        assert.equal(at ?? undefined, wanted);
      }
    }),
    { numRuns: runs(400) },
  );
});

test('law: the previous match undoes the next', () => {
  fc.assert(
    fc.property(inner, from, (text, start) => {
      const fields = fieldsOf(text);
      const next = nextMatch(fields, start.getTime());
      if (next === null) return;
      assert.equal(previousMatch(fields, next), next);
      const before = previousMatch(fields, next - 1);
      if (before === null) return;
      assert.ok(before <= start.getTime());
      assert.equal(nextMatch(fields, before), next);
    }),
    { numRuns: runs(400) },
  );
});

test('the years end where AWS ends them', () => {
  const daily = fieldsOf('0 0 * * ? *');
  assert.equal(nextMatch(daily, Number.NEGATIVE_INFINITY), 0);
  assert.equal(previousMatch(daily, -1), null);
  assert.equal(nextMatch(daily, Date.UTC(2199, 11, 31)), null);
  assert.equal(previousMatch(daily, Date.UTC(2300, 0, 1)), Date.UTC(2199, 11, 31));
});
