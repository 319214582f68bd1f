import { present } from '../model/errors.ts';
import type { Ordinals } from './ordinals.ts';
import { deleteOrdinal, insertOrdinal, intersection, union } from './ordinals.ts';
import type { Groups, NodeTags, Target } from './target.ts';

/**
 * Which nodes carry which tag, kept up to date node by node, so that targets resolve without a walk over the fleet.
 * Nodes are named by dense ordinals that the caller hands out. Law: `resolve` gives exactly the nodes that `matches`.
 */
export type NodeIndex = {
  /** Adds the node, or replaces what was known under this ordinal. Costs what changed. */
  setNode(ordinal: number, node: { readonly id: string; readonly tags: NodeTags }): void;
  /** Replaces the tags of a node that is in the index. @throws Error (a bug) when it is not */
  setTags(ordinal: number, tags: NodeTags): void;
  /** Forgets the node; harmless when it is not there. */
  removeNode(ordinal: number): void;
  /** Ordinals of the nodes that match every target, ascending. The array is the caller's own. */
  resolve(targets: readonly Target[], groups: Groups): number[];
  readonly size: number;
};

type Entry = { readonly id: string; readonly tags: ReadonlyMap<string, string> };
/** All nodes that have a tag, and those of each value. */
type Postings = { readonly having: number[]; readonly byValue: Map<string, number[]> };

export function createNodeIndex(): NodeIndex {
  const entries = new Map<number, Entry>();
  const ordinalById = new Map<string, number>();
  const postingsByKey = new Map<string, Postings>();
  const everyNode: number[] = [];

  function setNode(ordinal: number, node: { readonly id: string; readonly tags: NodeTags }): void {
    const before = entries.get(ordinal);
    if (before !== undefined && before.id !== node.id) removeNode(ordinal);
    const tags = toMap(node.tags);
    retag(ordinal, entries.get(ordinal)?.tags ?? new Map(), tags);
    entries.set(ordinal, { id: node.id, tags });
    ordinalById.set(node.id, ordinal);
    insertOrdinal(everyNode, ordinal);
  }

  function setTags(ordinal: number, tags: NodeTags): void {
    const entry = present(entries.get(ordinal), `node ${ordinal} is in the index`);
    setNode(ordinal, { id: entry.id, tags });
  }

  function removeNode(ordinal: number): void {
    const entry = entries.get(ordinal);
    if (entry === undefined) return;
    retag(ordinal, entry.tags, new Map());
    entries.delete(ordinal);
    ordinalById.delete(entry.id);
    deleteOrdinal(everyNode, ordinal);
  }

  function retag(
    ordinal: number,
    before: ReadonlyMap<string, string>,
    after: ReadonlyMap<string, string>,
  ): void {
    for (const [key, value] of before) {
      if (after.get(key) !== value) removePosting(ordinal, key, value, after.has(key));
    }
    for (const [key, value] of after) {
      if (before.get(key) !== value) addPosting(ordinal, key, value);
    }
  }

  function addPosting(ordinal: number, key: string, value: string): void {
    const postings = getOrAdd(postingsByKey, key, () => ({ having: [], byValue: new Map() }));
    insertOrdinal(postings.having, ordinal);
    insertOrdinal(
      getOrAdd(postings.byValue, value, () => []),
      ordinal,
    );
  }

  /** Empty lists are dropped: values come and go for years, and the index must not remember them. */
  function removePosting(ordinal: number, key: string, value: string, keepsKey: boolean): void {
    const postings = present(postingsByKey.get(key), `tag ${key} is in the index`);
    const nodes = present(postings.byValue.get(value), `value ${value} of ${key} is in the index`);
    deleteOrdinal(nodes, ordinal);
    if (nodes.length === 0) postings.byValue.delete(value);
    if (keepsKey) return;
    deleteOrdinal(postings.having, ordinal);
    if (postings.having.length === 0) postingsByKey.delete(key);
  }

  function nodesOf(targets: readonly Target[], groups: Groups): Ordinals {
    const sets = targets.map((target) => nodesOfOne(target, groups));
    sets.sort((a, b) => a.length - b.length);
    return sets.length === 0 ? [] : sets.reduce(intersection);
  }

  function nodesOfOne(target: Target, groups: Groups): Ordinals {
    switch (target.kind) {
      case 'all':
        return everyNode;
      case 'ids':
        return target.ids
          .map((id) => ordinalById.get(id))
          .filter((ordinal) => ordinal !== undefined)
          .sort((a, b) => a - b);
      case 'tag': {
        const postings = postingsByKey.get(target.key);
        if (target.values.length === 0) return postings?.having ?? [];
        return union(target.values.map((value) => postings?.byValue.get(value) ?? []));
      }
      case 'tag-key':
        return union(target.keys.map((key) => postingsByKey.get(key)?.having ?? []));
      case 'group':
        return nodesOf(groups.get(target.name)?.targets ?? [], groups);
    }
  }

  return {
    setNode,
    setTags,
    removeNode,
    resolve: (targets, groups) => [...nodesOf(targets, groups)],
    get size() {
      return entries.size;
    },
  };
}

/** A copy: the caller may go on changing its own. */
function toMap(tags: NodeTags): ReadonlyMap<string, string> {
  return new Map(
    tags instanceof Map ? (tags as ReadonlyMap<string, string>) : Object.entries(tags),
  );
}

function getOrAdd<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}
