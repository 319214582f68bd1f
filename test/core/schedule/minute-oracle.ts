import type { Instant } from '../../../src/core/model/brand.ts';
import { instant } from '../../../src/core/model/brand.ts';

/**
 * The slots of a cron text found the plain way: look at the wall clock each minute, ask each field of each local
 * minute whether it fits, and give a local minute that was skipped to the first minute after it. Slow and obvious; it
 * shares no code with what it judges.
 */
export function slotsByMinute(
  text: string,
  { timezone, after, until }: { timezone: string; after: Instant; until: Instant },
): readonly Instant[] {
  const slots = new Set<number>();
  let shownUpTo = Number.NEGATIVE_INFINITY;
  for (const { at, local } of wallClock(timezone, after - 2 * DAY, until)) {
    const from = shownUpTo === Number.NEGATIVE_INFINITY ? local : shownUpTo + MINUTE;
    for (let minute = from; minute <= local; minute += MINUTE) {
      if (at > after && fits(text, new Date(minute))) slots.add(at);
    }
    shownUpTo = Math.max(shownUpTo, local);
  }
  return [...slots].map(instant);
}

const MINUTE = 60_000;
const DAY = 1440 * MINUTE;

type Reading = { readonly at: number; readonly local: number };
const clocks = new Map<string, readonly Reading[]>();

function wallClock(timezone: string, from: number, until: number): readonly Reading[] {
  const key = `${timezone} ${from} ${until}`;
  const known = clocks.get(key);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat('sv-SE', {
    timeZone: timezone,
    dateStyle: 'short',
    timeStyle: 'medium',
  });
  const readings: Reading[] = [];
  for (let at = from; at <= until; at += MINUTE) {
    readings.push({ at, local: Date.parse(`${format.format(at).replace(' ', 'T')}Z`) });
  }
  // A window is read for many texts; a decade of windows would be gigabytes.
  if (clocks.size >= 12) clocks.clear();
  clocks.set(key, readings);
  return readings;
}

function fits(text: string, local: Date): boolean {
  const [minute = '', hour = '', date = '', month = '', weekday = '', year = ''] = text
    .slice('cron('.length, -1)
    .split(' ');
  return (
    fitsList(minute, local.getUTCMinutes(), 0, 59) &&
    fitsList(hour, local.getUTCHours(), 0, 23) &&
    fitsList(month, local.getUTCMonth() + 1, 1, 12) &&
    fitsList(year, local.getUTCFullYear(), 1970, 2199) &&
    (date === '?' || date.split(',').some((item) => fitsDate(item, local))) &&
    (weekday === '?' || weekday.split(',').some((item) => fitsWeekday(item, local)))
  );
}

function fitsList(text: string, value: number, min: number, max: number): boolean {
  return text.split(',').some((item) => {
    const [range = '', step = '1'] = item.split('/');
    const [from = '', to = item.includes('/') ? String(max) : from] = range.split('-');
    if (range === '*') return (value - min) % Number(step) === 0;
    for (let i = Number(from), steps = 0; ; i = i === max ? min : i + 1, steps++) {
      if (i === value && steps % Number(step) === 0) return true;
      if (i === Number(to)) return false;
    }
  });
}

const inMonth = (local: Date, date: number): Date =>
  new Date(Date.UTC(local.getUTCFullYear(), local.getUTCMonth(), date));
const monthLength = (local: Date): number =>
  new Date(Date.UTC(local.getUTCFullYear(), local.getUTCMonth() + 1, 0)).getUTCDate();
const isWorkday = (day: Date): boolean => day.getUTCDay() !== 0 && day.getUTCDay() !== 6;

function fitsDate(item: string, local: Date): boolean {
  const date = local.getUTCDate();
  if (item === 'L') return date === monthLength(local);
  if (!item.endsWith('W')) return fitsList(item, date, 1, 31);
  const wanted = item === 'LW' ? monthLength(local) : Number.parseInt(item, 10);
  if (wanted > monthLength(local)) return false;
  for (const away of [0, -1, 1, -2, 2]) {
    const near = wanted + away;
    if (near < 1 || near > monthLength(local) || !isWorkday(inMonth(local, near))) continue;
    return near === date;
  }
  return false;
}

function fitsWeekday(item: string, local: Date): boolean {
  const numbered = item.replace(/[A-Z]{3}/g, (name) =>
    String(['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'].indexOf(name) + 1),
  );
  const weekday = local.getUTCDay() + 1;
  const [day = '', nth] = numbered.split('#');
  if (nth !== undefined) {
    return weekday === Number(day) && Math.ceil(local.getUTCDate() / 7) === Number(nth);
  }
  if (numbered.endsWith('L')) {
    return weekday === Number.parseInt(numbered, 10) && local.getUTCDate() + 7 > monthLength(local);
  }
  return fitsList(numbered, weekday, 1, 7);
}
