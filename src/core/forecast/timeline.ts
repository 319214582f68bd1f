/** One association's future: what starts at once, then slot after slot, each let through or held up by a gate. */
import type { Association } from '../model/association.ts';
import type { AssociationName, Instant } from '../model/brand.ts';
import { formatInstant, instant } from '../model/brand.ts';
import type { PendingReason } from '../model/standing.ts';
import type { Trigger } from '../model/state.ts';
import { slotsBetween } from '../schedule/schedule.ts';
import { dueSlot } from '../schedule/slots.ts';

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
  for (const slot of slotOccurrences(upcoming, span)) {
    for (
      let next = started[taken];
      next !== undefined && next.at <= slot.at;
      next = started[taken]
    ) {
      yield next;
      taken++;
    }
    yield slot;
  }
  yield* started.slice(taken);
}

/** A start that meets a closed gate waits for it; what never opens inside the window is told as held up. */
function startOccurrences(upcoming: Upcoming, start: Start, span: Span): readonly Occurrence[] {
  const { name } = upcoming.association;
  const occurrences: Occurrence[] = [];
  let at = span.from;
  let gate = upcoming.gateAt(at);
  const first = gate;
  while (gate !== null) {
    if (gate.until === null || gate.until >= span.until) {
      return [{ kind: 'skipped', at: span.from, association: name, ...gate }];
    }
    at = gate.until;
    gate = upcoming.gateAt(at);
  }
  const waited = first === null ? '' : `, waits for ${first.detail}`;
  for (const [i, ring] of start.rings.entries()) {
    if (at >= span.until) break;
    occurrences.push({
      kind: 'run',
      at,
      association: name,
      nodes: ring.nodes,
      trigger: start.trigger,
      reason: `${start.reason}${waited}`,
      ring: ring.name,
      estimated: i > 0,
    });
    at = instant(at + ring.soakMs);
  }
  return occurrences;
}

function* slotOccurrences(
  upcoming: Upcoming,
  { from, until }: Span,
): Generator<Occurrence, void, undefined> {
  const { association, anchor, lastSlot } = upcoming;
  const due = dueSlot(association, { anchor, lastSlot }, from);
  if (due.kind === 'fire') yield slotOccurrence(upcoming, due.at, from);
  if (due.kind === 'missed') yield missed(upcoming, due.at, from);
  if (association.schedule === null) return;
  const after = instant(Math.max(from, lastSlot));
  const last = instant(until - 1);
  for (const slot of slotsBetween(association.schedule, { after, until: last, anchor })) {
    yield slotOccurrence(upcoming, slot, slot);
  }
}

function slotOccurrence(upcoming: Upcoming, slot: Instant, at: Instant): Occurrence {
  const { name } = upcoming.association;
  const gate = upcoming.gateAt(at);
  if (gate !== null) return { kind: 'skipped', at, association: name, ...gate };
  return {
    kind: 'run',
    at,
    association: name,
    nodes: upcoming.nodes,
    trigger: 'schedule',
    reason: slot === at ? 'due' : `due since ${formatInstant(slot)}`,
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
