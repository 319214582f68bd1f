import { Temporal } from 'temporal-polyfill';
import type { Instant } from '../model/brand.ts';
import { instant } from '../model/brand.ts';
import { present } from '../model/errors.ts';

/** A clock reading: milliseconds as if the local date and time were UTC. Not comparable with an `Instant`. */
export type LocalTime = number;

/** Between local times and instants, both ways, as one zone sees it. */
export type Zone = {
  /** IANA name in its usual letter case. */
  readonly name: string;
  localAt(at: Instant): LocalTime;
  /**
   * The instant of a local time. One that does not exist is the first instant after the gap; one that occurs twice is
   * its first pass. Never decreases when `local` grows.
   */
  instantAt(local: LocalTime): Instant;
  /** The greatest local time that a clock has shown up to `at`: later than `localAt` while an hour is repeated. */
  latestLocalAt(at: Instant): LocalTime;
};

/** The zone of an IANA name in any letter case, or null: an offset such as `+02:00` is no zone. */
export function openZone(name: string): Zone | null {
  const known = zones.get(name);
  if (known !== undefined) return known;
  const id = canonicalZoneName(name);
  if (id === null) return null;
  const zone = zones.get(id) ?? createZone(id);
  zones.set(id, zone);
  return zone;
}

/** A zone's rules do not change while we run. Bounded: keys are canonical names, a few hundred, and 600 years each at most. */
const zones = new Map<string, Zone>();

function canonicalZoneName(name: string): string | null {
  if (!/^[A-Za-z]/.test(name)) return null;
  try {
    return Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name).timeZoneId;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** From `start` to before `end` the local time is UTC plus `offsetMs`. */
type Segment = { readonly start: number; readonly end: number; readonly offsetMs: number };

function createZone(name: string): Zone {
  const segmentsByYear = new Map<number, readonly Segment[]>();

  /** The segments around `ms`; local time and UTC may be meant, since they cover two days more than the year. */
  function segmentsNear(ms: number): readonly Segment[] {
    const year = new Date(ms).getUTCFullYear();
    let segments = segmentsByYear.get(year);
    if (segments === undefined) {
      segments = segmentsOfYear(name, year);
      segmentsByYear.set(year, segments);
    }
    return segments;
  }

  return {
    name,
    localAt(at) {
      const segment = segmentsNear(at).find(({ end }) => at < end);
      return at + present(segment, 'segments cover all instants').offsetMs;
    },
    instantAt(local) {
      const segment = segmentsNear(local).find(({ end, offsetMs }) => local - offsetMs < end);
      const { start, offsetMs } = present(segment, 'segments cover all local times');
      return instant(Math.max(local - offsetMs, start));
    },
    latestLocalAt(at) {
      return segmentsNear(at).reduce(
        (latest, { start, end, offsetMs }) =>
          start <= at ? Math.max(latest, Math.min(at, end - 1) + offsetMs) : latest,
        Number.NEGATIVE_INFINITY,
      );
    },
  };
}

const MARGIN_MS = 2 * 86_400_000;

function segmentsOfYear(name: string, year: number): readonly Segment[] {
  const until = Date.UTC(year + 1, 0, 1) + MARGIN_MS;
  let time = Temporal.Instant.fromEpochMilliseconds(
    Date.UTC(year, 0, 1) - MARGIN_MS,
  ).toZonedDateTimeISO(name);
  let start = Number.NEGATIVE_INFINITY;
  const segments: Segment[] = [];
  for (;;) {
    const offsetMs = time.offsetNanoseconds / 1e6;
    const next = time.getTimeZoneTransition('next');
    if (next === null || next.epochMilliseconds > until) {
      segments.push({ start, end: Number.POSITIVE_INFINITY, offsetMs });
      return segments;
    }
    segments.push({ start, end: next.epochMilliseconds, offsetMs });
    start = next.epochMilliseconds;
    time = next;
  }
}
