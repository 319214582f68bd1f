/**
 * The reference model of schedules: a walk over quarter hours, since all that people of a story write falls on one. It asks the
 * platform (Intl) for the clock of a zone and not the product's library, and counts as a slot the first instant whose reading fits,
 * or the first after readings that fit and were never shown.
 */
import type { Record } from '../../src/core/world/records.ts';
import type { Rule } from './patterns.ts';
import { QUARTER, ruleOf } from './patterns.ts';
import type { AssociationWish, Wish } from './wish.ts';

const MINUTE = 60_000;
const HALF_HOUR = 30 * MINUTE;
const DAY = 24 * 60 * MINUTE;

// --- zones ----------------------------------------------------------------------------------------------------

const formats = new Map<string, Intl.DateTimeFormat>();
/** Zone → half hour, or a whole day that is alike → offset. */
type Offsets = {
  readonly halfHours: Map<number, number>;
  readonly days: Map<number, number | null>;
};
const zones = new Map<string, Offsets>();

/** Local time minus UTC, ms. All zones of stories change at a full or half hour of UTC, and never twice within a day. */
function offsetAt(zone: string, atMs: number): number {
  if (zone === 'UTC') return 0;
  const known = zones.get(zone) ?? { halfHours: new Map(), days: new Map() };
  zones.set(zone, known);
  const day = Math.floor(atMs / DAY);
  const allDay = known.days.get(day) ?? null;
  if (allDay !== null) return allDay;
  const at = Math.floor(atMs / HALF_HOUR) * HALF_HOUR;
  const offset = known.halfHours.get(at) ?? shown(zone, at) - at;
  known.halfHours.set(at, offset);
  if (!known.days.has(day)) {
    const first = shown(zone, day * DAY) - day * DAY;
    const next = shown(zone, (day + 1) * DAY) - (day + 1) * DAY;
    known.days.set(day, first === next ? first : null);
  }
  return offset;
}

function shown(zone: string, atMs: number): number {
  const format =
    formats.get(zone) ??
    new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    });
  formats.set(zone, format);
  const parts = new Map(format.formatToParts(atMs).map(({ type, value }) => [type, Number(value)]));
  const part = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? Number.NaN;
  return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'));
}

/** In a repeated hour a reading counts when it is shown first; the end of a gap answers for all that it leaves out. */
function isSlot(
  rule: Rule & { kind: 'clock' },
  scheduled: Scheduled,
  anchor: number,
  atMs: number,
): boolean {
  const zone = scheduled.timezone ?? 'UTC';
  const laterMs = (scheduled.offsetDays ?? 0) * DAY;
  const now = atMs + offsetAt(zone, atMs);
  const before = atMs - QUARTER + offsetAt(zone, atMs - QUARTER);
  for (let local = Math.min(before + QUARTER, now); local <= now; local += QUARTER) {
    if (!rule.fits(local - laterMs) || wasShown(zone, local, atMs)) continue;
    // An offset counts from a day that comes after the anchor.
    if (laterMs === 0 || firstShown(zone, local - laterMs) > anchor) return true;
  }
  return false;
}

/** The first quarter hour at which the clock shows this or more. */
function firstShown(zone: string, local: number): number {
  let at = local - DAY;
  while (at + offsetAt(zone, at) < local) at += QUARTER;
  return at;
}

const FOLD_MAX = 3 * 60 * MINUTE;

function wasShown(zone: string, local: number, atMs: number): boolean {
  for (let earlier = atMs - FOLD_MAX; earlier < atMs; earlier += HALF_HOUR) {
    const candidate = local - offsetAt(zone, earlier);
    if (candidate < atMs && candidate + offsetAt(zone, candidate) === local) return true;
  }
  return false;
}

/** The slots after `afterMs` up to `untilMs`, until `take` says no. */
function walk(
  scheduled: Scheduled,
  {
    anchor,
    afterMs,
    untilMs,
  }: { readonly anchor: number; readonly afterMs: number; readonly untilMs: number },
  take: (slotMs: number) => boolean,
): void {
  const rule = ruleOf(scheduled.schedule);
  const from = Math.max(anchor, afterMs);
  if (rule.kind === 'rate') {
    const first = anchor + (Math.floor((from - anchor) / rule.everyMs) + 1) * rule.everyMs;
    for (let at = first; at <= untilMs && take(at); ) at += rule.everyMs;
    return;
  }
  const end = Math.min(untilMs, rule.lastMs + 2 * DAY);
  for (let at = Math.floor(from / QUARTER) * QUARTER + QUARTER; at <= end; at += QUARTER) {
    if (isSlot(rule, scheduled, anchor, at) && !take(at)) return;
  }
}

type Scheduled = {
  readonly schedule: string;
  readonly timezone: string | null;
  readonly offsetDays: number | null;
};

/** Longer ahead than any pattern of a story waits. */
const AHEAD = 200 * DAY;

export function nextSlotAfter(
  scheduled: Scheduled,
  anchor: number,
  afterMs: number,
): number | null {
  let next: number | null = null;
  walk(scheduled, { anchor, afterMs, untilMs: Math.max(anchor, afterMs) + AHEAD }, (at) => {
    next = at;
    return false;
  });
  return next;
}

function newestSlot(
  scheduled: Scheduled,
  anchor: number,
  afterMs: number,
  untilMs: number,
): number | null {
  let newest: number | null = null;
  walk(scheduled, { anchor, afterMs, untilMs }, (at) => {
    newest = at;
    return true;
  });
  return newest;
}

// --- what the journal says --------------------------------------------------------------------------------------

/** Slots between have not fired. */
type Gap = { readonly after: number; readonly before: number };
type Mark = { readonly anchor: number; readonly last: number; readonly gaps: readonly Gap[] };
type Known = {
  readonly wish: AssociationWish;
  readonly anchor: number;
  readonly floor: number;
  readonly next: number | null;
};

/** As many gaps as the daemon keeps: of more, the lowest count as fired. */
const GAPS_MAX = 4;

/** What has fired as of this time; in a stretch that has fired, its end. */
function floorOf({ last, gaps }: Mark, now: number): number {
  if (gaps.length === 0) return last;
  const above = gaps.filter(({ before }) => now < before).map(({ after }) => after);
  return Math.min(last, ...above);
}

export type SlotModelOptions = {
  readonly broken: (promise: string, detail: string) => never;
  readonly sometimes: (situation: string) => void;
};

export function createSlotModel({ broken, sometimes }: SlotModelOptions) {
  const marks = new Map<string, Mark>();
  const found = new Map<string, Known>();
  /** Of this wish no slot comes before then, as long as no mark moves. */
  let quiet: { readonly wish: Wish; readonly untilMs: number } | null = null;

  function nextOf(name: string, wish: AssociationWish, now: number): number | null {
    const mark = marks.get(name);
    const { schedule, timezone, offsetDays } = wish;
    if (mark === undefined || schedule === null) return null;
    const { anchor } = mark;
    const floor = floorOf(mark, now);
    const known = found.get(name);
    const isSame = known?.wish === wish && known.anchor === anchor && known.floor === floor;
    if (isSame) return known.next;
    const next = nextSlotAfter({ schedule, timezone, offsetDays }, anchor, floor);
    found.set(name, { anchor, floor, wish, next });
    return next;
  }

  function onRecord(record: Record, wish: Wish | null, now: number): void {
    switch (record.kind) {
      case 'association': {
        const { anchor, lastSlot, gaps } = record;
        return set(record.name, { anchor, last: lastSlot, gaps: gaps ?? [] });
      }
      case 'put-association': {
        const { name, anchor, lastSlot, gaps } = record.value;
        return set(name, { anchor, last: lastSlot, gaps: gaps ?? [] });
      }
      case 'anchored':
        return anchored(record.association, record.anchor, record.gaps);
      case 'association-removed':
        quiet = null;
        marks.delete(record.name);
        return;
      case 'slot':
        return fired(record.association, record.at, wish, now);
      case 'slot-skipped':
        return fired(record.association, record.slot, wish, now);
      default:
        return;
    }
  }

  function put(name: string, mark: Mark): void {
    quiet = null;
    marks.set(name, mark);
  }

  function set(name: string, mark: Mark): void {
    const before = marks.get(name);
    if (before !== undefined && mark.last < before.last) broken('P10', `slots of ${name} go back`);
    put(name, mark);
  }

  /** Its version came into force by a clock that was ahead. */
  function anchored(name: string, anchor: number, gaps: readonly Gap[]): void {
    const mark = marks.get(name);
    if (mark === undefined) return;
    if (anchor >= mark.anchor) broken('P10', `${name} is anchored later than it was`);
    sometimes('anchored again: the clock was ahead');
    put(name, { ...mark, anchor, gaps });
  }

  /** Only the newest slot of those that have come fires, and only what is one by the minutes. */
  function fired(name: string, slot: number, wish: Wish | null, now: number): void {
    const each = wish?.associations.get(name);
    const mark = marks.get(name);
    if (each?.schedule == null || mark === undefined) return;
    const { schedule, timezone, offsetDays } = each;
    const scheduled = { schedule, timezone, offsetDays };
    const floor = floorOf(mark, now);
    const meant = newestSlot(scheduled, mark.anchor, floor, now);
    if (meant !== slot) {
      broken(
        'P10',
        `${name} (${schedule} ${timezone ?? ''}) fired for ${iso(slot)}, not for ${iso(meant)}`,
      );
    }
    if (offsetDays !== null) sometimes('slot after an offset');
    if (slot - mark.last > 27 * DAY) sometimes('slot after a month');
    tell(timezone, slot);
    const isNext = nextSlotAfter(scheduled, mark.anchor, floor) === slot;
    if (slot < mark.last) sometimes('slot that a clock ahead had passed over');
    const around = mark.gaps.find(({ after, before }) => after < slot && slot < before);
    const gaps = [
      ...mark.gaps.filter((gap) => gap !== around),
      ...(isNext ? [] : [{ after: floor, before: slot }]),
      ...(around === undefined ? [] : [{ after: slot, before: around.before }]),
    ];
    gaps.sort((a, b) => a.after - b.after);
    put(name, {
      ...mark,
      last: Math.max(mark.last, slot),
      gaps: gaps.slice(-GAPS_MAX),
    });
  }

  function tell(timezone: string | null, slot: number): void {
    if (timezone === null) return;
    const step = offsetAt(timezone, slot) - offsetAt(timezone, slot - MINUTE);
    if (step > 0) sometimes('slot at the end of a gap');
    if (offsetAt(timezone, slot + 60 * MINUTE) < offsetAt(timezone, slot))
      sometimes('slot in an hour that comes twice');
  }

  /** The daemon has looked at its timers by this time: no slot of before is left. */
  function onPassed(seenAt: number, wish: Wish | null): void {
    if (wish === null || (quiet?.wish === wish && seenAt < quiet.untilMs)) return;
    let untilMs = Number.POSITIVE_INFINITY;
    for (const [name, each] of wish.associations) {
      const next = nextOf(name, each, seenAt);
      if (next === null) continue;
      if (next <= seenAt) broken('P10', `slot ${iso(next)} of ${name} never came`);
      untilMs = Math.min(untilMs, next);
    }
    // Where there are gaps, what comes next depends on the time that asks.
    const isSteady = [...marks.values()].every(({ gaps }) => gaps.length === 0);
    quiet = isSteady ? { wish, untilMs } : null;
  }

  function onStateLost(): void {
    quiet = null;
    marks.clear();
    found.clear();
  }

  return { onRecord, onPassed, onStateLost };
}

const iso = (ms: number | null): string => (ms === null ? 'none' : new Date(ms).toISOString());
