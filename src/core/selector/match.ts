import type { Groups, NodeTags, Target, TargetedNode } from './target.ts';
import { describeTarget } from './target.ts';

/** True when every target matches the node. An empty list matches nothing. */
export function matches(targets: readonly Target[], node: TargetedNode, groups: Groups): boolean {
  return targets.length > 0 && targets.every((target) => matchesOne(target, node, groups));
}

/**
 * Why a node is a target, or why not: all selectors that matched, or the first that did not. `selector` is text for
 * people, such as `tag:role=web`, or `group web: tag:role=web`.
 */
export type SelectorDecision =
  | { readonly matches: true; readonly selectors: readonly string[] }
  | { readonly matches: false; readonly selector: string };

export function decidingSelector(
  targets: readonly Target[],
  node: TargetedNode,
  groups: Groups,
): SelectorDecision {
  const selectors: string[] = [];
  for (const [target, text] of targets.flatMap((target) => withinGroup(target, node, groups))) {
    if (!matchesOne(target, node, groups)) return { matches: false, selector: text };
    selectors.push(text);
  }
  return selectors.length > 0
    ? { matches: true, selectors }
    : { matches: false, selector: 'no targets' };
}

/** A group is replaced by its query; of a list of ids only the node's own is worth naming. */
function withinGroup(
  target: Target,
  node: TargetedNode,
  groups: Groups,
): readonly (readonly [Target, string])[] {
  if (target.kind === 'ids' && target.ids.includes(node.id)) {
    return [[target, `InstanceIds=${node.id}`]];
  }
  if (target.kind !== 'group') return [[target, describeTarget(target)]];
  const group = groups.get(target.name);
  if (group === undefined) return [[target, `group ${target.name} (unknown)`]];
  return group.targets.flatMap((inner) =>
    withinGroup(inner, node, groups).map(
      ([decided, text]) => [decided, `group ${target.name}: ${text}`] as const,
    ),
  );
}

function matchesOne(target: Target, node: TargetedNode, groups: Groups): boolean {
  switch (target.kind) {
    case 'all':
      return true;
    case 'ids':
      return target.ids.includes(node.id);
    case 'tag': {
      const value = tagOf(node.tags, target.key);
      return value !== undefined && (target.values.length === 0 || target.values.includes(value));
    }
    case 'tag-key':
      return target.keys.some((key) => tagOf(node.tags, key) !== undefined);
    case 'group':
      return matches(groups.get(target.name)?.targets ?? [], node, groups);
  }
}

function tagOf(tags: NodeTags, key: string): string | undefined {
  if (tags instanceof Map) return (tags as ReadonlyMap<string, string>).get(key);
  const record = tags as { readonly [key: string]: string };
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
