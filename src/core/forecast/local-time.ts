/** Instants as a clock on a wall shows them. */
import type { Instant } from '../model/brand.ts';
import { present } from '../model/errors.ts';
import { openZone } from '../schedule/zone.ts';

export type LocalTime = {
  /** `2026-05-01`. */
  readonly date: string;
  /** `12:00`, with seconds only where there are some. */
  readonly time: string;
  /** `+02:00`. */
  readonly offset: string;
  /** `Friday`. */
  readonly weekday: string;
  /** Days since 1970-01-01, to group by. */
  readonly day: number;
};

const DAY_MS = 86_400_000;
const weekdays = [
  'Thursday', // 1970-01-01
  'Friday',
  'Saturday',
  'Sunday',
  'Monday',
  'Tuesday',
  'Wednesday',
] as const;

/** `zone` is an IANA name that was checked, here and below. */
export function localTime(at: Instant, zone: string): LocalTime {
  const local = clockAt(at, zone);
  const [date = '', clock = ''] = new Date(local).toISOString().split('T');
  const day = Math.floor(local / DAY_MS);
  return {
    date,
    time: clock.slice(0, clock.startsWith(':00', 5) ? 5 : 8),
    offset: offsetText(Math.round((local - at) / 60_000)),
    weekday: weekdays[((day % 7) + 7) % 7] ?? '',
    day,
  };
}

/** The `day` of `localTime`, for millions of them. */
export const localDay = (at: Instant, zone: string): number =>
  Math.floor(clockAt(at, zone) / DAY_MS);

const clockAt = (at: Instant, zone: string): number =>
  present(openZone(zone), 'the time zone was checked').localAt(at);

function offsetText(minutes: number): string {
  const two = (n: number): string => String(n).padStart(2, '0');
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

/** RFC 3339 with the zone's offset: `2026-05-01T14:00:00+02:00`. */
export function localInstant(at: Instant, zone: string): string {
  const local = clockAt(at, zone);
  return `${new Date(local).toISOString().slice(0, 19)}${offsetText(Math.round((local - at) / 60_000))}`;
}
