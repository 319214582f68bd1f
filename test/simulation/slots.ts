/**
 * The reference model of schedules: a walk over minutes. It knows the few patterns that people of a story write, asks the platform
 * (Intl) for the clock of a zone and not the product's library, and counts as a slot the first minute whose reading fits, or
 * the first after readings that fit and were never shown.
 */
import type { Record } from '../../src/core/world/records.ts';
import type { AssociationWish, Wish } from './wish.ts';

const MINUTE = 60_000;
const HALF_HOUR = 30 * MINUTE;
const DAY = 24 * 60 * MINUTE;

type Rule =
  | { readonly kind: 'rate'; readonly everyMs: number }
  /** `lastMs`: no reading after this fits. */
  | { readonly kind: 'clock'; readonly fits: (local: Reading) => boolean; readonly lastMs: number };

/** What a clock shows, to the minute. */
type Reading = {
  readonly ms: number;
  readonly minute: number;
  readonly hour: number;
  readonly day: number;
  /** 0 is Sunday. */
  readonly weekday: number;
};

// --- zones ----------------------------------------------------------------------------------------------------

const formats = new Map<string, Intl.DateTimeFormat>();
const offsets = new Map<string, number>();

/** Local time minus UTC, ms. All zones of stories change at a full or half hour of UTC. */
function offsetAt(zone: string, atMs: number): number {
  if (zone === 'UTC') return 0;
  const at = Math.floor(atMs / HALF_HOUR) * HALF_HOUR;
  const key = `${zone} ${at}`;
  const known = offsets.get(key);
  if (known !== undefined) return known;
  const offset = shown(zone, at) - at;
  offsets.set(key, offset);
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

function readingOf(ms: number): Reading {
  const minutes = Math.floor(ms / MINUTE);
  const days = Math.floor(ms / DAY);
  return {
    ms,
    minute: minutes % 60,
    hour: Math.floor(minutes / 60) % 24,
    day: new Date(ms).getUTCDate(),
    weekday: (days + 4) % 7,
  };
}

// --- patterns -------------------------------------------------------------------------------------------------

function ruleOf(text: string): Rule {
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
    return { kind: 'clock', fits: (local) => local.ms === ms, lastMs: ms };
  }
  const [minute = '', hour = '', day = '', , weekday = ''] = text.slice('cron('.length).split(' ');
  const fits = (local: Reading): boolean =>
    fitsField(minute, local.minute) &&
    fitsField(hour, local.hour) &&
    fitsField(day, local.day) &&
    (weekday === '?' || WEEKDAYS[local.weekday] === weekday);
  return { kind: 'clock', fits, lastMs: Number.POSITIVE_INFINITY };
}

const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

function fitsField(field: string, value: number): boolean {
  if (field === '*' || field === '?') return true;
  const [from, step] = field.split('/').map(Number);
  return step === undefined
    ? value === from
    : value >= (from ?? 0) && (value - (from ?? 0)) % step === 0;
}

/** In a repeated hour a reading counts when it is shown first; the end of a gap answers for all that it leaves out. */
function isSlot(rule: Rule & { kind: 'clock' }, zone: string, atMs: number): boolean {
  const now = atMs + offsetAt(zone, atMs);
  const before = atMs - MINUTE + offsetAt(zone, atMs - MINUTE);
  for (let local = Math.min(before + MINUTE, now); local <= now; local += MINUTE) {
    if (rule.fits(readingOf(local)) && !wasShown(zone, local, atMs)) return true;
  }
  return false;
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
  { schedule, timezone }: Scheduled,
  {
    anchor,
    afterMs,
    untilMs,
  }: { readonly anchor: number; readonly afterMs: number; readonly untilMs: number },
  take: (slotMs: number) => boolean,
): void {
  const rule = ruleOf(schedule);
  const from = Math.max(anchor, afterMs);
  if (rule.kind === 'rate') {
    const first = anchor + (Math.floor((from - anchor) / rule.everyMs) + 1) * rule.everyMs;
    for (let at = first; at <= untilMs && take(at); ) at += rule.everyMs;
    return;
  }
  const end = Math.min(untilMs, rule.lastMs + 2 * DAY);
  for (let at = Math.floor(from / MINUTE) * MINUTE + MINUTE; at <= end; at += MINUTE) {
    if (isSlot(rule, timezone ?? 'UTC', at) && !take(at)) return;
  }
}

type Scheduled = { readonly schedule: string; readonly timezone: string | null };

/** Longer ahead than any pattern of a story waits. */
const AHEAD = 40 * DAY;

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

type Mark = { readonly anchor: number; readonly last: number };
type Known = Mark & { readonly wish: AssociationWish; readonly next: number | null };

export type SlotModelOptions = {
  readonly broken: (promise: string, detail: string) => never;
  readonly sometimes: (situation: string) => void;
};

export function createSlotModel({ broken, sometimes }: SlotModelOptions) {
  const marks = new Map<string, Mark>();
  const found = new Map<string, Known>();

  function nextOf(name: string, wish: AssociationWish): number | null {
    const mark = marks.get(name);
    const { schedule, timezone } = wish;
    if (mark === undefined || schedule === null) return null;
    const known = found.get(name);
    const isSame = known?.wish === wish && known.anchor === mark.anchor && known.last === mark.last;
    if (isSame) return known.next;
    const next = nextSlotAfter({ schedule, timezone }, mark.anchor, mark.last);
    found.set(name, { ...mark, wish, next });
    return next;
  }

  function onRecord(record: Record, wish: Wish | null, now: number): void {
    switch (record.kind) {
      case 'association':
        return set(record.name, { anchor: record.anchor, last: record.lastSlot });
      case 'put-association':
        return set(record.value.name, { anchor: record.value.anchor, last: record.value.lastSlot });
      case 'association-removed':
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

  function set(name: string, mark: Mark): void {
    const before = marks.get(name);
    if (before !== undefined && mark.last < before.last) broken('P10', `slots of ${name} go back`);
    marks.set(name, mark);
  }

  /** Only the newest slot of those that have come fires, and only what is one by the minutes. */
  function fired(name: string, slot: number, wish: Wish | null, now: number): void {
    const each = wish?.associations.get(name);
    const mark = marks.get(name);
    if (each?.schedule == null || mark === undefined) return;
    const { schedule, timezone } = each;
    const meant = newestSlot({ schedule, timezone }, mark.anchor, mark.last, now);
    if (meant !== slot) {
      broken(
        'P10',
        `${name} (${schedule} ${timezone ?? ''}) fired for ${iso(slot)}, not for ${iso(meant)}`,
      );
    }
    tell(timezone, slot);
    marks.set(name, { ...mark, last: slot });
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
    for (const [name, each] of wish?.associations ?? []) {
      const next = nextOf(name, each);
      if (next !== null && next <= seenAt) broken('P10', `slot ${iso(next)} of ${name} never came`);
    }
  }

  function onStateLost(): void {
    marks.clear();
    found.clear();
  }

  return { onRecord, onPassed, onStateLost };
}

const iso = (ms: number | null): string => (ms === null ? 'none' : new Date(ms).toISOString());
