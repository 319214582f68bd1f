import type { Result } from '../model/result.ts';
import { err, ok } from '../model/result.ts';
import type { CronFields, DayRule } from './cron-fields.ts';
import { YEAR_MAX, YEAR_MIN } from './cron-fields.ts';

/** What is wrong in one place of a pattern, and what to write instead. */
export type CronMistake = { readonly message: string; readonly hint: string };

/** The six fields of a pattern as written, upper-cased: what the strict subset is judged on. */
export type CronTexts = {
  readonly minutes: string;
  readonly hours: string;
  readonly dayOfMonth: string;
  readonly month: string;
  readonly dayOfWeek: string;
  readonly year: string;
};

/**
 * Reads what stands between the brackets of `cron(…)`: minutes, hours, day of month, month, day of week, year, with an
 * optional leading seconds field that may only be 0. Every mistake is reported.
 */
export function parseCron(
  inner: string,
): Result<{ readonly fields: CronFields; readonly texts: CronTexts }, readonly CronMistake[]> {
  const split = splitFields(inner);
  if (!split.ok) return err([split.error]);
  const texts = split.value;
  const mistakes: CronMistake[] = [];
  const field = <Value>(read: Result<Value, CronMistake>, ifWrong: Value): Value => {
    if (read.ok) return read.value;
    mistakes.push(read.error);
    return ifWrong;
  };
  const fields: CronFields = {
    minutes: field(readList(texts.minutes, MINUTES), []),
    hours: field(readList(texts.hours, HOURS), []),
    months: field(readList(texts.month, MONTHS), []),
    years: texts.year === '*' ? null : field(readList(texts.year, YEARS), []),
    days: field(readDays(texts), EVERY_DAY),
  };
  const { dayOfMonth, dayOfWeek } = texts;
  if ((dayOfMonth === '?') === (dayOfWeek === '?')) {
    mistakes.push({
      message: 'Exactly one of day of month and day of week must be ?.',
      hint: hintForDayFields(texts),
    });
  }
  return mistakes.length > 0 ? err(mistakes) : ok({ fields, texts });
}

function splitFields(inner: string): Result<CronTexts, CronMistake> {
  const texts = inner.trim().toUpperCase().split(/\s+/);
  if (texts.length === 7) {
    const seconds = texts.shift();
    if (seconds !== '0') {
      return err({
        message: `Seconds are ${seconds}; a run starts at second 0.`,
        hint: 'Write 0, or leave the seconds out.',
      });
    }
  }
  const [minutes, hours, dayOfMonth, month, dayOfWeek, year] = texts;
  if (
    minutes === undefined ||
    hours === undefined ||
    dayOfMonth === undefined ||
    month === undefined ||
    dayOfWeek === undefined ||
    year === undefined ||
    texts.length > 6
  ) {
    const count = inner.trim() === '' ? 0 : texts.length;
    return err({
      message: `It has ${count} fields; six are needed: minutes, hours, day of month, month, day of week, year.`,
      hint: hintForUnixCron(texts),
    });
  }
  return ok({ minutes, hours, dayOfMonth, month, dayOfWeek, year });
}

// --- lists of numbers -------------------------------------------------------------------------------------------

type FieldKind = {
  readonly what: string;
  readonly min: number;
  readonly max: number;
  /** Names of the values from `min` on. */
  readonly names: readonly string[];
  /** Whether a range may run over the end, as in FRI-MON. */
  readonly wraps: boolean;
};

const WEEKDAY_NAMES = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];
const MONTH_NAMES = 'JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC'.split(' ');
const MINUTES: FieldKind = { what: 'Minutes', min: 0, max: 59, names: [], wraps: true };
const HOURS: FieldKind = { what: 'Hours', min: 0, max: 23, names: [], wraps: true };
const MONTH_DAYS: FieldKind = { what: 'Day of month', min: 1, max: 31, names: [], wraps: true };
const MONTHS: FieldKind = { what: 'Month', min: 1, max: 12, names: MONTH_NAMES, wraps: true };
const WEEKDAYS: FieldKind = {
  what: 'Day of week',
  min: 1,
  max: 7,
  names: WEEKDAY_NAMES,
  wraps: true,
};
const YEARS: FieldKind = { what: 'Year', min: YEAR_MIN, max: YEAR_MAX, names: [], wraps: false };

function readList(text: string, kind: FieldKind): Result<readonly number[], CronMistake> {
  const values: number[] = [];
  for (const item of text.split(',')) {
    const read = readItem(item, kind);
    if (!read.ok) return read;
    values.push(...read.value);
  }
  return ok(ascending(values));
}

/** `*`, `5`, `5-9`, each with an optional step `/2`. */
function readItem(item: string, kind: FieldKind): Result<readonly number[], CronMistake> {
  const parts = /^(\*|\w+)(?:-(\w+))?(?:\/(\d{1,4}))?$/.exec(item);
  const [, from = '', to, stepText] = parts ?? [];
  if (parts === null || (from === '*' && to !== undefined)) {
    return err({ message: `${kind.what}: ${shown(item)} cannot be read.`, hint: formsOf(kind) });
  }
  const size = kind.max - kind.min + 1;
  const step = stepText === undefined ? 1 : Number(stepText);
  if (step < 1 || step > size)
    return err({
      message: `${kind.what}: a step is 1-${size}, not ${step}.`,
      hint: `Every second of them is ${kind.min}/2.`,
    });
  const first = from === '*' ? kind.min : readValue(from, kind);
  const last = to === undefined ? first : readValue(to, kind);
  if (first === null) return err(outside(from, kind));
  if (last === null) return err(outside(to ?? from, kind));
  if (to !== undefined && last < first && !kind.wraps) {
    return err({
      message: `${kind.what}: ${item} runs backwards.`,
      hint: `Write ${to}-${from}.`,
    });
  }
  const open = to === undefined && (from === '*' || stepText !== undefined);
  const span = open ? kind.max - first : (last - first + size) % size;
  const values: number[] = [];
  for (let i = 0; i <= span; i += step) values.push(kind.min + ((first - kind.min + i) % size));
  return ok(values);
}

function readValue(text: string, kind: FieldKind): number | null {
  const named = kind.names.indexOf(text);
  if (named >= 0) return kind.min + named;
  const value = (kind === YEARS ? /^\d{4}$/ : /^\d{1,2}$/).test(text) ? Number(text) : Number.NaN;
  return value >= kind.min && value <= kind.max ? value : null;
}

function outside(text: string, kind: FieldKind): CronMistake {
  const [first] = kind.names;
  const names = first === undefined ? '' : ` or ${first}-${kind.names.at(-1)}`;
  const meant = kind.names.find((name) => text.startsWith(name));
  return {
    message: `${kind.what}: ${shown(text)} is not ${kind.min}-${kind.max}${names}.`,
    hint: meant === undefined ? formsOf(kind) : `Write ${meant}.`,
  };
}

/** What a field takes, for who wrote something else. */
function formsOf({ min, max, names, what }: FieldKind): string {
  const [first = min] = names;
  const special =
    kindsWithDays[what] === undefined ? '' : `, ${kindsWithDays[what]}; there is no L-3`;
  return `It takes *, ${first}, ${first}-${names.at(-1) ?? max}, ${min}/2, lists of them${special}.`;
}

const kindsWithDays: { readonly [what: string]: string } = {
  'Day of month': 'L, LW, 15W',
  'Day of week': 'TUE#3, 3L',
};
const shown = (text: string): string => (text === '' ? 'nothing' : text);
const ascending = (values: readonly number[]): readonly number[] =>
  [...new Set(values)].sort((a, b) => a - b);

// --- days -------------------------------------------------------------------------------------------------------

const EVERY_DAY: DayRule = { kind: 'weekdays', weekdays: [0, 1, 2, 3, 4, 5, 6], nth: [], last: [] };

/** Of the two fields, the one that is not `?`; when both are set, each is read for its mistakes. */
function readDays({ dayOfMonth, dayOfWeek }: CronTexts): Result<DayRule, CronMistake> {
  if (dayOfMonth === '?') return dayOfWeek === '?' ? ok(EVERY_DAY) : readWeekdays(dayOfWeek);
  const monthDays = readMonthDays(dayOfMonth);
  if (dayOfWeek === '?' || !monthDays.ok) return monthDays;
  return readWeekdays(dayOfWeek);
}

function readMonthDays(text: string): Result<DayRule, CronMistake> {
  const items = text.split(',');
  const nearest: number[] = [];
  const plain: string[] = [];
  for (const item of items) {
    const workday = /^(\w+)W$/.exec(item)?.[1];
    if (item === 'L' || item === 'LW') continue;
    if (workday === undefined) plain.push(item);
    else {
      const date = readValue(workday, MONTH_DAYS);
      if (date === null) return err(outside(workday, MONTH_DAYS));
      nearest.push(date);
    }
  }
  const days = plain.length === 0 ? ok([]) : readList(plain.join(','), MONTH_DAYS);
  if (!days.ok) return days;
  return ok({
    kind: 'month-days',
    days: days.value,
    last: items.includes('L'),
    lastWorkday: items.includes('LW'),
    nearestWorkdays: ascending(nearest),
  });
}

/** A lone `L` is the last day of the week, Saturday. */
function readWeekdays(text: string): Result<DayRule, CronMistake> {
  const nth: { weekday: number; n: number }[] = [];
  const last: number[] = [];
  const plain: string[] = [];
  for (const item of text.split(',')) {
    const [, weekdayText, n] = /^(\w+)(?:L|#(\w+))$/.exec(item) ?? [];
    if (weekdayText === undefined) {
      plain.push(item === 'L' ? 'SAT' : item);
      continue;
    }
    const weekday = readValue(weekdayText, WEEKDAYS);
    if (weekday === null) return err(outside(weekdayText, WEEKDAYS));
    if (n === undefined) last.push(weekday - 1);
    else if (/^[1-5]$/.test(n)) nth.push({ weekday: weekday - 1, n: Number(n) });
    else
      return err({
        message: `Day of week: after # stands 1-5, not ${n}.`,
        hint: `The last one of the month is ${weekdayText}L.`,
      });
  }
  const weekdays = plain.length === 0 ? ok([]) : readList(plain.join(','), WEEKDAYS);
  if (!weekdays.ok) return weekdays;
  return ok({
    kind: 'weekdays',
    weekdays: weekdays.value.map((weekday) => weekday - 1),
    nth,
    last: ascending(last),
  });
}

// --- hints ------------------------------------------------------------------------------------------------------

function hintForDayFields({
  minutes,
  hours,
  dayOfMonth,
  month,
  dayOfWeek,
  year,
}: CronTexts): string {
  if (dayOfWeek === '*' || (dayOfMonth === '?' && dayOfWeek === '?')) {
    const date = dayOfMonth === '?' ? '*' : dayOfMonth;
    return `Write cron(${minutes} ${hours} ${date} ${month} ? ${year}).`;
  }
  if (dayOfMonth === '*') return `Write cron(${minutes} ${hours} ? ${month} ${dayOfWeek} ${year}).`;
  return 'Decide for one of them, and write ? for the other.';
}

/**
 * The AWS form of a Unix crontab line, where it is plain: AWS adds a year, wants one `?`, and counts weekdays from
 * SUN = 1 where Unix counts from 0.
 */
export function hintForUnixCron(texts: readonly string[]): string {
  const [minutes, hours, dayOfMonth, month, dayOfWeek] = texts;
  if (texts.length !== 5 || dayOfMonth === undefined || dayOfWeek === undefined) {
    return 'For every day at 02:00, write cron(0 2 * * ? *).';
  }
  if (dayOfWeek === '*' || dayOfWeek === '?') {
    return `Write cron(${minutes} ${hours} ${dayOfMonth === '?' ? '*' : dayOfMonth} ${month} ? *).`;
  }
  if (dayOfMonth !== '*' && dayOfMonth !== '?') return 'Add a year, and ? for one of the days.';
  const named = dayOfWeek.replace(/(?<![#/\d])[0-7](?!\d)/g, (day) => {
    return WEEKDAY_NAMES[Number(day) % 7] ?? day;
  });
  return `Write cron(${minutes} ${hours} ? ${month} ${named} *).`;
}
