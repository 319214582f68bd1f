import type { Calendar, CalendarLength, CalendarTime } from '../model/calendar.ts';
import { present } from '../model/errors.ts';
import { openZone } from '../schedule/zone.ts';
import type { Span } from './timeline.ts';

/** What the events of a calendar cover of the time from `from` to before `to`, cut to it. In no order. */
export function spansBetween(calendar: Calendar, from: number, to: number): readonly Span[] {
  const spans: Span[] = [];
  for (const { start, length, further } of calendar.events) {
    for (const each of [{ start, length }, ...further]) {
      const begin = instantOf(each.start, calendar);
      const end = endOf(each.start, each.length, calendar);
      if (begin < to && end > from)
        spans.push({ start: Math.max(begin, from), end: Math.min(end, to) });
    }
  }
  return spans;
}

const DAY_MS = 86_400_000;

function endOf(start: CalendarTime, { days, ms }: CalendarLength, calendar: Calendar): number {
  return instantOf({ ...start, local: start.local + days * DAY_MS }, calendar) + ms;
}

function instantOf({ local, zone }: CalendarTime, { floatingZone }: Calendar): number {
  return present(openZone(zone ?? floatingZone), 'zones were checked').instantAt(local);
}
