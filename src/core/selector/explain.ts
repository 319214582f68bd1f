import { matchesOne, tagOf } from './match.ts';
import type { Groups, Target, TargetedNode } from './target.ts';
import { describeTarget } from './target.ts';

/** Why one entry of `Targets` matches a node, or why not; texts are for people. */
export type TargetExplanation = {
  /** As a person writes it: `tag:role=web|db`. */
  readonly target: string;
  readonly matched: boolean;
  /** What about the node decided: `it has role=api`. */
  readonly because: string;
  /** The query of a group, entry by entry; empty for the other kinds. */
  readonly query: readonly TargetExplanation[];
};

export type TargetsExplanation = {
  /** Every entry must match. Law: what `matches` says. */
  readonly matches: boolean;
  readonly targets: readonly TargetExplanation[];
};

/** Why a node is a target, or why not, for every entry and not only for the first that decides. */
export function explainTargets(
  targets: readonly Target[],
  node: TargetedNode,
  groups: Groups,
): TargetsExplanation {
  const explained = targets.map((target) => explainTarget(target, node, groups));
  return {
    matches: explained.length > 0 && explained.every(({ matched }) => matched),
    targets: explained,
  };
}

function explainTarget(target: Target, node: TargetedNode, groups: Groups): TargetExplanation {
  const { because, query } = groundsOf(target, node, groups);
  return {
    target: describeTarget(target),
    matched: matchesOne(target, node, groups),
    because,
    query,
  };
}

type Grounds = Pick<TargetExplanation, 'because' | 'query'>;

function groundsOf(target: Target, node: TargetedNode, groups: Groups): Grounds {
  switch (target.kind) {
    case 'all':
      return { because: 'every node matches', query: [] };
    case 'ids':
      return {
        because: target.ids.includes(node.id) ? 'it is named' : 'it is not named',
        query: [],
      };
    case 'tag':
      return { because: tagGrounds([target.key], node), query: [] };
    case 'tag-key':
      return { because: tagGrounds(target.keys, node), query: [] };
    case 'group':
      return groupGrounds(target.name, node, groups);
  }
}

/** `it has role=api`, `it has no tag role`. */
function tagGrounds(keys: readonly string[], { tags }: TargetedNode): string {
  const had = keys.flatMap((key) => {
    const value = tagOf(tags, key);
    return value === undefined ? [] : [`${key}=${value}`];
  });
  return had.length > 0 ? `it has ${had.join(', ')}` : `it has no tag ${keys.join(' or ')}`;
}

function groupGrounds(name: string, node: TargetedNode, groups: Groups): Grounds {
  const group = groups.get(name);
  if (group === undefined) return { because: 'there is no such group', query: [] };
  const { matches, targets } = explainTargets(group.targets, node, groups);
  return { because: matches ? 'it is in the group' : 'it is not in the group', query: targets };
}
