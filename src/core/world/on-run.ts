/** What agents say of runs. A late truth replaces an earlier guess; the same message twice changes nothing. */

import { formatOccasion, retryOf } from '../canonical/occasion.ts';
import type {
  AssociationName,
  Digest,
  ExecutionId,
  Instant,
  NodeId,
  RunId,
} from '../model/brand.ts';
import { formatInstant } from '../model/brand.ts';
import type { Execution, Outcome, Run } from '../model/state.ts';
import { errorsAllowed } from '../rollout/limits.ts';
import type { AgentEvent } from './events.ts';
import { endIfDone, joinExecution } from './executions.ts';
import { takeReport } from './on-compliance.ts';
import { refresh } from './on-refresh.ts';
import type { Turn } from './turn.ts';
import { emit, note } from './turn.ts';
import type { Timer, World } from './world.ts';

type Found = { readonly execution: Execution; readonly run: Run };
type Ref = { readonly execution: ExecutionId; readonly node: NodeId; readonly run: RunId };

const refOf = ({ execution, run }: Found): Ref => ({
  execution: execution.id,
  node: run.node,
  run: run.run,
});

/** The run by its id: in the execution it is said to be of, at the node's job, or wherever its assignments lead. */
export function findRun(turn: Turn, node: NodeId, id: RunId, said?: ExecutionId): Found | null {
  const { state } = turn.world;
  const known = state.nodes.get(node);
  const at = (executionId: ExecutionId | null | undefined): Found | null => {
    const execution = executionId == null ? undefined : state.executions.get(executionId);
    const run = execution?.runs.get(node);
    return execution !== undefined && run?.run === id ? { execution, run } : null;
  };
  const near = at(said) ?? at(known?.job?.execution);
  if (near !== null || known === undefined) return near;
  for (const { execution, shown } of known.assignments.values()) {
    const found = at(execution) ?? at(shown?.execution);
    if (found !== null) return found;
  }
  return null;
}

/** One that its node was asked for: its association may have gone on since, and then no assignment leads to it. */
function findAsked({ world }: Turn, node: NodeId, id: RunId): Found | null {
  for (const execution of world.state.executions.values()) {
    const run = execution.endedAt === null ? execution.runs.get(node) : undefined;
    if (run?.run === id) return { execution, run };
  }
  return null;
}

export function onStarted(turn: Turn, event: AgentEvent & { kind: 'started' }): void {
  const found = findRun(turn, event.node, event.run);
  if (found === null) {
    turn.world.setForeign(event.node, event.run);
    return;
  }
  markStarted(turn, found);
}

/** Offered, unreachable, or taken back while it was starting: the node says it runs, so it runs. */
export function markStarted(turn: Turn, found: Found): void {
  const { run } = found;
  tookJob(turn, run.node);
  const told = run.outcome !== null && run.outcome.digest !== null;
  if (told) return;
  if (run.phase !== 'Started') {
    displace(turn, run);
    emit(turn, { kind: 'started', ...refOf(found), at: turn.now });
  }
  stopIfCancelled(turn, found);
  watchClaim(turn, found);
}

function tookJob({ world }: Turn, node: NodeId): void {
  if (world.refusals.drop(node)) world.touchNode(node);
}

/** It began while it was being cancelled, or its node was away when it was told. */
function stopIfCancelled(turn: Turn, { execution: { closed }, run: { node, run } }: Found): void {
  if (closed?.reason !== 'cancelled' && closed?.reason !== 'duration') return;
  const reason = closed.reason === 'duration' ? 'its Duration is over' : '';
  turn.effects.push({ kind: 'cancel-run', node, run, reason });
}

/** How often a node is asked for a run that is overdue. */
const CLAIM_MS = 30 * 60_000;

/**
 * The stuck rule made sound. AWS gives up two hours after the last execution date; here nothing is guessed from the clock
 * alone: a connected node that should long be done is asked, and only what it no longer claims was interrupted.
 */
export function watchClaim(turn: Turn, { execution, run }: Found): void {
  const due = Math.min(run.since, turn.now) + execution.timeoutBudgetMs + RESULT_GRACE_MS;
  // Where it is overdue and was asked for before, it is not asked for sooner.
  const isKnown = turn.world.claims.get(run.node)?.run === run.run;
  const soonest = turn.now + (isKnown ? CLAIM_MS : RESULT_GRACE_MS);
  askLater(turn, { execution, run }, Math.max(due, soonest) as Instant);
}

/** Never later than it was said before: a clock that is set back again and again must not put it off for ever. */
function askLater(turn: Turn, { execution, run }: Found, at: Instant): void {
  const { claims } = turn.world;
  const known = claims.get(run.node);
  if (known?.run === run.run && known.at <= at) return;
  claims.set(run.node, { execution: execution.id, run: run.run, at });
  lookAtClaim(turn.world, run.node, at);
}

function lookAtClaim({ claimTimers, timers }: World, node: NodeId, at: Instant): void {
  const set = claimTimers.get(node);
  // An earlier one looks again, and goes on from there.
  if (set !== undefined && set <= at) return;
  claimTimers.set(node, at);
  timers.push({ kind: 'claim', node, at });
}

/** `revoke` is the question: a node that has the run says busy or how it ended, one that has not says revoked. */
export function onClaimTimer(turn: Turn, { node: id, at }: Timer & { kind: 'claim' }): void {
  const { world } = turn;
  if (world.claimTimers.get(id) !== at) return;
  world.claimTimers.delete(id);
  const claim = world.claims.get(id);
  if (claim === undefined) return;
  const found = findRun(turn, id, claim.run, claim.execution);
  if (found?.run.phase === 'Started' && claim.at > turn.now) {
    lookAtClaim(world, id, claim.at);
    return;
  }
  world.claims.delete(id);
  if (found?.run.phase !== 'Started') return;
  const node = world.state.nodes.get(id);
  if (node?.job?.run === claim.run && node.connectedAt !== null) {
    turn.effects.push({ kind: 'revoke-job', node: id, run: claim.run });
  }
  askLater(turn, found, (turn.now + CLAIM_MS) as Instant);
}

/** A node that returned without its started run gets this long to hand in the result; then it is asked. */
export const RESULT_GRACE_MS = 60_000;

/**
 * Its node is back without it, or runs something else. Only the node knows what became of it: the result may lie there all the
 * while, a clock that jumps makes a minute of nothing, and a run that is called interrupted may be run again.
 */
export function askFor(turn: Turn, found: Found, timer: Timer & { kind: 'run' }): void {
  const { world, now } = turn;
  const { run, node: id } = found.run;
  const node = world.state.nodes.get(id);
  const isJob = node?.job?.run === run;
  const isHere = node !== undefined && node.connectedAt !== null;
  if (isHere) turn.effects.push({ kind: 'revoke-job', node: id, run });
  // While its node is away, that is watched, and its return has a timer of its own.
  if (isJob && isHere) askLater(turn, found, (now + CLAIM_MS) as Instant);
  if (!isJob) world.timers.push({ ...timer, at: (now + CLAIM_MS) as Instant });
}

/** An agent runs one thing at a time: whatever else we believed to be out there has not started, or is over. */
function displace(turn: Turn, { node, run }: Run): void {
  const job = turn.world.state.nodes.get(node)?.job ?? null;
  if (job === null || job.run === run) return;
  const other = findRun(turn, node, job.run, job.execution);
  if (other === null) return;
  giveBack(turn, other, 'the node runs something else');
  const at = (turn.now + RESULT_GRACE_MS) as Instant;
  turn.world.timers.push({ kind: 'run', phase: 'Started', ...refOf(other), at });
}

export function onResult(turn: Turn, event: AgentEvent & { kind: 'result' }): void {
  const { outcome, node } = event;
  freeFrom(turn, node, outcome.run);
  tookJob(turn, node);
  const found = findRun(turn, node, outcome.run, event.execution);
  const known = found?.run.outcome ?? knownOutcome(turn, event);
  turn.effects.push({ kind: 'ack', node, run: outcome.run });
  if (known?.run === outcome.run && known.digest !== null) {
    if (known.digest !== outcome.digest) {
      note(turn, 'result contradicts an earlier one', { node, run: outcome.run });
    }
    return;
  }
  const { execution, association, compliance, refresh: wanted } = event;
  // Items first: the execution may end with this run, and the report is to have them by then.
  if (compliance !== null) {
    const isNewest = found !== null && found.run.phase !== 'Done';
    takeReport(turn, { node, association, outcome, report: compliance, isNewest });
  }
  finish(turn, { execution, association, node, generation: event.generation ?? null, outcome });
  const { run } = outcome;
  if (found === null) oweInstead(turn, node, association);
  if (wanted === null) return;
  refresh(turn, { node, run, association, wanted, occasion: found?.run.occasion ?? '' });
}

/** A run that we did not know of is over: the node can take jobs again. */
function freeFrom(turn: Turn, id: NodeId, run: RunId): void {
  const { world } = turn;
  if (!world.runsForeign(id, run)) return;
  world.setForeign(id, null);
  const node = world.state.nodes.get(id);
  if (node !== undefined) world.lineUp(node);
}

function knownOutcome(turn: Turn, event: AgentEvent & { kind: 'result' }): Outcome | null {
  const assignment = turn.world.state.nodes.get(event.node)?.assignments.get(event.association);
  return assignment?.last?.outcome ?? null;
}

/** Records an outcome and draws the consequences: the error threshold, the end of the execution. */
export function finish(
  turn: Turn,
  done: {
    readonly execution: ExecutionId;
    readonly association: Execution['association'];
    readonly node: NodeId;
    readonly generation?: Digest | null;
    readonly outcome: Outcome;
  },
): void {
  emit(turn, { kind: 'finished', at: turn.now, ...done });
  note(turn, 'run finished', {
    association: done.association,
    node: done.node,
    run: done.outcome.run,
    status: done.outcome.status,
    detailedStatus: done.outcome.detailedStatus,
  });
  const execution = turn.world.state.executions.get(done.execution);
  if (execution === undefined || retry(turn, execution, done.node, done.outcome)) return;
  stopAtThreshold(turn, execution);
  endIfDone(turn, execution);
}

/**
 * What ran last there is of a generation that is not in force, and nobody knew of that run: a state that was lost had been
 * ahead of the branch it came back from. Nothing is owed by itself then, for the plan sees no change.
 */
export function oweInstead(turn: Turn, id: NodeId, name: AssociationName): void {
  const { world } = turn;
  const definition = world.definition(name);
  const assignment = world.state.nodes.get(id)?.assignments.get(name);
  if (definition === undefined || assignment?.execution !== null || assignment.last === null)
    return;
  const { generation, outcome } = assignment.last;
  if (generation === null || generation === definition.digests.generation) return;
  if (definition.association.applyOnlyAtCronInterval) return;
  joinExecution(turn, {
    definition,
    trigger: 'target',
    reason: 'another generation ran there meanwhile',
    occasion: formatOccasion({ kind: 'retry', attempt: 1, run: outcome.run }),
    nodes: [id],
    closing: 'edited',
  });
}

/** As often as the stock agent resumes a document (spec/documents.md §5.4, CommandRetryLimit). */
const RETRIES_MAX = 15;

/**
 * `OnInterrupted: Retry` makes at-least-once of at-most-once: a run that was cut off is owed again under a new id, in the
 * same execution, while that still starts runs. True when it is.
 */
function retry(turn: Turn, execution: Execution, node: NodeId, outcome: Outcome): boolean {
  const definition = turn.world.definition(execution.association);
  const cut = execution.runs.get(node);
  if (outcome.detailedStatus !== 'Interrupted' || cut?.run !== outcome.run) return false;
  if (definition?.association.onInterrupted !== 'Retry') return false;
  if (turn.world.assigned.get(execution.association)?.has(node) !== true) return false;
  if (execution.closed !== null || execution.stopped !== null) return false;
  if (execution.generation !== definition.digests.generation) return false;
  const attempt = attemptsOf(cut) + 1;
  if (attempt > RETRIES_MAX) return false;
  joinExecution(turn, {
    definition,
    trigger: 'retry',
    reason: `retry ${attempt} after an interruption`,
    occasion: formatOccasion({ kind: 'retry', attempt, run: cut.run }),
    nodes: [node],
    closing: 'edited',
  });
  return true;
}

/** Failures must exceed MaxErrors: 3 stops at the fourth, 0 at the first (SSM guide, rate controls). */
export function stopAtThreshold(turn: Turn, execution: Execution): void {
  const definition = turn.world.definition(execution.association);
  if (definition === undefined || execution.stopped !== null || execution.closed !== null) return;
  const targets = turn.world.assigned.get(execution.association)?.size ?? 0;
  const failures = execution.failures - execution.forgiven;
  if (failures <= errorsAllowed(definition.association.maxErrors, targets)) return;
  emit(turn, {
    kind: 'stopped',
    execution: execution.id,
    failures: execution.failures,
    at: turn.now,
  });
  note(turn, 'execution stopped at the error threshold', {
    association: execution.association,
    execution: execution.id,
    failures: execution.failures,
  });
}

/** The job did not start and is owed again, unless its execution takes nothing back. */
export function giveBack(turn: Turn, found: Found, reason: string): void {
  if (found.run.phase !== 'Offered') return;
  emit(turn, { kind: 'returned', ...refOf(found), at: turn.now, reason });
  endIfDone(turn, found.execution);
}

export function onNotStarted(
  turn: Turn,
  event: AgentEvent & { kind: 'not-sent' | 'busy' | 'refused' | 'revoked-job' },
): void {
  // It does not run what it will not start: said of a run that it had told of as its own, this frees it.
  if (event.kind === 'refused' || event.kind === 'revoked-job') {
    freeFrom(turn, event.node, event.run);
  }
  const { kind, node: id, run } = event;
  const found =
    findRun(turn, id, run) ?? (kind === 'revoked-job' ? findAsked(turn, id, run) : null);
  if (event.kind === 'busy') busy(turn, event);
  if (found === null) return;
  if (event.kind === 'busy' && event.with === event.run) {
    markStarted(turn, found); // asked to give it back, it says that it runs
    return;
  }
  if (event.kind === 'revoked-job' && found.run.phase === 'Started') {
    finish(turn, unclaimed(found, turn.now));
    return;
  }
  if (event.kind === 'revoked-job' && found.run.phase === 'Offered') {
    oweAnew(turn, found);
    return;
  }
  if (event.kind !== 'refused') {
    giveBack(turn, found, event.kind);
    return;
  }
  note(turn, 'job refused by the node', {
    node: event.node,
    run: event.run,
    code: event.code,
    message: event.message,
    clock: event.clock === null ? '' : formatInstant(event.clock),
  });
  if (retryable.has(event.code)) {
    const { node } = event;
    const at = (turn.now + turn.world.refusals.put(node, event, turn.now)) as Instant;
    turn.world.rest(node, at);
    turn.world.timers.push({ kind: 'rested', node, at });
    giveBack(turn, found, event.code);
  } else if (found.run.phase === 'Offered') {
    finish(turn, undeliverable(found, `the node refused the job: ${event.code}`, turn.now));
  }
}

/** The documents and parameters of an association that are too much for one message: it fails, and says so. */
export function onUndeliverable(turn: Turn, event: AgentEvent & { kind: 'undeliverable' }): void {
  const found = findRun(turn, event.node, event.run);
  if (found?.run.phase !== 'Offered') return;
  const { execution, run } = found;
  const ending = { status: 'Failed', detailedStatus: 'InvalidDocument' } as const;
  finish(turn, {
    execution: execution.id,
    association: execution.association,
    node: run.node,
    outcome: untold(run, { ...ending, summary: event.why, finishedAt: turn.now }),
  });
}

/**
 * The node will never start this very run: it was taken back once, and its ledger keeps that. Where it is still owed, as after
 * a state that was restored, another id takes its place, for the same would be offered and answered without end.
 */
function oweAnew(turn: Turn, found: Found): void {
  giveBack(turn, found, 'revoked-job');
  const { execution, run } = found;
  const definition = turn.world.definition(execution.association);
  if (run.phase !== 'Pending' || definition === undefined) return;
  const attempt = attemptsOf(run) + 1;
  if (attempt > RETRIES_MAX) {
    finish(turn, undeliverable(found, 'the node was told before not to start it', turn.now));
    return;
  }
  joinExecution(turn, {
    definition,
    trigger: 'retry',
    reason: 'the node was told before not to start it',
    occasion: formatOccasion({ kind: 'retry', attempt, run: run.run }),
    nodes: [run.node],
    closing: 'edited',
  });
}

const attemptsOf = ({ occasion }: Run): number => retryOf(occasion)?.attempt ?? 0;

/**
 * The agent will take the same job later: when clocks agree, when its disk has room, when a daemon that was restored has
 * caught up with the position the agent has seen. Anything else would be refused for ever.
 */
const retryable = new Set(['Expired', 'NotYet', 'DiskFull', 'StaleEpoch']);

function busy(turn: Turn, event: AgentEvent & { kind: 'busy' }): void {
  const job = turn.world.state.nodes.get(event.node)?.job;
  if (job?.run !== event.with) turn.world.setForeign(event.node, event.with);
}

/** It said that it had started this run, is connected, and does not know of it any more. */
function unclaimed({ execution, run }: Found, now: Instant) {
  return {
    execution: execution.id,
    association: execution.association,
    node: run.node,
    outcome: untold(run, {
      status: 'Failed',
      detailedStatus: 'Interrupted',
      summary: 'the node is connected and no longer claims this run',
      finishedAt: now,
    }),
  };
}

function undeliverable({ execution, run }: Found, summary: string, now: Instant) {
  return {
    execution: execution.id,
    association: execution.association,
    node: run.node,
    outcome: untold(run, {
      status: 'Failed',
      detailedStatus: 'Undeliverable',
      summary,
      finishedAt: now,
    }),
  };
}

/** An outcome that no node told: the daemon's own conclusion. */
export function untold(
  run: Run,
  told: Pick<Outcome, 'status' | 'detailedStatus' | 'summary' | 'finishedAt'>,
): Outcome {
  return {
    run: run.run,
    ...told,
    exitCode: null,
    failedStep: null,
    outputTail: '',
    startedAt: null,
    digest: null,
  };
}

/** This very run has been done: what the node's ledger kept of it is the outcome. */
export function onAlready(turn: Turn, event: AgentEvent & { kind: 'already' }): void {
  const found = findRun(turn, event.node, event.run);
  if (found === null || found.run.phase === 'Done') return;
  finish(turn, {
    execution: found.execution.id,
    association: found.execution.association,
    node: event.node,
    outcome: event.last.outcome,
  });
}
