/**
 * What a clock must show for a pattern of a story to fit: read from the text of the schedule by rules of its own, for the few
 * forms that people of a story write.
 */

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
/** Every pattern of a story names quarter hours, and every zone changes at one. */
export const QUARTER = 15 * MINUTE;

export type Rule =
  | { readonly kind: 'rate'; readonly everyMs: number }
  /** `lastMs`: no reading after this fits. */
  | { readonly kind: 'clock'; readonly fits: (local: number) => boolean; readonly lastMs: number };

/** What a clock shows, to the minute. */
type Reading = {
  readonly minute: number;
  readonly hour: number;
  readonly day: number;
  /** Of this month. */
  readonly days: number;
  readonly month: number;
  /** 0 is Sunday. */
  readonly weekday: number;
};

/** `local`: what the clock shows, as if it were UTC. */
function readingOf(local: number): Reading {
  const date = new Date(local);
  return {
    minute: date.getUTCMinutes(),
    hour: date.getUTCHours(),
    day: date.getUTCDate(),
    days: new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate(),
    month: date.getUTCMonth() + 1,
    weekday: date.getUTCDay(),
  };
}

export function ruleOf(text: string): Rule {
  const rate = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(text);
  if (rate !== null) {
    const unitMs = { minute: MINUTE, hour: 60 * MINUTE, day: DAY }[
      rate[2] as 'minute' | 'hour' | 'day'
    ];
    return { kind: 'rate', everyMs: Number(rate[1]) * unitMs };
  }
  const once = /^at\((.*)\)$/.exec(text);
  if (once !== null) {
    const ms = Date.parse(`${once[1]}Z`);
    return { kind: 'clock', fits: (local) => local === ms, lastMs: ms };
  }
  const [minute = '', hour = '', day = '', month = '', weekday = ''] = text
    .slice('cron('.length)
    .split(' ');
  const fits = (local: number): boolean => {
    if (!fitsField(minute, Math.floor(local / MINUTE) % 60)) return false;
    const shown = readingOf(local);
    return (
      fitsField(hour, shown.hour) &&
      fitsField(month, shown.month) &&
      fitsDay(day, shown) &&
      fitsWeekday(weekday, shown)
    );
  };
  return { kind: 'clock', fits, lastMs: Number.POSITIVE_INFINITY };
}

function fitsField(field: string, value: number): boolean {
  if (field === '*' || field === '?') return true;
  return field.split(',').some((part) => {
    const [from = 0, to = null] = part.split('-').map(Number);
    if (to !== null) return from <= value && value <= to;
    const [first = 0, step = null] = part.split('/').map(Number);
    return step === null ? value === first : value >= first && (value - first) % step === 0;
  });
}

function fitsDay(field: string, { day, days, weekday }: Reading): boolean {
  if (field === 'L') return day === days;
  if (field !== 'LW') return fitsField(field, day);
  // The last day that is neither Saturday nor Sunday.
  const isWorking = weekday !== 0 && weekday !== 6;
  return isWorking && (day === days || (weekday === 5 && days - day <= 2));
}

const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

function fitsWeekday(field: string, { day, days, weekday }: Reading): boolean {
  if (field === '?') return true;
  const name = WEEKDAYS[weekday] ?? '';
  if (!field.startsWith(name)) return false;
  const rest = field.slice(name.length);
  if (rest === 'L') return day + 7 > days;
  if (rest.startsWith('#')) return Math.ceil(day / 7) === Number(rest.slice(1));
  return rest === '';
}
