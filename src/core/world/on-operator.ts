/** What a local operator asks for. Every request is answered, after its records are durable. */

import { formatOccasion } from '../canonical/occasion.ts';
import type { AssociationName, ExecutionId, NodeId } from '../model/brand.ts';
import { formatInstant, instant } from '../model/brand.ts';
import { unreachable } from '../model/errors.ts';
import type { Answer } from './effects.ts';
import type { Event, OperatorRequest } from './events.ts';
import {
  cancelExecution,
  isOut,
  joinExecution,
  openExecution,
  openOf,
  unassign,
} from './executions.ts';
import { ringWords } from './gates.ts';
import { loseShutOut } from './lost.ts';
import { failedIn } from './on-rollout.ts';
import type { Turn } from './turn.ts';
import { emit, note } from './turn.ts';
import type { World } from './world.ts';

type Asked = { readonly id: string; readonly by: string };

export function onOperator(turn: Turn, event: Event & { kind: 'operator' }): void {
  const answer = decide(turn, event, event.request);
  note(turn, 'operator request', { by: event.by, request: event.request.kind, ok: answer.ok });
  turn.effects.push({ kind: 'answer', id: event.id, answer });
}

function decide(turn: Turn, asked: Asked, request: OperatorRequest): Answer {
  switch (request.kind) {
    case 'pause':
      return pause(turn, asked);
    case 'resume':
      return request.association === null
        ? resume(turn, asked)
        : resumeAssociation(turn, asked, request.association);
    case 'run':
      return run(turn, asked, request);
    case 'cancel':
      return cancel(turn, asked, request.execution);
    case 'revoke':
      return revoke(turn, asked, request.node);
    default:
      return unreachable(request);
  }
}

function pause(turn: Turn, asked: Asked): Answer {
  if (turn.world.state.paused !== null) return done('already paused');
  emit(turn, { kind: 'paused', by: asked.by, at: turn.now });
  return done('paused: nothing starts until `reconciled resume`; what runs now finishes');
}

function resume(turn: Turn, asked: Asked): Answer {
  if (turn.world.state.paused === null) return done('was not paused');
  emit(turn, { kind: 'resumed', by: asked.by, at: turn.now });
  return done('resumed');
}

/** Lifts a halt of the rollout and a stop at the error threshold; the failures so far count no longer. */
function resumeAssociation(turn: Turn, asked: Asked, name: AssociationName): Answer {
  if (!turn.world.state.associations.has(name)) return unknownAssociation(name);
  const open = openOf(turn.world, name);
  const isStopped = open !== null && open.stopped !== null;
  const isHalted = (turn.world.state.associations.get(name)?.rollout?.halted ?? null) !== null;
  if (!isStopped && !isHalted) return done(notStopped(turn.world, name));
  if (isHalted) {
    emit(turn, {
      kind: 'rollout-resumed',
      association: name,
      forgiven: failedIn(turn.world, name),
      by: asked.by,
      at: turn.now,
    });
  }
  if (isStopped) emit(turn, { kind: 'unstopped', execution: open.id, by: asked.by });
  return done(`${name} goes on`, open === null ? [] : [open.id]);
}

/** It may wait all the same: for nodes of a ring to which nothing is owed, and which no resume runs. */
function notStopped(world: World, name: AssociationName): string {
  const rollout = world.state.associations.get(name)?.rollout ?? null;
  const idle = rollout === null ? 0 : world.rings.of(name)?.[rollout.ring]?.idle.size;
  if (rollout === null || idle === 0) return `${name} is not stopped`;
  return `${name} is not stopped; ${ringWords(world, name, rollout)} (the next slot, or reconciled run ${name})`;
}

/** T8: an explicit request wins over ApplyOnlyAtCronInterval, and over a stop at the error threshold. */
function run(turn: Turn, asked: Asked, request: OperatorRequest & { kind: 'run' }): Answer {
  const { world } = turn;
  const wanted = [];
  for (const name of new Set(request.associations)) {
    if (world.definition(name) === undefined) return unknownAssociation(name);
    const isTarget = (node: NodeId): boolean => world.assigned.get(name)?.has(node) === true;
    const stranger = request.nodes?.find((node) => !isTarget(node));
    if (stranger !== undefined) {
      return refuse(
        'NOT_A_TARGET',
        `${stranger} is no target of ${name}: see reconciled explain ${stranger} ${name}`,
      );
    }
    const only = chosenFor(request, isTarget);
    const out = only === null ? null : outInStopped(world, name, only);
    if (out !== null) {
      return refuse(
        'RUN_IS_OUT',
        `${out} runs ${name} just now, in an execution that is stopped: ask again when that has ended, or resume it`,
      );
    }
    wanted.push({ name, only });
  }
  if (wanted.every(({ only }) => only?.length === 0)) {
    const names = wanted.map(({ name }) => name).join(', ');
    return refuse('NOT_A_TARGET', `none of the nodes asked for is a target of ${names}`);
  }
  const started = wanted.map(({ name, only }) => ({
    name,
    execution: only?.length === 0 ? null : start(turn, asked, name, only),
  }));
  const executions = started.flatMap(({ execution }) => execution ?? []);
  const remarks = started.flatMap(({ name, execution }) =>
    execution === null ? [`${name} has no target`] : heldBack(turn, name),
  );
  const opened = started.flatMap(({ name, execution }) =>
    execution === null ? [] : [`started ${name}: execution ${execution}`],
  );
  return done([...opened, ...remarks].join('; '), executions);
}

/** Null: every target. Empty: what was asked for is no target of it. */
function chosenFor(
  { nodes, among }: OperatorRequest & { kind: 'run' },
  isTarget: (node: NodeId) => boolean,
): readonly NodeId[] | null {
  if (nodes === null && among === undefined) return null;
  return [...new Set([...(nodes ?? []), ...(among ?? []).filter(isTarget)])];
}

/** An explicit request wins over the flag and over a stop, and over nothing else: whoever asks learns what it waits for. */
function heldBack({ world }: Turn, name: AssociationName): readonly string[] {
  if (world.state.paused !== null) return [`${name} waits: paused`];
  const { waiting } = world.gateOf(name);
  if (waiting === null) return [];
  const until = waiting.until === null ? '' : ` until ${formatInstant(waiting.until)}`;
  return [`${name} waits: ${waiting.reason}${until} (${waiting.detail})`];
}

function start(
  turn: Turn,
  asked: Asked,
  name: AssociationName,
  only: readonly NodeId[] | null,
): ExecutionId | null {
  const definition = turn.world.definition(name);
  if (definition === undefined) return null;
  const opening = {
    definition,
    trigger: 'manual',
    reason: `started by ${asked.by}`,
    occasion: formatOccasion({ kind: 'manual', request: asked.id }),
    nodes: only ?? turn.world.assignedTo(name),
    closing: 'manual',
  } as const;
  if (only === null) return openExecution(turn, opening);
  const id = joinExecution(turn, opening);
  const open = openOf(turn.world, name);
  // The stop goes on for all others. Whoever is named may fail as often as MaxErrors allows, counted from here.
  if (open?.id === id && open.stopped !== null) {
    const at = instant(Math.min(open.stopped.at, turn.now));
    emit(turn, { kind: 'stopped', execution: open.id, failures: open.failures, at });
  }
  return id;
}

/** Named for a run of an execution that is stopped, while that execution has a run out there: one after the other. */
function outInStopped(world: World, name: AssociationName, only: readonly NodeId[]): NodeId | null {
  const open = openOf(world, name);
  if (open === null || open.stopped === null) return null;
  return only.find((node) => isOut(open.runs.get(node))) ?? null;
}

function cancel(turn: Turn, asked: Asked, id: ExecutionId): Answer {
  const execution = turn.world.state.executions.get(id);
  if (execution === undefined)
    return refuse('UNKNOWN_EXECUTION', `no execution ${id} is remembered`);
  if (execution.endedAt !== null) return done('it has ended already', [id]);
  cancelExecution(turn, execution, { closing: 'cancelled', reason: `cancelled by ${asked.by}` });
  return done('cancelled: nothing more of it starts, running steps are being stopped', [id]);
}

/** Acts at once: the session is dropped and nothing is offered; what is out is cancelled. */
function revoke(turn: Turn, asked: Asked, node: NodeId): Answer {
  const { world } = turn;
  if (!world.fleet.nodes.has(node) && !world.state.nodes.has(node)) {
    return refuse('UNKNOWN_NODE', `no node ${node} is known`);
  }
  if (world.state.revoked.has(node)) return done(`${node} is revoked already`);
  emit(turn, { kind: 'revoked', node, by: asked.by, at: turn.now });
  const known = world.state.nodes.get(node) ?? null;
  if (known !== null && known.job !== null) {
    const { run } = known.job;
    turn.effects.push({ kind: 'cancel-run', node, run, reason: 'the node is revoked' });
  }
  for (const association of [...(known?.assignments.keys() ?? [])]) {
    unassign(turn, association, [node]);
  }
  if (known !== null) loseShutOut(turn, known);
  world.fleet.remove(node);
  turn.effects.push({ kind: 'drop-node', node, reason: 'revoked' });
  return done(`${node} is revoked`);
}

const done = (message: string, executions: readonly ExecutionId[] = []): Answer => ({
  ok: true,
  message,
  executions,
});
const refuse = (code: string, message: string): Answer => ({ ok: false, code, message });
const unknownAssociation = (name: string): Answer =>
  refuse('UNKNOWN_ASSOCIATION', `no association ${name} is in force`);
