import type { Calendar, CalendarEvent, CalendarLength, CalendarTime } from '../model/calendar.ts';
import type { Clock } from './clock.ts';
import { openClocks } from './clock.ts';
import { openRecurrence } from './recurrence.ts';
import { openTimes } from './times.ts';

/** From `start` to before `end`, in ms since the epoch. */
export type Span = { readonly start: number; readonly end: number };

/** What the events of a calendar cover of the time from `from` to before `to`, cut to it, in no order. */
export type Spans = (from: number, to: number) => readonly Span[];

export function openSpans(calendar: Calendar): {
  readonly between: Spans;
  /** How many occurrences a day its rules give at most. */
  readonly perDayMax: number;
} {
  const clocks = openClocks(calendar);
  const events = calendar.events.map((event) => openEvent(event, clocks));
  const between: Spans = (from, to) => {
    const spans: Span[] = [];
    for (const spansOf of events) {
      for (const { start, end } of spansOf(from, to)) {
        const cut = { start: Math.max(start, from), end: Math.min(end, to) };
        if (cut.start < cut.end) spans.push(cut);
      }
    }
    return spans;
  };
  return { between, perDayMax: occurrencesPerDay(calendar.events) };
}

/** How many occurrences of recurring events a day has at most. */
export function occurrencesPerDay(events: readonly CalendarEvent[]): number {
  return events.reduce(
    (sum, { rule, start }) => sum + (rule === null ? 0 : openTimes(rule, start.local).perDayMax),
    0,
  );
}

/** No clock is further from UTC than this, so it bounds what a local time can mean. */
const ZONE_MS_MAX = 26 * 3_600_000;

type Clocks = ReturnType<typeof openClocks>;

/** Only times near the window are put on a clock: the rules of a zone cost a millisecond for each year. */
function openEvent(event: CalendarEvent, clocks: Clocks): Spans {
  const { start, length, rule, further } = event;
  const isLeft = exceptions(event, clocks);
  const single: readonly Single[] = [...(rule === null ? [{ start, length }] : []), ...further];
  const singles: Spans = (from, to) =>
    single
      .filter(({ start: { local }, length: { clockMs, ms } }) => {
        const isBefore = local + clockMs + ms + ZONE_MS_MAX < from;
        return !isBefore && local - ZONE_MS_MAX < to;
      })
      .flatMap((one) => {
        const span = spanOf(clocks.clockOf(one.start.zone), one.start.local, one.length);
        return isLeft(one.start, span.start) ? [] : [span];
      });
  if (rule === null) return singles;
  const { between } = openRecurrence(rule, start.local);
  const clock = clocks.clockOf(start.zone);
  const until = rule.until === null ? Number.POSITIVE_INFINITY : clocks.instantOf(rule.until);
  const reachMs = length.clockMs + length.ms + ZONE_MS_MAX;
  return (from, to) => {
    const spans = [...singles(from, to)];
    if (from - reachMs > until) return spans;
    for (const local of between(from - reachMs, Math.min(to, until) + ZONE_MS_MAX)) {
      const span = spanOf(clock, local, length);
      if (span.start <= until && !isLeft({ local, zone: start.zone }, span.start)) spans.push(span);
    }
    return spans;
  };
}

type Single = { readonly start: CalendarTime; readonly length: CalendarLength };

function spanOf(clock: Clock, local: number, { clockMs, ms }: CalendarLength): Span {
  return { start: clock(local), end: clock(local + clockMs) + ms };
}

/** Whether an occurrence is left out. Written on its own clock, as most are, an exception is compared as it stands. */
function exceptions(
  { except }: CalendarEvent,
  { instantOf }: Clocks,
): (start: CalendarTime, at: number) => boolean {
  if (except.length === 0) return () => false;
  const byDay = new Map<number, CalendarTime[]>();
  for (const one of except) {
    const day = Math.floor(one.local / DAY_MS);
    const others = byDay.get(day);
    if (others === undefined) byDay.set(day, [one]);
    else others.push(one);
  }
  return ({ local, zone }, at) => {
    const day = Math.floor(local / DAY_MS);
    // Two clocks are at most two dates apart.
    const near = [day - 2, day - 1, day, day + 1, day + 2].flatMap((one) => byDay.get(one) ?? []);
    return near.some((one) => (one.zone === zone ? one.local === local : instantOf(one) === at));
  };
}

const DAY_MS = 86_400_000;
