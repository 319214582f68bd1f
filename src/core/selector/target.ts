/** A node as targets see it. Tags are matched by exact code points, as AWS does. */
export type TargetedNode = {
  readonly id: string;
  readonly tags: NodeTags;
};
export type NodeTags = ReadonlyMap<string, string> | { readonly [key: string]: string };

/** One entry of `Targets`, decided. Several entries of one association must all match. */
export type Target =
  /** Any of these nodes. Ids of the form `i-…` are allowed in files and match no node here. */
  | { readonly kind: 'ids'; readonly ids: readonly string[] }
  /** `InstanceIds: ['*']`: every node, also those that come later. */
  | { readonly kind: 'all' }
  /** The tag has one of these values; with no values, the node has the tag. */
  | { readonly kind: 'tag'; readonly key: string; readonly values: readonly string[] }
  /** The node has any of these tags. */
  | { readonly kind: 'tag-key'; readonly keys: readonly string[] }
  /** The node matches the query of this group. */
  | { readonly kind: 'group'; readonly name: string };

/** A named query of `groups/**`: every entry must match. Groups do not nest. */
export type GroupTarget = Extract<Target, { kind: 'ids' | 'tag' | 'tag-key' }>;
export type Group = { readonly name: string; readonly targets: readonly GroupTarget[] };

/** The groups of a revision by name. A name that is not in it matches no node: the loader has reported it. */
export type Groups = ReadonlyMap<string, Group>;

/** The target as a person writes it: `tag:role=web|db`, `tag:role`, `tag-key=a|b`, `InstanceIds=*`, `group web`. */
export function describeTarget(target: Target): string {
  switch (target.kind) {
    case 'ids':
      return `InstanceIds=${target.ids.join('|')}`;
    case 'all':
      return 'InstanceIds=*';
    case 'tag':
      return target.values.length === 0
        ? `tag:${target.key}`
        : `tag:${target.key}=${target.values.join('|')}`;
    case 'tag-key':
      return `tag-key=${target.keys.join('|')}`;
    case 'group':
      return `group ${target.name}`;
  }
}
