/**
 * What one record touches: the queues, the rings, the marks of the report. Everything here is derived from state, so that it
 * can be derived again after a replay; it costs what the record touches, never what exists.
 */
import type { AssociationName, ExecutionId, NodeId } from '../model/brand.ts';
import { unreachable } from '../model/errors.ts';
import { releaseCaughtUp } from './epoch.ts';
import type { Record } from './records.ts';
import type { World } from './world.ts';

export function indexRecord(world: World, record: Record): void {
  const { dirty } = world;
  switch (record.kind) {
    case 'paused':
      dirty.fleet = true;
      return touchOwed(world);
    case 'instance':
      dirty.fleet = true;
      releaseCaughtUp(world);
      return touchOwed(world);
    case 'accepted':
      dirty.fleet = true;
      return releaseCaughtUp(world);
    case 'in-force':
    case 'held':
    case 'released':
    case 'source-unread':
    case 'source-read':
    case 'file-invalid':
    case 'file-valid':
    case 'document':
    case 'document-removed':
      dirty.fleet = true;
      return;
    case 'resumed':
    case 'branch-epoch':
      dirty.fleet = true;
      touchOwed(world);
      for (const association of world.state.associations.values()) {
        if (association.open !== null) world.hopeful.add(association.name);
      }
      return;
    case 'published':
    case 'rollout-forgiven':
    case 'rollout-healed': // who may start is decided when the next one fails
      return;
    case 'association':
      dirty.fleet = true;
      world.prepared.delete(record.name);
      world.hopeful.add(record.name);
      world.rebuildRingsOf(record.name);
      world.lineUpAll(record.name);
      for (const name of world.dependents.get(record.name) ?? []) world.lineUpAll(name);
      return world.touch(record.name, world.assigned.get(record.name) ?? []);
    case 'version':
      dirty.associations.add(record.association);
      return;
    case 'association-removed':
      world.assigned.delete(record.name);
      world.prepared.delete(record.name);
      world.rings.rebuild(record.name, null);
      dirty.associations.add(record.name);
      dirty.fleet = true;
      return;
    case 'assigned':
      for (const node of record.nodes) {
        world.assign(record.association, node);
        world.rings.refresh(record.association, node);
      }
      // Shares of the targets are others now.
      world.hopeful.add(record.association);
      world.touch(record.association, record.nodes);
      return;
    case 'unassigned':
      for (const node of record.nodes) {
        world.assigned.get(record.association)?.delete(node);
        world.rings.refresh(record.association, node);
      }
      world.touch(record.association, record.nodes);
      return lineUpDependents(world, record.association, record.nodes);
    case 'slot-skipped':
      dirty.ended.add(record.id);
      world.history.place(world.state.executions.get(record.id));
      lineUpDependents(world, record.association, world.assigned.get(record.association) ?? []);
      return world.touch(record.association, world.assigned.get(record.association) ?? []);
    case 'ring-passed':
    case 'ring-opened':
    case 'rollout-ended':
    case 'rollout-halted':
    case 'rollout-resumed':
      dirty.fleet = true;
      dirty.associations.add(record.association);
      world.rings.touch(record.association);
      return world.lineUpAll(record.association);
    case 'slot':
      // Whoever waited for it to come waits for its runs now, or for nothing.
      lineUpDependents(world, record.association, world.assigned.get(record.association) ?? []);
      return world.touch(record.association, world.assigned.get(record.association) ?? []);
    case 'anchored':
      return world.touch(record.association, world.assigned.get(record.association) ?? []);
    case 'registered':
      return world.touchNode(record.registration.node);
    case 'revoked':
      return world.touchNode(record.node);
    case 'connected':
    case 'disconnected':
      return contact(world, record.node);
    case 'execution':
    case 'joined':
      return owed(world, record);
    case 'closed':
      world.queues.drop(record.execution);
      return closed(world, record.execution);
    case 'stopped':
      world.queues.drop(record.execution);
      return startsChange(world, record.execution);
    case 'unstopped':
      return startsChange(world, record.execution);
    case 'ended':
      dirty.ended.add(record.execution);
      world.history.place(world.state.executions.get(record.execution));
      world.queues.drop(record.execution);
      return;
    case 'condensed':
      world.history.place(world.state.executions.get(record.execution));
      return;
    case 'archived':
      dirty.ended.delete(record.execution);
      world.history.remove(record.execution);
      return;
    case 'offered':
    case 'returned':
    case 'started':
    case 'unreachable':
    case 'finished':
      return moved(world, record);
    case 'complied':
      dirty.nodes.add(record.node);
      for (const { association } of record.items) dirty.associations.add(association);
      return;
    case 'recalled':
      world.rings.refresh(record.association, record.node);
      world.touch(record.association, [record.node]);
      return lineUpDependents(world, record.association, [record.node]);
    case 'put-association':
    case 'put-node':
    case 'put-execution':
    case 'put-runs':
    case 'put-assignments':
      return; // snapshots are replayed, and a replay ends with reindex()
    default:
      return unreachable(record);
  }
}

/** Everything that waits, since all of it waits for another reason now. */
function touchOwed(world: World): void {
  for (const execution of world.state.executions.values()) world.touchPending(execution);
}

function touchExecution(world: World, id: ExecutionId): void {
  const execution = world.state.executions.get(id);
  if (execution === undefined) return;
  world.touch(execution.association, execution.runs.keys());
  world.hopeful.add(execution.association);
}

/** Who may start in it is another question now. */
function startsChange(world: World, id: ExecutionId): void {
  touchExecution(world, id);
  const name = world.state.executions.get(id)?.association;
  if (name !== undefined) world.lineUpAll(name);
}

/** Nodes that did not get their turn are not waited for any more by what depends on it. */
function closed(world: World, id: ExecutionId): void {
  touchExecution(world, id);
  const execution = world.state.executions.get(id);
  if (execution === undefined) return;
  const { association } = execution;
  if (world.rings.of(association) !== null) {
    for (const node of execution.runs.keys()) world.rings.refresh(association, node);
  }
  lineUpDependents(world, association, execution.runs.keys());
}

/** Contact changes who can start, why others wait, who is silent, and what the node says of itself. */
function contact(world: World, id: NodeId): void {
  world.touchNode(id);
  const node = world.state.nodes.get(id);
  if (node === undefined) return;
  for (const name of node.assignments.keys()) world.rings.refresh(name, id);
  world.lineUp(node);
}

function owed(world: World, record: Record & { kind: 'execution' | 'joined' }): void {
  const id = record.kind === 'execution' ? record.id : record.execution;
  const execution = world.state.executions.get(id);
  if (execution === undefined) return;
  world.touch(
    execution.association,
    record.runs.map((run) => run.node),
  );
  for (const { node } of record.runs) {
    world.assign(execution.association, node);
    world.rings.refresh(execution.association, node);
    const known = world.state.nodes.get(node);
    if (known === undefined || !world.isFree(known) || !world.mayRunOn(execution, known)) continue;
    const last = known.assignments.get(execution.association)?.last?.outcome.startedAt ?? null;
    world.enqueue(execution, known, last);
  }
}

function moved(
  world: World,
  record: Record & { kind: 'offered' | 'returned' | 'started' | 'unreachable' | 'finished' },
): void {
  const node = world.state.nodes.get(record.node);
  const execution = world.state.executions.get(record.execution);
  const association = record.kind === 'finished' ? record.association : execution?.association;
  if (association !== undefined) {
    world.dirty.associations.add(association);
    world.hopeful.add(association);
    world.rings.refresh(association, record.node);
  }
  world.touchNode(record.node); // busy or not: for its other associations, too
  world.history.place(execution);
  if (execution?.endedAt === null) world.dirty.ended.delete(execution.id);
  else if (execution !== undefined) world.dirty.ended.add(execution.id);
  if (node !== undefined) world.lineUp(node);
}

/** Those that depend on an association that has changed for these nodes. */
function lineUpDependents(world: World, name: AssociationName, nodes: Iterable<NodeId>): void {
  if (!world.dependents.has(name)) return;
  for (const id of nodes) {
    const node = world.state.nodes.get(id);
    if (node === undefined) continue;
    world.touchNode(id);
    world.lineUp(node);
  }
}
