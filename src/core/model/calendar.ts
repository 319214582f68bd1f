/** A change calendar (`calendars/<name>.ics`): when its associations may start runs. Plain data, so that a worker can send it. */

/** `DEFAULT_OPEN` is closed while an event lasts, `DEFAULT_CLOSED` is open only then. */
export type CalendarKind = 'DEFAULT_OPEN' | 'DEFAULT_CLOSED';

export type Calendar = {
  /** The file's name without `.ics`: what `CalendarNames` names. */
  readonly name: string;
  readonly kind: CalendarKind;
  readonly file: string;
  /** Why it cannot be read; null: it can. One that cannot is closed at all times. */
  readonly unreadable: string | null;
  /** IANA name of the zone of times that name none: `defaults.timezone` of `reconciled.yaml`. */
  readonly floatingZone: string;
  /** Time zones that the file itself defines, for identifiers that are no IANA name. */
  readonly zones: readonly CalendarZone[];
  /** Those that count: neither advisory nor cancelled. */
  readonly events: readonly CalendarEvent[];
};

/**
 * A clock reading and whose clock it is. `local` is milliseconds as if the reading were UTC; `zone` is `UTC`, an IANA
 * name, the identifier of one of the calendar's own zones, or null: the calendar's `floatingZone`.
 */
export type CalendarTime = { readonly local: number; readonly zone: string | null };

export type CalendarEvent = {
  readonly summary: string;
  /** Line of its BEGIN:VEVENT. */
  readonly line: number;
  readonly start: CalendarTime;
  /** How long each occurrence lasts. */
  readonly length: CalendarLength;
  /** Null: `start` and `further` alone. */
  readonly rule: RecurrenceRule | null;
  /** RDATE. */
  readonly further: readonly { readonly start: CalendarTime; readonly length: CalendarLength }[];
  /** EXDATE, and the RECURRENCE-ID of occurrences that were moved or cancelled: starts that do not occur. */
  readonly except: readonly CalendarTime[];
};

/**
 * How far the clock moves on, and how long it lasts beyond that: a night from 22:00 to 06:00 ends at 06:00, also when the
 * clock changes meanwhile, while PT8H is eight hours.
 */
export type CalendarLength = { readonly clockMs: number; readonly ms: number };

/** RRULE. What it leaves open of the time of day is the clock reading of `start`. COUNT has become an `until`. */
export type RecurrenceRule = {
  readonly freq: 'HOURLY' | 'DAILY' | 'WEEKLY' | 'MONTHLY' | 'YEARLY';
  readonly interval: number;
  /** The last occurrence starts here or before; null: no such end. */
  readonly until: CalendarTime | null;
  /** 0 is Sunday. */
  readonly weekStart: number;
  /** 1 to 12; empty: every month, here and below. */
  readonly byMonth: readonly number[];
  readonly byWeekNo: readonly number[];
  /** 1 to 366, or -1 to -366 from the end, here and below. */
  readonly byYearDay: readonly number[];
  readonly byMonthDay: readonly number[];
  /** `nth` 0: every such weekday. */
  readonly byDay: readonly { readonly weekday: number; readonly nth: number }[];
  /** 0 to 23, 0 to 59, 0 to 59, ascending; empty: that of the first start (FREQ=HOURLY: every hour). */
  readonly byHour: readonly number[];
  readonly byMinute: readonly number[];
  readonly bySecond: readonly number[];
  readonly bySetPos: readonly number[];
};

/** VTIMEZONE. */
export type CalendarZone = { readonly id: string; readonly observances: readonly Observance[] };

/** STANDARD or DAYLIGHT: from each of its onsets on, local time is UTC plus `toMs`. */
export type Observance = {
  /** On the clock that shows `fromMs`. */
  readonly onset: number;
  readonly fromMs: number;
  readonly toMs: number;
  readonly rule: RecurrenceRule | null;
  readonly further: readonly number[];
};
