import type {
  CalendarEvent,
  CalendarLength,
  CalendarTime,
  RecurrenceRule,
} from '../model/calendar.ts';
import type { Clock } from './clock.ts';
import type { CalendarDesk, Component } from './component.ts';
import { onlyLine } from './component.ts';
import type { ContentLine } from './content-lines.ts';
import { readRule } from './read-rule.ts';
import type { TimeReader, WrittenTime } from './read-time.ts';
import { itemsOf, readDuration, readTime, readTimes, readTimeText, shown } from './read-time.ts';
import { fitsItsRule } from './recurrence.ts';

/** A time that must be an occurrence of some event, and where it is written. */
export type Reference = { readonly time: CalendarTime; readonly line: ContentLine };

export type WrittenEvent = {
  readonly event: CalendarEvent;
  readonly uid: string | null;
  /** Neither advisory nor cancelled. */
  readonly counts: boolean;
  /** RECURRENCE-ID: this is one occurrence of another event, moved or cancelled. */
  readonly replaces: (Reference & { readonly isDate: boolean }) | null;
  readonly isDate: boolean;
  readonly excluded: readonly Reference[];
};

export type EventReader = TimeReader & {
  /** Between times that are both in a zone. */
  readonly instantOf: (time: CalendarTime) => number;
  readonly clockOf: (zone: string) => Clock;
};

/** What a VEVENT says; null when it cannot be read, which is on the desk. */
export function readEvent(component: Component, reader: EventReader): WrittenEvent | null {
  const { desk } = reader;
  const line = (name: string): ContentLine | null => onlyLine(component, name, desk);
  const startLine = line('DTSTART');
  if (startLine === null) {
    desk.error('calendar-event', component.place, 'the event has no DTSTART', 'Add one.');
    return null;
  }
  const start = readTime(startLine, reader);
  const counts = readCounts(component, desk);
  const replaces = readReplaces(line('RECURRENCE-ID'), reader);
  if (start === null || replaces === undefined) return null;
  const length = readLength(
    { start, startLine, endLine: line('DTEND'), durationLine: line('DURATION') },
    reader,
  );
  if (length === null) return null;
  const rule = readEventRule(component, { start, length, isReplacement: replaces !== null }, desk);
  const further = readFurther(component, { start, length }, reader);
  const excluded = readExcluded(component, start, reader);
  if (rule === undefined || further === null || excluded === null) return null;
  return {
    event: {
      summary: plainText(line('SUMMARY')?.value ?? ''),
      line: component.place.line,
      start: start.time,
      length,
      rule,
      further,
      except: excluded.map(({ time }) => time),
    },
    uid: line('UID')?.value ?? null,
    counts,
    replaces,
    isDate: start.isDate,
    excluded,
  };
}

// --- whether it counts ------------------------------------------------------------------------------------------

/** AWS marks its events STANDARD or ADVISORY. TRANSP is not asked: Google writes TRANSPARENT for any whole day. */
function readCounts(component: Component, desk: CalendarDesk): boolean {
  const type = onlyLine(component, 'X-EVENT-TYPE', desk);
  const written = type?.value.trim().toUpperCase() ?? 'STANDARD';
  if (type !== null && written !== 'STANDARD' && written !== 'ADVISORY') {
    const message = `X-EVENT-TYPE: ${shown(type.value)} is neither STANDARD nor ADVISORY`;
    desk.error(
      'calendar-event',
      type.placeInValue(0),
      message,
      'Leave it out for an event that counts.',
    );
  }
  const status = onlyLine(component, 'STATUS', desk)?.value.trim().toUpperCase();
  return written !== 'ADVISORY' && status !== 'CANCELLED';
}

/** Null: it stands for itself. Undefined: it cannot be read. */
function readReplaces(
  line: ContentLine | null,
  reader: EventReader,
): WrittenEvent['replaces'] | undefined {
  if (line === null) return null;
  if (line.parameters.has('RANGE')) {
    const hint = 'End the rule with UNTIL, and write a new event from there on.';
    reader.desk.error(
      'calendar-event',
      line.place,
      'RECURRENCE-ID with RANGE is not supported',
      hint,
    );
    return undefined;
  }
  const time = readTime(line, reader);
  return time === null ? undefined : { time: time.time, isDate: time.isDate, line };
}

// --- how long it lasts ------------------------------------------------------------------------------------------

const DAY_MS = 86_400_000;
const RECURRING_DAYS_MAX = 92;

type Ends = {
  readonly start: WrittenTime;
  readonly startLine: ContentLine;
  readonly endLine: ContentLine | null;
  readonly durationLine: ContentLine | null;
};

function readLength(
  { start, startLine, endLine, durationLine }: Ends,
  reader: EventReader,
): CalendarLength | null {
  const { desk } = reader;
  if (endLine !== null && durationLine !== null) {
    desk.error(
      'calendar-event',
      durationLine.place,
      'DTEND and DURATION exclude each other',
      'Keep one of the two.',
    );
    return null;
  }
  if (durationLine !== null) return readDurationLine(durationLine, start, desk);
  if (endLine !== null) {
    const end = readTime(endLine, reader);
    return end === null ? null : lengthBetween(start, end, { line: endLine, reader });
  }
  if (start.isDate) return { clockMs: DAY_MS, ms: 0 };
  warnOfNoLength(startLine, desk);
  return { clockMs: 0, ms: 0 };
}

function readDurationLine(
  line: ContentLine,
  start: WrittenTime,
  desk: CalendarDesk,
): CalendarLength | null {
  const length = readDuration(line.value.trim().toUpperCase());
  if (length === null || (start.isDate && length.ms > 0)) {
    const message = `DURATION: ${shown(line.value)} is no length of ${start.isDate ? 'a whole day or more' : 'time'}`;
    desk.error(
      'calendar-time',
      line.placeInValue(0),
      message,
      start.isDate ? 'Write P2D.' : 'Write PT8H or P1DT12H.',
    );
    return null;
  }
  if (length.clockMs + length.ms === 0) warnOfNoLength(line, desk);
  return length;
}

type Bounds = { readonly line: ContentLine; readonly reader: EventReader };

/** On one clock: what the clock moves on. Between two: the time that passes. */
function lengthBetween(
  start: WrittenTime,
  end: WrittenTime,
  { line, reader }: Bounds,
): CalendarLength | null {
  const { desk, instantOf } = reader;
  const place = line.placeInValue(0);
  if (start.isDate !== end.isDate || (start.time.zone === null) !== (end.time.zone === null)) {
    const hint = 'Write both as dates, both with a zone, or both without.';
    desk.error('calendar-time', place, `${line.name} is of another kind than DTSTART`, hint);
    return null;
  }
  const length =
    start.time.zone === end.time.zone
      ? { clockMs: end.time.local - start.time.local, ms: 0 }
      : { clockMs: 0, ms: instantOf(end.time) - instantOf(start.time) };
  if (length.clockMs + length.ms < 0) {
    desk.error('calendar-time', place, `${line.name} is before its start`, 'Exchange the two.');
    return null;
  }
  if (length.clockMs + length.ms === 0) warnOfNoLength(line, desk);
  return length;
}

function warnOfNoLength(line: ContentLine, desk: CalendarDesk): void {
  desk.warn(
    'calendar-no-length',
    line.place,
    'the event has no length, so it changes nothing',
    'Add a DTEND or a DURATION.',
  );
}

// --- when it recurs ---------------------------------------------------------------------------------------------

type Recurring = {
  readonly start: WrittenTime;
  readonly length: CalendarLength;
  readonly isReplacement: boolean;
};

/** Null: it does not. Undefined: something is wrong. */
function readEventRule(
  component: Component,
  { start, length, isReplacement }: Recurring,
  desk: CalendarDesk,
): RecurrenceRule | null | undefined {
  const line = onlyLine(component, 'RRULE', desk);
  const exclusion = component.lines.find(({ name }) => name === 'EXRULE');
  if (exclusion !== undefined) {
    desk.error(
      'calendar-rule',
      exclusion.place,
      'EXRULE is not supported',
      'Write EXDATE instead.',
    );
    return undefined;
  }
  if (line === null) return null;
  if (isReplacement) {
    desk.error(
      'calendar-event',
      line.place,
      'one occurrence of an event cannot recur itself',
      'Remove RRULE or RECURRENCE-ID.',
    );
    return undefined;
  }
  if (length.clockMs + length.ms > RECURRING_DAYS_MAX * DAY_MS) {
    desk.error(
      'calendar-limit',
      line.place,
      `a recurring event may last ${RECURRING_DAYS_MAX} days at most`,
      'Write an event for each time.',
    );
    return undefined;
  }
  const rule = readRule(line, start, desk);
  if (rule === null) return undefined;
  if (!fitsItsRule(rule, start.time.local)) {
    desk.warn(
      'calendar-rule-start',
      line.place,
      'DTSTART is no time that RRULE gives; it counts all the same',
      'Begin at the first time that the rule gives.',
    );
  }
  return rule;
}

type First = { readonly start: WrittenTime; readonly length: CalendarLength };

function readFurther(
  component: Component,
  { start, length }: First,
  reader: EventReader,
): CalendarEvent['further'] | null {
  const further: CalendarEvent['further'][number][] = [];
  for (const line of component.lines.filter(({ name }) => name === 'RDATE')) {
    if (line.parameters.get('VALUE')?.toUpperCase() === 'PERIOD') {
      for (const { text, at } of itemsOf(line.value)) {
        const period = readPeriod(text, { line, at, reader });
        if (period === null) return null;
        further.push(period);
      }
      continue;
    }
    const times = readTimes(line, reader);
    if (times === null || !areOfKind(times, start, { line, reader })) return null;
    for (const { time } of times) further.push({ start: time, length });
  }
  return further;
}

type PeriodAt = { readonly line: ContentLine; readonly at: number; readonly reader: EventReader };

function readPeriod(
  text: string,
  { line, at, reader }: PeriodAt,
): CalendarEvent['further'][number] | null {
  const [startText = '', endText = ''] = text.split('/');
  const start = readTimeText(startText, { line, at, reader });
  if (start === null) return null;
  const length = endText.startsWith('P') ? readDuration(endText.toUpperCase()) : null;
  if (length !== null) return { start: start.time, length };
  const end = readTimeText(endText, { line, at: at + startText.length + 1, reader });
  const between = end === null ? null : lengthBetween(start, end, { line, reader });
  return between === null ? null : { start: start.time, length: between };
}

function readExcluded(
  component: Component,
  start: WrittenTime,
  reader: EventReader,
): readonly Reference[] | null {
  const excluded: Reference[] = [];
  for (const line of component.lines.filter(({ name }) => name === 'EXDATE')) {
    const times = readTimes(line, reader);
    if (times === null || !areOfKind(times, start, { line, reader })) return null;
    for (const { time } of times) excluded.push({ time, line });
  }
  return excluded;
}

/** An EXDATE without a time of day names no occurrence that has one; to guess would open what should be closed. */
function areOfKind(
  times: readonly WrittenTime[],
  start: WrittenTime,
  { line, reader }: Bounds,
): boolean {
  if (times.every(({ isDate }) => isDate === start.isDate)) return true;
  const kind = start.isDate ? 'a date' : 'a date with a time';
  const hint = start.isDate
    ? `Write ${line.name};VALUE=DATE:20260131.`
    : 'Write the date and the time of DTSTART.';
  reader.desk.error(
    'calendar-time',
    line.placeInValue(0),
    `${line.name} must be ${kind}, as DTSTART is`,
    hint,
  );
  return false;
}

/** For reports: one short line. */
function plainText(value: string): string {
  return value
    .replace(/\\[nN]/g, ' ')
    .replace(/\\([\\,;])/g, '$1')
    .trim()
    .slice(0, 200);
}
