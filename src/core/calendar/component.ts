import type { Problem } from '../model/problem.ts';
import type { ContentLine, Place } from './content-lines.ts';
import { contentLines } from './content-lines.ts';

/** What stands between BEGIN and END. */
export type Component = {
  /** Upper case: `VEVENT`. */
  readonly name: string;
  readonly place: Place;
  readonly lines: readonly ContentLine[];
  readonly inner: readonly Component[];
};

/** Where the reading of one calendar gathers its problems. */
export type CalendarDesk = {
  readonly problems: readonly Problem[];
  readonly error: (code: string, place: Place, message: string, hint: string) => void;
  readonly warn: (code: string, place: Place, message: string, hint: string) => void;
};

export function openCalendarDesk(file: string): CalendarDesk {
  const problems: Problem[] = [];
  const report =
    (severity: Problem['severity']) =>
    (code: string, { line, column }: Place, message: string, hint: string): void => {
      problems.push({ code, severity, file, line, column, pointer: '', message, hint });
    };
  return { problems, error: report('error'), warn: report('warning') };
}

/** The one VCALENDAR of a file, or null: what is wrong is on the desk. */
export function readComponents(text: string, desk: CalendarDesk): Component | null {
  const root: Open = { name: '', place: { line: 1, column: 1 }, lines: [], inner: [] };
  const open: Open[] = [root];
  for (const { place, line } of contentLines(text)) {
    const around = open.at(-1) ?? root;
    const name = line?.value.trim().toUpperCase() ?? '';
    if (line === null) {
      desk.error('calendar-syntax', place, 'this is no line of a calendar', SYNTAX_HINT);
    } else if (line.name === 'BEGIN') {
      if (open.length > DEPTH_MAX) {
        desk.error('calendar-limit', place, `more than ${DEPTH_MAX} components in each other`, '');
        return null;
      }
      const component = { name, place, lines: [], inner: [] };
      around.inner.push(component);
      open.push(component);
    } else if (line.name === 'END') {
      if (around === root || around.name !== name) {
        const expected = around === root ? 'nothing is open here' : `END:${around.name} is due`;
        desk.error(
          'calendar-syntax',
          place,
          `END:${name.slice(0, 40)}, but ${expected}`,
          'Pair each BEGIN with its END.',
        );
        return null;
      }
      open.pop();
    } else if (around === root) {
      desk.error(
        'calendar-syntax',
        place,
        'this line stands outside of BEGIN and END',
        'Put it between BEGIN:VCALENDAR and END:VCALENDAR.',
      );
      return null;
    } else around.lines.push(line);
  }
  const unclosed = open.at(-1);
  if (unclosed !== undefined && unclosed !== root) {
    desk.error(
      'calendar-syntax',
      unclosed.place,
      `BEGIN:${unclosed.name.slice(0, 40)} has no END`,
      'The file may have been cut off: fetch it again.',
    );
    return null;
  }
  return theCalendar(root, desk);
}

type Open = {
  readonly name: string;
  readonly place: Place;
  readonly lines: ContentLine[];
  readonly inner: Component[];
};

/** VCALENDAR, VTIMEZONE, STANDARD are three. */
const DEPTH_MAX = 6;
const SYNTAX_HINT = 'Write NAME:value, and begin a line that goes on with a blank.';

function theCalendar({ inner, place }: Open, desk: CalendarDesk): Component | null {
  const [calendar, second] = inner;
  if (calendar === undefined) {
    if (desk.problems.length > 0) return null;
    desk.error(
      'calendar-syntax',
      place,
      'there is no calendar in this file',
      'Write BEGIN:VCALENDAR … END:VCALENDAR.',
    );
    return null;
  }
  const odd = inner.find(({ name }) => name !== 'VCALENDAR') ?? second;
  if (odd === undefined) return calendar;
  desk.error(
    'calendar-syntax',
    odd.place,
    `${odd.name.slice(0, 40)} stands beside the first component; a file is one VCALENDAR`,
    'Put each calendar into a file of its own.',
  );
  return null;
}

/** The only line of that name; more than one is a problem. */
export function onlyLine(
  component: Component,
  name: string,
  desk: CalendarDesk,
): ContentLine | null {
  const [line, second] = component.lines.filter((one) => one.name === name);
  if (second !== undefined) {
    desk.error('calendar-event', second.place, `${name} is written twice`, 'Keep one of the two.');
  }
  return line ?? null;
}
