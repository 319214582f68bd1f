/**
 * What a commit sets free: runs that wait already, and whose calendar opens, whose suspend is lifted, whose stop or halt ends
 * with it. Nothing of the commit makes them run, and yet it is what starts them, so a plan has to name them.
 */
import type { Gate } from '../forecast/timeline.ts';
import type { AssociationName, Instant, NodeId } from '../model/brand.ts';
import type { Catalog } from '../model/catalog.ts';
import type { Definition } from '../model/definition.ts';
import { compareText } from '../model/problem.ts';
import type { AssociationPlan, Start } from '../plan/plan.ts';
import type { Fleet } from './fleet.ts';
import type { RevisionPlan } from './plan-revision.ts';
import { owedIn, scheduledOf } from './upcoming.ts';
import type { World } from './world.ts';

export type Released = {
  readonly nodes: readonly NodeId[];
  /** Why they were to run: "parameters changed in 1a2b3c4". */
  readonly reason: string;
};

export function releasedIn(
  world: World,
  {
    after,
    definition,
    plan,
    fleet,
    from,
    gateBefore,
  }: {
    readonly after: { readonly catalog: Pick<Catalog, 'calendars' | 'groups'> };
    readonly definition: Definition;
    readonly plan: AssociationPlan;
    readonly fleet: Fleet;
    readonly from: Instant;
    readonly gateBefore: Gate | null;
  },
): Released | null {
  if (plan.start?.who === 'all') return null; // all of them run anyway
  const isStopped = isHeldByFailures(world, definition.association.name);
  if (gateBefore === null && !isStopped) return null;
  if (isStopped && plan.change !== 'update') return null; // an edit is how a commit resumes
  const asked = { from, earlierSlots: 'fired', start: plan.start } as const;
  if (scheduledOf(world, after, definition, asked).gateAt(from) !== null) return null;
  return owedIn(world, after, { fleet, definition, plan });
}

function isHeldByFailures({ state }: World, name: AssociationName): boolean {
  const association = state.associations.get(name);
  if (association === undefined) return false;
  const open = association.open === null ? undefined : state.executions.get(association.open);
  return (open?.stopped ?? null) !== null || (association.rollout?.halted ?? null) !== null;
}

/** The plan as people are to read it: whoever is set free starts, beside whoever the commit itself makes run. */
export function toldWith(
  plan: RevisionPlan,
  moves: ReadonlyMap<AssociationName, { readonly released: Released | null }>,
  targetsOf: (association: AssociationName) => readonly NodeId[],
): {
  readonly plan: RevisionPlan;
  readonly targetsOf: (association: AssociationName) => readonly NodeId[];
} {
  const told = new Map(plan);
  const nodes = new Map<AssociationName, readonly NodeId[]>();
  for (const [name, { released }] of moves) {
    const each = plan.get(name);
    if (released === null || each === undefined) continue;
    const joining = each.start?.who === 'joins' ? each.joins : [];
    nodes.set(name, [...new Set([...released.nodes, ...joining])].sort(compareText));
    told.set(name, { ...each, start: startOf(each, released) });
  }
  return { plan: told, targetsOf: (name) => nodes.get(name) ?? targetsOf(name) };
}

function startOf({ start }: AssociationPlan, { reason }: Released): Start {
  const waits = `what waits already starts: ${reason}`;
  return {
    who: 'all',
    trigger: start?.trigger ?? 'edit',
    reason: start?.who === 'joins' ? `${start.reason}; ${waits}` : waits,
  };
}
