import type { Groups, NodeTags, Target, TargetedNode } from './target.ts';

/** True when every target matches the node. An empty list matches nothing. */
export function matches(targets: readonly Target[], node: TargetedNode, groups: Groups): boolean {
  return targets.length > 0 && targets.every((target) => matchesOne(target, node, groups));
}

export function matchesOne(target: Target, node: TargetedNode, groups: Groups): boolean {
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

export function tagOf(tags: NodeTags, key: string): string | undefined {
  if (tags instanceof Map) return (tags as ReadonlyMap<string, string>).get(key);
  const record = tags as { readonly [key: string]: string };
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
