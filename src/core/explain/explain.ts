/**
 * Why an association does or does not run on a node: whom its targets match and by what, what it waits for, what ran last
 * and why, what comes next, and whether what is in force was applied. Plain data with instants as text: it is what the
 * control socket answers and what `explain --format json` prints.
 */
import type { Association } from '../model/association.ts';
import type { Instant } from '../model/brand.ts';
import { formatInstant } from '../model/brand.ts';
import type { Node } from '../model/node.ts';
import type { AssignmentStanding, CalendarStanding, PendingReason } from '../model/standing.ts';
import type {
  Assignment,
  AssociationState,
  LastOutcome,
  NodeState,
  Phase,
  State,
} from '../model/state.ts';
import { describeSchedule } from '../schedule/describe.ts';
import type { TargetExplanation } from '../selector/explain.ts';
import { explainTargets } from '../selector/explain.ts';
import type { Groups } from '../selector/target.ts';

export type NodeExplanation = {
  readonly node: {
    readonly id: string;
    readonly name: string;
    readonly tags: { readonly [key: string]: string };
    /** Where its tags come from: the file that people write, or the activation. */
    readonly file: string | null;
    readonly activation: string | null;
    /** Null: who answers cannot know, as from a status branch. */
    readonly connected: boolean | null;
    readonly lastSeen: string | null;
    /** How far its clock is off, where it takes no job because of that; null: nothing is known of it. */
    readonly clock: string | null;
  };
  readonly source: {
    /** The revision in force. */
    readonly revision: string | null;
    readonly held: { readonly code: string; readonly reason: string } | null;
    readonly paused: { readonly by: string; readonly at: string } | null;
  };
  /** Sorted by name: those that target the node, then the others. */
  readonly associations: readonly AssociationExplanation[];
};

export type AssociationExplanation = {
  readonly association: string;
  readonly file: string;
  readonly document: string;
  readonly schedule: string | null;
  /** Invalid: the file is not as written in force; `invalid` says why. */
  readonly validity: 'Valid' | 'Invalid';
  readonly invalid: string | null;
  /** How its calendars stand, all of them together; null: it has none. */
  readonly calendar: {
    readonly state: 'OPEN' | 'CLOSED';
    readonly nextTransition: string | null;
  } | null;
  readonly targeted: boolean;
  /** Every entry of its targets; all of them must match. */
  readonly targets: readonly TargetExplanation[];
  /** Null where it is not targeted, as are all below. */
  readonly status: {
    readonly status: string;
    readonly detailedStatus: string;
    readonly compliance: string | null;
    readonly severity: string;
  } | null;
  /** The run that is owed or out. */
  readonly run: {
    readonly execution: string;
    readonly occasion: string;
    readonly reason: string;
    readonly phase: Phase;
    readonly revision: string;
  } | null;
  readonly waiting: {
    readonly reason: PendingReason;
    readonly until: string | null;
    readonly detail: string | null;
  } | null;
  readonly last: {
    readonly status: string;
    readonly detailedStatus: string;
    readonly finishedAt: string;
    readonly occasion: string;
    readonly reason: string;
    readonly revision: string | null;
    readonly summary: string;
  } | null;
  readonly next: { readonly at: string; readonly reason: string } | null;
  readonly generation: {
    readonly inForce: string;
    /** The commit with which it became effective. */
    readonly since: string;
    /** What the last run on the node executed. */
    readonly applied: string | null;
    readonly isApplied: boolean;
  } | null;
};

/** One association on one node, as far as anybody knows. */
export type Subject = {
  readonly association: Association;
  /** Null: not in force yet. */
  readonly inForce: AssociationState | null;
  /** Null: not assigned. */
  readonly bound: {
    readonly assignment: Assignment;
    readonly standing: AssignmentStanding;
  } | null;
  readonly invalid: string | null;
  readonly calendar: CalendarStanding | null;
  /** Its next run by schedule; null: none comes. */
  readonly next: { readonly at: Instant; readonly reason: string } | null;
  /** What holds the whole association now; a status branch names it and has no room for its words. */
  readonly gate: { readonly reason: PendingReason; readonly detail: string } | null;
};

export function explainAssociation(
  { association, inForce, bound: assigned, invalid, calendar, next, gate }: Subject,
  node: Node,
  groups: Groups,
): AssociationExplanation {
  const { matches, targets } = explainTargets(association.targets, node, groups);
  const bound = matches ? assigned : null;
  const standing = bound?.standing ?? null;
  return {
    association: association.name,
    file: association.file,
    document: association.document,
    schedule: association.schedule === null ? null : describeSchedule(association.schedule),
    validity: invalid === null ? 'Valid' : 'Invalid',
    invalid,
    calendar: calendarOf(calendar),
    targeted: matches,
    targets,
    status: standing === null ? null : statusOf(standing),
    run: runOf(standing),
    waiting: waitingOf(standing, gate),
    last: lastOf(bound?.assignment.shown ?? null),
    next: matches && next !== null ? { at: formatInstant(next.at), reason: next.reason } : null,
    generation:
      matches && inForce !== null ? generationOf(inForce, bound?.assignment.last ?? null) : null,
  };
}

const calendarOf = (calendar: CalendarStanding | null): AssociationExplanation['calendar'] =>
  calendar === null
    ? null
    : {
        state: calendar.state,
        nextTransition:
          calendar.nextTransition === null ? null : formatInstant(calendar.nextTransition),
      };

const statusOf = ({ status, detailedStatus, compliance, severity }: AssignmentStanding) => ({
  status,
  detailedStatus,
  compliance,
  severity,
});

function runOf(standing: AssignmentStanding | null): AssociationExplanation['run'] {
  const owed = standing?.owed ?? null;
  if (owed === null) return null;
  const { execution, run } = owed;
  return {
    execution: execution.id,
    occasion: run.occasion,
    reason: execution.reason,
    phase: run.phase,
    revision: execution.revision,
  };
}

function waitingOf(
  standing: AssignmentStanding | null,
  gate: Subject['gate'],
): AssociationExplanation['waiting'] {
  const waiting = standing?.waiting ?? null;
  if (waiting === null) return null;
  const { reason, until, detail } = waiting;
  return {
    reason,
    until: until === null ? null : formatInstant(until),
    detail: detail ?? (gate?.reason === reason ? gate.detail : null),
  };
}

function lastOf(last: LastOutcome | null): AssociationExplanation['last'] {
  if (last === null) return null;
  const { outcome, occasion, reason, revision } = last;
  const { status, detailedStatus, finishedAt, summary } = outcome;
  return {
    status,
    detailedStatus,
    finishedAt: formatInstant(finishedAt),
    occasion,
    reason,
    revision,
    summary,
  };
}

function generationOf(
  { digests, generationCommit }: AssociationState,
  last: LastOutcome | null,
): AssociationExplanation['generation'] {
  const applied = last?.generation ?? null;
  return {
    inForce: digests.generation,
    since: generationCommit,
    applied,
    isApplied: applied === digests.generation,
  };
}

/** Who the node is, and what stands over all of it. */
export function explainNode(
  node: Node,
  contact: Pick<NodeState, 'connectedAt' | 'lastSeenAt'> | null,
  state: Pick<State, 'accepted' | 'held' | 'paused'> & { readonly clock: string | null },
): Omit<NodeExplanation, 'associations'> {
  const { accepted, held, paused } = state;
  const lastSeenAt = contact?.lastSeenAt ?? null;
  return {
    node: {
      id: node.id,
      name: node.name,
      tags: node.tags,
      file: node.file,
      activation: node.registration?.activationId ?? null,
      connected: contact === null ? null : contact.connectedAt !== null,
      lastSeen: lastSeenAt === null ? null : formatInstant(lastSeenAt),
      clock: state.clock,
    },
    source: {
      revision: accepted?.commit ?? null,
      held: held === null ? null : { code: held.code, reason: held.reason },
      paused: paused === null ? null : { by: paused.by, at: formatInstant(paused.at) },
    },
  };
}
