import type { Calendar } from '../model/calendar.ts';
import type { Span } from './spans.ts';
import { openSpans } from './spans.ts';

/** When the events of one calendar last, unrolled as far as somebody has asked. */
export type Timeline = {
  readonly at: (at: number) => Stretch;
};

/**
 * Whether an event lasts, and until when that stays so; null: for the next ten years. Of a calendar so full that we stop
 * looking, `until` is how far we have come (`isChange` false): it may stay so for longer.
 */
export type Stretch = {
  readonly inside: boolean;
  readonly until: number | null;
  readonly isChange: boolean;
};

/**
 * Time is cut into pages of a fixed length, and each is unrolled when first asked for: an answer costs what is near it,
 * wherever the calendar began and however long it goes on.
 */
export function openTimeline(calendar: Calendar): Timeline {
  const { between, perDayMax } = openSpans(calendar);
  const pagesAtOnceMax = Math.max(2, Math.floor(DAILY_PAGES_MAX / perDayMax));
  const pages = new Map<number, readonly Span[]>();
  let unrolled = 0;
  let latest: { readonly from: number; readonly stretch: Stretch } | null = null;

  function pageOf(at: number): readonly Span[] {
    const index = pageIndex(at);
    let page = pages.get(index);
    if (page === undefined) {
      page = merged(between(index * PAGE_MS, (index + 1) * PAGE_MS));
      unrolled += 1;
      if (pages.size >= PAGES_MAX) pages.clear();
      pages.set(index, page);
    }
    return page;
  }

  function stretchFrom(at: number): Stretch {
    const inside = spanAt(pageOf(at), at) !== null;
    const limit = at + AHEAD_MS;
    const unrolledMax = unrolled + pagesAtOnceMax;
    let now = at;
    while (now <= limit) {
      if (unrolled >= unrolledMax && !pages.has(pageIndex(now)))
        return { inside, until: now, isChange: false };
      const page = pageOf(now);
      const pageEnd = (pageIndex(now) + 1) * PAGE_MS;
      const span = spanAt(page, now);
      if ((span !== null) !== inside) return { inside, until: now, isChange: true };
      const change = span === null ? (firstAfter(page, now)?.start ?? pageEnd) : span.end;
      if (change < pageEnd) return { inside, until: change, isChange: true };
      now = pageEnd;
    }
    return { inside, until: null, isChange: false };
  }

  return {
    at(at) {
      if (latest === null || at < latest.from || !isBefore(at, latest)) {
        latest = { from: at, stretch: stretchFrom(at) };
      }
      return latest.stretch;
    },
  };
}

/** An answer without an end is looked up anew after a page, so that it never gets older than the horizon. */
function isBefore(
  at: number,
  { from, stretch }: { readonly from: number; readonly stretch: Stretch },
): boolean {
  return at < (stretch.until ?? from + PAGE_MS);
}

const DAY_MS = 86_400_000;
const PAGE_MS = 64 * DAY_MS;
/** How far the next change is looked for. */
const AHEAD_MS = 10 * 366 * DAY_MS;
/** Enough for the whole horizon and then some. */
const PAGES_MAX = 128;
/** How many occurrences a day times pages one answer may unroll, two pages at least: some 50 ms of most that a file may hold. */
const DAILY_PAGES_MAX = 1_000;

function pageIndex(at: number): number {
  return Math.floor(at / PAGE_MS);
}

/** Sorted, and what overlaps or touches joined. */
function merged(spans: readonly Span[]): readonly Span[] {
  const joined: { start: number; end: number }[] = [];
  for (const { start, end } of [...spans].sort((a, b) => a.start - b.start)) {
    const last = joined.at(-1);
    if (last !== undefined && start <= last.end) last.end = Math.max(last.end, end);
    else joined.push({ start, end });
  }
  return joined;
}

function spanAt(spans: readonly Span[], at: number): Span | null {
  const span = spans[countStarted(spans, at) - 1];
  return span !== undefined && at < span.end ? span : null;
}

function firstAfter(spans: readonly Span[], at: number): Span | null {
  return spans[countStarted(spans, at)] ?? null;
}

/** How many of the sorted spans begin at or before `at`. */
function countStarted(spans: readonly Span[], at: number): number {
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((spans[middle]?.start ?? Number.POSITIVE_INFINITY) <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}
