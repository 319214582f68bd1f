/** One association on one node: AWS's Status and DetailedStatus, AUTO compliance, and why it waits. */

import type { ComplianceStatus } from '../model/compliance.ts';
import { unreachable } from '../model/errors.ts';
import type {
  AssignmentStanding,
  Rating,
  TargetDetailedStatus,
  TargetStatus,
  Waiting,
} from '../model/standing.ts';
import type { Assignment, LastOutcome, NodeState, Outcome } from '../model/state.ts';
import type { Facts } from './facts.ts';

type Spoken = {
  readonly status: TargetStatus;
  readonly detailedStatus: TargetDetailedStatus;
  readonly waiting: Waiting | null;
};

export function standingOf(
  facts: Facts,
  node: NodeState,
  assignment: Assignment,
): AssignmentStanding {
  const { association } = assignment;
  const definition = facts.definitions.get(association)?.association;
  const wanted = facts.state.associations.get(association)?.digests.generation ?? null;
  const { last, since: outcome } = assignment;
  const isManual = definition?.syncCompliance === 'MANUAL';
  const item = isManual ? assignment.reported : null;
  const owed = owedRun(facts, node, assignment);
  const compliance = isManual ? (item?.status ?? null) : complianceOf(last);
  const spoken =
    owed !== null
      ? owedStatus(facts, owed)
      : outcome !== null && isCurrent(outcome, wanted)
        ? outcomeStatus(outcome.outcome)
        : boundStatus(facts, assignment);
  return {
    association,
    status: spoken.status,
    detailedStatus: spoken.detailedStatus,
    waiting: spoken.waiting,
    compliance,
    severity: item?.severity ?? definition?.complianceSeverity ?? 'UNSPECIFIED',
    item,
    rating:
      (isManual && compliance === null) || runsAnother(facts, node, association, wanted)
        ? unknown(spoken, compliance)
        : ratingOf(spoken, compliance, assignment, wanted),
    owed,
    outcome,
    applied: outcome?.outcome.status === 'Skipped' ? last : null,
  };
}

function owedRun(
  facts: Facts,
  node: NodeState,
  assignment: Assignment,
): AssignmentStanding['owed'] {
  if (assignment.execution === null) return null;
  const execution = facts.state.executions.get(assignment.execution);
  const run = execution?.runs.get(node.id);
  if (execution === undefined || run === undefined || run.phase === 'Done') return null;
  return { execution, run };
}

function owedStatus(facts: Facts, owed: NonNullable<AssignmentStanding['owed']>): Spoken {
  const { execution, run } = owed;
  switch (run.phase) {
    case 'Pending':
      return {
        status: 'Pending',
        detailedStatus: 'Pending',
        waiting: facts.waitingOf(execution, run),
      };
    case 'Offered':
      return {
        status: 'Pending',
        detailedStatus: 'Pending',
        waiting: facts.refusedOf?.(run) ?? null,
      };
    case 'Done': // not owed any more: `owedRun` has left it out
      return { status: 'Pending', detailedStatus: 'Pending', waiting: null };
    case 'Started':
      return { status: 'Pending', detailedStatus: 'InProgress', waiting: null };
    case 'Unreachable':
      return { status: 'Pending', detailedStatus: 'Unreachable', waiting: null };
    default:
      return unreachable(run.phase);
  }
}

/** Nothing is owed and nothing of this generation has run: the next slot will see to it, if one is to come and opens. */
const boundStatus = (facts: Facts, { association }: Assignment): Spoken => ({
  status: 'Pending',
  detailedStatus: 'Associated',
  waiting: facts.boundWaiting(association),
});

function outcomeStatus(outcome: Outcome): Spoken {
  const { detailedStatus } = outcome;
  switch (outcome.status) {
    case 'Success':
    case 'Failed':
    case 'Skipped':
      return { status: outcome.status, detailedStatus, waiting: null };
    case 'TimedOut':
    case 'Cancelled':
      return { status: 'Failed', detailedStatus, waiting: null };
    default:
      return unreachable(outcome.status);
  }
}

/** AUTO: Success is COMPLIANT, any other end of a run is not (spec/state-manager.md §6.2). */
export function complianceOf(last: LastOutcome | null): ComplianceStatus | null {
  if (last === null || last.outcome.status === 'Skipped') return null;
  return last.outcome.status === 'Success' ? 'COMPLIANT' : 'NON_COMPLIANT';
}

/**
 * Another generation runs there, which a commit has taken back meanwhile: what succeeded before it says nothing of the machine
 * any more, though it is in force again.
 */
function runsAnother(
  { state }: Facts,
  { job }: NodeState,
  association: Assignment['association'],
  wanted: string | null,
): boolean {
  const execution = job === null ? undefined : state.executions.get(job.execution);
  return execution?.association === association && execution.generation !== wanted;
}

/** Also a MANUAL association of which nothing was reported is not known to be compliant, however its runs end. */
const unknown = ({ status }: Spoken, compliance: ComplianceStatus | null): Rating =>
  status === 'Failed' || compliance === 'NON_COMPLIANT' ? 'failing' : 'waiting';

/**
 * Who waits for a slot waits as stated: the verdict is about what failed, what is silent and what is owed. A slot that a
 * gate will skip, or none at all, brings nothing.
 */
function ratingOf(
  { status, waiting }: Spoken,
  compliance: ComplianceStatus | null,
  { last, shown }: Assignment,
  wanted: string | null,
): Rating {
  if (status === 'Failed' || compliance === 'NON_COMPLIANT') return 'failing';
  if (waiting?.reason === 'schedule' && waiting.until !== null) return 'ok';
  if (last?.outcome.status === 'Success' && isCurrent(last, wanted)) return 'ok';
  return shown !== null && skippedByNode(shown.outcome) && isCurrent(shown, wanted)
    ? 'ok'
    : 'waiting';
}

/** An outcome reported so late that its generation is forgotten gets the benefit of the doubt. */
const isCurrent = (last: LastOutcome, wanted: string | null): boolean =>
  last.generation === null || last.generation === wanted;

/** A run that the daemon skips never started. */
const skippedByNode = (outcome: Outcome): boolean =>
  outcome.status === 'Skipped' && outcome.startedAt !== null;
