import type { Calendar, CalendarTime, CalendarZone, Observance } from '../model/calendar.ts';
import { present } from '../model/errors.ts';
import { openZone } from '../schedule/zone.ts';
import { openRecurrence } from './recurrence.ts';

/** The instant of a clock reading. Never decreases when the reading grows. */
export type Clock = (local: number) => number;

/** The clocks that the times of a calendar are read on. */
export function openClocks(calendar: Pick<Calendar, 'zones' | 'floatingZone'>): {
  readonly clockOf: (zone: string | null) => Clock;
  readonly instantOf: (time: CalendarTime) => number;
} {
  const clocks = new Map<string, Clock>();
  const clockOf = (zone: string | null): Clock => {
    const name = zone ?? calendar.floatingZone;
    let clock = clocks.get(name);
    if (clock === undefined) {
      const own = calendar.zones.find(({ id }) => id === name);
      clock = own === undefined ? ianaClock(name) : ownClock(own);
      clocks.set(name, clock);
    }
    return clock;
  };
  return { clockOf, instantOf: ({ local, zone }) => clockOf(zone)(local) };
}

function ianaClock(name: string): Clock {
  if (name === 'UTC') return (local) => local;
  const zone = present(openZone(name), `time zone ${name} was checked`);
  return (local) => zone.instantAt(local);
}

// --- zones that a file defines itself ---------------------------------------------------------------------------

/** From `at` on, local time is UTC plus `toMs`. */
type Shift = { readonly at: number; readonly fromMs: number; readonly toMs: number };

/** Gaps and repeated hours as everywhere here: the first instant after the one, the first pass of the other. */
function ownClock({ observances }: CalendarZone): Clock {
  const byYear = new Map<number, readonly Shift[]>();
  const shiftsNear = (local: number): readonly Shift[] => {
    const year = new Date(local).getUTCFullYear();
    let shifts = byYear.get(year);
    if (shifts === undefined) {
      shifts = observances
        .flatMap((observance) => shiftsAround(observance, year))
        .sort((a, b) => a.at - b.at);
      byYear.set(year, shifts);
    }
    return shifts;
  };
  return (local) => {
    const shifts = shiftsNear(local);
    let since = Number.NEGATIVE_INFINITY;
    // Before the first onset it is what that one changed from.
    let offsetMs = shifts[0]?.fromMs ?? 0;
    for (const { at, toMs } of shifts) {
      if (local - offsetMs < at) break;
      [since, offsetMs] = [at, toMs];
    }
    return Math.max(local - offsetMs, since);
  };
}

/** The onsets from a year before `year` to a year after, and the last one before these. */
function shiftsAround(observance: Observance, year: number): readonly Shift[] {
  const { fromMs, toMs, rule, onset, further } = observance;
  const [from, to] = [Date.UTC(year - 1, 0, 1), Date.UTC(year + 2, 0, 1)];
  const until = rule?.until?.local ?? Number.POSITIVE_INFINITY;
  const onsets = [onset, ...further];
  if (rule !== null) {
    const recurrence = openRecurrence(rule, onset);
    const last = Math.min(from, until);
    for (const span of [
      [last - LOOK_BACK_MS, last],
      [last, to],
    ] as const) {
      onsets.push(...recurrence.between(...span).filter((local) => local <= until));
    }
  }
  const shifts = onsets.map((local) => ({ at: local - fromMs, fromMs, toMs }));
  const before = shifts.filter(({ at }) => at < from).map(({ at }) => at);
  const latest = Math.max(...before, Number.NEGATIVE_INFINITY);
  return shifts.filter(({ at }) => at >= latest && at < to);
}

/** A yearly rule has an onset in each nine years, even on a 29 February that a century leaves out. */
const LOOK_BACK_MS = 9 * 366 * 86_400_000;
