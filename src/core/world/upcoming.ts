/**
 * What comes of a revision, for the forecast: its plan against the world, its slots as they will stand, who is matched.
 * The daemon asks with the revision in force, an author with one that is not merged yet.
 */
import type { Gate, Ring, Start, Upcoming } from '../forecast/timeline.ts';
import type { Association } from '../model/association.ts';
import type { AssociationName, CommitId, Instant, NodeId } from '../model/brand.ts';
import { instant } from '../model/brand.ts';
import type { Catalog } from '../model/catalog.ts';
import type { Definition } from '../model/definition.ts';
import { compareText } from '../model/problem.ts';
import type { RolloutState } from '../model/state.ts';
import type { AssociationPlan } from '../plan/plan.ts';
import { gateOf } from '../rollout/gate.ts';
import { positionAfter } from '../rollout/rings.ts';
import { settledUntil, upcomingSlot } from '../schedule/slots.ts';
import { matches } from '../selector/match.ts';
import type { LoadedRevision } from './events.ts';
import type { Fleet } from './fleet.ts';
import { countsOf } from './on-rollout.ts';
import { planRevision, slotsUnder } from './plan-revision.ts';
import { talliesIn } from './rings.ts';
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
      const start = plan.get(name)?.start ?? null;
      const slots = slotsOf(world, revision, definition, { ...question, start });
      const position = positionIn(world, definition, { nodes: matched, place });
      const starts = startsOf(plan.get(name), asked, {
        rings: (of) => ringsOf(definition, of, place),
        rollout: rolloutIn(world, definition, plan.get(name), { from: question.from, position }),
        owed: owedOf(world, definition, plan.get(name), {
          from: question.from,
          nodes: asked,
          place,
          ring: position?.ring ?? null,
          nextSlot: upcomingSlot(definition.association, slots, question.from),
        }),
      });
      return [{ ...slots, nodes: asked.length, starts }];
    });
}

/** What starts of it at once, ring by ring. */
export function startsIn(
  world: World,
  revision: Pick<LoadedRevision, 'catalog'>,
  {
    fleet,
    definition,
    plan,
    from,
  }: {
    readonly fleet: Fleet;
    readonly definition: Definition;
    readonly plan: AssociationPlan;
    readonly from: Instant;
  },
): readonly Start[] {
  const matched = fleet.resolve(definition.association.targets, revision.catalog.groups);
  const place = placingIn(revision, fleet);
  return startsOf(plan, matched, {
    rings: (nodes) => ringsOf(definition, nodes, place),
    rollout: rolloutIn(world, definition, plan, {
      from,
      position: positionIn(world, definition, { nodes: matched, place }),
    }),
    owed: [],
  });
}

function placingIn(
  { catalog }: { readonly catalog: Pick<Catalog, 'groups'> },
  fleet: Fleet,
): Placing {
  return (ring, id) => {
    const node = fleet.nodes.get(id);
    return node !== undefined && matches(ring.targets, node, catalog.groups);
  };
}

type SlotsAsked = Pick<Question, 'from' | 'earlierSlots'> & {
  /** Whom the revision starts at once; null: nobody, as of one that is in force already. */
  readonly start: AssociationPlan['start'];
};

/** Its slots alone, whoever it targets. */
export function scheduledOf(
  world: World,
  revision: { readonly catalog: Pick<Catalog, 'calendars'> },
  definition: Definition,
  question: SlotsAsked,
): Upcoming {
  return { ...slotsOf(world, revision, definition, question), nodes: 0, starts: [] };
}

function slotsOf(
  world: World,
  { catalog }: { readonly catalog: Pick<Catalog, 'calendars'> },
  { association, digests }: Definition,
  { from, earlierSlots, start }: SlotsAsked,
): Pick<Upcoming, 'association' | 'anchor' | 'lastSlot' | 'gaps' | 'gateAt'> {
  const slots = slotsUnder(
    world.state.associations.get(association.name),
    { association, digests },
    { now: from, start },
  );
  return {
    association,
    ...(earlierSlots === 'fired' ? settledUntil(slots, instant(from - 1)) : slots),
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

type RingsAhead = {
  readonly rings: (starting: readonly NodeId[]) => readonly Ring[];
  readonly rollout: Rollout;
  /** What is owed already and goes on waiting, or starts. */
  readonly owed: readonly Start[];
};

function startsOf(
  plan: AssociationPlan | undefined,
  asked: readonly NodeId[],
  { rings, rollout, owed }: RingsAhead,
): readonly Start[] {
  if (plan === undefined) return [];
  const goesOn = rollout.kind === 'under-way' ? goingOn(rings(asked), rollout) : [];
  const start = plan.start;
  if (start === null || start.who === 'owed') return [...owed, ...goesOn];
  const now = { trigger: start.trigger, reason: start.reason, underWay: null };
  if (start.who === 'all') {
    if (rollout.kind === 'new') return [{ ...now, rings: rings(asked) }];
    const later = goesOn.flatMap((each) => each.rings).reduce((sum, { nodes }) => sum + nodes, 0);
    return [{ ...now, rings: [{ ...allAtOnce(asked), nodes: asked.length - later }] }, ...goesOn];
  }
  const joins = new Set(plan.joins);
  const starting = asked.filter((node) => joins.has(node));
  const joining = starting.length === 0 ? [] : [{ ...now, rings: [allAtOnce(starting)] }];
  return [...joining, ...owed, ...goesOn];
}

/**
 * Runs of the open execution that have not started: whoever waits for a suspend or a calendar starts when that ends, whoever
 * waits for a node or a place at once, as everybody is supposed to be there. A stop at the error threshold lasts until the
 * next slot. Nodes whose ring has not come are told with their ring.
 */
function owedOf(
  world: World,
  definition: Definition,
  plan: AssociationPlan | undefined,
  {
    from,
    nodes,
    place,
    ring: opened,
    nextSlot,
  }: {
    readonly from: Instant;
    readonly nodes: readonly NodeId[];
    readonly place: Placing;
    /** The one that has been opened last; null: all of them. */
    readonly ring: number | null;
    readonly nextSlot: Instant | null;
  },
): readonly Start[] {
  const { association } = definition;
  const state = world.state.associations.get(association.name);
  const rollout = state?.rollout ?? null;
  if (plan === undefined) return [];
  if (rollout !== null && rollout.halted !== null && plan.change !== 'update') return [];
  const owed = waitingIn(world, definition, plan, { nodes, place, ring: opened });
  if (owed === null) return [];
  const { open, waiting } = owed;
  const { trigger, reason } = open;
  const starting = { trigger, rings: [allAtOnce(waiting)] };
  // An edit lifts a stop.
  if (open.stopped !== null && plan.change !== 'update') {
    const underWay: Gate = { reason: 'error-threshold', until: nextSlot, detail: '' };
    return [{ ...starting, reason, underWay }];
  }
  const before = association.dependsOn.join(', ');
  if (before === '') return [{ ...starting, reason, underWay: null }];
  // An estimate: what it depends on is supposed to succeed, as everything is.
  const underWay: Gate = { reason: 'dependency', until: from, detail: before };
  return [{ ...starting, reason: `${reason}, after ${before}`, underWay }];
}

/** Whoever has not started of the open execution, whose ring has come, and who stays; null: nobody. */
function waitingIn(
  { state }: World,
  { association: { name, rings }, digests }: Definition,
  plan: AssociationPlan,
  {
    nodes,
    place,
    ring: opened,
  }: {
    readonly nodes: readonly NodeId[];
    readonly place: Placing;
    readonly ring: number | null;
  },
) {
  const id = state.associations.get(name)?.open ?? null;
  const open = id === null ? undefined : state.executions.get(id);
  if (open === undefined || open.closed !== null) return null;
  if (open.generation !== digests.generation && plan.start?.who !== 'owed') return null;
  const ring = opened ?? rings.length;
  const hasCome = (node: NodeId): boolean =>
    ring >= rings.length || rings.slice(0, ring + 1).some((each) => place(each, node));
  const gone = new Set(plan.leaves);
  const waiting = nodes.filter(
    (node) => open.runs.get(node)?.phase === 'Pending' && !gone.has(node) && hasCome(node),
  );
  return waiting.length === 0 ? null : { open, waiting };
}

/** Who would start at once if nothing held the open execution back, and why it was opened; null: nobody waits in it. */
export function owedIn(
  world: World,
  { catalog }: { readonly catalog: Pick<Catalog, 'groups'> },
  {
    fleet,
    definition,
    plan,
  }: {
    readonly fleet: Fleet;
    readonly definition: Definition;
    readonly plan: AssociationPlan;
  },
): { readonly nodes: readonly NodeId[]; readonly reason: string } | null {
  const nodes = fleet.resolve(definition.association.targets, catalog.groups);
  const place = placingIn({ catalog }, fleet);
  const ring = positionIn(world, definition, { nodes, place })?.ring ?? null;
  const owed = waitingIn(world, definition, plan, { nodes, place, ring });
  return owed === null ? null : { nodes: owed.waiting, reason: owed.open.reason };
}

/** How far the generation has come: a new one begins at the first ring, one that is everywhere has no rings any more. */
type Rollout =
  | { readonly kind: 'new' }
  | { readonly kind: 'through' }
  | {
      readonly kind: 'under-way';
      readonly ring: number;
      readonly gate: Gate;
      readonly commit: CommitId;
    };

function rolloutIn(
  world: World,
  { association: { name, rings }, digests }: Definition,
  plan: AssociationPlan | undefined,
  { from, position }: { readonly from: Instant; readonly position: Position | null },
): Rollout {
  const before = world.state.associations.get(name);
  if (before?.digests.generation !== digests.generation || bringsGeneration(plan)) {
    return { kind: 'new' };
  }
  const { rollout, generationCommit: commit } = before;
  if (rollout === null || position === null || rings.length === 0) return { kind: 'through' };
  const { ring, passedAt } = position;
  // An edit is how a commit resumes.
  if (rollout.halted !== null && plan?.change !== 'update') {
    const { failures, ring: bad } = rollout.halted;
    const detail = `halted: ${failures} failed in ring ${bad + 1}`;
    return { kind: 'under-way', ring, commit, gate: { reason: 'rollout', until: null, detail } };
  }
  const soakMs = rings[ring]?.soakMs ?? 0;
  // A ring that still runs is supposed to end now, and well.
  const until = instant((passedAt ?? from) + soakMs);
  const detail = `ring ${ring + 1} ${passedAt === null ? 'runs' : 'soaks'}`;
  return { kind: 'under-way', ring, commit, gate: { reason: 'rollout', until, detail } };
}

type Position = Pick<RolloutState, 'ring' | 'passedAt'>;

/** Where its rollout stands among the rings that it will have; null: nothing is rolled out. */
function positionIn(
  { state, revision }: World,
  { association: { name, rings } }: Definition,
  { nodes, place }: { readonly nodes: readonly NodeId[]; readonly place: Placing },
): Position | null {
  const rollout = state.associations.get(name)?.rollout ?? null;
  if (rollout === null) return null;
  const before = revision?.definitions.get(name)?.association.rings ?? rings;
  const placeOf = (id: NodeId): number => {
    const at = rings.findIndex((ring) => place(ring, id));
    return at === -1 ? rings.length : at;
  };
  const tallies = before === rings ? [] : talliesIn(state, name, { rings, nodes, place: placeOf });
  return positionAfter(rollout, {
    before,
    after: rings,
    counts: tallies.map((tally) => countsOf(tally, rollout.forgiven)),
  });
}

/** Also once it is in force: the daemon tells of a plan after it has applied it. */
const bringsGeneration = (plan: AssociationPlan | undefined): boolean =>
  plan?.change === 'create' ||
  plan?.edits.some((edit) => edit !== 'schedule' && edit !== 'targets' && edit !== 'settings') ===
    true;

/** The rings after the one that it has come to; none when nobody is in them. */
function goingOn(
  all: readonly Ring[],
  { ring, gate, commit }: Rollout & { kind: 'under-way' },
): readonly Start[] {
  const rings = all.slice(ring + 1);
  if (rings.every(({ nodes }) => nodes === 0)) return [];
  const reason = `rollout of ${commit.slice(0, 7)} goes on`;
  return [{ trigger: 'document', reason, rings, underWay: gate }];
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
