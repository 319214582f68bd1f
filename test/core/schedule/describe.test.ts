import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeSchedule } from '../../../src/core/schedule/describe.ts';
import { parseSchedule } from '../../../src/core/schedule/parse.ts';

for (const c of [
  { text: 'rate(30 minutes)', want: 'every 30 minutes' },
  { text: 'rate(1 hour)', want: 'every hour' },
  { text: 'rate(120 minutes)', want: 'every 2 hours' },
  { text: 'rate(1 day)', want: 'every day' },
  {
    text: 'cron(0 2 ? * SUN *)',
    timezone: 'Europe/Berlin',
    want: 'cron(0 2 ? * SUN *) in Europe/Berlin',
  },
  {
    text: 'cron(0 2 ? * TUE#2 *)',
    offsetDays: 1,
    want: 'cron(0 2 ? * TUE#2 *) plus 1 day in UTC',
  },
  { text: 'at(2026-01-31T12:00:00)', want: 'once at 2026-01-31T12:00:00Z' },
]) {
  test(`describeSchedule: ${c.want}`, () => {
    const parsed = parseSchedule(c.text, {
      timezone: c.timezone ?? 'UTC',
      strictAws: false,
      offsetDays: c.offsetDays ?? null,
      applyOnlyAtCronInterval: !c.text.startsWith('rate'),
    });
    assert.ok(parsed.ok);
    assert.equal(describeSchedule(parsed.value), c.want);
  });
}
