/**
 * When would what run: the coming runs of many associations in one window, in time order, and every slot that would not
 * run with why. Nobody runs anything here; the same rules fire slots in `core/world`, and a property holds the two equal.
 */

import type { AssociationName, Instant } from '../model/brand.ts';
import { instant } from '../model/brand.ts';
import { compareText } from '../model/problem.ts';
import { describeSchedule } from '../schedule/describe.ts';
import { settledUntil } from '../schedule/slots.ts';
import type { Occurrence, Span, Upcoming } from './timeline.ts';
import { timelineOf } from './timeline.ts';

type Run = Occurrence & { kind: 'run' };
type Skipped = Occurrence & { kind: 'skipped' };

/** One execution, or, folded, those that a schedule opens on one day. */
export type ForecastRun = Omit<Run, 'kind'> & {
  /** The first instants, `at` among them; at most `TIMES_MAX`. */
  readonly times: readonly Instant[];
  readonly count: number;
  readonly last: Instant;
};

/** Consecutive slots that one and the same gate skips. */
export type ForecastSkip = Omit<Skipped, 'kind'> & {
  readonly slots: number;
  readonly last: Instant;
};

export type AssociationForecast = {
  readonly association: AssociationName;
  readonly document: string;
  /** In words; null without one. */
  readonly schedule: string | null;
  /** IANA name in which its schedule is written. */
  readonly timezone: string;
  /** The instant since which its slots are counted. */
  readonly anchor: Instant;
  readonly nodes: number;
  /** Counted as far as `countedUntil`. */
  readonly runs: number;
  readonly skipped: number;
  readonly first: Instant | null;
  readonly last: Instant | null;
};

export type Forecast = Span & {
  readonly runs: readonly ForecastRun[];
  /** Every run before this instant is in `runs`; `until` when none was left out. */
  readonly completeUntil: Instant;
  readonly skipped: readonly ForecastSkip[];
  readonly skippedComplete: boolean;
  /** Sorted by name; every association that was asked about. */
  readonly associations: readonly AssociationForecast[];
  /** Runs are counted until here; `until` unless there are millions. */
  readonly countedUntil: Instant;
};

export type ForecastOptions = Span & {
  readonly runsMax: number;
  /** Runs of a schedule on one day become one entry; `dayOf` numbers the days. Null: every run is one. */
  readonly dayOf: ((at: Instant) => number) | null;
};

/** Instants that a folded entry still names. */
export const TIMES_MAX = 4;
/** Occurrences looked at in all: more than 1,000 associations have in 30 days at one in half an hour. */
const LOOKED_AT_MAX = 2_000_000;
const SKIPPED_MAX = 10_000;
/** All associations are walked side by side in steps of this, so that a limit cuts at one instant for all. */
const STEP_MS = 3_600_000;

export function forecast(upcoming: readonly Upcoming[], options: ForecastOptions): Forecast {
  const { from, until, runsMax } = options;
  const tracks = [...upcoming]
    .sort((a, b) => compareText(a.association.name, b.association.name))
    .map((each) => openTrack(each, options));
  const runs: Tallied[] = [];
  let lookedAt = 0;
  let countedUntil = from;
  while (countedUntil < until && lookedAt < LOOKED_AT_MAX) {
    const stepEnd = instant(Math.min(countedUntil + STEP_MS, until));
    const listing = runs.length <= runsMax;
    for (const track of tracks) lookedAt += track.advance(stepEnd, listing ? runs : null);
    countedUntil = stepEnd;
  }
  // Stable: what shares an instant was listed in one step, by name.
  runs.sort((a, b) => a.at - b.at);
  const leftOut = runs[runsMax];
  const skipped = tracks.flatMap((track) => track.skipped).sort(earlier);
  return {
    from,
    until,
    runs: runs.slice(0, runsMax),
    completeUntil: leftOut?.at ?? countedUntil,
    skipped: skipped.slice(0, SKIPPED_MAX),
    skippedComplete:
      skipped.length <= SKIPPED_MAX && tracks.every((track) => track.skippedComplete),
    associations: tracks.map((track) => track.summary()),
    countedUntil,
  };
}

/** The next run of its schedule, whatever starts before; null when none comes before `until`. */
export function nextRun(upcoming: Upcoming, { from, until }: Span): Run | null {
  let ahead: Upcoming = { ...upcoming, starts: [] };
  let start = from;
  for (let gates = 0; gates < GATES_MAX; gates++) {
    const closed = firstRun(ahead, { from: start, until });
    if (closed === null || closed.kind === 'run') return closed;
    if (closed.until === null || closed.until <= start) return null;
    // Slots behind the gate are not looked at one by one: there may be one a minute, for months.
    start = closed.until;
    ahead = { ...ahead, ...settledUntil(ahead, instant(start - 1)) };
  }
  return null;
}

/** A calendar that opens and closes between any two slots of a year. */
const GATES_MAX = 1_000;

/** The first run, or the first slot that meets a closed gate. */
function firstRun(upcoming: Upcoming, span: Span): Occurrence | null {
  for (const each of timelineOf(upcoming, span)) {
    if (each.kind === 'run' || each.reason !== 'missed') return each;
  }
  return null;
}

const earlier = (
  a: { readonly at: Instant; readonly association: AssociationName },
  b: { readonly at: Instant; readonly association: AssociationName },
): number => a.at - b.at || compareText(a.association, b.association);

function aboutOf({ association, anchor }: Upcoming) {
  const { name, document, schedule } = association;
  return {
    association: name,
    document,
    schedule: schedule === null ? null : describeSchedule(schedule),
    timezone: schedule?.kind === 'cron' ? schedule.timezone : 'UTC',
    anchor,
  };
}

type Tallied = ForecastRun & { times: Instant[]; count: number; last: Instant };
type TalliedSkip = ForecastSkip & { slots: number; last: Instant };

/** Field by field: a hundred thousand times, and a spread of the rest is ten times slower. */
const tally = (run: Run): Tallied => ({
  at: run.at,
  association: run.association,
  nodes: run.nodes,
  trigger: run.trigger,
  reason: run.reason,
  isSlot: run.isSlot,
  ring: run.ring,
  estimated: run.estimated,
  times: [run.at],
  count: 1,
  last: run.at,
});

type Track = {
  readonly skipped: readonly ForecastSkip[];
  readonly skippedComplete: boolean;
  /** Everything before `end`: new entries go to `into`, if they are still wanted. Gives how much it was. */
  advance(end: Instant, into: Tallied[] | null): number;
  summary(): AssociationForecast;
};

function openTrack(upcoming: Upcoming, { from, until, dayOf }: ForecastOptions): Track {
  const occurrences = timelineOf(upcoming, { from, until });
  const skipped: TalliedSkip[] = [];
  let skippedComplete = true;
  let next = occurrences.next();
  let today: { readonly day: number; readonly run: Tallied } | null = null;
  let runs = 0;
  let slotsSkipped = 0;
  let first: Instant | null = null;
  let last: Instant | null = null;

  function list(run: Run, into: Tallied[] | null): void {
    const day = dayOf === null || !run.isSlot ? null : dayOf(run.at);
    if (day !== null && today?.day === day) {
      today.run.count++;
      today.run.last = run.at;
      if (today.run.times.length < TIMES_MAX) today.run.times.push(run.at);
    } else if (into !== null) {
      const tallied = tally(run);
      into.push(tallied);
      if (day !== null) today = { day, run: tallied };
    }
  }

  function skip({ kind: _, ...slot }: Skipped): void {
    const before = skipped.at(-1);
    slotsSkipped++;
    if (before?.reason === slot.reason && before.until === slot.until) {
      before.slots++;
      before.last = slot.at;
    } else if (skipped.length < SKIPPED_MAX) skipped.push({ ...slot, slots: 1, last: slot.at });
    else skippedComplete = false;
  }

  return {
    skipped,
    get skippedComplete() {
      return skippedComplete;
    },
    advance(end, into) {
      let taken = 0;
      for (; next.done !== true && next.value.at < end; next = occurrences.next()) {
        taken++;
        if (next.value.kind === 'skipped') {
          skip(next.value);
          continue;
        }
        runs++;
        first ??= next.value.at;
        last = next.value.at;
        list(next.value, into);
      }
      return taken;
    },
    summary: () => ({
      ...aboutOf(upcoming),
      nodes: upcoming.nodes,
      runs,
      skipped: slotsSkipped,
      first,
      last,
    }),
  };
}
