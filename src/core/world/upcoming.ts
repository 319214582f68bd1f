/**
 * What comes of a revision, for the forecast: its plan against the world, its slots as they will stand, who is matched.
 * The daemon asks with the revision in force, an author with one that is not merged yet.
 */
import type { Gate, Ring, Start, Upcoming } from '../forecast/timeline.ts';
import type { AssociationName, Instant, NodeId } from '../model/brand.ts';
import { instant } from '../model/brand.ts';
import type { Definition } from '../model/definition.ts';
import { compareText } from '../model/problem.ts';
import type { AssociationPlan } from '../plan/plan.ts';
import type { LoadedRevision } from './events.ts';
import type { Fleet } from './fleet.ts';
import { planRevision, slotsUnder } from './on-revision.ts';
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
  return [...revision.definitions.values()]
    .filter(({ association }) => associations === null || associations.has(association.name))
    .sort((a, b) => compareText(a.association.name, b.association.name))
    .flatMap((definition) => {
      const { name, targets } = definition.association;
      const matched = fleet.resolve(targets, revision.catalog.groups);
      const asked = nodes === null ? matched : matched.filter((node) => nodes.has(node));
      if (nodes !== null && asked.length === 0) return [];
      const starts = startsOf(plan.get(name), asked);
      return [{ ...slotsOf(world, definition, question), nodes: asked.length, starts }];
    });
}

/** Its slots alone, whoever it targets. */
export function scheduledOf(
  world: World,
  definition: Definition,
  question: Pick<Question, 'from' | 'earlierSlots'>,
): Upcoming {
  return { ...slotsOf(world, definition, question), nodes: 0, starts: [] };
}

function slotsOf(
  world: World,
  { association, digests }: Definition,
  { from, earlierSlots }: Pick<Question, 'from' | 'earlierSlots'>,
): Pick<Upcoming, 'association' | 'anchor' | 'lastSlot' | 'gateAt'> {
  const slots = slotsUnder(world.state.associations.get(association.name), digests, from);
  const fired = earlierSlots === 'fired' ? instant(from - 1) : slots.lastSlot;
  return {
    association,
    anchor: slots.anchor,
    lastSlot: instant(Math.max(slots.lastSlot, fired)),
    gateAt: (): Gate | null => null,
  };
}

function startsOf(plan: AssociationPlan | undefined, asked: readonly NodeId[]): readonly Start[] {
  const start = plan?.start ?? null;
  if (plan === undefined || start === null || start.who === 'owed') return [];
  const { trigger, reason } = start;
  const joins = new Set(plan.joins);
  const starting = start.who === 'all' ? asked : asked.filter((node) => joins.has(node));
  if (start.who === 'joins' && starting.length === 0) return [];
  return [{ trigger, reason, rings: ringsOf(starting) }];
}

const ringsOf = (nodes: readonly NodeId[]): readonly Ring[] => [
  { name: null, nodes: nodes.length, soakMs: 0 },
];
