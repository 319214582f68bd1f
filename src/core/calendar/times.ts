import type { RecurrenceRule } from '../model/calendar.ts';

/** When on a day that fits a rule it occurs: ms since midnight, ascending. Days are counted from 1970-01-01. */
export type Times = {
  readonly on: (day: number) => readonly number[];
  /** No day has more. */
  readonly perDayMax: number;
};

/**
 * What BYHOUR, BYMINUTE and BYSECOND give; what a rule leaves open is the first start's. Of FREQ=HOURLY the hours are those that
 * INTERVAL reaches on the clock from the first start, and BYSETPOS picks within each hour.
 */
export function openTimes(rule: RecurrenceRule, start: number): Times {
  const startDay = Math.floor(start / DAY_MS);
  const startHour = Math.floor((start - startDay * DAY_MS) / HOUR_MS);
  const inHour = withinHour(rule, start);
  const timesIn = (hours: readonly number[]): readonly number[] =>
    hours.flatMap((hour) => inHour.map((ms) => hour * HOUR_MS + ms));
  if (rule.freq !== 'HOURLY') {
    const times = timesIn(rule.byHour.length > 0 ? rule.byHour : [startHour]);
    return { on: () => times, perDayMax: times.length };
  }
  const hours = rule.byHour.length > 0 ? rule.byHour : HOURS;
  const { interval } = rule;
  const perDayMax = Math.min(hours.length, Math.ceil(HOURS.length / interval)) * inHour.length;
  const every = interval === 1 ? timesIn(hours) : null;
  return {
    perDayMax,
    on: (day) =>
      every ??
      timesIn(hours.filter((hour) => ((day - startDay) * 24 + hour - startHour) % interval === 0)),
  };
}

function withinHour(
  { freq, byMinute, bySecond, bySetPos }: RecurrenceRule,
  start: number,
): readonly number[] {
  const minutes = byMinute.length > 0 ? byMinute : [minuteOf(start)];
  const seconds = bySecond.length > 0 ? bySecond : [secondOf(start)];
  const times = minutes.flatMap((minute) =>
    seconds.map((second) => (minute * 60 + second) * 1_000),
  );
  return freq === 'HOURLY' && bySetPos.length > 0
    ? positionsOf(times.length, bySetPos).map((index) => times[index] ?? 0)
    : times;
}

/** BYSETPOS: where the chosen of `count` stand, ascending. 1 is the first, -1 the last. */
export function positionsOf(count: number, positions: readonly number[]): readonly number[] {
  const indices = positions
    .map((position) => (position > 0 ? position - 1 : count + position))
    .filter((index) => index >= 0 && index < count);
  return [...new Set(indices)].sort((a, b) => a - b);
}

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const HOURS = Array.from({ length: 24 }, (_, hour) => hour);

const minuteOf = (start: number): number => new Date(start).getUTCMinutes();
const secondOf = (start: number): number => new Date(start).getUTCSeconds();
