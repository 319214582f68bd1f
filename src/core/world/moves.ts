/**
 * What a commit moves without changing an association: its calendars, its groups, what holds it back; and its next run as it
 * is and as it will be. For the plan, so that a reviewer sees a freeze before the merge.
 */
import { digestOf } from '../canonical/digest.ts';
import { nextRun } from '../forecast/forecast.ts';
import type { Ring, Start, Upcoming } from '../forecast/timeline.ts';
import type { Association } from '../model/association.ts';
import type { AssociationName, Instant } from '../model/brand.ts';
import { formatInstant, instant } from '../model/brand.ts';
import type { Calendar } from '../model/calendar.ts';
import type { Catalog } from '../model/catalog.ts';
import type { Definition } from '../model/definition.ts';
import type { Json } from '../model/json.ts';
import type { AssociationPlan } from '../plan/plan.ts';
import { settingsChanged } from '../plan/settings.ts';
import { upcomingSlot } from '../schedule/slots.ts';
import type { LoadedRevision } from './events.ts';
import type { Fleet } from './fleet.ts';
import type { RevisionPlan } from './plan-revision.ts';
import type { Released } from './released.ts';
import { releasedIn } from './released.ts';
import type { Question } from './upcoming.ts';
import { scheduledOf, startsIn } from './upcoming.ts';
import type { World } from './world.ts';

/** A revision that may be known in part: what has no definition in it is as it is in the other. */
export type Side = {
  readonly catalog: Pick<Catalog, 'calendars' | 'groups'>;
  readonly definitions: LoadedRevision['definitions'];
};

export type Move = {
  /** Sentence parts: "calendar freeze changed". */
  readonly because: readonly string[];
  readonly nextRunBefore: Instant | null;
  readonly released: Released | null;
};

type Asked = Pick<Question, 'from' | 'earlierSlots'>;

/** Of associations that stay, and are edited or moved. */
export function movesOf(
  world: World,
  {
    before,
    after,
    plan,
    fleet,
  }: {
    readonly before: Side;
    readonly after: Side;
    readonly plan: RevisionPlan;
    /** Of the revision after. */
    readonly fleet: Fleet;
  },
  asked: Asked,
): ReadonlyMap<AssociationName, Move> {
  const moves = new Map<AssociationName, Move>();
  const calendars = calendarsMoved(before.catalog.calendars, after.catalog.calendars);
  const groups = groupsMoved(before.catalog.groups, after.catalog.groups);
  for (const [name, each] of plan) {
    const { change } = each;
    if (change === 'create' || change === 'delete') continue;
    const now = after.definitions.get(name);
    const then = before.definitions.get(name) ?? (change === 'unchanged' ? now : undefined);
    if (now === undefined || then === undefined) continue;
    const because = [
      ...settingsChanged(then.association, now.association),
      ...now.association.calendarNames.flatMap((each) => calendars.get(each) ?? []),
      ...groupsIn(now.association).flatMap((each) => groups.get(each) ?? []),
    ];
    if (change === 'unchanged' && because.length === 0) continue;
    const coming = scheduledOf(world, before, then, { ...asked, start: null });
    const released = releasedIn(world, {
      after,
      definition: now,
      plan: each,
      fleet,
      from: asked.from,
      gateBefore: coming.gateAt(asked.from),
    });
    moves.set(name, { because, nextRunBefore: nextRunIn(coming, asked.from), released });
  }
  return moves;
}

/** Content alone counts: a calendar whose events moved down in their file is the same. */
function calendarsMoved(
  before: Catalog['calendars'],
  after: Catalog['calendars'],
): ReadonlyMap<string, string> {
  const moved = new Map<string, string>();
  for (const name of new Set([...before.keys(), ...after.keys()])) {
    const then = before.get(name);
    const now = after.get(name);
    if (now === undefined) moved.set(name, `calendar ${name} is gone and counts as closed`);
    else if (now.unreadable !== null && then?.unreadable == null)
      moved.set(name, `calendar ${name} cannot be read and counts as closed`);
    else if (then === undefined) moved.set(name, `calendar ${name} is new`);
    else if (digestOf(contentOf(then)) !== digestOf(contentOf(now)))
      moved.set(name, `calendar ${name} changed`);
  }
  return moved;
}

function contentOf({ file: _, events, ...calendar }: Calendar): Json {
  const content = {
    ...calendar,
    events: events.map(({ line: _, summary: __, ...event }) => event),
  };
  return content as unknown as Json;
}

function groupsMoved(
  before: Catalog['groups'],
  after: Catalog['groups'],
): ReadonlyMap<string, string> {
  const moved = new Map<string, string>();
  for (const [name, { targets }] of after) {
    const then = before.get(name);
    if (
      then !== undefined &&
      digestOf(then.targets as unknown as Json) !== digestOf(targets as unknown as Json)
    )
      moved.set(name, `group ${name} changed`);
  }
  return moved;
}

const groupsIn = ({ targets, rings }: Association): readonly string[] => [
  ...new Set(
    [targets, ...rings.map((ring) => ring.targets)]
      .flat()
      .flatMap((target) => (target.kind === 'group' ? [target.name] : [])),
  ),
];

export type Coming = {
  readonly nextRun: Instant | null;
  /** What holds a start back; null: nothing. */
  readonly waits: string | null;
  /** Of those that start, how many may at once; null: all of them. */
  readonly startsNow: number | null;
  /** Which ring takes it when; null without rings. */
  readonly rings: string | null;
  /** Why its schedule never runs it, at least not in a year; null: it does, or there is none. */
  readonly never: string | null;
};

const NOTHING: Coming = { nextRun: null, waits: null, startsNow: null, rings: null, never: null };

/** Of the revision that the world is in. */
export function comingOf(
  world: World,
  name: AssociationName,
  plan: AssociationPlan | undefined,
): Coming {
  const { revision, fleet, seenAt } = world;
  if (revision === null || plan === undefined) return NOTHING;
  const asked = { from: seenAt, earlierSlots: 'owed' } as const;
  return comingUnder(world, revision, { fleet, plan, name, asked });
}

/** What one association does once this revision is in force. */
export function comingUnder(
  world: World,
  revision: Pick<LoadedRevision, 'catalog' | 'definitions'>,
  {
    fleet,
    plan,
    name,
    asked,
  }: {
    readonly fleet: Fleet;
    readonly plan: AssociationPlan;
    readonly name: AssociationName;
    readonly asked: Asked;
  },
): Coming {
  const definition = revision.definitions.get(name);
  if (definition === undefined) return NOTHING;
  const coming = scheduledOf(world, revision, definition, { ...asked, start: plan.start });
  const nextRun = nextRunIn(coming, asked.from);
  const never = nextRun === null ? neverIn(coming, asked.from) : null;
  if (plan.start === null) return { ...NOTHING, nextRun, never };
  const waits = waitsAt(coming, asked.from);
  const starts = startsIn(world, revision, { fleet, definition, plan, from: asked.from });
  const rings = ringsIn(definition, plan, starts);
  const startsNow = waits === null ? (rings?.[0]?.nodes ?? null) : 0;
  return {
    nextRun,
    never,
    waits,
    startsNow,
    rings: rings === null ? null : `in rings: ${rings.map(ringWords).join(', then ')}`,
  };
}

function waitsAt(coming: Upcoming, at: Instant): string | null {
  const gate = coming.gateAt(at);
  if (gate === null) return null;
  const until = gate.until === null ? '' : ` until ${formatInstant(gate.until)}`;
  return `waits: ${gate.reason}${until}${gate.detail === '' ? '' : ` (${gate.detail})`}`;
}

/** Those with nodes, in order; null when all start together. */
function ringsIn(definition: Definition, plan: AssociationPlan, starts: readonly Start[]) {
  if (definition.association.rings.length === 0 || plan.start?.who !== 'all') return null;
  const taking = starts.flatMap((start) => start.rings).filter(({ nodes }) => nodes > 0);
  return taking.length === 0 ? null : taking;
}

function ringWords({ name, nodes, soakMs }: Ring): string {
  const soak = soakMs === 0 ? '' : ` (soaks ${soakWords(soakMs)})`;
  return `${name ?? ''} ${nodes === 1 ? '1 node' : `${nodes} nodes`}${soak}`.trim();
}

function soakWords(ms: number): string {
  if (ms % 60_000 !== 0) return `${ms / 1_000} s`;
  const minutes = ms / 60_000;
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${minutes} min`;
}

/** Its next slot that something lets through; null: none in a year. */
function nextRunIn(coming: Upcoming, from: Instant): Instant | null {
  const slot = upcomingSlot(coming.association, coming, from);
  if (slot === null || coming.gateAt(slot) === null) return slot;
  return nextRun(coming, { from, until: instant(from + AHEAD_MS) })?.at ?? null;
}

/** `at()` in the past, or a slot that meets a gate and is the last: State Manager says nothing of either. */
function neverIn(coming: Upcoming, from: Instant): string | null {
  const { schedule } = coming.association;
  if (schedule === null) return null;
  const slot = upcomingSlot(coming.association, coming, from);
  if (slot === null) return `no run by schedule: none of its slots is ahead (${schedule.text})`;
  const gate = coming.gateAt(slot);
  const why =
    gate === null ? '' : `: ${gate.reason}${gate.detail === '' ? '' : ` (${gate.detail})`}`;
  return `no run by schedule within a year, the slot of ${formatInstant(slot)} is not let through${why}`;
}

const AHEAD_MS = 366 * 86_400_000;
