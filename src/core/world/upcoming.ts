/**
 * What comes of a revision, for the forecast: its plan against the world, its slots as they will stand, who is matched.
 * The daemon asks with the revision in force, an author with one that is not merged yet.
 */
import type { Ring, Start, Upcoming } from '../forecast/timeline.ts';
import type { Association } from '../model/association.ts';
import type { AssociationName, Instant, NodeId } from '../model/brand.ts';
import { instant } from '../model/brand.ts';
import type { Catalog } from '../model/catalog.ts';
import type { Definition } from '../model/definition.ts';
import { compareText } from '../model/problem.ts';
import type { AssociationPlan } from '../plan/plan.ts';
import { gateOf } from '../rollout/gate.ts';
import { matches } from '../selector/match.ts';
import type { LoadedRevision } from './events.ts';
import type { Fleet } from './fleet.ts';
import { planRevision, slotsUnder } from './plan-revision.ts';
import type { World } from './world.ts';

export type Question = {
  /** When the revision is in force. */
  readonly from: Instant;
  /** Null: all of them. */
  readonly associations: ReadonlySet<AssociationName> | null;
  /** Null: all of them; else only associations that match one of these, which alone are counted. */
  readonly nodes: ReadonlySet<NodeId> | null;
  /**
   * Slots before `from` that the world does not know to have fired: `fired` when the world is read from a status branch,
   * which is written later than slots fire; `owed` when it is the daemon's own.
   */
  readonly earlierSlots: 'fired' | 'owed';
};

/** Sorted by name. */
export function upcomingOf(
  world: World,
  revision: Pick<LoadedRevision, 'catalog' | 'definitions'>,
  fleet: Fleet,
  question: Question,
): readonly Upcoming[] {
  const plan = planRevision(world, revision, fleet);
  const { associations, nodes } = question;
  const { groups } = revision.catalog;
  const place = placingIn(revision, fleet);
  return [...revision.definitions.values()]
    .filter(({ association }) => associations === null || associations.has(association.name))
    .sort((a, b) => compareText(a.association.name, b.association.name))
    .flatMap((definition) => {
      const { name, targets } = definition.association;
      const matched = fleet.resolve(targets, groups);
      const asked = nodes === null ? matched : matched.filter((node) => nodes.has(node));
      if (nodes !== null && asked.length === 0) return [];
      const starts = startsOf(plan.get(name), asked, (of) => ringsOf(definition, of, place));
      const slots = slotsOf(world, revision, definition, question);
      return [{ ...slots, nodes: asked.length, starts }];
    });
}

/** What starts of it at once, ring by ring. */
export function startsIn(
  revision: Pick<LoadedRevision, 'catalog'>,
  fleet: Fleet,
  definition: Definition,
  plan: AssociationPlan,
): readonly Start[] {
  const matched = fleet.resolve(definition.association.targets, revision.catalog.groups);
  const place = placingIn(revision, fleet);
  return startsOf(plan, matched, (nodes) => ringsOf(definition, nodes, place));
}

function placingIn({ catalog }: Pick<LoadedRevision, 'catalog'>, fleet: Fleet): Placing {
  return (ring, id) => {
    const node = fleet.nodes.get(id);
    return node !== undefined && matches(ring.targets, node, catalog.groups);
  };
}

/** Its slots alone, whoever it targets. */
export function scheduledOf(
  world: World,
  revision: { readonly catalog: Pick<Catalog, 'calendars'> },
  definition: Definition,
  question: Pick<Question, 'from' | 'earlierSlots'>,
): Upcoming {
  return { ...slotsOf(world, revision, definition, question), nodes: 0, starts: [] };
}

function slotsOf(
  world: World,
  { catalog }: { readonly catalog: Pick<Catalog, 'calendars'> },
  { association, digests }: Definition,
  { from, earlierSlots }: Pick<Question, 'from' | 'earlierSlots'>,
): Pick<Upcoming, 'association' | 'anchor' | 'lastSlot' | 'gateAt'> {
  const slots = slotsUnder(world.state.associations.get(association.name), digests, from);
  const fired = earlierSlots === 'fired' ? instant(from - 1) : slots.lastSlot;
  return {
    association,
    anchor: slots.anchor,
    lastSlot: instant(Math.max(slots.lastSlot, fired)),
    gateAt: gatesOf(association, catalog),
  };
}

/** The gates that time opens and closes. What an alarm will say nobody knows: it is taken to be silent. */
function gatesOf(
  association: Association,
  { calendars }: Pick<Catalog, 'calendars'>,
): Upcoming['gateAt'] {
  if (association.suspend === null && association.calendarNames.length === 0) return () => null;
  const gated = { ...association, alarm: null };
  const input = { calendars, alarms: new Map() };
  return (at) => gateOf(gated, input, at).waiting;
}

function startsOf(
  plan: AssociationPlan | undefined,
  asked: readonly NodeId[],
  rings: (starting: readonly NodeId[]) => readonly Ring[],
): readonly Start[] {
  const start = plan?.start ?? null;
  if (plan === undefined || start === null || start.who === 'owed') return [];
  const { trigger, reason } = start;
  if (start.who === 'all') return [{ trigger, reason, rings: rings(asked) }];
  const joins = new Set(plan.joins);
  const starting = asked.filter((node) => joins.has(node));
  return starting.length === 0 ? [] : [{ trigger, reason, rings: [allAtOnce(starting)] }];
}

type Placing = (ring: Association['rings'][number], node: NodeId) => boolean;

/** A node belongs to the first ring that matches it; nodes of none come last. */
function ringsOf(
  { association: { rings } }: Definition,
  nodes: readonly NodeId[],
  isIn: Placing,
): readonly Ring[] {
  if (rings.length === 0) return [allAtOnce(nodes)];
  const counts = new Map<number, number>();
  for (const node of nodes) {
    const at = rings.findIndex((ring) => isIn(ring, node));
    counts.set(at, (counts.get(at) ?? 0) + 1);
  }
  const placed = rings.map(({ name, soakMs }, at): Ring => {
    return { name: name ?? String(at + 1), nodes: counts.get(at) ?? 0, soakMs };
  });
  return [...placed, { name: 'last', nodes: counts.get(-1) ?? 0, soakMs: 0 }];
}

const allAtOnce = (nodes: readonly NodeId[]): Ring => ({
  name: null,
  nodes: nodes.length,
  soakMs: 0,
});
