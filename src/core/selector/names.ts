import type { Groups, Target } from './target.ts';

/** What targets depend on: only a change of something named here can change which nodes they match. */
export type SelectorNames = {
  /** Sorted, without repeats. A change of another tag leaves the targets as they are. */
  readonly tagKeys: readonly string[];
  readonly nodeIds: readonly string[];
  readonly groups: readonly string[];
  /** True for `*`: every node that comes or goes matters, and no tag does. */
  readonly everyNode: boolean;
};

/** The names in `targets`, with those in the queries of their groups. */
export function selectorNames(targets: readonly Target[], groups: Groups): SelectorNames {
  const tagKeys = new Set<string>();
  const nodeIds = new Set<string>();
  const groupNames = new Set<string>();
  let everyNode = false;
  const visit = (target: Target): void => {
    switch (target.kind) {
      case 'all':
        everyNode = true;
        return;
      case 'ids':
        for (const id of target.ids) nodeIds.add(id);
        return;
      case 'tag':
        tagKeys.add(target.key);
        return;
      case 'tag-key':
        for (const key of target.keys) tagKeys.add(key);
        return;
      case 'group':
        groupNames.add(target.name);
        for (const inner of groups.get(target.name)?.targets ?? []) visit(inner);
        return;
    }
  };
  for (const target of targets) visit(target);
  return {
    tagKeys: [...tagKeys].sort(),
    nodeIds: [...nodeIds].sort(),
    groups: [...groupNames].sort(),
    everyNode,
  };
}

/** The tag keys that `targets` name, directly or through a group: a node's change of another tag cannot matter. */
export function selectorKeys(targets: readonly Target[], groups: Groups): readonly string[] {
  return selectorNames(targets, groups).tagKeys;
}
