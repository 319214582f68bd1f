/** Builders of calendar files for tests. */
import assert from 'node:assert/strict';
import { calendarGate } from '../../../src/core/calendar/gate.ts';
import { readCalendar } from '../../../src/core/calendar/read-calendar.ts';
import { formatInstant, instant, parseInstant } from '../../../src/core/model/brand.ts';
import type { Calendar } from '../../../src/core/model/calendar.ts';
import type { Problem } from '../../../src/core/model/problem.ts';

/** A DEFAULT_OPEN calendar with `lines` in it. */
export const calendar = (...lines: readonly string[]): string =>
  [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'X-CALENDAR-TYPE:DEFAULT_OPEN',
    ...lines,
    'END:VCALENDAR',
    '',
  ].join('\r\n');

export const event = (...lines: readonly string[]): string =>
  ['BEGIN:VEVENT', 'UID:one', ...lines, 'END:VEVENT'].join('\r\n');

export const problemsIn = (text: string): readonly string[] =>
  readCalendar(text, 'calendars/x.ics').problems.map(at);

const at = ({ code, line, column }: Problem): string => `${code} ${line}:${column}`;

/** As loaded into a repository whose clock is `floatingZone`. */
export function read(text: string, floatingZone = 'UTC'): Calendar {
  const { content, problems } = readCalendar(text, 'calendars/x.ics');
  assert.ok(content, problems.map(({ message }) => message).join('; '));
  return {
    ...content,
    name: 'x',
    file: 'calendars/x.ics',
    unreadable: null,
    floatingZone: content.floatingZone ?? floatingZone,
  };
}

/** When it is closed after `from`, `start/end` each, for the first `count` times. */
export function closedTimes(of: Calendar, from: string, count: number): readonly string[] {
  const times: string[] = [];
  let now = parseInstant(from) ?? assert.fail(from);
  while (times.length < count) {
    const gate = calendarGate([of], now);
    if (gate.until === null) return gate.open ? times : [...times, `${short(now)}/`];
    if (!gate.open) times.push(`${short(now)}/${short(gate.until)}`);
    now = instant(gate.until);
  }
  return times;
}

const short = (at: number): string => formatInstant(instant(at)).replace(/:00Z$/, '').slice(5);
