/**
 * How fast time goes. Most stories last some hours and are lived by the minute. In others it leaps: what takes minutes there
 * takes hours or weeks, a small fleet looks about itself every three hours, and months go by.
 */
import type { Random } from '../../src/simulate/random.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** How long a leaping story is, how much later than others it begins, and how often a node goes off for weeks: mean times, ms. */
export type Months = {
  readonly activeMs: number;
  readonly laterMs: number;
  readonly offEveryMs: number;
  /** Nobody changes anything: what was wished first goes by its schedules all the time. */
  readonly unattended: boolean;
};

export type Pace = {
  readonly leaps: boolean;
  /** What people and misfortunes count in: a minute, or what stands for one, ms. */
  readonly unitMs: number;
  /** How long a host of the status branch that fails stays away, on average, ms: meanwhile it is asked every five minutes. */
  readonly outageMs: number;
  /** How long a clock that was set wrong stays so, on average, ms; null: for ever. */
  readonly wrongMs: number | null;
  readonly months: Months | null;
  /** Longest time between two looks of a daemon or an agent, ms; null: as in the program. */
  readonly restMs: number | null;
};

const byTheMinute: Pace = {
  leaps: false,
  unitMs: MINUTE,
  outageMs: 10 * MINUTE,
  wrongMs: null,
  months: null,
  restMs: null,
};

const LEAPING = 1 / 6;

export function drawPace(random: Random): Pace {
  if (!random.chance(LEAPING)) return byTheMinute;
  return {
    leaps: true,
    unitMs: 8 * HOUR,
    outageMs: 8 * HOUR,
    wrongMs: HOUR,
    months: {
      activeMs: random.integer(60, 120) * DAY,
      laterMs: random.integer(0, 360) * DAY,
      offEveryMs: random.integer(10, 40) * DAY,
      unattended: random.chance(0.4),
    },
    restMs: 3 * HOUR,
  };
}
