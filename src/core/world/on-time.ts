/** What falls due. A timer is only a reason to look: whoever it names may have moved on, and then nothing happens. */

import { formatOccasion } from '../canonical/occasion.ts';
import type { AssociationName, ExecutionId, Instant } from '../model/brand.ts';
import { unreachable } from '../model/errors.ts';
import { dueSlot } from '../schedule/slots.ts';
import { closeOpen, endIfDone, openExecution } from './executions.ts';
import { onGone } from './on-node.ts';
import { findRun, finish, giveBack, onClaimDue, untold } from './on-run.ts';
import type { Turn } from './turn.ts';
import { emit, note } from './turn.ts';
import type { Timer } from './world.ts';

/** Takes the timers that are due, at most `limit` in one pass; true when more are due. */
export function onTime(turn: Turn, limit: number): boolean {
  const { timers } = turn.world;
  for (let taken = 0; ; taken++) {
    const next = timers.peek();
    if (next === undefined || next.at > turn.now) return false;
    if (taken === limit) return true;
    timers.pop();
    onTimer(turn, next);
  }
}

function onTimer(turn: Turn, timer: Timer): void {
  const { world } = turn;
  switch (timer.kind) {
    case 'slot':
      return onSlot(turn, timer.association);
    case 'run':
      return onRunDeadline(turn, timer);
    case 'starting-deadline':
      return onStartingDeadline(turn, timer.execution);
    case 'claim':
      return onClaimDue(turn, timer);
    case 'gone':
      return onGone(turn, timer.node);
    case 'silent': {
      const node = world.state.nodes.get(timer.node);
      if (node?.connectedAt === null) world.touchNode(timer.node);
      return;
    }
    case 'rested': {
      if (!world.resting.delete(timer.node)) return;
      world.touchNode(timer.node);
      const node = world.state.nodes.get(timer.node);
      if (node !== undefined) world.lineUp(node);
      return;
    }
    default:
      return unreachable(timer);
  }
}

/** Fires the newest slot that is due, records one that came too late, and sets the timer for the next. */
export function onSlot(turn: Turn, name: AssociationName): void {
  const { world, now } = turn;
  const definition = world.definition(name);
  const slots = world.state.associations.get(name);
  if (definition === undefined || slots === undefined) return;
  const due = dueSlot(definition.association, slots, now);
  if (due.kind !== 'none') {
    emit(turn, { kind: 'slot', association: name, at: due.at, missed: due.kind === 'missed' });
  }
  if (due.kind === 'fire') fire(turn, name, due.at);
  if (due.kind === 'missed') miss(turn, name, due.at);
  scheduleNext(turn, name);
}

function fire(turn: Turn, name: AssociationName, at: Instant): void {
  const definition = turn.world.definition(name);
  if (definition === undefined) return;
  const occasion = formatOccasion({ kind: 'slot', at });
  openExecution(turn, {
    definition,
    trigger: 'schedule',
    reason: `due at ${occasion.slice('slot:'.length)}`,
    occasion,
    nodes: turn.world.assignedTo(name),
    closing: 'next-slot',
  });
}

/** Everybody is skipped, so that the history tells of the slot: an execution that nobody could start. */
function miss(turn: Turn, name: AssociationName, at: Instant): void {
  note(turn, 'slot missed', { association: name, slot: new Date(at).toISOString() });
  fire(turn, name, at);
  closeOpen(turn, name, 'deadline');
}

/** Instants further away than this are looked at again on the way: a timer never outlives a change of the clock by more. */
export function scheduleNext(turn: Turn, name: AssociationName): void {
  const at = turn.world.nextSlotOf(name);
  if (at !== null) turn.world.timers.push({ kind: 'slot', association: name, at });
}

/**
 * A run has had all the time it can need in this phase. Offered: its job has expired and is owed again. Started: its node
 * is back without it and has had time to hand in a result, so it was interrupted. Unreachable until the step's deadline:
 * that is its outcome until a late result replaces it.
 */
function onRunDeadline(turn: Turn, timer: Timer & { kind: 'run' }): void {
  const found = findRun(turn, timer.node, timer.run, timer.execution);
  if (found?.execution.id !== timer.execution || found.run.phase !== timer.phase) return;
  switch (timer.phase) {
    case 'Offered':
      return giveBack(turn, found, 'its job expired');
    case 'Started':
      return lose(turn, found, 'Interrupted', 'the node came back and knows nothing of this run');
    case 'Unreachable':
      return lose(turn, found, 'Unreachable', 'the node has been silent since the run started');
    default:
      return unreachable(timer.phase);
  }
}

function lose(
  turn: Turn,
  { execution, run }: NonNullable<ReturnType<typeof findRun>>,
  detailedStatus: 'Interrupted' | 'Unreachable',
  summary: string,
): void {
  finish(turn, {
    execution: execution.id,
    association: execution.association,
    node: run.node,
    outcome: untold(run, { status: 'Failed', detailedStatus, summary, finishedAt: turn.now }),
  });
}

/** With ApplyOnlyAtCronInterval nobody starts late: whoever was not there when the slot came is skipped. */
function onStartingDeadline(turn: Turn, id: ExecutionId): void {
  const execution = turn.world.state.executions.get(id);
  if (execution === undefined || execution.closed !== null) return;
  const association = turn.world.definition(execution.association)?.association;
  if (association?.applyOnlyAtCronInterval !== true) return;
  const waiting = [...execution.runs.values()].filter((run) => run.phase === 'Pending');
  const absent = waiting.filter(
    (run) => turn.world.state.nodes.get(run.node)?.connectedAt === null,
  );
  if (absent.length === 0 && turn.world.state.paused === null) return;
  if (absent.length === waiting.length || turn.world.state.paused !== null) {
    closeOpen(turn, execution.association, 'deadline');
    return;
  }
  for (const run of absent) {
    emit(turn, {
      kind: 'finished',
      execution: id,
      association: execution.association,
      node: run.node,
      at: turn.now,
      outcome: untold(run, {
        status: 'Skipped',
        detailedStatus: 'Skipped',
        summary: 'missed: the node was not connected when the slot came',
        finishedAt: turn.now,
      }),
    });
  }
  endIfDone(turn, execution);
}
