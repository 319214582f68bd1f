import type { RecurrenceRule } from '../model/calendar.ts';
import { unreachable } from '../model/errors.ts';
import { openTimes, positionsOf } from './times.ts';

/** Days are counted from 1970-01-01. */
type Day = number;

export type Recurrence = {
  /** The starts from `from` to before `to`, ascending, as clock readings. `UNTIL` is not looked at: it needs a zone. */
  readonly between: (from: number, to: number) => readonly number[];
};

/**
 * The occurrences of a rule (RFC 5545 §3.3.10). The first start always occurs, whether it fits the rule or not. Only
 * the days between are looked at, so the cost does not depend on when the rule began, or on whether it ever fits.
 */
export function openRecurrence(rule: RecurrenceRule, start: number): Recurrence {
  const startDay = Math.floor(start / DAY_MS);
  const fits = dayTest(withDefaults(rule, startDay));
  const times = openTimes(rule, start);
  const periods = periodsFrom(rule, startDay);
  let latest: { readonly opens: Day; readonly starts: readonly number[] } | null = null;

  const startsOn = (day: Day): readonly number[] => times.on(day).map((ms) => day * DAY_MS + ms);

  /** Windows follow each other, and a year has six: the period looked at last is kept. */
  function positionsIn(opens: Day, closes: Day): readonly number[] {
    if (latest?.opens !== opens) {
      const days = daysThat(fits, opens, closes);
      const ofDay = times.on(opens);
      const starts = positionsOf(days.length * ofDay.length, rule.bySetPos).map((index) => {
        const day = days[Math.floor(index / ofDay.length)] ?? 0;
        return day * DAY_MS + (ofDay[index % ofDay.length] ?? 0);
      });
      latest = { opens, starts };
    }
    return latest.starts;
  }

  /** All starts on the days from `from` to before `end`, and perhaps some around them. */
  function startsAround(from: Day, end: Day): readonly number[] {
    const isPicked = rule.bySetPos.length > 0 && rule.freq !== 'HOURLY';
    if (rule.freq === 'HOURLY') return daysThat(fits, from, end).flatMap(startsOn);
    const starts: number[] = [];
    if (rule.freq === 'DAILY' && !isPicked) {
      const late = (from - startDay) % rule.interval;
      const next = late === 0 ? from : from + rule.interval - late;
      for (let day = next; day < end; day += rule.interval)
        if (fits(day)) starts.push(...startsOn(day));
      return starts;
    }
    const index = periods.indexOf(from);
    for (let i = index - (index % rule.interval); periods.firstDay(i) < end; i += rule.interval) {
      const [opens, closes] = [periods.firstDay(i), periods.firstDay(i + 1)];
      if (isPicked) starts.push(...positionsIn(opens, closes));
      else
        for (const day of daysThat(fits, Math.max(opens, from), Math.min(closes, end)))
          starts.push(...startsOn(day));
    }
    return starts;
  }

  return {
    between(from, to) {
      const starts = start >= from && start < to ? [start] : [];
      const after = Math.max(from, start + 1);
      if (after >= to) return starts;
      for (const at of startsAround(Math.floor(after / DAY_MS), Math.ceil(to / DAY_MS)))
        if (at >= after && at < to) starts.push(at);
      return starts;
    },
  };
}

/** Whether the first start is one that the rule itself would give. */
export function fitsItsRule(rule: RecurrenceRule, start: number): boolean {
  const day = Math.floor(start / DAY_MS);
  return (
    dayTest(withDefaults(rule, day))(day) &&
    openTimes(rule, start)
      .on(day)
      .includes(start - day * DAY_MS)
  );
}

/**
 * The start of the occurrence number `count`; null when it would come after the year 2199 or a long time in which nothing
 * fits: a 29 February on a Monday is forty years away at most.
 */
export function startOfNth(rule: RecurrenceRule, start: number, count: number): number | null {
  const recurrence = openRecurrence(rule, start);
  // None a day where BYSETPOS names what no hour has.
  const perDay = Math.max(1, openTimes(rule, start).perDayMax);
  const stepMs = Math.max(STEP_MS_MIN, Math.ceil(YEAR_MS / perDay));
  let left = count;
  let barrenMs = 0;
  for (let from = start; from < LAST_YEAR && barrenMs < BARREN_MS_MAX; from += stepMs) {
    const starts = recurrence.between(from, from + stepMs);
    const found = starts[left - 1];
    if (found !== undefined) return found;
    left -= starts.length;
    barrenMs = starts.length === 0 ? barrenMs + stepMs : 0;
  }
  return null;
}

const LAST_YEAR = Date.UTC(2200, 0, 1);
const DAY_MS = 86_400_000;
const YEAR_MS = 366 * DAY_MS;
const BARREN_MS_MAX = 41 * YEAR_MS;
/** Some thousand occurrences of the fullest rule, and some thousand looks at one that never fits. */
const STEP_MS_MIN = 16 * DAY_MS;

function daysThat(fits: (day: Day) => boolean, first: Day, end: Day): readonly Day[] {
  const days: Day[] = [];
  for (let day = first; day < end; day++) if (fits(day)) days.push(day);
  return days;
}

// --- periods: what INTERVAL counts and BYSETPOS looks at -------------------------------------------------------------

type Periods = {
  /** 0 is the period of the first start. */
  readonly indexOf: (day: Day) => number;
  readonly firstDay: (index: number) => Day;
};

function periodsFrom({ freq, weekStart }: RecurrenceRule, startDay: Day): Periods {
  const start = dateOf(startDay);
  switch (freq) {
    case 'HOURLY':
    case 'DAILY':
      return { indexOf: (day) => day - startDay, firstDay: (index) => startDay + index };
    case 'WEEKLY': {
      const monday = firstOfWeek(startDay, weekStart);
      return {
        indexOf: (day) => Math.floor((day - monday) / 7),
        firstDay: (index) => monday + 7 * index,
      };
    }
    case 'MONTHLY':
      return {
        indexOf: (day) => {
          const { year, month } = dateOf(day);
          return (year - start.year) * 12 + month - start.month;
        },
        firstDay: (index) => dayOf(start.year, start.month + index, 1),
      };
    case 'YEARLY':
      return {
        indexOf: (day) => dateOf(day).year - start.year,
        firstDay: (index) => dayOf(start.year + index, 1, 1),
      };
    default:
      return unreachable(freq);
  }
}

// --- which days of a period fit ---------------------------------------------------------------------------------

/** What a rule leaves open is taken from its first start. */
function withDefaults(rule: RecurrenceRule, startDay: Day): RecurrenceRule {
  const { freq, byMonth, byWeekNo, byYearDay, byMonthDay, byDay } = rule;
  const { month, date } = dateOf(startDay);
  const sameWeekday = { ...rule, byDay: [{ weekday: weekdayOf(startDay), nth: 0 }] };
  if (byDay.length > 0) return rule;
  switch (freq) {
    case 'HOURLY':
    case 'DAILY':
      return rule;
    case 'WEEKLY':
      return sameWeekday;
    case 'MONTHLY':
      return byMonthDay.length > 0 ? rule : { ...rule, byMonthDay: [date] };
    case 'YEARLY':
      if (byYearDay.length > 0 || byMonthDay.length > 0) return rule;
      if (byWeekNo.length > 0) return sameWeekday;
      return { ...rule, byMonthDay: [date], byMonth: byMonth.length > 0 ? byMonth : [month] };
    default:
      return unreachable(freq);
  }
}

function dayTest(rule: RecurrenceRule): (day: Day) => boolean {
  const { freq, weekStart, byMonth, byWeekNo, byYearDay, byMonthDay, byDay } = rule;
  const nthInMonth = freq === 'MONTHLY' || byMonth.length > 0;
  const parts = [byMonth, byWeekNo, byYearDay, byMonthDay, byDay];
  if (parts.every(({ length }) => length === 0)) return () => true;
  return (day) => {
    const weekday = weekdayOf(day);
    if (byDay.length > 0 && !byDay.some((one) => one.weekday === weekday)) return false;
    const { year, month, date } = dateOf(day);
    if (byMonth.length > 0 && !byMonth.includes(month)) return false;
    const monthLength = dayOf(year, month + 1, 1) - dayOf(year, month, 1);
    if (!isNamed(byMonthDay, date, monthLength)) return false;
    const firstOfYear = dayOf(year, 1, 1);
    const dateInYear = day - firstOfYear + 1;
    const yearLength = dayOf(year + 1, 1, 1) - firstOfYear;
    if (!isNamed(byYearDay, dateInYear, yearLength)) return false;
    if (!isNamed(byWeekNo, ...weekOf(day, weekStart))) return false;
    const [n, length] = nthInMonth ? [date, monthLength] : [dateInYear, yearLength];
    const fromFront = Math.ceil(n / 7);
    const fromEnd = -Math.ceil((length - n + 1) / 7);
    return (
      byDay.length === 0 ||
      byDay.some(
        (one) =>
          one.weekday === weekday &&
          (one.nth === 0 || one.nth === fromFront || one.nth === fromEnd),
      )
    );
  };
}

/** Whether the `n`-th of `length` is meant; negative numbers count from the end, and no number means all. */
function isNamed(numbers: readonly number[], n: number, length: number): boolean {
  return numbers.length === 0 || numbers.includes(n) || numbers.includes(n - length - 1);
}

/** Number of the week that a day is in, and how many weeks that year has. Week 1 is the first with four days of the year. */
function weekOf(day: Day, weekStart: number): readonly [number: number, count: number] {
  const fourth = firstOfWeek(day, weekStart) + 3;
  const { year } = dateOf(fourth);
  const numberOf = (other: Day): number => Math.floor((other - dayOf(year, 1, 1)) / 7) + 1;
  // The 28th of December is always in the last week.
  return [numberOf(fourth), numberOf(firstOfWeek(dayOf(year, 12, 28), weekStart) + 3)];
}

function firstOfWeek(day: Day, weekStart: number): Day {
  return day - ((weekdayOf(day) - weekStart + 7) % 7);
}

/** 0 is Sunday; 1970-01-01 was a Thursday. */
function weekdayOf(day: Day): number {
  return (((day + 4) % 7) + 7) % 7;
}

function dateOf(day: Day): {
  readonly year: number;
  readonly month: number;
  readonly date: number;
} {
  const time = new Date(day * DAY_MS);
  return { year: time.getUTCFullYear(), month: time.getUTCMonth() + 1, date: time.getUTCDate() };
}

/** `month` may run over the year's end. */
function dayOf(year: number, month: number, date: number): Day {
  return Date.UTC(year, month - 1, date) / DAY_MS;
}
