/**
 * The clock of the host was set back. Whatever was to be looked at by the clock of before is looked at by this one: timers are
 * set anew, and what is durable and lies ahead is brought back. A clock that was years ahead must rest nothing for years.
 */
import type { Instant, NodeId } from '../model/brand.ts';
import type { AssociationState, Execution } from '../model/state.ts';
import { firedUntil, withGap } from '../schedule/slots.ts';
import { JOB_VALID_MS } from './dispatch.ts';
import { startingDeadline, watchExecution } from './executions.ts';
import { watchAbsence, watchSilence } from './on-node.ts';
import { findRun, RESULT_GRACE_MS, watchClaim } from './on-run.ts';
import { scheduleNext } from './on-time.ts';
import type { Turn } from './turn.ts';
import { emit, note } from './turn.ts';
import { lookAtGates } from './watch-gate.ts';

export function onSetBack(turn: Turn): void {
  const { world, now } = turn;
  note(turn, 'clock set back', { byMs: world.seenAt - now });
  world.seenAt = now;
  bringBack(turn);
  for (const name of world.state.associations.keys()) scheduleNext(turn, name);
  lookAtGates(turn);
  for (const execution of world.state.executions.values()) {
    watchExecution(turn, execution);
    watchRuns(turn, execution);
    const deadline = startingDeadline(world, execution);
    if (deadline !== null && deadline > now) {
      world.timers.push({ kind: 'starting-deadline', execution: execution.id, at: deadline });
    }
  }
  for (const name of world.rings.names()) world.rings.touch(name);
  for (const node of world.fleet.nodes.keys()) watchNode(turn, node);
}

/** Who was silent is so no more, and must not be forgotten when it becomes so again; who rested may be asked. */
function watchNode(turn: Turn, id: NodeId): void {
  const { world, now } = turn;
  const node = world.state.nodes.get(id);
  if (node === undefined || node.connectedAt === null) {
    world.touchNode(id);
    if (node === undefined) watchSilence(turn, id);
    else watchAbsence(turn, node);
    return;
  }
  if (world.wake(id)) world.lineUp(node);
  const found = node.job === null ? null : findRun(turn, id, node.job.run, node.job.execution);
  if (found?.run.phase === 'Offered') {
    const at = (now + JOB_VALID_MS + 1) as Instant;
    const { execution, run } = found;
    const ref = { execution: execution.id, node: id, run: run.run };
    world.timers.push({ kind: 'run', phase: 'Offered', ...ref, at });
  }
  if (found?.run.phase === 'Started') watchClaim(turn, found);
}

/** Runs that are out and of which no session need speak: of nodes that are silent, and those that a node has left for another. */
export function watchRuns({ world, now }: Turn, execution: Execution): void {
  const { phases, timeoutBudgetMs, id } = execution;
  if (phases.Unreachable === 0 && phases.Started === 0) return;
  for (const { phase, node, run, since } of execution.runs.values()) {
    if (phase !== 'Unreachable' && phase !== 'Started') continue;
    // The job of a node is asked after when its node is back.
    if (phase === 'Started' && world.state.nodes.get(node)?.job?.run === run) continue;
    const at = phase === 'Started' ? now + RESULT_GRACE_MS : Math.min(since, now) + timeoutBudgetMs;
    world.timers.push({ kind: 'run', phase, execution: id, node, run, at: at as Instant });
  }
}

/** What is durable, and ahead of the clock: versions that came into force then, soaks that began then. */
export function bringBack(turn: Turn): void {
  const { world, now } = turn;
  bringBackNodes(turn);
  for (const association of world.state.associations.values()) {
    const { name, rollout } = association;
    const gaps = association.anchor > now ? gapsFrom(turn, association) : null;
    if (gaps !== null) {
      emit(turn, { kind: 'anchored', association: name, anchor: now, gaps });
      note(turn, 'slots count from now: the clock was ahead', { association: name });
    }
    if (rollout !== null && rollout.passedAt !== null && rollout.passedAt > now) {
      emit(turn, { kind: 'ring-passed', association: name, ring: rollout.ring, at: now });
    }
  }
}

/** Nodes that are away, and were seen last by a clock that was ahead: their silence counts from now. */
function bringBackNodes(turn: Turn): void {
  for (const { id, connectedAt, lastSeenAt } of turn.world.state.nodes.values()) {
    if (connectedAt !== null || lastSeenAt === null || lastSeenAt <= turn.now) continue;
    emit(turn, { kind: 'disconnected', node: id, at: turn.now });
  }
}

/** How its slots stand from now on; null: this moment lies in a stretch that has fired, and that comes first. */
function gapsFrom({ world, now }: Turn, association: AssociationState) {
  const { gaps } = association;
  if (firedUntil(association, now) <= now) return gaps;
  // Before there was such an association, nothing of it can have fired.
  const first = world.state.versions.get(association.name)?.[0];
  const created = first?.version === 1 ? first.at : null;
  if (created === null || created <= now || gaps.some(({ after }) => after < created)) return null;
  return withGap({ gaps }, { after: now, before: created });
}
