/** The nodes of a revision and who they match: ordinals are dense and belong to one fleet only. */

import type { Group } from '../model/association.ts';
import type { NodeId } from '../model/brand.ts';
import { present } from '../model/errors.ts';
import type { Node } from '../model/node.ts';
import { compareText } from '../model/problem.ts';
import { createNodeIndex } from '../selector/node-index.ts';
import type { Target } from '../selector/target.ts';

export type Fleet = {
  readonly nodes: ReadonlyMap<NodeId, Node>;
  /** Ids of the matching nodes, sorted. */
  resolve(targets: readonly Target[], groups: ReadonlyMap<string, Group>): readonly NodeId[];
  /** Adds or replaces one node. */
  put(node: Node): void;
  remove(id: NodeId): void;
};

export function createFleet(initial: ReadonlyMap<NodeId, Node>): Fleet {
  const nodes = new Map<NodeId, Node>();
  const index = createNodeIndex();
  const idOf: NodeId[] = [];
  const ordinalOf = new Map<NodeId, number>();
  /** A plan asks for the targets of each association several times while no node changes. */
  let resolved = new WeakMap<readonly Target[], Resolved>();
  let anyResolved = false;

  function changed(): void {
    if (anyResolved) resolved = new WeakMap();
    anyResolved = false;
  }

  function put(node: Node): void {
    changed();
    let ordinal = ordinalOf.get(node.id);
    if (ordinal === undefined) {
      ordinal = idOf.push(node.id) - 1;
      ordinalOf.set(node.id, ordinal);
    }
    nodes.set(node.id, node);
    index.setNode(ordinal, node);
  }

  // In the order of ids, so that ordinals, and with them every resolved list, are sorted from the start.
  for (const id of [...initial.keys()].sort(compareText)) {
    put(present(initial.get(id), 'a key has its value'));
  }

  return {
    nodes,
    put,
    remove(id) {
      const ordinal = ordinalOf.get(id);
      if (ordinal === undefined) return;
      changed();
      index.removeNode(ordinal);
      nodes.delete(id);
    },
    resolve(targets, groups) {
      const before = resolved.get(targets);
      if (before?.groups === groups) return before.ids;
      const ids = index
        .resolve(targets, groups)
        .map((ordinal) => present(idOf[ordinal], 'an ordinal of this fleet'));
      if (!isSorted(ids)) ids.sort(compareText);
      resolved.set(targets, { groups, ids });
      anyResolved = true;
      return ids;
    },
  };
}

type Resolved = {
  readonly groups: ReadonlyMap<string, Group>;
  readonly ids: readonly NodeId[];
};

const isSorted = (ids: readonly NodeId[]): boolean =>
  ids.every((id, at) => at === 0 || (ids[at - 1] as NodeId) < id);
