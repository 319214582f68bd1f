import type { Instant } from '../model/brand.ts';
import { present } from '../model/errors.ts';
import type { Result } from '../model/result.ts';
import { err, ok } from '../model/result.ts';
import { isAwsSubset } from './aws-subset.ts';
import { nextMatch } from './cron-calendar.ts';
import type { CronFields } from './cron-fields.ts';
import { hintForUnixCron, parseCron } from './parse-cron.ts';
import type { Schedule } from './schedule.ts';
import type { Zone } from './zone.ts';
import { openZone } from './zone.ts';
import { nearestZoneName } from './zone-names.ts';

export type ScheduleOptions = {
  /** `Reconciled.Timezone`, or `UTC`. It has no effect on a rate. */
  readonly timezone: string;
  /** Refuses what State Manager itself would refuse. */
  readonly strictAws: boolean;
  /** `ScheduleOffset`; null when it is not written. */
  readonly offsetDays: number | null;
  readonly applyOnlyAtCronInterval: boolean;
};

/** A mistake in one of the keys that make a schedule; the loader adds file, line and column of that key. */
export type ScheduleMistake = {
  /** Stable, kebab-case, beginning with `schedule-`. */
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly key:
    | 'ScheduleExpression'
    | 'ScheduleOffset'
    | 'ApplyOnlyAtCronInterval'
    | 'Reconciled.Timezone';
};

/** AWS's own limit. */
export const EXPRESSION_CHARS_MAX = 256;

/** The schedule of an association, or every mistake in its keys at once. Texts of AWS are kept where it has one. */
export function parseSchedule(
  text: string,
  options: ScheduleOptions,
): Result<Schedule, readonly ScheduleMistake[]> {
  const zone = openZone(options.timezone);
  const expression = readExpression(text, zone ?? UTC, options);
  const { kind, schedule } = expression;
  const mistakes = [
    ...expression.mistakes,
    ...flagMistakes(kind, options),
    ...offsetMistakes(kind, schedule, options),
    ...(zone === null ? [unknownZone(options.timezone)] : []),
  ];
  if (schedule === null || mistakes.length > 0) return err(mistakes);
  return ok(schedule);
}

/** The mistakes of an association without `ScheduleExpression`, in keys that make no sense without one. */
export function noScheduleMistakes(
  options: Omit<ScheduleOptions, 'strictAws'>,
): readonly ScheduleMistake[] {
  const mistakes: ScheduleMistake[] = [];
  if (options.applyOnlyAtCronInterval) {
    mistakes.push({
      code: 'schedule-flag-without-schedule',
      message: 'ApplyOnlyAtCronInterval is not supported for No Schedule associations.',
      hint: 'Add a ScheduleExpression, or remove the flag to run once.',
      key: 'ApplyOnlyAtCronInterval',
    });
  }
  if (options.offsetDays !== null) mistakes.push(offsetOnOtherSchedule());
  if (openZone(options.timezone) === null) mistakes.push(unknownZone(options.timezone));
  return mistakes;
}

type Kind = Schedule['kind'];
/** The kind is known by its word alone, so that the other keys can be judged even if the rest is wrong. */
type Expression = {
  readonly kind: Kind | null;
  readonly schedule: Schedule | null;
  readonly mistakes: readonly ScheduleMistake[];
};

function readExpression(text: string, zone: Zone, options: ScheduleOptions): Expression {
  const [, word, inner] = /^(rate|cron|at)\(([^()]*)\)$/i.exec(text) ?? [];
  if (word === undefined || inner === undefined || text.length > EXPRESSION_CHARS_MAX) {
    return unreadable(text);
  }
  switch (word.toLowerCase()) {
    case 'rate':
      return readRate(text, inner, options);
    case 'cron':
      return readCron(text, inner, zone, options);
    default:
      return readAt(text, inner, zone);
  }
}

function unreadable(text: string): Expression {
  const shown = text.length > 80 ? `${text.slice(0, 80)}…` : text;
  if (text.length > EXPRESSION_CHARS_MAX) {
    const message = `${shown} has ${text.length} characters; at most ${EXPRESSION_CHARS_MAX} are allowed.`;
    return failed(null, 'schedule-expression', message, 'Split it over several associations.');
  }
  const kind = /^(rate|cron|at)\(/i.exec(text)?.[1]?.toLowerCase();
  if (kind !== undefined) {
    const message = `${shown} is not a valid ${kind} expression. It must be ${kind}(…) and nothing else.`;
    return failed(toKind(kind), 'schedule-expression', message, 'Remove what is around it.');
  }
  const fields = text.trim().split(/\s+/);
  return failed(
    null,
    'schedule-expression',
    `${shown}: Only schedule expressions of type rate, cron, and at are supported.`,
    fields.length < 5
      ? 'Write rate(30 minutes), cron(0 2 ? * SUN *) or at(2030-01-31T12:00:00).'
      : fields.length === 5
        ? hintForUnixCron(fields)
        : `Write cron(${text.trim()}).`,
  );
}

function toKind(word: string): Kind {
  return word === 'rate' || word === 'cron' ? word : 'at';
}

// --- rate -------------------------------------------------------------------------------------------------------

const MINUTE_MS = 60_000;
const unitMs: { readonly [unit: string]: number } = {
  minute: MINUTE_MS,
  hour: 60 * MINUTE_MS,
  day: 1440 * MINUTE_MS,
};
const STRICT_MINIMUM_MS = 30 * MINUTE_MS;
const RATE_LIMIT_MS = 31 * 1440 * MINUTE_MS;

function readRate(text: string, inner: string, { strictAws }: ScheduleOptions): Expression {
  const [, digits = '', unit = '', plural] = /^(\d+)\s*(minute|hour|day)(s?)$/i.exec(inner) ?? [];
  const value = Number(digits);
  const ms = unitMs[unit.toLowerCase()];
  if (ms === undefined || value === 0) {
    return failed(
      'rate',
      'schedule-rate',
      `${text} is not a valid rate expression. Supported examples are: rate(30 minutes), rate(2 hours) and rate(5 days).`,
      hintForRate(inner),
    );
  }
  const intervalMs = value * ms;
  const mistakes: ScheduleMistake[] = [];
  if ((value === 1) !== (plural === '')) {
    const right = `${value} ${unit.toLowerCase()}${value === 1 ? '' : 's'}`;
    const message = `${text} is not a valid rate expression. The unit is singular for 1 and plural for more.`;
    mistakes.push(inExpression('schedule-rate-unit', message, `Write rate(${right}).`));
  }
  if (strictAws && intervalMs < STRICT_MINIMUM_MS) {
    const message = `${text}: Minimum interval for rate based association is 30 minutes.`;
    mistakes.push(inExpression('schedule-rate-short', message, 'Write rate(30 minutes).'));
  }
  if (intervalMs >= RATE_LIMIT_MS) {
    const message = `${text}: an interval must be less than 31 days.`;
    const hint = 'Write rate(30 days), or cron(0 2 1 * ? *) for once a month.';
    mistakes.push(inExpression('schedule-rate-long', message, hint));
  }
  return { kind: 'rate', schedule: { kind: 'rate', text, intervalMs }, mistakes };
}

function hintForRate(inner: string): string {
  const [, value, unit = ''] = /^\s*(\d+)\s*([a-z]+)\s*$/i.exec(inner) ?? [];
  const count = Number(value ?? 0);
  if (count === 0)
    return 'Write a number from 1 on and minutes, hours or days, as in rate(30 minutes).';
  if (/^weeks?$/i.test(unit)) return `Write rate(${count * 7} days).`;
  if (/^(seconds?|s)$/i.test(unit)) return 'The shortest is rate(1 minute).';
  const full = ['minute', 'hour', 'day'].find((name) =>
    name.startsWith(unit.charAt(0).toLowerCase()),
  );
  return `Write rate(${count} ${full ?? 'minute'}${count === 1 ? '' : 's'}).`;
}

// --- cron -------------------------------------------------------------------------------------------------------

function readCron(
  text: string,
  inner: string,
  zone: Zone,
  { strictAws, offsetDays }: ScheduleOptions,
): Expression {
  const parsed = parseCron(inner);
  if (!parsed.ok) {
    const mistakes = parsed.error.map(({ message, hint }) =>
      inExpression('schedule-cron', `${text} is not a valid cron expression. ${message}`, hint),
    );
    return { kind: 'cron', schedule: null, mistakes };
  }
  const { fields, texts } = parsed.value;
  const schedule: Schedule = {
    kind: 'cron',
    text,
    timezone: zone.name,
    offsetDays: offsetDays ?? 0,
    fields,
  };
  const mistakes: ScheduleMistake[] = [];
  if (nextMatch(fields, Number.NEGATIVE_INFINITY) === null) {
    const message = `${text} never runs: no year has such a day.`;
    mistakes.push(
      inExpression('schedule-never', message, 'For the last day of the month, write L.'),
    );
  }
  if (strictAws && !isAwsSubset(texts)) {
    const message = `${text} is currently not accepted. ${AWS_SUBSET}`;
    const hint = 'Choose one of these, or switch the strict reading off.';
    mistakes.push(inExpression('schedule-cron-subset', message, hint));
  }
  return { kind: 'cron', schedule, mistakes };
}

const AWS_SUBSET =
  'Supported expressions are every half, 1, 2, 4, 8 or 12 hour(s), every specified day and time of the week, or a specific day in a specific week of the month';

// --- at ---------------------------------------------------------------------------------------------------------

function readAt(text: string, inner: string, zone: Zone): Expression {
  const at = readLocalTime(inner, zone);
  if (at !== null) return { kind: 'at', schedule: { kind: 'at', text, at }, mistakes: [] };
  const hint = /(Z|[+-]\d\d:?\d\d)$/i.test(inner)
    ? 'Leave the offset out: it is a time in Reconciled.Timezone, by default UTC.'
    : 'Write at(yyyy-MM-ddTHH:mm:ss) with a day that exists.';
  return failed('at', 'schedule-at', `${text}: Invalid schedule at DateTime expression`, hint);
}

function readLocalTime(inner: string, zone: Zone): Instant | null {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?$/.test(inner)) return null;
  const wanted = inner.length === 16 ? `${inner}:00` : inner;
  const local = Date.parse(`${wanted}Z`);
  // Date.parse turns 30 February into 1 March.
  if (Number.isNaN(local) || !new Date(local).toISOString().startsWith(wanted)) return null;
  return zone.instantAt(local);
}

// --- the other keys ---------------------------------------------------------------------------------------------

function flagMistakes(
  kind: Kind | null,
  { applyOnlyAtCronInterval }: ScheduleOptions,
): readonly ScheduleMistake[] {
  if (kind === 'rate' && applyOnlyAtCronInterval) {
    return [
      {
        code: 'schedule-flag-with-rate',
        message: 'ApplyOnlyAtCronInterval is not supported for Rate Schedule associations.',
        hint: 'Remove the flag, or write the schedule as cron.',
        key: 'ApplyOnlyAtCronInterval',
      },
    ];
  }
  if (kind === 'at' && !applyOnlyAtCronInterval) {
    return [
      {
        code: 'schedule-at-without-flag',
        message: 'At Schedule Expression must be used with ApplyOnlyAtCronInterval = true',
        hint: 'Add ApplyOnlyAtCronInterval: true.',
        key: 'ApplyOnlyAtCronInterval',
      },
    ];
  }
  return [];
}

function offsetMistakes(
  kind: Kind | null,
  schedule: Schedule | null,
  { offsetDays, applyOnlyAtCronInterval }: ScheduleOptions,
): readonly ScheduleMistake[] {
  if (offsetDays === null) return [];
  const mistakes: ScheduleMistake[] = [];
  if (!Number.isInteger(offsetDays) || offsetDays < 1 || offsetDays > 6) {
    mistakes.push({
      code: 'schedule-offset-range',
      message: `ScheduleOffset is ${offsetDays}; it must be 1 to 6 days.`,
      hint: 'Leave it out for no offset.',
      key: 'ScheduleOffset',
    });
  }
  const isOtherCron = schedule?.kind === 'cron' && !isNthWeekday(schedule.fields);
  if (isOtherCron || kind === 'rate' || kind === 'at') mistakes.push(offsetOnOtherSchedule());
  else if (!applyOnlyAtCronInterval) {
    mistakes.push({
      code: 'schedule-offset-without-flag',
      message: 'ScheduleOffset must be used with ApplyOnlyAtCronInterval = true.',
      hint: 'Add ApplyOnlyAtCronInterval: true.',
      key: 'ScheduleOffset',
    });
  }
  return mistakes;
}

function isNthWeekday({ days }: CronFields): boolean {
  return (
    days.kind === 'weekdays' &&
    days.nth.length > 0 &&
    days.weekdays.length === 0 &&
    days.last.length === 0
  );
}

function offsetOnOtherSchedule(): ScheduleMistake {
  return {
    code: 'schedule-offset-other',
    message: 'ScheduleOffset is valid with nth day of the week in the month cron expression only.',
    hint: 'Write a schedule such as cron(0 2 ? * TUE#2 *), or remove the offset.',
    key: 'ScheduleOffset',
  };
}

function unknownZone(timezone: string): ScheduleMistake {
  const nearest = nearestZoneName(timezone);
  return {
    code: 'schedule-timezone',
    message: `${JSON.stringify(timezone.slice(0, 80))} is not an IANA time zone.`,
    hint: nearest === null ? 'Write a name such as Europe/Berlin.' : `Write ${nearest}.`,
    key: 'Reconciled.Timezone',
  };
}

function inExpression(code: string, message: string, hint: string): ScheduleMistake {
  return { code, message, hint, key: 'ScheduleExpression' };
}

function failed(kind: Kind | null, code: string, message: string, hint: string): Expression {
  return { kind, schedule: null, mistakes: [inExpression(code, message, hint)] };
}

const UTC: Zone = present(openZone('UTC'), 'every runtime knows UTC');
