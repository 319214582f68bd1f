import type { CalendarLength, CalendarTime } from '../model/calendar.ts';
import { openZone } from '../schedule/zone.ts';
import { nearestZoneName } from '../schedule/zone-names.ts';
import type { CalendarDesk } from './component.ts';
import type { ContentLine } from './content-lines.ts';

/** A date stands for its first instant. */
export type WrittenTime = { readonly time: CalendarTime; readonly isDate: boolean };

export type TimeReader = {
  readonly desk: CalendarDesk;
  /** TZIDs that the file itself defines. */
  readonly ownZones: ReadonlySet<string>;
};

/** The only time of a line; null when it cannot be read, which is on the desk. */
export function readTime(line: ContentLine, reader: TimeReader): WrittenTime | null {
  return readTimes(line, reader)?.[0] ?? null;
}

/** The times of a list, `20260101T000000,20260201T000000`; null when one of them cannot be read. */
export function readTimes(line: ContentLine, reader: TimeReader): readonly WrittenTime[] | null {
  const times: WrittenTime[] = [];
  for (const { text, at } of itemsOf(line.value)) {
    const time = readTimeText(text, { line, at, reader });
    if (time === null) return null;
    times.push(time);
  }
  return times;
}

/** The items of a list and where each begins. */
export function itemsOf(value: string): readonly { readonly text: string; readonly at: number }[] {
  let at = 0;
  return value.split(',').map((text) => {
    const item = { text: text.trim(), at };
    at += text.length + 1;
    return item;
  });
}

type Around = { readonly line: ContentLine; readonly at: number; readonly reader: TimeReader };

export function readTimeText(text: string, { line, at, reader }: Around): WrittenTime | null {
  const local = readLocal(text);
  const isDate = /^\d{8}$/.test(text);
  const wanted = line.parameters.get('VALUE')?.toUpperCase();
  if (
    local === null ||
    ((wanted === 'DATE') !== isDate && wanted !== undefined && wanted !== 'PERIOD')
  ) {
    reader.desk.error(
      'calendar-time',
      line.placeInValue(at),
      `${line.name}: ${shown(text)} is no ${wanted === 'DATE' ? 'date' : 'time'} that exists`,
      'Write 20260131T220000Z, ;TZID=Europe/Berlin:20260131T220000 or ;VALUE=DATE:20260131.',
    );
    return null;
  }
  if (text.endsWith('Z')) return { time: { local, zone: 'UTC' }, isDate };
  const zone = readZone(line, reader);
  return zone === undefined ? null : { time: { local, zone }, isDate };
}

/** A name that IANA knows means its zone, whatever VTIMEZONE says: that is a copy, and copies get old. */
function readZone(line: ContentLine, { desk, ownZones }: TimeReader): string | null | undefined {
  const written = line.parameters.get('TZID');
  if (written === undefined) return null;
  const known = openZone(written);
  if (known !== null) return known.name;
  if (ownZones.has(written)) return written;
  const near = nearestZoneName(written.slice(0, 80));
  desk.error(
    'calendar-zone',
    line.place,
    `${line.name}: ${shown(written)} is neither an IANA time zone nor defined by a VTIMEZONE of this file`,
    near === null ? 'Write a name such as Europe/Berlin.' : `Write TZID=${near}.`,
  );
  return undefined;
}

export const shown = (text: string): string => JSON.stringify(text.slice(0, 60));

/** `20260131`, `20260131T220000` or `20260131T220000Z`, as a clock reading. A leap second is the one before it. */
export function readLocal(text: string): number | null {
  const parts = /^(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)Z?)?$/.exec(text);
  if (parts === null) return null;
  const [year = 0, month = 0, date = 0, hour = 0, minute = 0, second = 0] = parts
    .slice(1)
    .map((part: string | undefined) => Number(part ?? 0));
  if (year < YEAR_MIN || year > YEAR_MAX) return null;
  const local = Date.UTC(year, month - 1, date, hour, minute, Math.min(second, 59));
  const isReal =
    new Date(local).getUTCMonth() === month - 1 && new Date(local).getUTCDate() === date;
  return isReal && hour <= 23 && minute <= 59 && second <= 60 ? local : null;
}

/** Outlook begins its zones in 1601. */
const YEAR_MIN = 1601;
const YEAR_MAX = 2199;

const DAY_MS = 86_400_000;

/** `P1W`, `P1DT2H`, `PT30M`: whole days are days on the clock. Null when it is none, or negative. */
export function readDuration(text: string): CalendarLength | null {
  const parts =
    /^\+?P(?:(\d{1,4})W|(?:(\d{1,5})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,8})M)?(?:(\d{1,9})S)?)?)$/.exec(
      text,
    );
  if (parts === null || !/\d[WDHMS]$/.test(text)) return null;
  const [weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = parts
    .slice(1)
    .map((part: string | undefined) => Number(part ?? 0));
  return {
    clockMs: (weeks * 7 + days) * DAY_MS,
    ms: ((hours * 60 + minutes) * 60 + seconds) * 1_000,
  };
}
