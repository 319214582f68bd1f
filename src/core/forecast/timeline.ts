/** One association's future: what starts at once, then slot after slot, each let through or held up by a gate. */
import type { Association } from '../model/association.ts';
import type { AssociationName, Instant } from '../model/brand.ts';
import { formatInstant, instant } from '../model/brand.ts';
import type { PendingReason } from '../model/standing.ts';
import type { Gap, Trigger } from '../model/state.ts';
import { slotsBetween } from '../schedule/schedule.ts';
import { dueSlot, firedUntil, hasFired } from '../schedule/slots.ts';

/** Something that lets nothing of an association start; `until` null: nobody knows for how long. */
export type Gate = {
  readonly reason: PendingReason;
  readonly until: Instant | null;
  /** For people: whose calendar, who suspended it and why. */
  readonly detail: string;
};

/** What starts once the revision is in force, before any slot. */
export type Start = {
  readonly trigger: Trigger;
  /** A sentence part: "document changed". */
  readonly reason: string;
  /** In the order in which nodes take it; one entry without a name when there are no rings. */
  readonly rings: readonly Ring[];
  /** A rollout that is under way: what holds the first of `rings`, which are those to come. Null: it begins here. */
  readonly underWay: Gate | null;
};

export type Ring = {
  readonly name: string | null;
  readonly nodes: number;
  /** How long the next ring waits after this one has finished, ms. */
  readonly soakMs: number;
};

/** An association as it stands at the beginning of the window. */
export type Upcoming = {
  readonly association: Association;
  readonly anchor: Instant;
  /** No slot at or before this one fires any more. */
  readonly lastSlot: Instant;
  /** But these. */
  readonly gaps: readonly Gap[];
  /** Of its targets, those that are asked about. */
  readonly nodes: number;
  readonly starts: readonly Start[];
  gateAt(at: Instant): Gate | null;
};

export type Span = {
  /** Inclusive. */
  readonly from: Instant;
  /** Exclusive. */
  readonly until: Instant;
};

export type Occurrence =
  | {
      readonly kind: 'run';
      readonly at: Instant;
      readonly association: AssociationName;
      readonly nodes: number;
      readonly trigger: Trigger;
      readonly reason: string;
      /** A slot of its schedule; false: what starts whenever the revision is in force, or waits already. */
      readonly isSlot: boolean;
      /** Null: no ring of a rollout. */
      readonly ring: string | null;
      /** `at` supposes that what comes before takes no time and does not fail. */
      readonly estimated: boolean;
    }
  | {
      readonly kind: 'skipped';
      readonly at: Instant;
      readonly association: AssociationName;
      /** `missed`: its starting deadline is over. Anything else is the gate that was closed. */
      readonly reason: PendingReason | 'missed';
      readonly until: Instant | null;
      readonly detail: string;
    };

/** In time order. The caller bounds what it takes. */
export function* timelineOf(
  upcoming: Upcoming,
  span: Span,
): Generator<Occurrence, void, undefined> {
  const started = upcoming.starts
    .flatMap((start) => startOccurrences(upcoming, start, span))
    .sort((a, b) => a.at - b.at);
  let taken = 0;
  let ringsAhead = upcoming.starts.flatMap(laterRings).reduce(nodesOf, 0);
  for (const slot of slotOccurrences(upcoming, span)) {
    for (; ; taken++) {
      const next = started[taken];
      if (next === undefined || next.at > slot.at) break;
      if (next.kind === 'run' && next.estimated) ringsAhead -= next.nodes;
      if (!isCarried(next, slot, span)) yield next;
    }
    yield ringsAhead === 0 ? slot : withoutRings(slot, ringsAhead);
  }
  yield* started.slice(taken);
}

/** Whoever has waited until the very instant of a slot runs in the execution that the slot opens, and not twice. */
const isCarried = (waited: Occurrence, slot: Occurrence, { from }: Span): boolean =>
  waited.kind === 'run' && slot.kind === 'run' && waited.at === slot.at && waited.at > from;

const nodesOf = (sum: number, { nodes }: Ring): number => sum + nodes;

/** A ring without nodes is passed over, its soak too; a start of nobody is told all the same. */
function takingOf({ rings }: Start): readonly Ring[] {
  const taking = rings.filter(({ nodes }) => nodes > 0);
  return taking.length > 0 ? taking : rings.slice(0, 1);
}

const laterRings = (start: Start): readonly Ring[] =>
  takingOf(start).slice(start.underWay === null ? 1 : 0);

/** No slot runs in a ring before it has come. */
const withoutRings = (slot: Occurrence, ringsAhead: number): Occurrence =>
  slot.kind === 'run' ? { ...slot, nodes: slot.nodes - ringsAhead, estimated: true } : slot;

/**
 * A start that meets a closed gate waits until it opens, and so does every ring; what never opens inside the window is
 * told as held up.
 */
function startOccurrences(upcoming: Upcoming, start: Start, span: Span): readonly Occurrence[] {
  const { name } = upcoming.association;
  const { underWay } = start;
  const occurrences: Occurrence[] = [];
  if (underWay !== null && underWay.until === null) {
    return [{ kind: 'skipped', at: span.from, association: name, ...underWay }];
  }
  let at = instant(Math.max(span.from, underWay?.until ?? span.from));
  if (at >= span.until) return [];
  for (const [i, ring] of takingOf(start).entries()) {
    const opening = openingAt(upcoming, at, span);
    if (opening.at === null) {
      return [...occurrences, { kind: 'skipped', at, association: name, ...opening.gate }];
    }
    at = opening.at;
    occurrences.push({
      kind: 'run',
      at,
      association: name,
      nodes: ring.nodes,
      trigger: start.trigger,
      reason: opening.gate === null ? start.reason : `${start.reason}, ${waitWords(opening.gate)}`,
      isSlot: false,
      ring: ring.name,
      estimated: i > 0 || underWay !== null,
    });
    at = instant(at + ring.soakMs);
    if (at >= span.until) break;
  }
  return occurrences;
}

const waitWords = ({ reason, detail }: Gate): string =>
  `waits: ${reason}${detail === '' ? '' : ` (${detail})`}`;

type Opening =
  | { readonly at: Instant; readonly gate: Gate | null }
  | { readonly at: null; readonly gate: Gate };

/** When nothing holds it any more, from `at` on, and what held it first. */
function openingAt(upcoming: Upcoming, at: Instant, span: Span): Opening {
  const first = upcoming.gateAt(at);
  let opens = at;
  for (let gate = first; gate !== null; gate = upcoming.gateAt(opens)) {
    if (gate.until === null || gate.until >= span.until || gate.until <= opens) {
      return { at: null, gate };
    }
    opens = gate.until;
  }
  return { at: opens, gate: first };
}

function* slotOccurrences(
  upcoming: Upcoming,
  { from, until }: Span,
): Generator<Occurrence, void, undefined> {
  const { association, anchor } = upcoming;
  const due = dueSlot(association, upcoming, from);
  if (due.kind === 'fire') yield slotOccurrence(upcoming, due.at, from);
  if (due.kind === 'missed') yield missed(upcoming, due.at, from);
  if (association.schedule === null) return;
  const after = instant(Math.max(from, firedUntil(upcoming, from)));
  const last = instant(until - 1);
  for (const slot of slotsBetween(association.schedule, { after, until: last, anchor })) {
    if (!hasFired(upcoming, slot)) yield slotOccurrence(upcoming, slot, slot);
  }
}

/** A slot is judged by its own instant, however late it is looked at; an interval whose gate was closed is not applied. */
function slotOccurrence(upcoming: Upcoming, slot: Instant, at: Instant): Occurrence {
  const { name } = upcoming.association;
  const gate = upcoming.gateAt(slot);
  if (gate !== null) return { kind: 'skipped', at, association: name, ...gate };
  return {
    kind: 'run',
    at,
    association: name,
    nodes: upcoming.nodes,
    trigger: 'schedule',
    reason: slot === at ? 'due' : `due since ${formatInstant(slot)}`,
    isSlot: true,
    ring: null,
    estimated: false,
  };
}

const missed = (upcoming: Upcoming, slot: Instant, at: Instant): Occurrence => ({
  kind: 'skipped',
  at,
  association: upcoming.association.name,
  reason: 'missed',
  until: null,
  detail: `the slot of ${formatInstant(slot)} is older than its starting deadline`,
});
