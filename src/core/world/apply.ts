/**
 * The fold: the only code that changes `State`. Total over records, deterministic, and without a catalog or a clock, so
 * that a replay gives the same state on any machine. Counters are kept beside what they count.
 */

import type { AssociationName, Digest, ExecutionId, Instant, NodeId } from '../model/brand.ts';
import { instant } from '../model/brand.ts';
import { totalOf } from '../model/compliance.ts';
import { present, unreachable } from '../model/errors.ts';
import type {
  Assignment,
  Execution,
  LastOutcome,
  NodeCompliance,
  NodeState,
  Outcome,
  Phase,
  Run,
  State,
} from '../model/state.ts';
import { noNodeCompliance, VERSIONS_MAX } from '../model/state.ts';
import { applyInstance } from './apply-instance.ts';
import { applyRollout } from './apply-rollout.ts';
import { applySlot } from './apply-slots.ts';
import type { NewRun, PutAssignment, Record } from './records.ts';
import { condense, count, countAgain, noRuns, uncount } from './tally.ts';

export function apply(state: State, record: Record): void {
  switch (record.kind) {
    case 'instance':
    case 'branch-epoch':
      return applyInstance(state, record);
    case 'paused':
      state.paused = { by: record.by, at: record.at };
      return;
    case 'resumed':
      state.paused = null;
      return;
    case 'accepted':
      state.accepted = {
        commit: record.commit,
        position: record.position,
        by: record.by,
        at: record.at,
      };
      state.held = null;
      return;
    case 'held':
      state.held = { tip: record.tip, code: record.code, reason: record.reason, at: record.at };
      return;
    case 'released':
      state.held = null;
      return;
    case 'file-invalid':
      state.invalidFiles.set(record.file, record.lastGood);
      return;
    case 'file-valid':
      state.invalidFiles.delete(record.file);
      return;
    case 'document':
      state.documents.set(record.name, { number: record.number, digest: record.digest });
      return;
    case 'document-removed':
      state.documents.delete(record.name);
      return;
    case 'published':
      state.published = { seq: record.seq, commit: record.commit, at: record.at };
      return;
    case 'association':
      return applyAssociation(state, record);
    case 'version': {
      const versions = state.versions.get(record.association) ?? [];
      versions.push(record.version);
      if (versions.length > VERSIONS_MAX) versions.shift();
      state.versions.set(record.association, versions);
      return;
    }
    case 'association-removed':
      state.versions.delete(record.name);
      state.associations.delete(record.name);
      return;
    case 'assigned':
      for (const node of record.nodes) assignmentOf(nodeOf(state, node), record.association);
      return;
    case 'unassigned':
      for (const node of record.nodes) unassign(state, node, record.association);
      return;
    case 'slot':
    case 'slot-skipped':
    case 'anchored':
      return applySlot(state, record);
    case 'ring-passed':
    case 'ring-opened':
    case 'rollout-ended':
    case 'rollout-halted':
    case 'rollout-resumed':
      return applyRollout(state, record);
    case 'registered':
      state.registrations.set(record.registration.node, record.registration);
      nodeOf(state, record.registration.node);
      return;
    case 'revoked':
      state.revoked.set(record.node, { by: record.by, at: record.at });
      return;
    case 'connected': {
      const node = nodeOf(state, record.node);
      node.facts = record.facts;
      node.connectedAt = record.at;
      node.lastSeenAt = record.at;
      return;
    }
    case 'disconnected': {
      const node = nodeOf(state, record.node);
      node.connectedAt = null;
      node.lastSeenAt = record.at;
      return;
    }
    case 'execution':
      return openExecution(state, record);
    case 'joined': {
      const execution = executionOf(state, record.execution);
      for (const run of record.runs) owe(state, execution, run, record);
      return;
    }
    case 'closed':
      return closeExecution(state, record.execution, record.reason, record.at);
    case 'stopped':
      executionOf(state, record.execution).stopped = { failures: record.failures, at: record.at };
      return;
    case 'unstopped': {
      const execution = executionOf(state, record.execution);
      execution.forgiven = execution.failures;
      execution.stopped = null;
      return;
    }
    case 'ended':
      executionOf(state, record.execution).endedAt = record.at;
      return;
    case 'condensed':
      return condense(executionOf(state, record.execution), record.at);
    case 'archived':
      state.executions.delete(record.execution);
      return;
    case 'offered':
    case 'returned':
    case 'started':
    case 'unreachable':
      return applyRun(state, record);
    case 'finished':
      return finish(state, record);
    case 'complied':
      return comply(state, record);
    case 'recalled': {
      const assignment = assignmentOf(nodeOf(state, record.node), record.association);
      assignment.last = record.last;
      show(assignment, record.last);
      return;
    }
    case 'put-association':
      state.associations.set(record.value.name, { gaps: [], ...record.value });
      return;
    case 'put-node':
      state.nodes.set(record.value.id, {
        ...record.value,
        assignments: new Map(),
        compliance: complianceFrom(record.compliance),
      });
      return putAssignments(state, record.value.id, record.assignments);
    case 'put-assignments':
      return putAssignments(state, record.node, record.assignments);
    case 'put-execution':
      return putExecution(state, record.value, record.runs);
    case 'put-runs':
      return putRuns(state, executionOf(state, record.execution), record.runs);
    default:
      return unreachable(record);
  }
}

// --- associations and nodes -----------------------------------------------------------------------------------

function applyAssociation(state: State, record: Record & { kind: 'association' }): void {
  const before = state.associations.get(record.name);
  state.associations.set(record.name, {
    name: record.name,
    version: record.version,
    commit: record.commit,
    file: record.file,
    digests: record.digests,
    generationCommit: record.generationCommit,
    anchor: record.anchor,
    lastSlot: record.lastSlot,
    gaps: record.gaps ?? [],
    rollout: record.rollout,
    open: before?.open ?? null,
    inFlight: before?.inFlight ?? stillOut(state, record.name),
  });
}

/** Runs of an earlier association of the same name that have not come back. */
function stillOut(state: State, name: AssociationName): number {
  let out = 0;
  for (const { association, phases } of state.executions.values()) {
    if (association === name) out += phases.Offered + phases.Started + phases.Unreachable;
  }
  return out;
}

function nodeOf(state: State, id: NodeId): NodeState {
  const known = state.nodes.get(id);
  if (known !== undefined) return known;
  const node: NodeState = {
    id,
    facts: null,
    connectedAt: null,
    lastSeenAt: null,
    job: null,
    assignments: new Map(),
    compliance: noNodeCompliance(),
  };
  state.nodes.set(id, node);
  return node;
}

function assignmentOf({ assignments }: NodeState, association: AssociationName): Assignment {
  const known = assignments.get(association);
  if (known !== undefined) return known;
  const assignment: Assignment = {
    association,
    execution: null,
    last: null,
    shown: null,
    since: null,
    reported: null,
  };
  assignments.set(association, assignment);
  return assignment;
}

/** What is owed is forgotten with the assignment; a run that is out still finishes and is accounted. */
function unassign(state: State, id: NodeId, association: AssociationName): void {
  const node = nodeOf(state, id);
  const owed = node.assignments.get(association)?.execution ?? null;
  node.assignments.delete(association);
  for (const [type, { association: of }] of node.compliance.types) {
    if (of === association) node.compliance.types.delete(type); // nobody keeps it true any more
  }
  if (owed === null) return;
  const execution = state.executions.get(owed);
  const run = execution?.runs.get(id);
  if (execution === undefined || run?.phase !== 'Pending') return;
  setDone(state, execution, run, skipped(run, NO_TARGET, execution.openedAt));
}

// --- executions -----------------------------------------------------------------------------------------------

function openExecution(state: State, record: Record & { kind: 'execution' }): void {
  const association = present(
    state.associations.get(record.association),
    'an execution has its association',
  );
  const execution: Execution = {
    id: record.id,
    association: record.association,
    version: association.version,
    occasion: record.occasion,
    trigger: record.trigger,
    reason: record.reason,
    generation: record.generation,
    revision: record.revision,
    timeoutBudgetMs: record.timeoutBudgetMs,
    openedAt: record.at,
    ...noRuns(),
    forgiven: 0,
    stopped: null,
    skipped: null,
    closed: null,
    endedAt: null,
    condensed: null,
  };
  state.executions.set(execution.id, execution);
  association.open = execution.id;
  for (const run of record.runs) owe(state, execution, run, record);
}

/** A run is owed to a node. An earlier finished run of the same node in this execution gives way to it. */
function owe(
  state: State,
  execution: Execution,
  owed: NewRun,
  { occasion, at }: { readonly occasion: string; readonly at: Instant },
): void {
  const earlier = execution.runs.get(owed.node);
  if (earlier !== undefined) uncount(execution, earlier);
  const node = nodeOf(state, owed.node);
  // Written out and with texts that are here already: a fleet owes hundreds of thousands of runs, and a replay reads each
  // with copies of its own. Spreading takes sixteen times as long.
  const run: Run = {
    run: owed.run,
    node: node.id,
    occasion,
    phase: 'Pending',
    since: at,
    notAfter: null,
    outcome: null,
  };
  execution.runs.set(run.node, run);
  count(execution, run);
  assignmentOf(node, execution.association).execution = execution.id;
}

function closeExecution(
  state: State,
  id: ExecutionId,
  reason: NonNullable<Execution['closed']>['reason'],
  at: Instant,
): void {
  const execution = executionOf(state, id);
  execution.closed = { reason, at };
  for (const run of execution.runs.values()) {
    if (run.phase === 'Pending') {
      setDone(state, execution, run, skipped(run, closeSentences[reason], at));
    }
  }
  const association = state.associations.get(execution.association);
  if (association?.open === id) association.open = null;
}

const closeSentences: { [reason in NonNullable<Execution['closed']>['reason']]: string } = {
  'next-slot': 'did not get its turn before the next slot',
  edited: 'not started before the association changed',
  manual: 'not started before a manual run',
  cancelled: 'cancelled before it started',
  removed: 'the association was removed',
  deadline: 'slot missed by more than the starting deadline',
  duration: 'not started before the Duration of its execution was over',
  complete: 'not started',
};

// --- runs -----------------------------------------------------------------------------------------------------

function applyRun(
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

const NO_TARGET = 'no longer a target';

function finish(state: State, record: Record & { kind: 'finished' }): void {
  const node = nodeOf(state, record.node);
  const execution = state.executions.get(record.execution);
  const run = execution?.runs.get(record.node);
  if (execution === undefined || run?.run !== record.outcome.run) {
    // Its execution is history already: the outcome is still what ran last here, if nothing newer is known.
    const assignment = node.assignments.get(record.association);
    if (assignment !== undefined && isNewer(record.outcome, assignment.last)) {
      const { execution: of, generation, outcome } = record;
      const last = { ...unknownContext(of, generation ?? null), outcome };
      assignment.last = last;
      show(assignment, last);
    }
    if (node.job?.run === record.outcome.run) node.job = null;
    return;
  }
  setDone(state, execution, run, record.outcome);
}

function complianceFrom(put: (Record & { kind: 'put-node' })['compliance']): NodeCompliance {
  if (put === undefined) return noNodeCompliance();
  return { ...put, types: new Map(put.types.map((type) => [type.complianceType, type])) };
}

function comply(state: State, record: Record & { kind: 'complied' }): void {
  const { assignments, compliance } = nodeOf(state, record.node);
  compliance.at = instant(Math.max(compliance.at ?? record.at, record.at));
  compliance.refused = record.refused;
  for (const type of record.types) {
    const { COMPLIANT, NON_COMPLIANT } = type.counts;
    if (totalOf(COMPLIANT) + totalOf(NON_COMPLIANT) === 0) {
      compliance.types.delete(type.complianceType);
    } else compliance.types.set(type.complianceType, type);
  }
  for (const { association, item } of record.items) {
    const assignment = assignments.get(association);
    if (assignment !== undefined) assignment.reported = item;
  }
}

function unknownContext(
  execution: ExecutionId,
  generation: Digest | null,
): Omit<LastOutcome, 'outcome'> {
  return { execution, generation, occasion: '', revision: null, reason: 'reported late' };
}

function setDone(state: State, execution: Execution, run: Run, outcome: Outcome): void {
  uncount(execution, run);
  leaveFlight(state, execution, run);
  run.phase = 'Done';
  run.since = outcome.finishedAt;
  run.notAfter = null;
  run.outcome = outcome;
  count(execution, run);
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
  if (outcome.status === 'Skipped') show(assignment, last);
  else if (isOwed || isNewer(outcome, assignment.last)) {
    assignment.last = last;
    show(assignment, last);
  }
}

function show(assignment: Assignment, last: LastOutcome): void {
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

function skipped(run: Run, summary: string, at: Instant): Outcome {
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

function putExecution(
  state: State,
  value: (Record & { kind: 'put-execution' })['value'],
  runs: readonly Run[],
): void {
  const execution: Execution = {
    ...value,
    version: value.version ?? null,
    condensed: value.condensed ?? null,
    ...noRuns(),
  };
  if (execution.condensed !== null) countAgain(execution, execution.condensed);
  state.executions.set(execution.id, execution);
  putRuns(state, execution, runs);
}

function putRuns(state: State, execution: Execution, runs: readonly Run[]): void {
  for (const { run, node, occasion, phase, since, notAfter, outcome } of runs) {
    const own: Run = {
      run,
      node: state.nodes.get(node)?.id ?? node,
      occasion: occasion === execution.occasion ? execution.occasion : occasion,
      phase,
      since,
      notAfter,
      outcome,
    };
    execution.runs.set(own.node, own);
    count(execution, own);
  }
}

function putAssignments(state: State, id: NodeId, assignments: readonly PutAssignment[]): void {
  const node = nodeOf(state, id);
  for (const { association, execution, last, shown, since, reported } of assignments) {
    const name = state.associations.get(association)?.name ?? association;
    const own = { association: name, execution, last, shown, since, reported: reported ?? null };
    node.assignments.set(name, own);
  }
}

function executionOf(state: State, id: ExecutionId): Execution {
  return present(state.executions.get(id), `execution ${id} is known`);
}
