/**
 * What a clock must show for a pattern of a story to fit: read from the text of the schedule by rules of its own, for the few
 * forms that people of a story write.
 */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Every pattern of a story names quarter hours, and every zone changes at one. */
export const QUARTER = 15 * MINUTE;

export type Rule =
  | { readonly kind: 'rate'; readonly everyMs: number }
  /** `lastMs`: no reading after this fits. */
  | { readonly kind: 'clock'; readonly fits: (local: number) => boolean; readonly lastMs: number };

/** The date that a clock shows. */
type Reading = {
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
    day: date.getUTCDate(),
    days: new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate(),
    month: date.getUTCMonth() + 1,
    weekday: date.getUTCDay(),
  };
}

const rules = new Map<string, Rule>();

/** Read once: a few hundred texts are all that people of stories write. */
export function ruleOf(text: string): Rule {
  const rule = rules.get(text) ?? readRule(text);
  rules.set(text, rule);
  return rule;
}

function readRule(text: string): Rule {
  const rate = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(text);
  if (rate !== null) {
    const unitMs = { minute: MINUTE, hour: HOUR, day: DAY }[rate[2] as 'minute' | 'hour' | 'day'];
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
  const fitsMinute = fieldOf(minute);
  const fitsHour = fieldOf(hour);
  const fitsMonth = fieldOf(month);
  const fitsDay = dayOf(day);
  const fitsWeekday = weekdayOf(weekday);
  // Most readings fail by their minute or hour, which take no calendar to tell.
  const fits = (local: number): boolean => {
    if (!fitsMinute(Math.floor(local / MINUTE) % 60)) return false;
    if (!fitsHour(Math.floor(local / HOUR) % 24)) return false;
    const shown = readingOf(local);
    return fitsMonth(shown.month) && fitsDay(shown) && fitsWeekday(shown);
  };
  return { kind: 'clock', fits, lastMs: Number.POSITIVE_INFINITY };
}

function fieldOf(field: string): (value: number) => boolean {
  if (field === '*' || field === '?') return () => true;
  const parts = field.split(',').map(partOf);
  return (value) => parts.some((fits) => fits(value));
}

function partOf(part: string): (value: number) => boolean {
  const [from = 0, to = null] = part.split('-').map(Number);
  if (to !== null) return (value) => from <= value && value <= to;
  const [first = 0, step = null] = part.split('/').map(Number);
  if (step === null) return (value) => value === first;
  return (value) => value >= first && (value - first) % step === 0;
}

function dayOf(field: string): (reading: Reading) => boolean {
  switch (field) {
    case 'L':
      return ({ day, days }) => day === days;
    case 'LW':
      // The last day that is neither Saturday nor Sunday.
      return ({ day, days, weekday }) => {
        const isWorking = weekday !== 0 && weekday !== 6;
        return isWorking && (day === days || (weekday === 5 && days - day <= 2));
      };
    default: {
      const fits = fieldOf(field);
      return ({ day }) => fits(day);
    }
  }
}

const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

function weekdayOf(field: string): (reading: Reading) => boolean {
  if (field === '?') return () => true;
  const named = WEEKDAYS.indexOf(field.slice(0, 3));
  const rest = field.slice(3);
  const which = Number(rest.slice(1));
  return ({ day, days, weekday }) => {
    if (weekday !== named) return false;
    if (rest === 'L') return day + 7 > days;
    return rest.startsWith('#') ? Math.ceil(day / 7) === which : rest === '';
  };
}
