/** Marks of what has changed since it was rendered: taken by a publish, put back when it fails. */
import type { NodeId } from '../core/model/brand.ts';
import type { Dirty } from '../core/world/effects.ts';
import type { World } from '../core/world/world.ts';

export const isDirty = (dirty: Dirty): boolean =>
  dirty.all || dirty.fleet || dirty.nodes.size > 0 || dirty.associations.size > 0;

/** Takes the marks away, so that what changes from here on is dirty again. */
export function take(dirty: Dirty, rollUp: boolean): Dirty {
  const taken: Dirty = {
    nodes: new Set(dirty.nodes),
    associations: new Set(dirty.associations),
    ended: new Set(rollUp ? dirty.ended : []),
    fleet: dirty.fleet,
    all: dirty.all,
  };
  dirty.nodes.clear();
  dirty.associations.clear();
  for (const execution of taken.ended) dirty.ended.delete(execution);
  dirty.fleet = false;
  dirty.all = false;
  return taken;
}

/** What a publish that begins again renders; the marks themselves stay where they are. */
export const withLater = (taken: Dirty, since: Dirty, late: ReadonlySet<NodeId>): Dirty => ({
  nodes: new Set([...taken.nodes, ...late]),
  associations: new Set([...taken.associations, ...since.associations]),
  ended: taken.ended,
  fleet: true,
  all: taken.all || since.all,
});

export function putBack(world: World, taken: Dirty): void {
  const { dirty } = world;
  for (const node of taken.nodes) dirty.nodes.add(node);
  for (const association of taken.associations) dirty.associations.add(association);
  dirty.fleet ||= taken.fleet;
  dirty.all ||= taken.all;
  putBackEnded(world, taken);
}

/** Not those that go on again since, or that gave way. */
export function putBackEnded({ dirty, state }: World, taken: Dirty): void {
  for (const id of taken.ended) {
    const execution = state.executions.get(id);
    if (execution !== undefined && execution.endedAt !== null) dirty.ended.add(id);
  }
}
