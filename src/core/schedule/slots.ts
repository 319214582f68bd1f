/**
 * Which slot of a schedule fires now. Slots belong to the association; those at or before `lastSlot` never fire again,
 * whatever the clock does. Missed slots: one catch-up without the flag; with `ApplyOnlyAtCronInterval` a slot missed by
 * more than its starting deadline is recorded and never run late (contract §5).
 */

import type { Association } from '../model/association.ts';
import type { Instant } from '../model/brand.ts';
import type { AssociationState } from '../model/state.ts';
import { lastSlot, nextSlot } from './schedule.ts';

type Slots = Pick<AssociationState, 'anchor' | 'lastSlot'>;

export type DueSlot =
  | { readonly kind: 'none' }
  /** The newest slot up to now; older ones are covered by it. */
  | { readonly kind: 'fire'; readonly at: Instant }
  | { readonly kind: 'missed'; readonly at: Instant };

export function dueSlot(association: Association, slots: Slots, now: Instant): DueSlot {
  if (association.schedule === null || nextDue(association, slots, now) === null) {
    return { kind: 'none' };
  }
  const at = lastSlot(association.schedule, { atOrBefore: now, anchor: slots.anchor });
  if (at === null || at <= slots.lastSlot) return { kind: 'none' };
  const late = association.applyOnlyAtCronInterval && now - at > association.startingDeadlineMs;
  return { kind: late ? 'missed' : 'fire', at };
}

function nextDue(association: Association, slots: Slots, now: Instant): Instant | null {
  const next = upcomingSlot(association, slots);
  return next !== null && next <= now ? next : null;
}

/** The first slot that has not fired; null without a schedule, or when none is left (as after `at()`). */
export function upcomingSlot(association: Association, slots: Slots): Instant | null {
  if (association.schedule === null) return null;
  return nextSlot(association.schedule, { after: slots.lastSlot, anchor: slots.anchor });
}
