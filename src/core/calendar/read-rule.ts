import type { CalendarTime, RecurrenceRule } from '../model/calendar.ts';
import type { CalendarDesk } from './component.ts';
import type { ContentLine } from './content-lines.ts';
import type { WrittenTime } from './read-time.ts';
import { itemsOf, readLocal, shown } from './read-time.ts';
import { startOfNth } from './recurrence.ts';
import { openTimes } from './times.ts';

/** The rule of an RRULE line for an event that starts at `start`; null when something is wrong, which is on the desk. */
export function readRule(
  line: ContentLine,
  start: WrittenTime,
  desk: CalendarDesk,
): RecurrenceRule | null {
  const faults: Fault[] = [];
  const parts = splitParts(line.value, faults);
  const rule = faults.length === 0 ? toRule(parts, start, faults) : null;
  for (const { at, message, hint } of faults) {
    desk.error('calendar-rule', line.placeInValue(at), `RRULE: ${message}`, hint);
  }
  return faults.length === 0 ? rule : null;
}

type Part = { readonly text: string; readonly at: number };
type Parts = ReadonlyMap<string, Part>;
type Fault = { readonly at: number; readonly message: string; readonly hint: string };

const KNOWN = new Set(
  'FREQ INTERVAL COUNT UNTIL WKST BYMONTH BYWEEKNO BYYEARDAY BYMONTHDAY BYDAY BYHOUR BYMINUTE BYSECOND BYSETPOS'.split(
    ' ',
  ),
);

function splitParts(value: string, faults: Fault[]): Parts {
  const parts = new Map<string, Part>();
  let at = 0;
  for (const piece of value.split(';')) {
    const equals = piece.indexOf('=');
    const name = piece.slice(0, Math.max(0, equals)).trim().toUpperCase();
    const wrong = wrongPart(piece, name, parts);
    if (wrong !== null) faults.push({ at, ...wrong });
    else if (piece !== '') {
      parts.set(name, {
        text: piece
          .slice(equals + 1)
          .trim()
          .toUpperCase(),
        at: at + equals + 1,
      });
    }
    at += piece.length + 1;
  }
  return parts;
}

function wrongPart(piece: string, name: string, seen: Parts): Omit<Fault, 'at'> | null {
  // Some programs end a rule with a semicolon.
  if (piece === '') return null;
  if (!KNOWN.has(name)) {
    return {
      message: `${shown(piece)} is no part of a rule`,
      hint: 'Write FREQ=WEEKLY;BYDAY=SA,SU.',
    };
  }
  return seen.has(name)
    ? { message: `${name} is written twice`, hint: 'Keep one of the two.' }
    : null;
}

const FREQUENCIES = ['HOURLY', 'DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY'] as const;
const WEEKDAYS = ['SU', 'MO', 'TU', 'WE', 'TH', 'FR', 'SA'];

function toRule(parts: Parts, start: WrittenTime, faults: Fault[]): RecurrenceRule | null {
  const freq = FREQUENCIES.find((one) => one === parts.get('FREQ')?.text);
  if (freq === undefined) {
    const { text = '', at = 0 } = parts.get('FREQ') ?? {};
    const message = text === '' ? 'FREQ is missing' : `FREQ=${text.slice(0, 40)} is not supported`;
    faults.push({ at, message, hint: 'Write HOURLY, DAILY, WEEKLY, MONTHLY or YEARLY.' });
    return null;
  }
  const numbers = (name: string, max: number, of: Numbers['of']): readonly number[] =>
    readNumbers(name, parts.get(name), { max, of, faults });
  const [interval = 1] = numbers('INTERVAL', 1_000, 'positive');
  const [count = null] = numbers('COUNT', COUNT_MAX, 'positive');
  const rule: RecurrenceRule = {
    freq,
    interval,
    until: null,
    weekStart: readWeekStart(parts.get('WKST'), faults),
    byMonth: numbers('BYMONTH', 12, 'positive'),
    byWeekNo: numbers('BYWEEKNO', 53, 'either'),
    byYearDay: numbers('BYYEARDAY', 366, 'either'),
    byMonthDay: numbers('BYMONTHDAY', 31, 'either'),
    byDay: readByDay(parts.get('BYDAY'), faults),
    byHour: numbers('BYHOUR', 23, 'clock'),
    byMinute: numbers('BYMINUTE', 59, 'clock'),
    bySecond: numbers('BYSECOND', 59, 'clock'),
    bySetPos: numbers('BYSETPOS', 366, 'either'),
  };
  refuseMisplaced(rule, parts, faults);
  if (start.isDate) refuseTimesOfDay(parts, faults);
  if (faults.length === 0) refuseTooMany(rule, parts, { start, faults });
  if (faults.length > 0) return null;
  return { ...rule, until: readUntil(parts, rule, { start, count, faults }) };
}

/** More often than daily for 27 years is for ever. */
const COUNT_MAX = 10_000;

type Numbers = {
  readonly max: number;
  /** From 1, from 1 either way, or from 0. */
  readonly of: 'positive' | 'either' | 'clock';
  readonly faults: Fault[];
};

function readNumbers(
  name: string,
  part: Part | undefined,
  { max, of, faults }: Numbers,
): readonly number[] {
  if (part === undefined) return [];
  const numbers = new Set<number>();
  for (const { text, at } of itemsOf(part.text)) {
    const n = /^[+-]?\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
    const least = of === 'clock' ? 0 : 1;
    if (!(Math.abs(n) >= least && Math.abs(n) <= max) || (of !== 'either' && n < 0)) {
      const range = `${least} to ${max}${of === 'either' ? ` or -1 to -${max}` : ''}`;
      const message = `${name}: ${shown(text)} is not ${range}`;
      faults.push({ at: part.at + at, message, hint: '' });
      break;
    }
    numbers.add(n);
  }
  return [...numbers].sort((a, b) => a - b);
}

function readWeekStart(part: Part | undefined, faults: Fault[]): number {
  if (part === undefined) return MONDAY;
  const weekday = WEEKDAYS.indexOf(part.text);
  if (weekday < 0) {
    faults.push({
      at: part.at,
      message: `WKST: ${shown(part.text)} is no weekday`,
      hint: 'Write MO or SU.',
    });
  }
  return Math.max(0, weekday);
}

const MONDAY = 1;

function readByDay(part: Part | undefined, faults: Fault[]): RecurrenceRule['byDay'] {
  if (part === undefined) return [];
  const days = new Map<string, { readonly weekday: number; readonly nth: number }>();
  for (const { text, at } of itemsOf(part.text)) {
    const [, nth = '0', name = ''] = /^([+-]?[1-9]\d?)?([A-Z]{2})$/.exec(text) ?? [];
    const weekday = WEEKDAYS.indexOf(name);
    if (weekday < 0 || Math.abs(Number(nth)) > 53) {
      const hint = 'Write MO, or 2TU for the second Tuesday, or -1FR for the last Friday.';
      faults.push({ at: part.at + at, message: `BYDAY: ${shown(text)} is no day`, hint });
      break;
    }
    days.set(text, { weekday, nth: Number(nth) });
  }
  return [...days.values()];
}

/** RFC 5545 has no meaning for these, and guessing opens or closes a gate. */
function refuseMisplaced(rule: RecurrenceRule, parts: Parts, faults: Fault[]): void {
  const { freq, byDay, byWeekNo, byYearDay, byMonthDay, bySetPos } = rule;
  const refuse = (name: string, message: string): void => {
    faults.push({
      at: parts.get(name)?.at ?? 0,
      message,
      hint: 'Remove it, or choose another FREQ.',
    });
  };
  const isNth = byDay.some(({ nth }) => nth !== 0);
  if (isNth && (freq === 'HOURLY' || freq === 'DAILY' || freq === 'WEEKLY')) {
    refuse('BYDAY', `a numbered weekday has no meaning in FREQ=${freq}`);
  }
  if (isNth && byWeekNo.length > 0)
    refuse('BYDAY', 'a numbered weekday has no meaning with BYWEEKNO');
  if (byWeekNo.length > 0 && freq !== 'YEARLY')
    refuse('BYWEEKNO', `it has no meaning in FREQ=${freq}`);
  if (byYearDay.length > 0 && freq !== 'YEARLY' && freq !== 'HOURLY')
    refuse('BYYEARDAY', `it has no meaning in FREQ=${freq}`);
  if (byMonthDay.length > 0 && freq === 'WEEKLY')
    refuse('BYMONTHDAY', `it has no meaning in FREQ=${freq}`);
  const { byMonth, byHour, byMinute, bySecond } = rule;
  const others = [byMonth, byWeekNo, byYearDay, byMonthDay, byDay, byHour, byMinute, bySecond];
  if (bySetPos.length > 0 && others.every(({ length }) => length === 0)) {
    refuse('BYSETPOS', 'it has no meaning without another BY… part');
  }
  if (parts.has('COUNT') && parts.has('UNTIL'))
    refuse('UNTIL', 'COUNT and UNTIL exclude each other');
}

/** RFC 5545 has them ignored there; who wrote them meant something else. */
function refuseTimesOfDay(parts: Parts, faults: Fault[]): void {
  const isHourly = parts.get('FREQ')?.text === 'HOURLY' ? ['FREQ'] : [];
  for (const name of [...isHourly, 'BYHOUR', 'BYMINUTE', 'BYSECOND']) {
    const part = parts.get(name);
    if (part === undefined) continue;
    const message = `${name === 'FREQ' ? 'FREQ=HOURLY' : name} has no meaning for whole days`;
    const hint = 'Remove it, or give DTSTART a time of day.';
    faults.push({ at: part.at, message, hint });
  }
}

/** What a rule, or all of a file, may give in a day: every two minutes is past what a gate is for, and costs as much to unroll. */
export const PER_DAY_MAX = 1_000;

function refuseTooMany(
  rule: RecurrenceRule,
  parts: Parts,
  { start, faults }: { readonly start: WrittenTime; readonly faults: Fault[] },
): void {
  const { perDayMax } = openTimes(rule, start.time.local);
  if (perDayMax <= PER_DAY_MAX) return;
  faults.push({
    at: (parts.get('BYSECOND') ?? parts.get('BYMINUTE'))?.at ?? 0,
    message: `it gives up to ${perDayMax} occurrences a day; at most ${PER_DAY_MAX} are allowed`,
    hint: 'Write a longer event that recurs less often.',
  });
}

type Ending = {
  readonly start: WrittenTime;
  readonly count: number | null;
  readonly faults: Faults;
};
type Faults = Fault[];

const DAY_MS = 86_400_000;

/** COUNT becomes the start of the last occurrence, so that nobody has to count again. */
function readUntil(
  parts: Parts,
  rule: RecurrenceRule,
  { start, count, faults }: Ending,
): CalendarTime | null {
  const { zone, local } = start.time;
  if (count !== null) {
    const last = startOfNth(rule, local, count);
    return last === null ? null : { local: last, zone };
  }
  const part = parts.get('UNTIL');
  if (part === undefined) return null;
  const until = readLocal(part.text);
  if (until === null) {
    const message = `UNTIL: ${shown(part.text)} is no time that exists`;
    faults.push({ at: part.at, message, hint: 'Write UNTIL=20261231T235959Z.' });
    return null;
  }
  if (part.text.endsWith('Z')) return { local: until, zone: 'UTC' };
  // A date includes all of its day on the clock of the event.
  return { local: part.text.length === 8 ? until + DAY_MS - 1 : until, zone };
}
