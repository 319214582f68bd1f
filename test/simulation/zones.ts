/** Where the clocks of a story change, and what people plan around it: a story of this kind begins a little before. */
import type { Random } from '../../src/simulate/random.ts';
import type { Pace } from './pace.ts';

type Change = {
  readonly zone: string;
  /** The instant of the change. */
  readonly atMs: number;
  /** The local date of the hours that are left out or come twice. */
  readonly date: string;
};

const changes: readonly Change[] = [
  { zone: 'Europe/Berlin', atMs: Date.UTC(2026, 2, 29, 1), date: '2026-03-29' },
  { zone: 'Europe/Berlin', atMs: Date.UTC(2026, 9, 25, 1), date: '2026-10-25' },
  { zone: 'America/New_York', atMs: Date.UTC(2026, 2, 8, 7), date: '2026-03-08' },
  { zone: 'America/New_York', atMs: Date.UTC(2026, 10, 1, 6), date: '2026-11-01' },
  // Half an hour only.
  { zone: 'Australia/Lord_Howe', atMs: Date.UTC(2026, 3, 4, 15), date: '2026-04-05' },
  { zone: 'Australia/Lord_Howe', atMs: Date.UTC(2026, 9, 3, 15, 30), date: '2026-10-04' },
];

export const zonesOfStories: readonly string[] = [...new Set(changes.map(({ zone }) => zone))];

/** Null: nothing of this in the story. */
export type ZonedStory = { readonly startMs: number; readonly zone: string; readonly date: string };

export function drawZones(random: Random, { leaps, unitMs }: Pace): ZonedStory | null {
  if (!random.chance(leaps ? 0.6 : 0.25)) return null;
  const { zone, atMs, date } = random.pick(changes);
  return { startMs: atMs - random.integer(5, 90) * unitMs, zone, date };
}

/** All three zones change between one and three o'clock. */
const HOURS = [1, 2, 2, 3] as const;
const MINUTES = [0, 15, 30, 45] as const;

export function zonedSchedule(
  random: Random,
  { zone, date }: ZonedStory,
  { leaps }: Pace,
): { readonly schedule: string; readonly timezone: string } {
  const hour = random.pick(HOURS);
  const minute = random.pick(MINUTES);
  const clock = `0${hour}:${String(minute).padStart(2, '0')}:00`;
  const daily = `cron(${minute} ${hour} * * ? *)`;
  const others = leaps
    ? [`cron(${minute} ${hour} ? * SUN *)`, `cron(${minute} ${hour} ? 3/7 SUNL *)`]
    : [`cron(${minute} * * * ? *)`, 'cron(0/15 * * * ? *)'];
  const schedule = random.pick([daily, daily, ...others, `at(${date}T${clock})`]);
  return { schedule, timezone: random.chance(0.85) ? zone : random.pick(zonesOfStories) };
}
