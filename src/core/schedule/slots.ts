/**
 * Which slot of a schedule fires now. Slots belong to the association; one that has fired never fires again, whatever the
 * clock does. Those at or before `lastSlot` have, but for those in a gap: a clock that ran far ahead and was set right again
 * finds what it had passed over still to come. Missed slots: one catch-up without the flag; with `ApplyOnlyAtCronInterval` a slot missed by
 * more than its starting deadline is recorded and never run late (contract §5).
 */

import type { Association } from '../model/association.ts';
import type { Instant } from '../model/brand.ts';
import { instant } from '../model/brand.ts';
import type { Gap } from '../model/state.ts';
import { lastSlot, nextSlot } from './schedule.ts';

export type Slots = {
  readonly anchor: Instant;
  readonly lastSlot: Instant;
  readonly gaps: readonly Gap[];
};

/** The newest gaps are kept: a lower one that gives way counts as fired. */
const GAPS_MAX = 4;

export type DueSlot =
  | { readonly kind: 'none' }
  /** The newest slot up to now; older ones are covered by it. `over`: the first of those; null: there are none. */
  | { readonly kind: 'fire'; readonly at: Instant; readonly over: Instant | null }
  | { readonly kind: 'missed'; readonly at: Instant; readonly over: Instant | null };

export function dueSlot(
  { schedule, ...association }: Association,
  slots: Slots,
  now: Instant,
): DueSlot {
  const first = schedule === null ? null : upcomingSlot({ schedule }, slots, now);
  if (schedule === null || first === null || first > now) return { kind: 'none' };
  const at = lastSlot(schedule, { atOrBefore: now, anchor: slots.anchor });
  if (at === null || at < first) return { kind: 'none' };
  const late = association.applyOnlyAtCronInterval && now - at > association.startingDeadlineMs;
  return { kind: late ? 'missed' : 'fire', at, over: first === at ? null : first };
}

/** The first slot that has not fired; null without a schedule, or when none is left (as after `at()`). */
export function upcomingSlot(
  { schedule }: Pick<Association, 'schedule'>,
  slots: Slots,
  now: Instant,
): Instant | null {
  if (schedule === null) return null;
  for (let after = firedUntil(slots, now); ; ) {
    const next = nextSlot(schedule, { after, anchor: slots.anchor });
    if (next === null || !hasFired(slots, next)) return next;
    after = slots.gaps.find((gap) => gap.after >= next)?.after ?? slots.lastSlot;
  }
}

/** The end of the stretch that has fired as of this instant, or that it lies in. */
export function firedUntil({ lastSlot: newest, gaps }: Slots, at: Instant): Instant {
  return gaps.find((gap) => at < gap.before)?.after ?? newest;
}

export function hasFired({ lastSlot: newest, gaps }: Slots, slot: Instant): boolean {
  return slot <= newest && !gaps.some((gap) => isIn(gap, slot));
}

const isIn = ({ after, before }: Gap, slot: Instant): boolean => after < slot && slot < before;

type Fired = Pick<Slots, 'lastSlot' | 'gaps'>;

/** After a slot has fired; `over`: those from this one on were passed over, and nobody ran them. */
export function afterFiring(
  { lastSlot: newest, gaps }: Fired,
  at: Instant,
  over: Instant | null,
): Fired {
  const around = gaps.find((gap) => isIn(gap, at));
  const after = around?.after ?? newest;
  const split = [
    ...(over === null ? [] : [{ after, before: at }]),
    ...(around === undefined ? [] : [{ after: at, before: around.before }]),
  ];
  const others = gaps.filter((gap) => gap !== around);
  return {
    lastSlot: instant(Math.max(newest, at)),
    gaps: newestGaps([...others, ...split]),
  };
}

/** Nothing has fired between these, and nothing of before has been said of them. */
export const withGap = ({ gaps }: Pick<Slots, 'gaps'>, gap: Gap): readonly Gap[] =>
  newestGaps([...gaps, gap]);

const newestGaps = (gaps: readonly Gap[]): readonly Gap[] =>
  [...gaps].sort((a, b) => a.after - b.after).slice(-GAPS_MAX);

/** As if all slots up to this instant had fired. */
export function settledUntil(slots: Slots, at: Instant): Slots {
  const gaps = slots.gaps
    .filter((gap) => gap.before > at)
    .map(({ after, before }) => ({ after: instant(Math.max(after, at)), before }));
  return { anchor: slots.anchor, lastSlot: instant(Math.max(slots.lastSlot, at)), gaps };
}
