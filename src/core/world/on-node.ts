/** Nodes come and go. Silence is never an outcome: it costs nothing before Started and is Unreachable after (contract §5). */

import { nodeOf } from '../enrol/nodes.ts';
import type { Admission, Applicant } from '../enrol/register.ts';
import { admit } from '../enrol/register.ts';
import type { Instant, NodeId, RunId } from '../model/brand.ts';
import type { Node, Registration } from '../model/node.ts';
import type { LastOutcome, NodeState, Outcome } from '../model/state.ts';
import { matches } from '../selector/match.ts';
import { heedSeen } from './epoch.ts';
import type { Hello } from './events.ts';
import { joinExecution } from './executions.ts';
import { loseShutOut } from './lost.ts';
import {
  findRun,
  finish,
  giveBack,
  markStarted,
  oweInstead,
  RESULT_GRACE_MS,
  stopAtThreshold,
} from './on-run.ts';
import type { Turn } from './turn.ts';
import { emit, note } from './turn.ts';

/** Longer than any dictated reconnect spread (120 s): an agent that restarts is not unreachable. */
export const GONE_MS = 150_000;
/** After this the last compliance is marked Silent (contract §5). */
export const SILENT_MS = 60 * 60_000;
/** Away for longer than this, every association runs again on return (T11). */
const LONG_AWAY_MS = 30 * 24 * 60 * 60_000;

export function onConnected(turn: Turn, node: NodeId, hello: Hello): void {
  const { world } = turn;
  const before = world.state.nodes.get(node);
  const awaySince = before?.lastSeenAt ?? null;
  forgetRefusal(turn, node);
  world.rebooting.delete(node);
  world.goneAt.delete(node);
  const job = before?.job ?? null;
  world.setForeign(node, hello.running === job?.run ? null : hello.running);
  heedSeen(turn, node, hello.seen);
  emit(turn, { kind: 'connected', node, facts: hello.facts, at: turn.now });
  for (const { association, last } of hello.lastRuns) recall(turn, node, association, last);
  settleJob(turn, node, hello);
  if (awaySince !== null && turn.now - awaySince > LONG_AWAY_MS) {
    rerunAll(turn, node, 'the node came back after more than 30 days');
  } else if (before !== undefined && isSetUpAnew(before, hello)) {
    note(turn, 'node set up anew: everything runs again', { node });
    rerunAll(turn, node, 'the node was set up anew: its ledger is empty');
  }
  const known = world.state.nodes.get(node);
  if (known !== undefined) world.lineUp(known);
  // Revoked between its admission and its session, which could not be dropped then because it was not there.
  if (world.revision !== null && !world.fleet.nodes.has(node)) {
    turn.effects.push({ kind: 'drop-node', node, reason: 'not in the registry' });
  }
}

/** What the node's ledger knows better than we do: a run we still owe, or one that is newer than our last. */
function recall(
  turn: Turn,
  node: NodeId,
  association: Parameters<Turn['world']['definition']>[0],
  last: LastOutcome,
): void {
  const assignment = turn.world.state.nodes.get(node)?.assignments.get(association);
  if (assignment === undefined) return;
  // It has handed that in: whether something newer is known cannot be told from times that are the node's and times that are ours.
  const said = findRun(turn, node, last.outcome.run, last.execution);
  const told = said?.run.outcome ?? null;
  if (told !== null && told.digest !== null) return;
  if (said !== null && told !== null && isOurSkip(told) && !isOurSkip(last.outcome)) {
    // It ran for a state that was lost: what it handed in then comes no second time, and to us it had not got its turn.
    finish(turn, { execution: said.execution.id, association, node, outcome: last.outcome });
    oweInstead(turn, node, association);
    return;
  }
  const owed = findRun(turn, node, last.outcome.run);
  if (owed !== null) {
    // A result with its output is on its way when the run was out; a run that we only owe is settled by this.
    if (owed.run.phase === 'Pending') {
      finish(turn, { execution: owed.execution.id, association, node, outcome: last.outcome });
    }
    return;
  }
  const known = assignment.last?.outcome;
  if (known !== undefined && known.finishedAt >= last.outcome.finishedAt) return;
  emit(turn, { kind: 'recalled', association, node, last });
  oweInstead(turn, node, association);
}

/** A run that the daemon skips never started. */
const isOurSkip = ({ status, startedAt }: Outcome): boolean =>
  status === 'Skipped' && startedAt === null;

/** The job that was out when we lost sight of the node. */
function settleJob(turn: Turn, node: NodeId, hello: Hello): void {
  const job = turn.world.state.nodes.get(node)?.job ?? null;
  if (job === null) {
    if (hello.running === null) return;
    const found = findRun(turn, node, hello.running);
    if (found !== null && hello.startedAt !== null) {
      turn.world.setForeign(node, null);
      markStarted(turn, found);
    }
    return;
  }
  const found = findRun(turn, node, job.run);
  if (found === null) return;
  if (hello.running === job.run) {
    if (hello.startedAt !== null || found.run.phase === 'Unreachable') markStarted(turn, found);
    return;
  }
  if (found.run.phase === 'Offered') {
    giveBack(turn, found, 'the node came back without it');
    return;
  }
  if (found.run.phase === 'Unreachable') markStarted(turn, found);
  turn.world.timers.push({
    kind: 'run',
    phase: 'Started',
    execution: job.execution,
    node,
    run: job.run,
    at: (turn.now + RESULT_GRACE_MS) as Instant,
  });
}

/**
 * It has told us of a run, and has never taken a job (spec/reliability-security.md, F45): the machine has its old key and nothing else,
 * and what was applied is not there any more. A ledger keeps for ever the highest position it has seen, so one that is in use is never empty.
 */
const isSetUpAnew = ({ assignments }: NodeState, { seen, running }: Hello): boolean =>
  seen.epoch === 0 &&
  running === null &&
  [...assignments.values()].some(({ last }) => last !== null && wasTold(last.outcome));

/** By the node: of what we decide ourselves nothing is a success, and nothing has a digest. */
const wasTold = ({ digest, status }: Outcome): boolean => digest !== null || status === 'Success';

/** What was applied then cannot be trusted any more: T11, F45. */
function rerunAll(turn: Turn, node: NodeId, reason: string): void {
  const { world } = turn;
  for (const { association, execution } of [
    ...(world.state.nodes.get(node)?.assignments.values() ?? []),
  ]) {
    const definition = world.definition(association);
    if (definition === undefined || execution !== null) continue;
    if (definition.association.applyOnlyAtCronInterval) continue;
    joinExecution(turn, {
      definition,
      trigger: 'target',
      reason,
      occasion: `target:${new Date(turn.now).toISOString()}`,
      nodes: [node],
      closing: 'edited',
    });
  }
}

/** A machine that tests its memory first takes a while; then silence is silence again. */
const REBOOT_MS = 15 * 60_000;

/** A step asked for it. The run stays Started, and its node is not called unreachable meanwhile. */
export function onRebooting(turn: Turn, node: NodeId, run: RunId): void {
  if (findRun(turn, node, run)?.run.phase !== 'Started') return;
  turn.world.rebooting.set(node, (turn.now + REBOOT_MS) as Instant);
  note(turn, 'node restarts at the request of a step', { node, run });
}

export function onDisconnected(turn: Turn, node: NodeId): void {
  const { world } = turn;
  const known = world.state.nodes.get(node);
  if (known?.connectedAt === null || known === undefined) return;
  emit(turn, { kind: 'disconnected', node, at: turn.now });
  world.setForeign(node, null);
  forgetRefusal(turn, node);
  // It said that it had started when it was shut out already.
  if (world.revision !== null && !world.fleet.nodes.has(node)) loseShutOut(turn, known);
  watchAbsence(turn, known);
}

/** Whoever comes anew is asked at once: its clock may be another, its disk may have room. */
function forgetRefusal({ world }: Turn, node: NodeId): void {
  world.refusals.drop(node);
  world.wake(node);
}

/** What is not started frees its place at once; what is started gets time to come back. */
export function watchAbsence(turn: Turn, node: NodeState): void {
  const { world, now } = turn;
  if (node.job !== null) {
    const found = findRun(turn, node.id, node.job.run);
    if (found?.run.phase === 'Offered') giveBack(turn, found, 'disconnected before it started');
    else {
      const rebooting = Math.min(world.rebooting.get(node.id) ?? 0, now + REBOOT_MS);
      const at = Math.max(now + GONE_MS, rebooting) as Instant;
      // Never later for a clock that is set back, or one that is often would put it off for ever.
      if (at < (world.goneAt.get(node.id) ?? Infinity)) {
        world.goneAt.set(node.id, at);
        world.timers.push({ kind: 'gone', node: node.id, at });
      }
    }
  }
  watchSilence(turn, node.id);
}

/** Whoever has not been heard of for so long is reported as silent; who never was, since it registered. */
export function watchSilence({ world, now }: Turn, node: NodeId): void {
  const { nodes, registrations } = world.state;
  const heard = nodes.get(node)?.lastSeenAt ?? registrations.get(node)?.at ?? now;
  world.timers.push({ kind: 'silent', node, at: (heard + SILENT_MS) as Instant });
}

/** Started, and silent since: it counts against MaxErrors and keeps its place until the step's deadline. */
export function onGone(turn: Turn, id: NodeId, at: Instant): void {
  const { world } = turn;
  if (world.goneAt.get(id) !== at) return;
  world.goneAt.delete(id);
  const node = world.state.nodes.get(id);
  if (node?.connectedAt !== null || node.job === null) return;
  const found = findRun(turn, id, node.job.run);
  if (found?.run.phase !== 'Started') return;
  const startedAt = found.run.since;
  const ref = { execution: found.execution.id, node: id, run: found.run.run };
  emit(turn, { kind: 'unreachable', ...ref, at: turn.now });
  note(turn, 'node unreachable during a run', { node: id, run: ref.run });
  const deadline = Math.max(startedAt + found.execution.timeoutBudgetMs, turn.now);
  world.timers.push({
    kind: 'run',
    phase: 'Unreachable',
    ...ref,
    at: deadline as Instant,
  });
  stopAtThreshold(turn, found.execution);
}

/** A key asks to be let in. Deciding here, in the fold, is what keeps two racers from sharing the last place. */
export function onApplied(turn: Turn, id: string, applicant: Applicant): void {
  const { world } = turn;
  const admission: Admission =
    world.revision === null
      ? { kind: 'wait', code: 'STARTING', message: 'the daemon has no revision in force yet' }
      : admit(applicant, world.revision.catalog, world.state, turn.now);
  turn.effects.push({ kind: 'admit', id, admission });
  if (admission.kind === 'register') register(turn, admission.registration);
}

/** Whatever targets the new node runs there as soon as it is connected (T9, T12). */
function register(turn: Turn, registration: Registration): void {
  const { world } = turn;
  emit(turn, { kind: 'registered', registration });
  watchSilence(turn, registration.node);
  note(turn, 'node registered', {
    node: registration.node,
    activation: registration.activationId,
  });
  const node = world.revision && nodeOf(registration.node, world.revision.catalog, world.state);
  if (node === null) return;
  world.fleet.put(node);
  assignNode(turn, node, `target:${new Date(registration.at).toISOString()}`, 'newly registered');
}

/** Adds the associations whose targets match a node that has just come into the fleet. */
function assignNode(turn: Turn, node: Node, occasion: string, reason: string): void {
  const { world } = turn;
  if (world.revision === null) return;
  const { groups } = world.revision.catalog;
  for (const definition of world.revision.definitions.values()) {
    const { name, targets, applyOnlyAtCronInterval } = definition.association;
    if (!matches(targets, node, groups)) continue;
    if (world.state.nodes.get(node.id)?.assignments.has(name) === true) continue;
    emit(turn, { kind: 'assigned', association: name, nodes: [node.id] });
    if (applyOnlyAtCronInterval) continue;
    joinExecution(turn, {
      definition,
      trigger: 'target',
      reason,
      occasion,
      nodes: [node.id],
      closing: 'edited',
    });
  }
}
