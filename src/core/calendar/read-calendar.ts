import type { Calendar, CalendarEvent, CalendarKind, CalendarTime } from '../model/calendar.ts';
import type { Problem } from '../model/problem.ts';
import { openZone } from '../schedule/zone.ts';
import { openClocks } from './clock.ts';
import type { CalendarDesk, Component } from './component.ts';
import { onlyLine, openCalendarDesk, readComponents } from './component.ts';
import type { Reference, WrittenEvent } from './read-event.ts';
import { readEvent } from './read-event.ts';
import { PER_DAY_MAX } from './read-rule.ts';
import { shown } from './read-time.ts';
import { readZones } from './read-zone.ts';
import { openRecurrence } from './recurrence.ts';
import { occurrencesPerDay } from './spans.ts';

/** What a calendar file says by itself; the zone of times without one may come from `reconciled.yaml`. */
export type CalendarContent = Pick<Calendar, 'kind' | 'zones' | 'events'> & {
  /** X-WR-TIMEZONE; null: `defaults.timezone` of `reconciled.yaml`. */
  readonly floatingZone: string | null;
};

/** AWS allows 64 KiB of text, which is some 300 events. */
export const EVENTS_MAX = 1_000;
export const RECURRING_EVENTS_MAX = 100;
/** RDATE, EXDATE and RECURRENCE-ID of a whole file. */
export const DATES_MAX = 2_000;

/**
 * A change calendar in iCalendar (RFC 5545). Everything wrong is found at once; what has no meaning for a gate (VTODO,
 * VALARM, ATTENDEE, …) is passed over. `content` is null exactly when a problem is an error.
 */
export function readCalendar(
  text: string,
  file: string,
): { readonly content: CalendarContent | null; readonly problems: readonly Problem[] } {
  const desk = openCalendarDesk(file);
  const calendar = readComponents(text, desk);
  const content = calendar === null ? null : readContent(calendar, desk);
  const isRefused = desk.problems.some(({ severity }) => severity === 'error');
  if (calendar !== null && content !== null && !isRefused) warnOfNoEvents(calendar, content, desk);
  return { content: isRefused ? null : content, problems: desk.problems };
}

function readContent(calendar: Component, desk: CalendarDesk): CalendarContent | null {
  const kind = readKind(calendar, desk);
  refuseOtherVersions(calendar, desk);
  const zones = readZones(calendar, desk);
  const floatingZone = readFloatingZone(calendar, zones, desk);
  const components = calendar.inner.filter(({ name }) => name === 'VEVENT');
  if (isTooMuch(calendar, components, desk)) return null;
  const clocks = openClocks({ zones, floatingZone: 'UTC' });
  const ownZones = new Set(zones.map(({ id }) => id));
  const written = components.flatMap((one) => readEvent(one, { desk, ownZones, ...clocks }) ?? []);
  warnOfBusyTimes(calendar, desk);
  refuseTooFull(calendar, written, desk);
  const events = assemble(written, { desk, instantOf: clocks.instantOf, mayLook: upTo(LOOKS_MAX) });
  return kind === null ? null : { kind, zones, events, floatingZone };
}

// --- the calendar's own properties ------------------------------------------------------------------------------

/** There is no default: the wrong one would turn every event into its opposite. */
function readKind(calendar: Component, desk: CalendarDesk): CalendarKind | null {
  const hint = 'Write X-CALENDAR-TYPE:DEFAULT_OPEN or X-CALENDAR-TYPE:DEFAULT_CLOSED.';
  const line = onlyLine(calendar, 'X-CALENDAR-TYPE', desk);
  if (line === null) {
    const message = 'the calendar does not say whether its events close or open it';
    desk.error('calendar-type', calendar.place, message, hint);
    return null;
  }
  switch (line.value.trim().toUpperCase().replaceAll('-', '_')) {
    case 'DEFAULT_OPEN':
      return 'DEFAULT_OPEN';
    case 'DEFAULT_CLOSED':
      return 'DEFAULT_CLOSED';
    default:
      desk.error(
        'calendar-type',
        line.placeInValue(0),
        `${shown(line.value)} is no type of calendar`,
        hint,
      );
      return null;
  }
}

function refuseOtherVersions(calendar: Component, desk: CalendarDesk): void {
  for (const { name, value } of [
    { name: 'VERSION', value: '2.0' },
    { name: 'CALSCALE', value: 'GREGORIAN' },
  ]) {
    const line = onlyLine(calendar, name, desk);
    if (line === null || line.value.trim().toUpperCase() === value) continue;
    desk.error(
      'calendar-syntax',
      line.placeInValue(0),
      `${name} is ${shown(line.value)}; only ${value} is read`,
      'Export the calendar as iCalendar 2.0.',
    );
  }
}

function readFloatingZone(
  calendar: Component,
  zones: Calendar['zones'],
  desk: CalendarDesk,
): string | null {
  const line = onlyLine(calendar, 'X-WR-TIMEZONE', desk);
  if (line === null || line.value.trim() === '') return null;
  const name = line.value.trim();
  const found = openZone(name)?.name ?? zones.find(({ id }) => id === name)?.id;
  if (found === undefined) {
    desk.error(
      'calendar-zone',
      line.placeInValue(0),
      `X-WR-TIMEZONE: ${shown(name)} is no IANA time zone`,
      'Write a name such as Europe/Berlin.',
    );
  }
  return found ?? null;
}

function isTooMuch(calendar: Component, events: readonly Component[], desk: CalendarDesk): boolean {
  const count = (name: string): number =>
    events.reduce((sum, { lines }) => sum + lines.filter((line) => line.name === name).length, 0);
  const dates = events
    .flatMap(({ lines }) => lines)
    .filter(({ name }) => name === 'RDATE' || name === 'EXDATE' || name === 'RECURRENCE-ID')
    .reduce((sum, { value }) => sum + value.split(',').length, 0);
  const limits = [
    { what: 'events', is: events.length, max: EVENTS_MAX },
    { what: 'recurring events', is: count('RRULE'), max: RECURRING_EVENTS_MAX },
    { what: 'dates in RDATE, EXDATE and RECURRENCE-ID', is: dates, max: DATES_MAX },
  ].filter(({ is, max }) => is > max);
  for (const { what, is, max } of limits) {
    desk.error(
      'calendar-limit',
      calendar.place,
      `the calendar has ${is} ${what}; at most ${max} are allowed`,
      'Split it: an association may name several calendars.',
    );
  }
  return limits.length > 0;
}

function refuseTooFull(
  { place }: Component,
  written: readonly WrittenEvent[],
  desk: CalendarDesk,
): void {
  const perDay = occurrencesPerDay(written.map(({ event }) => event));
  if (perDay <= PER_DAY_MAX) return;
  desk.error(
    'calendar-limit',
    place,
    `the rules of the calendar give up to ${perDay} occurrences a day; at most ${PER_DAY_MAX} are allowed`,
    'Split it: an association may name several calendars.',
  );
}

function warnOfNoEvents(
  { place }: Component,
  { kind, events }: CalendarContent,
  desk: CalendarDesk,
): void {
  if (events.length > 0) return;
  const always = kind === 'DEFAULT_OPEN' ? 'open' : 'closed';
  desk.warn(
    'calendar-no-events',
    place,
    `the calendar has no event that counts: it is always ${always}`,
    'Add an event; advisory and cancelled ones do not count.',
  );
}

function warnOfBusyTimes({ inner }: Component, desk: CalendarDesk): void {
  for (const { name, place } of inner) {
    if (name !== 'VFREEBUSY') continue;
    desk.warn('no-effect', place, 'VFREEBUSY has no effect on a change calendar', 'Write VEVENT.');
  }
}

// --- events and their moved occurrences -------------------------------------------------------------------------

type Assembly = {
  readonly desk: CalendarDesk;
  readonly instantOf: (time: CalendarTime) => number;
  /** False once enough has been compared between clocks: each comparison may cost some milliseconds. */
  readonly mayLook: () => boolean;
};

/** How many exceptions on another clock than their event's are looked up. Most files have none. */
const LOOKS_MAX = 100;

function upTo(count: number): () => boolean {
  let left = count;
  return () => left-- > 0;
}

/** A moved occurrence is an event of its own, and its old place is left out of the event that it belongs to. */
function assemble(written: readonly WrittenEvent[], assembly: Assembly): readonly CalendarEvent[] {
  const moved = new Map<string, WrittenEvent[]>();
  for (const one of written) {
    if (one.replaces === null) continue;
    const uid = one.uid ?? '';
    if (uid === '') {
      const message = 'RECURRENCE-ID without UID belongs to no event';
      assembly.desk.error('calendar-event', one.replaces.line.place, message, 'Add the UID.');
    }
    const others = moved.get(uid);
    if (others === undefined) moved.set(uid, [one]);
    else others.push(one);
  }
  const events: CalendarEvent[] = [];
  for (const one of written) {
    warnOfUnused(one, one.excluded, assembly);
    // Taken out when found: of two events with one UID, only the first can be meant.
    const uid = one.uid ?? '';
    const replacing = one.replaces === null ? (moved.get(uid) ?? []) : [];
    if (replacing.length > 0) moved.delete(uid);
    const references = replacing.flatMap(({ replaces }) => (replaces === null ? [] : [replaces]));
    for (const { isDate, line } of references) {
      if (isDate === one.isDate) continue;
      assembly.desk.error(
        'calendar-time',
        line.placeInValue(0),
        'RECURRENCE-ID is of another kind than the DTSTART of its event',
        'Write it as that DTSTART is written.',
      );
    }
    warnOfUnused(one, references, assembly);
    if (!one.counts) continue;
    const except = [...one.event.except, ...references.map(({ time }) => time)];
    events.push({ ...one.event, except });
  }
  return events;
}

/** An exception that hits nothing is most often a slip in the zone or the time of day, and changes nothing. */
function warnOfUnused(
  { event }: WrittenEvent,
  references: readonly Reference[],
  assembly: Assembly,
): void {
  for (const { time, line } of references) {
    if (occursAt(event, time, assembly)) continue;
    assembly.desk.warn(
      'calendar-unused',
      line.placeInValue(0),
      `${line.name} names no occurrence of the event at line ${event.line}`,
      'Compare its time and its zone with DTSTART.',
    );
  }
}

function occursAt(event: CalendarEvent, time: CalendarTime, assembly: Assembly): boolean {
  const { start, rule, further } = event;
  const { local, zone } = time;
  const singles = [start, ...further.map((one) => one.start)];
  if (zone !== start.zone) return occursOnAnotherClock(event, time, assembly);
  if (singles.some((one) => one.zone === zone && one.local === local)) return true;
  const isPast = rule?.until?.zone === zone && rule.until.local < local;
  if (rule === null || isPast) return false;
  return openRecurrence(rule, start.local).between(local, local + 1).length > 0;
}

/** The floating zone is not known yet: times without a zone are not compared with others. */
function occursOnAnotherClock(
  { start, rule, further }: CalendarEvent,
  time: CalendarTime,
  { instantOf, mayLook }: Assembly,
): boolean {
  if (start.zone === null || time.zone === null || !mayLook()) return true;
  const at = instantOf(time);
  if ([start, ...further.map((one) => one.start)].some((one) => instantOf(one) === at)) return true;
  if (rule === null || (rule.until !== null && instantOf(rule.until) < at)) return false;
  return openRecurrence(rule, start.local)
    .between(at - TWO_DAYS_MS, at + TWO_DAYS_MS)
    .some((local) => instantOf({ local, zone: start.zone }) === at);
}

/** No local time is further from UTC. */
const TWO_DAYS_MS = 2 * 86_400_000;
