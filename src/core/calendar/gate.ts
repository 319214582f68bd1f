import type { Instant } from '../model/brand.ts';
import { instant } from '../model/brand.ts';
import type { Calendar } from '../model/calendar.ts';
import { unreachable } from '../model/errors.ts';
import type { Timeline } from './timeline.ts';
import { openTimeline } from './timeline.ts';

/** What calendars say at an instant, all of them together. */
export type Gate = {
  /** Every calendar is open. */
  readonly open: boolean;
  /** When this changes next, as far as calendars are looked ahead; null: not in that time. Never before `at`. */
  readonly until: Instant | null;
  /** `until` is when it changes; else it is how far one has looked, and it may stay so for longer. */
  readonly isChange: boolean;
  /** Names of those that are closed. */
  readonly closedBy: readonly string[];
  /** One sentence for each of them that cannot be read: it is closed because nobody knows better. */
  readonly alerts: readonly string[];
};

/** The calendars of `CalendarNames`. A name without a calendar stands for one that cannot be read. */
export function calendarsNamed(
  names: readonly string[],
  calendars: ReadonlyMap<string, Calendar>,
): readonly Calendar[] {
  return names.map((name) => calendars.get(name) ?? missingCalendar(name));
}

/**
 * Open when every calendar is open. None at all is open. Cheap when called often: a calendar is unrolled once per object
 * and span of time, and an answer holds until the next change.
 */
export function calendarGate(calendars: readonly Calendar[], at: Instant): Gate {
  const closed = calendars.filter((calendar) => !stateAt(calendar, at).open);
  return {
    open: closed.length === 0,
    ...nextChange(calendars, at),
    closedBy: closed.map(({ name }) => name),
    alerts: closed.flatMap(({ file, unreadable }) =>
      unreadable === null ? [] : [`${file} counts as closed: ${unreadable}`],
    ),
  };
}

type State = { readonly open: boolean; readonly until: number | null; readonly isChange: boolean };

function stateAt(calendar: Calendar, at: number): State {
  if (calendar.unreadable !== null) return { open: false, until: null, isChange: false };
  const { inside, until, isChange } = timelineOf(calendar).at(at);
  switch (calendar.kind) {
    case 'DEFAULT_OPEN':
      return { open: !inside, until, isChange };
    case 'DEFAULT_CLOSED':
      return { open: inside, until, isChange };
    default:
      return unreachable(calendar.kind);
  }
}

/**
 * Open ends with the first that closes. Closed ends, at the earliest, when the last of those that are closed now opens;
 * by then another may have closed, so we look again. Calendars that are never open together would keep us looking: then
 * the instant is one at which the state may change, and the caller asks again.
 */
function nextChange(calendars: readonly Calendar[], at: Instant): Pick<Gate, 'until' | 'isChange'> {
  let now: number = at;
  for (let look = 0; look < LOOKS_MAX; look++) {
    const states = calendars.map((calendar) => stateAt(calendar, now));
    const closed = states.filter(({ open }) => !open);
    if (closed.length === 0)
      return look === 0 ? earliest(states) : { until: instant(now), isChange: true };
    const opens = closed.map(({ until }) => until);
    if (opens.includes(null)) return never;
    now = Math.max(...opens.map((until) => until ?? now));
    if (closed.some(({ until, isChange }) => until === now && !isChange)) break;
  }
  return { until: instant(now), isChange: false };
}

const never = { until: null, isChange: false } as const;

const LOOKS_MAX = 100;

function earliest(states: readonly State[]): Pick<Gate, 'until' | 'isChange'> {
  const ends = states.flatMap(({ until }) => (until === null ? [] : [until]));
  if (ends.length === 0) return never;
  const until = instant(Math.min(...ends));
  return { until, isChange: states.some((state) => state.until === until && state.isChange) };
}

const timelines = new WeakMap<Calendar, Timeline>();

function timelineOf(calendar: Calendar): Timeline {
  let timeline = timelines.get(calendar);
  if (timeline === undefined) {
    timeline = openTimeline(calendar);
    timelines.set(calendar, timeline);
  }
  return timeline;
}

function missingCalendar(name: string): Calendar {
  const file = `calendars/${name}.ics`;
  return {
    name,
    kind: 'DEFAULT_CLOSED',
    file,
    unreadable: 'there is no such file',
    floatingZone: 'UTC',
    zones: [],
    events: [],
  };
}
