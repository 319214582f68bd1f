/** Opening, joining, closing and ending executions. One is open per association; the next one closes it (contract §5). */
import { executionIdOf, runNamer } from '../canonical/occasion.ts';
import type { AssociationName, CommitId, ExecutionId, Instant, NodeId } from '../model/brand.ts';
import { instant } from '../model/brand.ts';
import type { Definition } from '../model/definition.ts';
import { present } from '../model/errors.ts';
import { compareText } from '../model/problem.ts';
import type { CloseReason, Execution, Run, Trigger } from '../model/state.ts';
import { preparedFor } from './prepare-slot.ts';
import type { NewRun } from './records.ts';
import type { Turn } from './turn.ts';
import { emit, note } from './turn.ts';
import { watchGate } from './watch-gate.ts';
import type { World } from './world.ts';

export type Opening = {
  readonly definition: Definition;
  readonly trigger: Trigger;
  readonly reason: string;
  readonly occasion: string;
  readonly nodes: readonly NodeId[];
  /** Why the execution that is open now, if any, makes room. */
  readonly closing: CloseReason;
};

/**
 * Closes what is open and opens a new execution for these nodes and for those that did not get their turn. Without any
 * node nothing is opened: an execution of nobody tells nothing.
 */
export function openExecution(turn: Turn, opening: Opening): ExecutionId | null {
  const { definition } = opening;
  const { name } = definition.association;
  const carried = closeOpen(turn, name, opening.closing).filter((node) =>
    turn.world.assigned.get(name)?.has(node),
  );
  const nodes = [...new Set([...opening.nodes, ...carried])].sort(compareText);
  if (nodes.length === 0) return null;
  const revision = effectiveCommit(turn.world, name);
  const id = freshId(turn.world, definition, opening.occasion);
  emit(turn, {
    kind: 'execution',
    id,
    association: name,
    occasion: opening.occasion,
    trigger: opening.trigger,
    reason: opening.reason,
    generation: definition.digests.generation,
    revision,
    timeoutBudgetMs: definition.timeoutBudgetMs,
    at: turn.now,
    runs: runsOf(turn.world, opening, nodes),
  });
  turn.world.prepared.delete(name);
  const opened = present(turn.world.state.executions.get(id), 'it was just opened');
  watchExecution(turn, opened);
  const deadline = startingDeadline(turn.world, opened);
  if (deadline !== null) {
    turn.world.timers.push({ kind: 'starting-deadline', execution: id, at: deadline });
  }
  note(turn, 'execution opened', {
    association: name,
    execution: id,
    reason: opening.reason,
    nodes: nodes.length,
  });
  return id;
}

/**
 * When whoever is not connected is skipped (`ApplyOnlyAtCronInterval`); null: nobody is. Who sets its timer again sees that it is
 * ahead: those who were there in time wait for a place long after it.
 */
export function startingDeadline(
  world: World,
  { association: name, trigger, openedAt, closed }: Execution,
): Instant | null {
  const association = world.definition(name)?.association;
  if (association?.applyOnlyAtCronInterval !== true) return null;
  if (trigger !== 'schedule' || closed !== null) return null;
  // A clock that was set back since must not keep it waiting.
  return instant(Math.min(openedAt, world.seenAt) + association.startingDeadlineMs);
}

/** The other instants at which an open execution has to be looked at again. */
export function watchExecution(turn: Turn, execution: Execution): void {
  const { world } = turn;
  const association = world.definition(execution.association)?.association;
  if (association === undefined || execution.endedAt !== null) return;
  const { applyOnlyAtCronInterval, durationMs } = association;
  // Only with the flag (SSM user guide, Duration).
  if (applyOnlyAtCronInterval && durationMs !== null) {
    // A clock that was set back since must not keep it waiting.
    const at = instant(Math.min(execution.openedAt, turn.now) + durationMs);
    world.timers.push({ kind: 'duration', execution: execution.id, at });
  }
  if (execution.closed === null) watchGate(turn, execution.association);
}

/** Runs of their own occasion share the open execution; without one they open one together. */
export function joinExecution(turn: Turn, opening: Opening): ExecutionId | null {
  const { definition, nodes, reason } = opening;
  const state = turn.world.state.associations.get(definition.association.name);
  const open = openOf(turn.world, definition.association.name);
  if (nodes.length === 0) return open?.id ?? null;
  const fits = open?.endedAt === null && open.generation === state?.digests.generation;
  if (!fits || nodes.some((node) => isOut(open.runs.get(node))))
    return openExecution(turn, opening);
  emit(turn, {
    kind: 'joined',
    execution: open.id,
    occasion: opening.occasion,
    reason,
    at: turn.now,
    runs: runsOf(turn.world, opening, nodes),
  });
  note(turn, 'execution joined', {
    association: definition.association.name,
    execution: open.id,
    reason,
    nodes: nodes.length,
  });
  return open.id;
}

/** Starts nothing more of the open execution, takes back what is not started; gives the nodes that go first next time. */
export function closeOpen(
  turn: Turn,
  name: AssociationName,
  reason: CloseReason,
): readonly NodeId[] {
  const open = openOf(turn.world, name);
  if (open === null) return [];
  const carried: NodeId[] = [];
  for (const run of open.runs.values()) {
    if (run.phase === 'Pending') carried.push(run.node);
    if (run.phase === 'Offered') {
      carried.push(run.node);
      turn.effects.push({ kind: 'revoke-job', node: run.node, run: run.run });
    }
  }
  emit(turn, { kind: 'closed', execution: open.id, reason, at: turn.now });
  endIfDone(turn, open);
  return carried;
}

/** Nothing more of it starts; jobs not started are taken back; running steps are told to stop. */
export function cancelExecution(
  turn: Turn,
  execution: Execution,
  { closing, reason }: { readonly closing: CloseReason; readonly reason: string },
): void {
  for (const { phase, node, run } of execution.runs.values()) {
    if (phase === 'Started' || phase === 'Unreachable') {
      turn.effects.push({ kind: 'cancel-run', node, run, reason });
    }
  }
  const isOpen = openOf(turn.world, execution.association)?.id === execution.id;
  if (isOpen) closeOpen(turn, execution.association, closing);
  else if (execution.endedAt === null && execution.closed?.reason !== closing) {
    // Durable, so that a node that was away when it was told is told on its return.
    emit(turn, { kind: 'closed', execution: execution.id, reason: closing, at: turn.now });
  }
  note(turn, 'execution cancelled', {
    association: execution.association,
    execution: execution.id,
    reason,
  });
}

/** Nodes that are no targets any more: what is owed to them is forgotten, what is not started is taken back. */
export function unassign(turn: Turn, name: AssociationName, nodes: readonly NodeId[]): void {
  const { state } = turn.world;
  const touched = new Set<Execution>();
  for (const id of nodes) {
    const owed = state.nodes.get(id)?.assignments.get(name)?.execution ?? null;
    const execution = owed === null ? undefined : state.executions.get(owed);
    const run = execution?.runs.get(id);
    if (execution === undefined || run === undefined) continue;
    touched.add(execution);
    if (run.phase === 'Offered') turn.effects.push({ kind: 'revoke-job', node: id, run: run.run });
  }
  emit(turn, { kind: 'unassigned', association: name, nodes });
  for (const execution of touched) endIfDone(turn, execution);
}

/** An execution ends when nothing of it is owed or out. */
export function endIfDone(turn: Turn, execution: Execution): void {
  const { phases } = execution;
  if (execution.endedAt !== null) return;
  if (phases.Pending + phases.Offered + phases.Started + phases.Unreachable > 0) return;
  emit(turn, { kind: 'ended', execution: execution.id, at: turn.now });
  note(turn, 'execution ended', {
    association: execution.association,
    execution: execution.id,
    success: execution.statuses.Success,
    failed: execution.statuses.Failed + execution.statuses.TimedOut,
    skipped: execution.statuses.Skipped,
  });
}

/** A run that is out keeps its place in its execution: another one for the same node needs an execution of its own. */
export const isOut = (run: Run | undefined): boolean =>
  run !== undefined && run.phase !== 'Pending' && run.phase !== 'Done';

export function openOf(world: World, name: AssociationName): Execution | null {
  const id = world.state.associations.get(name)?.open ?? null;
  return id === null ? null : (world.state.executions.get(id) ?? null);
}

function runsOf(
  world: World,
  { definition, occasion }: Opening,
  nodes: readonly NodeId[],
): readonly NewRun[] {
  const { name } = definition.association;
  const { generation } = definition.digests;
  const ids = preparedFor(world, name, { generation, occasion })?.ids;
  const nameOf = runNamer(name, generation, occasion);
  return nodes.map((node) => ({ node, run: ids?.get(node) ?? nameOf(node) }));
}

/** The id is a pure hash; only when an execution of the same occasion is still remembered does it get a number. */
export function freshId(world: World, definition: Definition, occasion: string): ExecutionId {
  const { association, digests } = definition;
  for (let n = 1; ; n++) {
    const text = n === 1 ? occasion : `${occasion}#${n}`;
    const id = executionIdOf(association.name, digests.generation, text);
    if (!world.state.executions.has(id)) return id;
  }
}

function effectiveCommit(world: World, name: AssociationName): CommitId {
  return present(world.state.associations.get(name), 'an execution has its association').commit;
}
