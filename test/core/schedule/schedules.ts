import assert from 'node:assert/strict';
import type { Instant } from '../../../src/core/model/brand.ts';
import { instant } from '../../../src/core/model/brand.ts';
import { parseSchedule } from '../../../src/core/schedule/parse.ts';
import type { Schedule } from '../../../src/core/schedule/schedule.ts';

/** The schedule of a text that is known to be right. */
export function schedule(
  text: string,
  { timezone = 'UTC', offsetDays = null }: { timezone?: string; offsetDays?: number | null } = {},
): Schedule {
  const parsed = parseSchedule(text, {
    timezone,
    offsetDays,
    strictAws: false,
    applyOnlyAtCronInterval: !text.startsWith('rate'),
  });
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return parsed.value;
}

/** `2024-01-31T12:00` in UTC. */
export const utc = (text: string): Instant => instant(Date.parse(`${text}Z`));

/** To the minute, in UTC. */
export const shown = (at: Instant | null): string | null =>
  at === null ? null : new Date(at).toISOString().slice(0, 16);
