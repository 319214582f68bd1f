import type { CronFields, DayRule } from './cron-fields.ts';
import { YEAR_MAX, YEAR_MIN } from './cron-fields.ts';
import type { LocalTime } from './zone.ts';

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1440;
const DAY_MS = DAY_MINUTES * MINUTE_MS;
const SATURDAY = 6;
const SUNDAY = 0;

/** The first local time after `after` that fits, or null when the years end before one does. */
export function nextMatch(fields: CronFields, after: LocalTime): LocalTime | null {
  const minute = Math.floor(after / MINUTE_MS) + 1;
  const firstDay = Math.floor(minute / DAY_MINUTES);
  let day = dayAtOrAfter(fields, firstDay);
  while (day !== null) {
    const time = timeAtOrAfter(fields, day === firstDay ? minute - day * DAY_MINUTES : 0);
    if (time !== null) return day * DAY_MS + time * MINUTE_MS;
    day = dayAtOrAfter(fields, day + 1);
  }
  return null;
}

/** Every local time after `after` that fits, in order; years end before it does. */
export function* matchesAfter(
  fields: CronFields,
  after: LocalTime,
): Generator<LocalTime, void, undefined> {
  let day = dayAtOrAfter(fields, Math.floor(after / DAY_MS));
  while (day !== null) {
    for (const hour of fields.hours) {
      for (const minute of fields.minutes) {
        const time = day * DAY_MS + (hour * 60 + minute) * MINUTE_MS;
        if (time > after) yield time;
      }
    }
    day = dayAtOrAfter(fields, day + 1);
  }
}

/** The last local time up to `atOrBefore` that fits, or null when none has been. */
export function previousMatch(fields: CronFields, atOrBefore: LocalTime): LocalTime | null {
  const minute = Math.floor(atOrBefore / MINUTE_MS);
  const lastDay = Math.floor(minute / DAY_MINUTES);
  let day = dayAtOrBefore(fields, lastDay);
  while (day !== null) {
    const time = timeAtOrBefore(fields, day === lastDay ? minute - day * DAY_MINUTES : DAY_MINUTES);
    if (time !== null) return day * DAY_MS + time * MINUTE_MS;
    day = dayAtOrBefore(fields, day - 1);
  }
  return null;
}

function timeAtOrAfter({ hours, minutes }: CronFields, minuteOfDay: number): number | null {
  for (const hour of hours) {
    if (hour * 60 + 59 < minuteOfDay) continue;
    for (const minute of minutes) {
      if (hour * 60 + minute >= minuteOfDay) return hour * 60 + minute;
    }
  }
  return null;
}

function timeAtOrBefore({ hours, minutes }: CronFields, minuteOfDay: number): number | null {
  for (let h = hours.length - 1; h >= 0; h--) {
    const start = (hours[h] ?? 0) * 60;
    if (start > minuteOfDay) continue;
    const minute = minutes.findLast((minute) => start + minute <= minuteOfDay);
    if (minute !== undefined) return start + minute;
  }
  return null;
}

/** Days are counted from 1970-01-01. */
function dayAtOrAfter(fields: CronFields, day: number): number | null {
  let { year, month, date } = dateOf(Math.max(day, FIRST_DAY));
  while (year <= YEAR_MAX) {
    if (fitsMonth(fields, year, month)) {
      const days = daysOfMonth(fields.days, year, month) & (-1 << date);
      if (days !== 0) return dayNumber(year, month, lowestBit(days));
    }
    date = 1;
    month = month === 12 ? 1 : month + 1;
    if (month === 1) year++;
  }
  return null;
}

function dayAtOrBefore(fields: CronFields, day: number): number | null {
  let { year, month, date } = dateOf(Math.min(day, LAST_DAY));
  while (year >= YEAR_MIN) {
    if (fitsMonth(fields, year, month)) {
      const days = daysOfMonth(fields.days, year, month) & (-1 >>> (31 - date));
      if (days !== 0) return dayNumber(year, month, highestBit(days));
    }
    date = 31;
    month = month === 1 ? 12 : month - 1;
    if (month === 12) year--;
  }
  return null;
}

function fitsMonth({ months, years }: CronFields, year: number, month: number): boolean {
  return months.includes(month) && (years === null || years.includes(year));
}

/** The days of a month that fit, as bits 1 to 31. */
function daysOfMonth(rule: DayRule, year: number, month: number): number {
  const length = new Date(Date.UTC(year, month, 0)).getUTCDate();
  const firstWeekday = new Date(Date.UTC(year, month - 1, 1)).getUTCDay();
  const weekdayOf = (date: number): number => (firstWeekday + date - 1) % 7;
  let bits = 0;
  if (rule.kind === 'month-days') {
    for (const date of rule.days) if (date <= length) bits |= 1 << date;
    if (rule.last) bits |= 1 << length;
    if (rule.lastWorkday) bits |= 1 << nearestWorkday(length, length, weekdayOf);
    for (const date of rule.nearestWorkdays) {
      if (date <= length) bits |= 1 << nearestWorkday(date, length, weekdayOf);
    }
    return bits;
  }
  const firstOf = (weekday: number): number => 1 + ((weekday - firstWeekday + 7) % 7);
  for (const weekday of rule.weekdays) {
    for (let date = firstOf(weekday); date <= length; date += 7) bits |= 1 << date;
  }
  for (const { weekday, n } of rule.nth) {
    const date = firstOf(weekday) + 7 * (n - 1);
    if (date <= length) bits |= 1 << date;
  }
  for (const weekday of rule.last) bits |= 1 << (length - ((weekdayOf(length) - weekday + 7) % 7));
  return bits;
}

/** Never leaves the month: from Saturday the 1st it goes to the 3rd, from a Sunday that ends it to the Friday. */
function nearestWorkday(date: number, length: number, weekdayOf: (date: number) => number): number {
  const weekday = weekdayOf(date);
  if (weekday === SATURDAY) return date === 1 ? 3 : date - 1;
  if (weekday === SUNDAY) return date === length ? date - 2 : date + 1;
  return date;
}

function dateOf(day: number): { year: number; month: number; date: number } {
  const time = new Date(day * DAY_MS);
  return { year: time.getUTCFullYear(), month: time.getUTCMonth() + 1, date: time.getUTCDate() };
}

function dayNumber(year: number, month: number, date: number): number {
  return Date.UTC(year, month - 1, date) / DAY_MS;
}

const FIRST_DAY = dayNumber(YEAR_MIN, 1, 1);
const LAST_DAY = dayNumber(YEAR_MAX, 12, 31);

function lowestBit(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}

function highestBit(bits: number): number {
  return 31 - Math.clz32(bits);
}
