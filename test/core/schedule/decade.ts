/**
 * The minute oracle over twenty zones and ten years: `decade.test.ts` looks at every change of a clock, and run by hand
 * this looks at every minute of a decade, in an hour or so: `node --import tsx test/core/schedule/decade.ts --zones 20`;
 * `--zone Europe/Dublin` looks at one zone alone, in some three minutes.
 */
import assert from 'node:assert/strict';
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Temporal } from 'temporal-polyfill';
import type { Instant } from '../../../src/core/model/brand.ts';
import { instant } from '../../../src/core/model/brand.ts';
import { slotsBetween } from '../../../src/core/schedule/schedule.ts';
import { slotsByMinute } from './minute-oracle.ts';
import { schedule, shown, utc } from './schedules.ts';

/** Whole, half and three quarter hours; gaps at midnight, of half an hour, of two, and of a day; winters that are ahead. */
export const ZONES = [
  'UTC',
  'Africa/Cairo',
  'Africa/Casablanca',
  'America/Caracas',
  'America/Havana',
  'America/New_York',
  'America/Sao_Paulo',
  'America/St_Johns',
  'Antarctica/Troll',
  'Asia/Beirut',
  'Asia/Gaza',
  'Asia/Kathmandu',
  'Asia/Pyongyang',
  'Asia/Tehran',
  'Australia/Lord_Howe',
  'Europe/Berlin',
  'Europe/Dublin',
  'Europe/Istanbul',
  'Pacific/Apia',
  'Pacific/Chatham',
];

/** In each of these hours some clock of the list jumps or repeats. */
export const TEXTS = [
  'cron(*/30 * * * ? *)',
  'cron(0 0 * * ? *)',
  'cron(30 1,2 ? * * *)',
  'cron(0/15 0-3 * * ? *)',
  'cron(45 2 ? * SUN,FRI,SAT *)',
  'cron(59 23 L * ? *)',
  'cron(0 12 ? * FRI#5,SUN#1 *)',
  'cron(5 22-1/3 1W,LW,30 * ? *)',
];

const HOUR = 3_600_000;
export const DECADE: { readonly from: Instant; readonly until: Instant } = {
  from: utc('2011-01-01T00:00'),
  until: utc('2021-01-01T00:00'),
};

/** The instants at which the clocks of a zone were changed. */
export function changesOf(timezone: string): readonly Instant[] {
  const changes: Instant[] = [];
  let time = Temporal.Instant.fromEpochMilliseconds(DECADE.from).toZonedDateTimeISO(timezone);
  for (;;) {
    const next = time.getTimeZoneTransition('next');
    if (next === null || next.epochMilliseconds >= DECADE.until) return changes;
    changes.push(instant(next.epochMilliseconds));
    time = next;
  }
}

/** @throws AssertionError where the slots are not those that a walk over the minutes finds */
export function judge(timezone: string, text: string, after: Instant, until: Instant): number {
  const slots = slotsBetween(schedule(text, { timezone }), { after, until, anchor: DECADE.from });
  const found = [...slots].map(shown);
  assert.deepEqual(
    found,
    slotsByMinute(text, { timezone, after, until }).map(shown),
    `${text} in ${timezone}`,
  );
  return found.length;
}

if (
  process.argv[1] !== undefined &&
  realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)
) {
  const { values } = parseArgs({
    options: { zones: { type: 'string', default: '20' }, zone: { type: 'string' } },
  });
  const zones = values.zone === undefined ? ZONES.slice(0, Number(values.zones)) : [values.zone];
  let slots = 0;
  for (const timezone of zones) {
    for (
      let at: Instant = instant(DECADE.from + 24 * HOUR);
      at < DECADE.until;
      at = instant(at + 20 * 24 * HOUR)
    ) {
      for (const text of TEXTS) slots += judge(timezone, text, at, instant(at + 20 * 24 * HOUR));
    }
    process.stdout.write(`${timezone}: ${slots} slots so far, all as the minutes say\n`);
  }
}
