import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ScheduleMistake, ScheduleOptions } from '../../../src/core/schedule/parse.ts';
import { noScheduleMistakes, parseSchedule } from '../../../src/core/schedule/parse.ts';

const defaults: ScheduleOptions = {
  timezone: 'UTC',
  strictAws: false,
  offsetDays: null,
  applyOnlyAtCronInterval: false,
};
const strict = { strictAws: true };
const flagged = { applyOnlyAtCronInterval: true };

function mistakesOf(text: string, options: Partial<ScheduleOptions> = {}) {
  const parsed = parseSchedule(text, { ...defaults, ...options });
  return parsed.ok ? [] : parsed.error;
}
const codesOf = (mistakes: readonly ScheduleMistake[]) => mistakes.map((mistake) => mistake.code);

// --- the association subset of AWS (spec/state-manager.md §3.3) --------------------------------------------------

for (const text of [
  'cron(0/30 * * * ? *)',
  'cron(0 0/1 * * ? *)',
  'cron(0 0/2 * * ? *)',
  'cron(0 0/4 * * ? *)',
  'cron(0 0/8 * * ? *)',
  'cron(0 0/12 * * ? *)',
  'cron(0 0/24 * * ? *)',
  'cron(15 13 ? * * *)',
  'cron(15 13 ? * MON *)',
  'cron(15 13 ? * 2 *)',
  'cron(30 23 ? * TUE#3 *)',
  'cron(0 0 ? * 3L *)',
  'cron(0 */30 * * * ? *)',
  'cron(0 */1 * * ? *)',
  'cron(0 0 0/4 1/1 * ? *)',
  'rate(30 minutes)',
  'rate(30 days)',
]) {
  test(`strict: ${text} is accepted`, () => {
    assert.deepEqual(mistakesOf(text, strict), []);
    assert.deepEqual(mistakesOf(text), []);
  });
}

for (const text of [
  'cron(15 10 ? * MON-FRI *)',
  'cron(15 10 ? * MON,WED *)',
  'cron(0 2 L * ? *)',
  'cron(0 0 1 * ? *)',
  'cron(0 0 ? JAN * *)',
  'cron(0 0 ? * * 2030)',
  'cron(0 0/3 * * ? *)',
  'cron(0/15 * * * ? *)',
  'cron(* * * * ? *)',
  'cron(0 * * * ? *)',
  'cron(0/30 5 * * ? *)',
  'cron(0/30 * ? * MON *)',
  'cron(0 0/4 ? * MON *)',
  'cron(0 0 ? * L *)',
  'cron(0 0 ? * TUE#1,TUE#3 *)',
]) {
  test(`strict: ${text} is refused, and accepted otherwise`, () => {
    const mistakes = mistakesOf(text, strict);
    assert.deepEqual(codesOf(mistakes), ['schedule-cron-subset']);
    assert.match(
      mistakes[0]?.message ?? '',
      /is currently not accepted\. Supported expressions are every half,/,
    );
    assert.deepEqual(mistakesOf(text), []);
  });
}

// --- wrong in both readings --------------------------------------------------------------------------------------

for (const c of [
  { text: 'cron(30 0 0 ? * SUN *)', says: /Seconds are 30/ },
  {
    text: 'cron(0 2 * * *)',
    says: /is not a valid cron expression\. It has 5 fields/,
    hint: 'Write cron(0 2 * * ? *).',
  },
  { text: 'cron(0 2 * * 1-5)', hint: 'Write cron(0 2 ? * MON-FRI *).' },
  { text: 'cron(0 2 * * 7)', hint: 'Write cron(0 2 ? * SUN *).' },
  { text: 'cron()', says: /It has 0 fields/ },
  { text: 'cron(0 0 * * * * * *)', says: /It has 8 fields/ },
  { text: 'cron(60 * * * ? *)', says: /Minutes: 60 is not 0-59/ },
  { text: 'cron(0 24 * * ? *)', says: /Hours: 24 is not 0-23/ },
  { text: 'cron(0 012 * * ? *)', says: /Hours: 012 is not 0-23/ },
  { text: 'cron(0 0 32 * ? *)', says: /Day of month: 32 is not 1-31/ },
  { text: 'cron(0 0 0 * ? *)', says: /Day of month: 0 is not 1-31/ },
  { text: 'cron(0 0 * 13 ? *)', says: /Month: 13 is not 1-12 or JAN-DEC/ },
  { text: 'cron(0 0 ? * 8 *)', says: /Day of week: 8 is not 1-7 or SUN-SAT/ },
  { text: 'cron(0 0 ? * 0 *)', says: /Day of week: 0 is not 1-7/ },
  { text: 'cron(0 9 ? * Monday *)', says: /MONDAY is not/, hint: 'Write MON.' },
  { text: 'cron(0 0 ? * MON#6 *)', says: /after # stands 1-5, not 6/ },
  { text: 'cron(0 0 ? * X#1 *)', says: /Day of week: X is not/ },
  { text: 'cron(0 0 * * ? 1969)', says: /Year: 1969 is not 1970-2199/ },
  { text: 'cron(0 0 * * ? 2200)', says: /Year: 2200/ },
  { text: 'cron(0 0 * * ? 2030-2020)', says: /Year: 2030-2020 runs backwards/ },
  { text: 'cron(0 0 W * ? *)', says: /Day of month: W is not/ },
  { text: 'cron(0 0 32W * ? *)', says: /Day of month: 32 is not/ },
  { text: 'cron(0 0 L-3 * ? *)', says: /Day of month: L is not/ },
  { text: 'cron(0/0 * * * ? *)', says: /a step is 1-60, not 0/ },
  { text: 'cron(0/61 * * * ? *)', says: /a step is 1-60, not 61/ },
  { text: 'cron(*-5 * * * ? *)', says: /Minutes: \*-5 cannot be read/ },
  { text: 'cron(1,,2 * * * ? *)', says: /Minutes: nothing cannot be read/ },
  { text: 'cron(? * * * ? *)', says: /Minutes: \? cannot be read/ },
  { text: 'cron(0 0 * * * *)', says: /Exactly one of/, hint: 'Write cron(0 0 * * ? *).' },
  { text: 'cron(0 0 ? * ? *)', says: /Exactly one of/, hint: 'Write cron(0 0 * * ? *).' },
  { text: 'cron(0 9 * * MON *)', says: /Exactly one of/, hint: 'Write cron(0 9 ? * MON *).' },
  { text: 'cron(0 9 1 * MON *)', says: /Exactly one of/ },
  { text: 'cron(0 0 30 2 ? *)', says: /never runs/, code: 'schedule-never' },
  { text: 'cron(0 0 29 2 ? 2100)', says: /never runs/, code: 'schedule-never' },
  { text: 'cron(0 0 * * ? *)abc', says: /nothing else/, code: 'schedule-expression' },
  {
    text: 'every day',
    says: /Only schedule expressions of type rate, cron, and at are supported/,
    code: 'schedule-expression',
  },
  { text: '', code: 'schedule-expression' },
  { text: '0 2 * * 1', hint: 'Write cron(0 2 ? * MON *).', code: 'schedule-expression' },
  { text: '0 2 ? * MON *', hint: 'Write cron(0 2 ? * MON *).', code: 'schedule-expression' },
  {
    text: `cron(${'0,'.repeat(200)}0 * * * ? *)`,
    says: /at most 256/,
    code: 'schedule-expression',
  },
  { text: 'rate(foo)', says: /Supported examples are: rate\(30 minutes\)/, code: 'schedule-rate' },
  { text: 'rate(0 minutes)', code: 'schedule-rate' },
  { text: 'rate(-1 minutes)', code: 'schedule-rate' },
  { text: 'rate( 1 hour)', hint: 'Write rate(1 hour).', code: 'schedule-rate' },
  { text: 'rate(1 week)', hint: 'Write rate(7 days).', code: 'schedule-rate' },
  { text: 'rate(30 seconds)', hint: 'The shortest is rate(1 minute).', code: 'schedule-rate' },
  { text: 'rate(1 hour)rate(1 hour)', code: 'schedule-expression' },
  { text: 'rate(2 hour)', hint: 'Write rate(2 hours).', code: 'schedule-rate-unit' },
  { text: 'rate(1 hours)', hint: 'Write rate(1 hour).', code: 'schedule-rate-unit' },
  { text: 'rate(31 days)', code: 'schedule-rate-long' },
  { text: 'rate(744 hours)', code: 'schedule-rate-long' },
  { text: 'rate(99999999999999999999 days)', code: 'schedule-rate-long' },
]) {
  test(`refused: ${c.text.slice(0, 60)}`, () => {
    const [mistake, ...others] = mistakesOf(c.text);
    assert.ok(mistake);
    assert.deepEqual(others, []);
    assert.equal(mistake.code, c.code ?? 'schedule-cron');
    assert.equal(mistake.key, 'ScheduleExpression');
    if (c.says !== undefined) assert.match(mistake.message, c.says);
    if (c.hint !== undefined) assert.equal(mistake.hint, c.hint);
  });
}

for (const c of [
  {
    text: 'rate(5 minutes)',
    options: strict,
    want: ['schedule-rate-short'],
    key: 'ScheduleExpression',
  },
  {
    text: 'rate(1 hour)',
    options: flagged,
    want: ['schedule-flag-with-rate'],
    key: 'ApplyOnlyAtCronInterval',
  },
  {
    text: 'at(2030-01-01T00:00:00)',
    options: {},
    want: ['schedule-at-without-flag'],
    key: 'ApplyOnlyAtCronInterval',
  },
  { text: 'at(12:00)', options: flagged, want: ['schedule-at'], key: 'ScheduleExpression' },
  {
    text: 'at(2030-02-30T00:00:00)',
    options: flagged,
    want: ['schedule-at'],
    key: 'ScheduleExpression',
  },
  {
    text: 'at(2030-01-01T24:00:00)',
    options: flagged,
    want: ['schedule-at'],
    key: 'ScheduleExpression',
  },
  {
    text: 'at(2030-01-01T00:00:00Z)',
    options: flagged,
    want: ['schedule-at'],
    key: 'ScheduleExpression',
  },
  {
    text: 'cron(0 0 ? * THU#2 *)',
    options: { offsetDays: 3 },
    want: ['schedule-offset-without-flag'],
    key: 'ScheduleOffset',
  },
  {
    text: 'cron(0 0 ? * THU *)',
    options: { ...flagged, offsetDays: 3 },
    want: ['schedule-offset-other'],
    key: 'ScheduleOffset',
  },
  {
    text: 'cron(0 0 ? * THU#2,5 *)',
    options: { ...flagged, offsetDays: 3 },
    want: ['schedule-offset-other'],
    key: 'ScheduleOffset',
  },
  {
    text: 'cron(0 0 ? * THU#2 *)',
    options: { ...flagged, offsetDays: 7 },
    want: ['schedule-offset-range'],
    key: 'ScheduleOffset',
  },
  {
    text: 'cron(0 0 ? * THU#2 *)',
    options: { ...flagged, offsetDays: 0 },
    want: ['schedule-offset-range'],
    key: 'ScheduleOffset',
  },
  {
    text: 'rate(1 hour)',
    options: { offsetDays: 1 },
    want: ['schedule-offset-other'],
    key: 'ScheduleOffset',
  },
  {
    text: 'rate(1 hour)',
    options: { timezone: 'Mars/Base' },
    want: ['schedule-timezone'],
    key: 'Reconciled.Timezone',
  },
  {
    text: 'rate(1 hour)',
    options: { timezone: '+02:00' },
    want: ['schedule-timezone'],
    key: 'Reconciled.Timezone',
  },
]) {
  test(`refused: ${c.text} with ${JSON.stringify(c.options)}`, () => {
    const mistakes = mistakesOf(c.text, c.options);
    assert.deepEqual(codesOf(mistakes), c.want);
    assert.equal(mistakes[0]?.key, c.key);
  });
}

test('every mistake at once, in all four keys', () => {
  const mistakes = mistakesOf('cron(60 24 32 13 MON 1969)', {
    timezone: 'Europe/Belrin',
    offsetDays: 9,
  });
  assert.deepEqual(codesOf(mistakes), [
    ...new Array<string>(6).fill('schedule-cron'),
    'schedule-offset-range',
    'schedule-offset-without-flag',
    'schedule-timezone',
  ]);
  assert.equal(mistakes.at(-1)?.hint, 'Write Europe/Berlin.');
});

test('a wrong rate still has its flag judged', () => {
  assert.deepEqual(codesOf(mistakesOf('rate(foo)', flagged)), [
    'schedule-rate',
    'schedule-flag-with-rate',
  ]);
});

test('the nearest zone is found by its city alone', () => {
  const [mistake] = mistakesOf('rate(1 hour)', { timezone: 'new york' });
  assert.equal(mistake?.hint, 'Write America/New_York.');
});

test('noScheduleMistakes: keys that need a schedule', () => {
  const none = { timezone: 'UTC', offsetDays: null, applyOnlyAtCronInterval: false };
  assert.deepEqual(noScheduleMistakes(none), []);
  assert.deepEqual(
    codesOf(noScheduleMistakes({ timezone: 'x', offsetDays: 1, applyOnlyAtCronInterval: true })),
    ['schedule-flag-without-schedule', 'schedule-offset-other', 'schedule-timezone'],
  );
});

// --- spellings that are one schedule ------------------------------------------------------------------------------

for (const [written, same] of [
  ['cron(0/30 * * * ? *)', 'cron(*/30 * * * ? *)'],
  ['CRON(0 0 0/1 * * ? *)', 'cron(0 * * * ? *)'],
  ['cron( 0 12 * * ? * )', 'cron(0 12 * * ? *)'],
  ['cron(0 0 ? * fri-mon *)', 'cron(0 0 ? * SUN,MON,FRI,SAT *)'],
  ['cron(0 22-4/2 * * ? *)', 'cron(0 0,2,4,22 * * ? *)'],
  ['cron(0 0 ? NOV-FEB 2/2 *)', 'cron(0 0 ? 1,2,11,12 MON,WED,FRI *)'],
  ['cron(0 0 ? * L *)', 'cron(0 0 ? * 7 *)'],
  ['cron(0 0 ? * FRIL *)', 'cron(0 0 ? * 6L *)'],
  ['cron(0 0 ? * 3#2 *)', 'cron(0 0 ? * TUE#2 *)'],
  ['cron(00 09 01 1 ? *)', 'cron(0 9 1 JAN ? *)'],
] as const) {
  test(`${written} is ${same}`, () => {
    const [a, b] = [written, same].map((text) => parseSchedule(text, defaults));
    assert.ok(a?.ok && b?.ok && a.value.kind === 'cron' && b.value.kind === 'cron');
    assert.deepEqual(a.value.fields, b.value.fields);
  });
}

for (const [text, intervalMs] of [
  ['rate(1 minute)', 60_000],
  ['rate(25 MINUTES)', 1_500_000],
  ['rate(0010 minutes)', 600_000],
  ['rate(1   hour)', 3_600_000],
  ['rate(1day)', 86_400_000],
] as const) {
  test(`${text} is ${intervalMs} ms`, () => {
    assert.deepEqual(parseSchedule(text, defaults), {
      ok: true,
      value: { kind: 'rate', text, intervalMs },
    });
  });
}

test('at() is a local time of its zone, with or without seconds', () => {
  for (const c of [
    { text: 'at(2024-02-01T00:00)', timezone: 'UTC', want: '2024-02-01T00:00:00.000Z' },
    {
      text: 'at(2024-02-01T00:00:07)',
      timezone: 'Europe/Berlin',
      want: '2024-01-31T23:00:07.000Z',
    },
    {
      text: 'at(2024-03-31T02:30:00)',
      timezone: 'europe/berlin',
      want: '2024-03-31T01:00:00.000Z',
    },
  ]) {
    const parsed = parseSchedule(c.text, { ...defaults, ...flagged, timezone: c.timezone });
    assert.ok(parsed.ok && parsed.value.kind === 'at');
    assert.equal(new Date(parsed.value.at).toISOString(), c.want);
  }
});
