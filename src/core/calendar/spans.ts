import type { Calendar, CalendarEvent, CalendarLength, CalendarTime } from '../model/calendar.ts';
import type { Clock } from './clock.ts';
import { openClocks } from './clock.ts';
import { openRecurrence } from './recurrence.ts';

/** From `start` to before `end`, in ms since the epoch. */
export type Span = { readonly start: number; readonly end: number };

/** What the events of a calendar cover of the time from `from` to before `to`, cut to it, in no order. */
export type Spans = (from: number, to: number) => readonly Span[];

export function openSpans(calendar: Calendar): {
  readonly between: Spans;
  readonly recurring: number;
} {
  const clocks = openClocks(calendar);
  const events = calendar.events.map((event) => openEvent(event, clocks));
  const recurring = calendar.events.filter(({ rule }) => rule !== null).length;
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
  return { between, recurring };
}

/** No clock is further from UTC than this, so it bounds what a local time can mean. */
const ZONE_MS_MAX = 26 * 3_600_000;

function openEvent(
  { start, length, rule, further, except }: CalendarEvent,
  { clockOf, instantOf }: ReturnType<typeof openClocks>,
): Spans {
  const spanOf = (clock: Clock, local: number, { clockMs, ms }: CalendarLength): Span => ({
    start: clock(local),
    end: clock(local + clockMs) + ms,
  });
  const clock = clockOf(start.zone);
  const left = new Set(except.map(instantOf));
  const once = [...(rule === null ? [{ start, length }] : []), ...further]
    .map((one: { readonly start: CalendarTime; readonly length: CalendarLength }) =>
      spanOf(clockOf(one.start.zone), one.start.local, one.length),
    )
    .filter((span) => !left.has(span.start));
  if (rule === null) return () => once;
  const recurrence = openRecurrence(rule, start.local);
  const until = rule.until === null ? Number.POSITIVE_INFINITY : instantOf(rule.until);
  const reachMs = length.clockMs + length.ms + ZONE_MS_MAX;
  return (from, to) => {
    if (from - reachMs > until) return once;
    const spans = recurrence
      .between(from - reachMs, Math.min(to, until) + ZONE_MS_MAX)
      .map((local) => spanOf(clock, local, length))
      .filter((span) => span.start <= until && !left.has(span.start));
    return [...once, ...spans];
  };
}
