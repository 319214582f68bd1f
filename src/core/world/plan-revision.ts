/** What a revision would do to the world, and how its slots will stand; pure, for the daemon, the plan and the forecast. */

import type { Association } from '../model/association.ts';
import type { AssociationName, Instant } from '../model/brand.ts';
import type { Definition } from '../model/definition.ts';
import { compareText } from '../model/problem.ts';
import type { AssociationState } from '../model/state.ts';
import type { AssociationPlan } from '../plan/plan.ts';
import { planAssociation } from '../plan/plan.ts';
import type { Slots } from '../schedule/slots.ts';
import { withGap } from '../schedule/slots.ts';
import type { LoadedRevision } from './events.ts';
import type { Fleet } from './fleet.ts';
import type { World } from './world.ts';

export type RevisionPlan = ReadonlyMap<AssociationName, AssociationPlan>;

/** What this revision would do, association by association. */
export function planRevision(
  world: World,
  revision: Pick<LoadedRevision, 'catalog' | 'definitions'>,
  fleet: Fleet,
): RevisionPlan {
  const names = new Set([...world.state.associations.keys(), ...revision.definitions.keys()]);
  const plan = new Map<AssociationName, AssociationPlan>();
  for (const name of [...names].sort(compareText)) {
    const after = revision.definitions.get(name) ?? null;
    const targets =
      after === null ? [] : fleet.resolve(after.association.targets, revision.catalog.groups);
    plan.set(
      name,
      planAssociation({
        before: world.state.associations.get(name)?.digests ?? null,
        after,
        assigned: world.assignedTo(name),
        targets,
        triggers: revision.catalog.settings.triggers,
      }),
    );
  }
  return plan;
}

/**
 * An edited schedule begins now; any other edit keeps the slots that are still to come, the one that is due this moment too.
 * Those that are gone never come again, even where the clock was set back before the edit. A rate counts anew from
 * whatever makes everybody run (`start`); from an edit that runs nobody it must not, or edits that come often starve it.
 */
export function slotsUnder(
  before: AssociationState | undefined,
  {
    association,
    digests: { generation, schedule },
  }: Pick<Definition, 'digests'> & { readonly association: Pick<Association, 'schedule'> },
  { now, start }: { readonly now: Instant; readonly start: AssociationPlan['start'] },
): Slots {
  if (before === undefined) return { anchor: now, lastSlot: now, gaps: [] };
  const { anchor, lastSlot, gaps } = before;
  if (before.digests.schedule !== schedule) {
    if (lastSlot >= now) return { anchor: now, lastSlot, gaps };
    // Nothing has run since: a clock that was far ahead for this edit alone rests nothing.
    return {
      anchor: now,
      lastSlot: now,
      gaps: withGap({ gaps }, { after: lastSlot, before: now }),
    };
  }
  const isNew = before.digests.generation !== generation && start?.who === 'all';
  const counts = association.schedule?.kind === 'rate' && isNew;
  return { anchor: counts ? now : anchor, lastSlot, gaps };
}
