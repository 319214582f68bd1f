/** What falls due. A timer is only a reason to look: whoever it names may have moved on, and then nothing happens. */

import { formatOccasion } from '../canonical/occasion.ts';
import type { AssociationName, ExecutionId } from '../model/brand.ts';
import { formatInstant } from '../model/brand.ts';
import type { Definition } from '../model/definition.ts';
import { present, unreachable } from '../model/errors.ts';
import type { SkipReason } from '../model/state.ts';
import type { AlarmState } from '../rollout/gate.ts';
import type { DueSlot } from '../schedule/slots.ts';
import { dueSlot } from '../schedule/slots.ts';
import {
  cancelExecution,
  closeOpen,
  endIfDone,
  freshId,
  openExecution,
  openOf,
} from './executions.ts';
import { lose } from './lost.ts';
import { onGone } from './on-node.ts';
import { askFor, findRun, giveBack, onClaimTimer, untold } from './on-run.ts';
import { prepareRuns } from './prepare-slot.ts';
import type { Turn } from './turn.ts';
import { emit, note } from './turn.ts';
import { onGateTimer } from './watch-gate.ts';
import type { Timer, World } from './world.ts';

/** Takes the timers that are due, until they have cost as much as one pass may; true when more are due. */
export function onTime(turn: Turn, costMax: number): boolean {
  const { timers } = turn.world;
  for (let cost = 0; ; ) {
    const next = timers.peek();
    if (next === undefined || next.at > turn.now) return false;
    if (cost >= costMax) return true;
    timers.pop();
    cost += costOf(turn.world, next);
    onTimer(turn, next);
  }
}

/** A slot opens a run on every node of its association; the others look at one thing each. */
const costOf = (world: World, timer: Timer): number =>
  timer.kind === 'slot' && isSlotTimer(world, timer)
    ? Math.max(1, world.assigned.get(timer.association)?.size ?? 0)
    : 1;

/** An earlier instant has been set since, by an edit or a clock that was set back. */
const isSlotTimer = (
  { slotTimers }: World,
  { association, at }: Timer & { kind: 'slot' },
): boolean => slotTimers.get(association) === at;

function onTimer(turn: Turn, timer: Timer): void {
  const { world } = turn;
  switch (timer.kind) {
    case 'slot':
      if (!isSlotTimer(world, timer)) return;
      world.slotTimers.delete(timer.association);
      return onSlot(turn, timer.association);
    case 'run':
      return onRunDeadline(turn, timer);
    case 'starting-deadline':
      return onStartingDeadline(turn, timer.execution);
    case 'duration':
      return onDuration(turn, timer.execution);
    case 'gate':
      return onGateTimer(turn, timer);
    case 'soak':
      world.rings.touch(timer.association);
      return;
    case 'claim':
      return onClaimTimer(turn, timer);
    case 'gone':
      return onGone(turn, timer.node, timer.at);
    case 'silent': {
      const node = world.state.nodes.get(timer.node);
      if (node?.connectedAt === null) world.touchNode(timer.node);
      return;
    }
    case 'rested': {
      if (world.restsUntil(timer.node) !== timer.at) return;
      world.wake(timer.node);
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
  if (due.kind === 'fire') fire(turn, definition, due);
  if (due.kind === 'missed') {
    skip(turn, definition, due, { reason: 'missed', detail: '' });
  }
  scheduleNext(turn, name);
}

type Slot = Pick<DueSlot & { kind: 'fire' }, 'at' | 'over'>;

/** Recorded with its reason, so that the history has every interval; what is owed from before stays owed. */
function skip(
  turn: Turn,
  definition: Definition,
  { at: slot, over }: Slot,
  { reason, detail }: { readonly reason: SkipReason; readonly detail: string },
): void {
  const { world, now } = turn;
  const { association, digests } = definition;
  const { name, applyOnlyAtCronInterval } = association;
  const known = present(world.state.associations.get(name), 'a slot has its association');
  const open = openOf(world, name);
  // With the flag nobody starts late: the interval before this one is over as it is at any slot.
  if (applyOnlyAtCronInterval && open?.trigger === 'schedule') closeOpen(turn, name, 'next-slot');
  const occasion = formatOccasion({ kind: 'slot', at: slot });
  emit(turn, {
    kind: 'slot-skipped',
    id: freshId(world, definition, occasion),
    association: name,
    slot,
    ...(over === null ? {} : { over }),
    reason,
    detail,
    targets: world.assigned.get(name)?.size ?? 0,
    generation: digests.generation,
    revision: known.commit,
    at: now,
  });
  note(turn, 'slot skipped', {
    association: name,
    slot: formatInstant(slot),
    reason,
    detail,
  });
}

function fire(turn: Turn, definition: Definition, { at, over }: Slot): void {
  const { name } = definition.association;
  const skipped = turn.world.skipAt(name, at);
  if (skipped !== null) {
    skip(turn, definition, { at, over }, skipped);
    return;
  }
  const occasion = formatOccasion({ kind: 'slot', at });
  // Its timer is set again, and the next pass goes on.
  const { generation } = definition.digests;
  if (!prepareRuns(turn.world, name, { generation, occasion })) return;
  emit(turn, { kind: 'slot', association: name, at, ...(over === null ? {} : { over }) });
  openExecution(turn, {
    definition,
    trigger: 'schedule',
    reason: `due at ${occasion.slice('slot:'.length)}`,
    occasion,
    nodes: turn.world.assignedTo(name),
    closing: 'next-slot',
  });
}

/** Instants further away than this are looked at again on the way: a timer never outlives a change of the clock by more. */
export function scheduleNext(turn: Turn, name: AssociationName): void {
  const { world } = turn;
  const at = world.nextSlotOf(name);
  const set = world.slotTimers.get(name);
  // An earlier one looks again, and goes on from there.
  if (at === null || (set !== undefined && set <= at)) return;
  world.slotTimers.set(name, at);
  world.timers.push({ kind: 'slot', association: name, at });
}

/** What was read of the alarms: those that changed let their associations go, or hold them. */
export function onAlarms(turn: Turn, states: ReadonlyMap<string, AlarmState>): void {
  const { world } = turn;
  const before = world.alarms;
  world.alarms = states;
  for (const [name, { association }] of world.revision?.definitions ?? []) {
    const { alarm } = association;
    if (alarm === null || before.get(alarm.name) === states.get(alarm.name)) continue;
    world.dirty.associations.add(name);
    world.lineUpAll(name);
    note(turn, 'alarm changed', {
      association: name,
      alarm: alarm.name,
      state: states.get(alarm.name) ?? 'UNKNOWN',
    });
  }
}

/** `Duration`: at the cut-off running work is cancelled on all targets, pending targets are not started. */
function onDuration(turn: Turn, id: ExecutionId): void {
  const execution = turn.world.state.executions.get(id);
  if (execution === undefined || execution.endedAt !== null) return;
  cancelExecution(turn, execution, { closing: 'duration', reason: 'its Duration is over' });
}

/**
 * A run has had all the time it can need in this phase. Offered: its job has expired and is owed again. Started: its node
 * is back without it and has had time to hand in a result, so it is asked. Unreachable until the step's deadline:
 * that is its outcome until a late result replaces it.
 */
function onRunDeadline(turn: Turn, timer: Timer & { kind: 'run' }): void {
  const found = findRun(turn, timer.node, timer.run, timer.execution);
  if (found?.execution.id !== timer.execution || found.run.phase !== timer.phase) return;
  switch (timer.phase) {
    case 'Offered':
      return giveBack(turn, found, 'its job expired');
    case 'Started':
      return askFor(turn, found, timer);
    case 'Unreachable':
      return lose(turn, found, 'Unreachable', 'the node has been silent since the run started');
    default:
      return unreachable(timer.phase);
  }
}

/**
 * With ApplyOnlyAtCronInterval nobody starts late: whoever was not there when the slot came is skipped, and everybody whom a
 * pause or a closed gate still holds.
 */
function onStartingDeadline(turn: Turn, id: ExecutionId): void {
  const execution = turn.world.state.executions.get(id);
  if (execution === undefined || execution.closed !== null) return;
  const association = turn.world.definition(execution.association)?.association;
  if (association?.applyOnlyAtCronInterval !== true) return;
  const waiting = [...execution.runs.values()].filter((run) => run.phase === 'Pending');
  const absent = waiting.filter(
    (run) => turn.world.state.nodes.get(run.node)?.connectedAt === null,
  );
  const { world } = turn;
  const isHeld = world.state.paused !== null || world.gateOf(association.name).waiting !== null;
  if (absent.length === 0 && !isHeld) return;
  if (absent.length === waiting.length || isHeld) {
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
