import type { Instant } from '../model/brand.ts';
import { instant } from '../model/brand.ts';
import { present } from '../model/errors.ts';
import { matchesAfter, nextMatch, previousMatch } from './cron-calendar.ts';
import type { CronFields } from './cron-fields.ts';
import type { LocalTime, Zone } from './zone.ts';
import { openZone } from './zone.ts';

/**
 * When an association runs, with everything decided: plain data, so that it can be digested and compared. A schedule
 * exists only when `parseSchedule` found no mistake in it.
 */
export type Schedule = RateSchedule | CronSchedule | AtSchedule;

/** Every `intervalMs` from the instant the version became effective, on a grid that never drifts. */
export type RateSchedule = {
  readonly kind: 'rate';
  /** As written, for reports. */
  readonly text: string;
  readonly intervalMs: number;
};

/** Each local time that fits the fields, `offsetDays` later at the same clock time. */
export type CronSchedule = {
  readonly kind: 'cron';
  readonly text: string;
  /** IANA name. */
  readonly timezone: string;
  /** 0 to 6. */
  readonly offsetDays: number;
  readonly fields: CronFields;
};

/** Once. */
export type AtSchedule = { readonly kind: 'at'; readonly text: string; readonly at: Instant };

const DAY_MS = 86_400_000;

/**
 * The first slot strictly after `after`, or null when there is none left. `anchor` is the instant at which the version
 * became effective: slots come strictly after it, those of a rate at anchor + k·N with k ≥ 1.
 *
 * Cron times are enumerated as local times and then converted: one that does not exist becomes the first instant after
 * the gap, one that occurs twice its first pass, and what falls on one instant is one slot, for every pattern. With an
 * offset, a base day that the anchor has already seen is skipped, even if base and offset together are still ahead.
 */
export function nextSlot(
  schedule: Schedule,
  { after, anchor }: { readonly after: Instant; readonly anchor: Instant },
): Instant | null {
  switch (schedule.kind) {
    case 'rate': {
      const passed = Math.floor((after - anchor) / schedule.intervalMs);
      return rateSlot(schedule, anchor, Math.max(1, passed + 1));
    }
    case 'cron':
      return nextCronSlot(schedule, after, anchor);
    case 'at':
      return schedule.at > after && schedule.at > anchor ? schedule.at : null;
  }
}

/** The newest slot up to and including `atOrBefore`; null when none has come since the anchor. */
export function lastSlot(
  schedule: Schedule,
  { atOrBefore, anchor }: { readonly atOrBefore: Instant; readonly anchor: Instant },
): Instant | null {
  switch (schedule.kind) {
    case 'rate': {
      const passed = Math.floor((atOrBefore - anchor) / schedule.intervalMs);
      return passed < 1 ? null : rateSlot(schedule, anchor, passed);
    }
    case 'cron':
      return lastCronSlot(schedule, atOrBefore, anchor);
    case 'at':
      return schedule.at <= atOrBefore && schedule.at > anchor ? schedule.at : null;
  }
}

export type SlotRange = {
  /** Exclusive. */
  readonly after: Instant;
  /** Inclusive. */
  readonly until: Instant;
  readonly anchor: Instant;
};

/** The slots of a range in order. The caller bounds what it takes: a minute's pattern has half a million a year. */
export function* slotsBetween(
  schedule: Schedule,
  { after, until, anchor }: SlotRange,
): Generator<Instant, void, undefined> {
  if (schedule.kind === 'cron') {
    yield* cronSlotsBetween(schedule, { after, until, anchor });
    return;
  }
  let slot = nextSlot(schedule, { after, anchor });
  while (slot !== null && slot <= until) {
    yield slot;
    slot = nextSlot(schedule, { after: slot, anchor });
  }
}

/** Walks the local times instead of looking each slot up from the one before: a tenth of the work. */
function* cronSlotsBetween(
  schedule: CronSchedule,
  { after, until, anchor }: SlotRange,
): Generator<Instant, void, undefined> {
  const zone = zoneOf(schedule);
  const offsetMs = schedule.offsetDays * DAY_MS;
  let newest: Instant = after;
  for (const base of matchesAfter(schedule.fields, firstBase(zone, offsetMs, { after, anchor }))) {
    const slot = zone.instantAt(base + offsetMs);
    if (slot > until) return;
    if (slot > newest && (offsetMs === 0 ? slot : zone.instantAt(base)) > anchor) {
      yield slot;
      newest = slot;
    }
  }
}

/** How many slots a range has, as far as `countMax`. */
export function countSlots(
  schedule: Schedule,
  range: SlotRange & { readonly countMax: number },
): number {
  let count = 0;
  const slots = slotsBetween(schedule, range);
  while (count < range.countMax && slots.next().done !== true) count++;
  return count;
}

function rateSlot({ intervalMs }: RateSchedule, anchor: Instant, k: number): Instant {
  return instant(anchor + k * intervalMs);
}

/** The last local time whose instant cannot count any more, so that a search from it ends after a repeated hour. */
function firstBase(
  zone: Zone,
  offsetMs: number,
  { after, anchor }: { readonly after: Instant; readonly anchor: Instant },
): LocalTime {
  return Math.max(zone.localAt(after) - offsetMs, zone.localAt(anchor));
}

function nextCronSlot(schedule: CronSchedule, after: Instant, anchor: Instant): Instant | null {
  const zone = zoneOf(schedule);
  const offsetMs = schedule.offsetDays * DAY_MS;
  let base: LocalTime | null = nextMatch(
    schedule.fields,
    firstBase(zone, offsetMs, { after, anchor }),
  );
  while (base !== null) {
    const slot = zone.instantAt(base + offsetMs);
    if (slot > after && zone.instantAt(base) > anchor) return slot;
    base = nextMatch(schedule.fields, base);
  }
  return null;
}

function lastCronSlot(
  schedule: CronSchedule,
  atOrBefore: Instant,
  anchor: Instant,
): Instant | null {
  const zone = zoneOf(schedule);
  const offsetMs = schedule.offsetDays * DAY_MS;
  const base = previousMatch(schedule.fields, zone.latestLocalAt(atOrBefore) - offsetMs);
  return base !== null && zone.instantAt(base) > anchor ? zone.instantAt(base + offsetMs) : null;
}

function zoneOf(schedule: CronSchedule): Zone {
  return present(openZone(schedule.timezone), `time zone ${schedule.timezone} was checked`);
}
