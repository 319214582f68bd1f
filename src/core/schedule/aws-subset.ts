import type { CronTexts } from './parse-cron.ts';

/**
 * Whether State Manager itself would take this pattern, which is already known to be well formed: every ½, 1, 2, 4, 8,
 * 12 or 24 hours, or at one time on every day, on one weekday, on the n-th or on the last such weekday of the month.
 */
export function isAwsSubset(texts: CronTexts): boolean {
  const { minutes, hours, dayOfMonth, month, dayOfWeek, year } = texts;
  if (month !== '*' || year !== '*') return false;
  if (!EVERY_DATE.test(dayOfMonth) || !WEEKDAY.test(dayOfWeek)) return false;
  const daily = dayOfWeek === '?' || dayOfWeek === '*';
  if (HALF_HOURS.test(minutes)) return hours === '*' && daily;
  if (!NUMBER.test(minutes)) return false;
  return NUMBER.test(hours) || (HOUR_STEPS.test(hours) && daily);
}

const NUMBER = /^\d{1,2}$/;
const HALF_HOURS = /^[0*]\/30$/;
const HOUR_STEPS = /^[0*]\/(1|2|4|8|12|24)$/;
const EVERY_DATE = /^(\*|\?|1\/1)$/;
const WEEKDAY = /^(\?|\*|([1-7]|SUN|MON|TUE|WED|THU|FRI|SAT)(#[1-5]|L)?)$/;
