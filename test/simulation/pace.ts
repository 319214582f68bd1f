/**
 * How fast time goes. Most stories last some hours and are lived by the minute. In others it leaps: what takes minutes there
 * takes hours or weeks, a small fleet looks about itself every three hours, and months go by.
 */
import type { Random } from '../../src/simulate/random.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export type Pace = {
  readonly leaps: boolean;
  /** What people and misfortunes count in: a minute, or what stands for one, ms. */
  readonly unitMs: number;
  /** How long a host of the status branch that fails stays away, on average, ms: meanwhile it is asked every five minutes. */
  readonly outageMs: number;
  /** Days of a leaping story, and those by which it begins later than others; null: as the swarm draws it. */
  readonly months: { readonly activeMs: number; readonly laterMs: number } | null;
  /** Longest time between two looks of a daemon or an agent, ms; null: as in the program. */
  readonly restMs: number | null;
};

const byTheMinute: Pace = {
  leaps: false,
  unitMs: MINUTE,
  outageMs: 10 * MINUTE,
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
    months: { activeMs: random.integer(60, 120) * DAY, laterMs: random.integer(0, 360) * DAY },
    restMs: 3 * HOUR,
  };
}
