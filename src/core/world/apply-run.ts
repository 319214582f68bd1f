/** The part of the fold that moves runs, and keeps on each node what ran there last. */
import type { Instant } from '../model/brand.ts';
import { present, unreachable } from '../model/errors.ts';
import type {
  Assignment,
  Execution,
  LastOutcome,
  Outcome,
  Phase,
  Run,
  State,
} from '../model/state.ts';
import { executionOf, nodeOf } from './entry-of.ts';
import type { Record } from './records.ts';
import { count, isSkippedByNode, uncount, unforgive } from './tally.ts';

export function applyRun(
  state: State,
  record: Record & { kind: 'offered' | 'returned' | 'started' | 'unreachable' },
): void {
  const execution = executionOf(state, record.execution);
  const run = present(execution.runs.get(record.node), 'a run record has its run');
  if (run.run !== record.run) return; // a later run took its place; the older one is history
  switch (record.kind) {
    case 'offered':
      move(state, execution, run, 'Offered', record.at);
      run.notAfter = record.notAfter;
      return;
    case 'returned': {
      const why = notOwedAgain(state, execution, run);
      if (why === null) move(state, execution, run, 'Pending', record.at);
      else setDone(state, execution, run, skipped(run, why, record.at));
      return;
    }
    case 'started':
      execution.endedAt = null; // taken for skipped, and it runs all the same
      move(state, execution, run, 'Started', record.at);
      return;
    case 'unreachable':
      move(state, execution, run, 'Unreachable', record.at);
      return;
    default:
      return unreachable(record);
  }
}

/** Why a job that came back is not handed out once more; null when it is. */
function notOwedAgain(state: State, execution: Execution, run: Run): string | null {
  if (execution.closed !== null) return closeSentences[execution.closed.reason];
  const { assignments } = nodeOf(state, run.node);
  return assignments.has(execution.association) ? null : NO_TARGET;
}

export const NO_TARGET = 'no longer a target';

export const closeSentences: { [reason in NonNullable<Execution['closed']>['reason']]: string } = {
  'next-slot': 'did not get its turn before the next slot',
  edited: 'not started before the association changed',
  manual: 'not started before a manual run',
  cancelled: 'cancelled before it started',
  removed: 'the association was removed',
  deadline: 'slot missed by more than the starting deadline',
  duration: 'not started before the Duration of its execution was over',
  complete: 'not started',
};

export function finish(state: State, record: Record & { kind: 'finished' }): void {
  const node = nodeOf(state, record.node);
  const execution = state.executions.get(record.execution);
  const run = execution?.runs.get(record.node);
  if (execution === undefined || run?.run !== record.outcome.run) {
    // Its execution is history already: the outcome is still what ran last here, if nothing newer is known.
    const assignment = node.assignments.get(record.association);
    if (assignment !== undefined && isNewer(record.outcome, assignment.last)) {
      const { outcome } = record;
      const last = { ...contextOf(record, assignment.last), outcome };
      assignment.last = last;
      show(assignment, last);
    }
    if (node.job?.run === record.outcome.run) node.job = null;
    return;
  }
  setDone(state, execution, run, record.outcome);
}

/** What its node has told of the run before stays known, and is on the branch: its occasion, what it was of. */
function contextOf(
  { execution, generation = null, outcome }: Record & { kind: 'finished' },
  last: LastOutcome | null,
): Omit<LastOutcome, 'outcome'> {
  if (last?.outcome.run === outcome.run) return last;
  return { execution, generation, occasion: '', revision: null, reason: 'reported late' };
}

export function setDone(state: State, execution: Execution, run: Run, outcome: Outcome): void {
  uncount(execution, run);
  leaveFlight(state, execution, run);
  run.phase = 'Done';
  run.since = outcome.finishedAt;
  run.notAfter = null;
  run.outcome = outcome;
  count(execution, run);
  unforgive(execution, run, 'changed');
  const assignment = state.nodes.get(run.node)?.assignments.get(execution.association);
  if (assignment === undefined) return;
  // What is owed now is the newest by definition; clocks of nodes, which go back at times, decide about late results only.
  const isOwed = assignment.execution === execution.id;
  if (isOwed) assignment.execution = null;
  const last: LastOutcome = {
    outcome,
    execution: execution.id,
    generation: execution.generation,
    occasion: run.occasion,
    revision: execution.revision,
    reason: execution.reason,
  };
  if (outcome.status === 'Skipped') {
    if (!hadNothingToDo(assignment, last)) show(assignment, last);
  } else if (isOwed || isNewer(outcome, assignment.last)) {
    assignment.last = last;
    show(assignment, last);
  }
}

/** It did not get its turn for what it had skipped by itself: that it has nothing to do is as true as before. */
const hadNothingToDo = ({ shown }: Assignment, { outcome, generation }: LastOutcome): boolean =>
  !isSkippedByNode(outcome) && shown?.generation === generation && isSkippedByNode(shown.outcome);

export function show(assignment: Assignment, last: LastOutcome): void {
  assignment.shown = last;
  if (assignment.since === null || !isSameToReaders(assignment.since, last))
    assignment.since = last;
}

const isSameToReaders = (a: LastOutcome, b: LastOutcome): boolean =>
  a.generation === b.generation &&
  a.outcome.status === b.outcome.status &&
  a.outcome.detailedStatus === b.outcome.detailedStatus &&
  a.outcome.failedStep === b.outcome.failedStep &&
  a.outcome.exitCode === b.outcome.exitCode;

const isNewer = (outcome: Outcome, last: LastOutcome | null): boolean =>
  last === null ||
  outcome.run === last.outcome.run ||
  outcome.finishedAt >= last.outcome.finishedAt;

export function skipped(run: Run, summary: string, at: Instant): Outcome {
  return {
    run: run.run,
    status: 'Skipped',
    detailedStatus: 'Skipped',
    summary,
    exitCode: null,
    failedStep: null,
    outputTail: '',
    startedAt: null,
    finishedAt: at,
    digest: null,
  };
}

const inFlight = (phase: Phase): boolean =>
  phase === 'Offered' || phase === 'Started' || phase === 'Unreachable';

function move(state: State, execution: Execution, run: Run, phase: Phase, at: Instant): void {
  uncount(execution, run);
  leaveFlight(state, execution, run);
  run.phase = phase;
  run.since = at;
  run.notAfter = null;
  run.outcome = null;
  count(execution, run);
  unforgive(execution, run, 'changed');
  const node = nodeOf(state, run.node);
  if (inFlight(phase)) {
    const association = state.associations.get(execution.association);
    if (association !== undefined) association.inFlight++;
    node.job = { execution: execution.id, run: run.run };
  }
  const assignment = node.assignments.get(execution.association);
  if (assignment !== undefined && assignment.execution === null) {
    assignment.execution = execution.id;
  }
}

function leaveFlight(state: State, execution: Execution, run: Run): void {
  if (!inFlight(run.phase)) return;
  const association = state.associations.get(execution.association);
  if (association !== undefined) association.inFlight--;
  const node = state.nodes.get(run.node);
  if (node?.job?.run === run.run) node.job = null;
}
