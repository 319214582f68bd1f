import type { Result } from '../model/result.ts';
import { err, ok } from '../model/result.ts';
import type { Group, GroupTarget, Target } from './target.ts';

/** As `Targets` stands in a file; the schema has checked the types, so that YAML's null may still be among values. */
export type RawTarget = {
  readonly Key: string;
  readonly Values?: readonly (string | null)[] | null | undefined;
};

/** A mistake in a list of targets; the loader adds the file and turns the pointer into line and column. */
export type SelectorMistake = {
  /** Stable, kebab-case, beginning with `target-`. */
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  /** JSON pointer below the list: '', '/0', '/0/Key', '/0/Values/2'. */
  readonly pointer: string;
};

export const TARGETS_MAX = 5;
export const TARGET_VALUES_MAX = 50;
/** Per key of a group's query, which has at most `TARGETS_MAX` keys (SSM user guide, resource groups as targets). */
export const GROUP_VALUES_MAX = 5;

/**
 * The targets of an association, or every mistake in them. Entries are ANDed, values of an entry ORed; node ids, `*`,
 * tags and groups do not mix, while `tag:` and `tag-key` are both tags.
 */
export function parseTargets(
  raw: readonly RawTarget[],
): Result<readonly Target[], readonly SelectorMistake[]> {
  const mistakes: SelectorMistake[] = [];
  if (raw.length === 0) {
    mistakes.push({
      code: 'target-missing',
      message: 'Instance ID or targets must be specified.',
      hint: "To run on every node, write Targets: [{Key: InstanceIds, Values: ['*']}].",
      pointer: '',
    });
  }
  if (raw.length > TARGETS_MAX) {
    mistakes.push({
      code: 'target-too-many',
      message: `${raw.length} targets; at most ${TARGETS_MAX} are allowed.`,
      hint: 'Name the query as a group in groups/ and target the group.',
      pointer: `/${TARGETS_MAX}`,
    });
  }
  const targets = raw.map((entry, i) => parseEntry(entry, `/${i}`, mistakes));
  mistakes.push(...mixtureMistakes(raw), ...filterMistakes(raw));
  return mistakes.length > 0 ? err(mistakes) : ok(targets.filter((target) => target !== null));
}

/**
 * The query of a group: `tag:`, `tag-key` or node ids, at most 5 keys with at most 5 values each, no group inside a
 * group. A `tag:` entry must name its values here; `tag-key` asks whether a tag is there.
 */
export function parseGroup(
  name: string,
  raw: readonly RawTarget[],
): Result<Group, readonly SelectorMistake[]> {
  const parsed = parseTargets(raw);
  const mistakes = [
    ...(parsed.ok ? [] : parsed.error),
    ...raw.flatMap((entry, i) => groupMistakes(entry, `/${i}`)),
  ];
  if (!parsed.ok || mistakes.length > 0) return err(mistakes);
  return ok({ name, targets: parsed.value.filter(isGroupTarget) });
}

const NODE_ID = /^(i-[0-9a-f]{8,17}|mi-[0-9a-f]{17})$/;

/** Null when the entry has mistakes, which then stand in `mistakes`. */
function parseEntry(entry: RawTarget, pointer: string, mistakes: SelectorMistake[]): Target | null {
  const before = mistakes.length;
  const values = parseValues(entry, pointer, mistakes);
  const target = toTarget(entry, values, pointer, mistakes);
  return mistakes.length > before ? null : target;
}

/** The distinct values in the order written; empty and null ones are reported. */
function parseValues(
  entry: RawTarget,
  pointer: string,
  mistakes: SelectorMistake[],
): readonly string[] {
  const raw = entry.Values ?? [];
  if (raw.length > TARGET_VALUES_MAX) {
    mistakes.push({
      code: 'target-too-many-values',
      message: `${raw.length} values for ${entry.Key}; at most ${TARGET_VALUES_MAX} are allowed.`,
      hint: 'Tag the nodes and target the tag.',
      pointer: `${pointer}/Values/${TARGET_VALUES_MAX}`,
    });
  }
  const values = new Set<string>();
  for (const [i, value] of raw.entries()) {
    if (value === null || value === '') {
      mistakes.push({
        code: 'target-empty-value',
        message: 'Tag or InstanceIds values cannot contain null or empty string.',
        hint: 'Remove the value; leave Values out altogether to match every node that has the tag.',
        pointer: `${pointer}/Values/${i}`,
      });
    } else values.add(value);
  }
  return [...values];
}

function toTarget(
  entry: RawTarget,
  values: readonly string[],
  pointer: string,
  mistakes: SelectorMistake[],
): Target | null {
  const key = entry.Key;
  const lower = key.toLowerCase();
  if (!KEY.test(key)) {
    mistakes.push(unusableKey(key, pointer));
    return null;
  }
  if (lower === 'instanceids') return toIds(entry, values, pointer, mistakes);
  if (key.startsWith('tag:') && key.length > 'tag:'.length) {
    return { kind: 'tag', key: key.slice('tag:'.length), values };
  }
  if (key === 'tag-key') {
    if (values.length === 0) mistakes.push(missingValues(key, pointer, 'Name the tags in Values.'));
    return { kind: 'tag-key', keys: values };
  }
  if (lower === 'resource-groups:name') return toGroup(values, pointer, mistakes);
  if (lower === RESOURCE_TYPES) return toNothing(values, pointer, mistakes);
  mistakes.push(unsupportedKey(key, pointer));
  return null;
}

function toIds(
  entry: RawTarget,
  values: readonly string[],
  pointer: string,
  mistakes: SelectorMistake[],
): Target | null {
  if (values.length === 0) {
    mistakes.push(missingValues('InstanceIds', pointer, "Name the nodes, or '*' for all of them."));
  }
  if (values.includes('*')) {
    if (values.length === 1) return { kind: 'all' };
    mistakes.push({
      code: 'target-mixed',
      message: "'*' is every node and stands alone, without other ids.",
      hint: "Keep either '*' or the ids.",
      pointer: `${pointer}/Values`,
    });
  }
  for (const id of values) {
    if (id === '*' || NODE_ID.test(id)) continue;
    mistakes.push({
      code: 'target-node-id',
      message: `Invalid InstanceId format: ${id}.`,
      hint: "A node id is mi- and 17 lower-case hex digits; '*' is every node.",
      pointer: `${pointer}/Values/${entry.Values?.indexOf(id) ?? 0}`,
    });
  }
  return { kind: 'ids', ids: values };
}

function toGroup(
  values: readonly string[],
  pointer: string,
  mistakes: SelectorMistake[],
): Target | null {
  const [name] = values;
  if (name !== undefined && values.length === 1) return { kind: 'group', name };
  mistakes.push({
    code: 'target-group-count',
    message: `resource-groups:Name takes exactly one group, not ${values.length}.`,
    hint: 'Name one group; a wider query is a group of its own.',
    pointer: `${pointer}/Values`,
  });
  return null;
}

/** The companion of a group target. Every member of a group is a node, so it can only say what holds anyway. */
const RESOURCE_TYPES = 'resource-groups:resourcetypefilters';
/** AWS means nodes by both of them (spec/state-manager.md §2.3). */
const NODE_TYPES = ['AWS::SSM::ManagedInstance', 'AWS::EC2::Instance'];

function toNothing(
  values: readonly string[],
  pointer: string,
  mistakes: SelectorMistake[],
): Target | null {
  if (values.length === 0) {
    const hint = `Write ${NODE_TYPES[0] ?? ''}, or leave the filter out.`;
    mistakes.push(missingValues('resource-groups:ResourceTypeFilters', pointer, hint));
  }
  for (const [i, type] of values.entries()) {
    if (NODE_TYPES.includes(type)) continue;
    mistakes.push({
      code: 'target-resource-type',
      message: `${type} is no type of node; nothing but nodes can be a target here.`,
      hint: `Write ${NODE_TYPES.join(' or ')}, or leave the filter out.`,
      pointer: `${pointer}/Values/${i}`,
    });
  }
  return null;
}

function filterMistakes(raw: readonly RawTarget[]): readonly SelectorMistake[] {
  const filter = raw.findIndex(({ Key }) => Key.toLowerCase() === RESOURCE_TYPES);
  if (filter === -1 || raw.some(({ Key }) => Key.toLowerCase() === 'resource-groups:name'))
    return [];
  return [
    {
      code: 'target-mixed',
      message: 'resource-groups:ResourceTypeFilters goes with resource-groups:Name only.',
      hint: 'Leave it out: every target is a node.',
      pointer: `/${filter}/Key`,
    },
  ];
}

function missingValues(key: string, pointer: string, hint: string): SelectorMistake {
  return { code: 'target-no-values', message: `${key} needs values.`, hint, pointer };
}

/** Keys of AWS that have no meaning here, each with the nearest thing that has. */
const insteadOf: { readonly [key: string]: string } = {
  ResourceGroup: 'That is how runbooks name a group: write resource-groups:Name.',
  ParameterValues: 'Runbooks are not run here; target nodes.',
  'AWS::EC2::Instance': "Write InstanceIds with the value '*'.",
  'aws:NoOpAutomationTag': 'Runbooks are not run here; target nodes.',
  'tag:': 'Name the tag after the colon, as in tag:role.',
};

/** AWS's own pattern of keys (spec/state-manager.md §2.1). */
const KEY = /^[\p{L}\p{Z}\p{N}_.:/=\-@]*$/u;

function unusableKey(key: string, pointer: string): SelectorMistake {
  return {
    code: 'target-key',
    message: `Unsupported target key: ${key} has characters that no key can have.`,
    hint: 'Letters, digits, spaces and _ . : / = - @ are allowed.',
    pointer: `${pointer}/Key`,
  };
}

function unsupportedKey(key: string, pointer: string): SelectorMistake {
  const own = Object.hasOwn(insteadOf, key) ? insteadOf[key] : undefined;
  return {
    code: 'target-key',
    message: `Unsupported target key: ${key}, can either be InstanceIds, resource-groups:Name, tag-key or start with tag:.`,
    hint: own ?? nearestKey(key),
    pointer: `${pointer}/Key`,
  };
}

function nearestKey(key: string): string {
  const lower = key.toLowerCase();
  if (lower.startsWith('tag:')) return `Write tag:${key.slice('tag:'.length)}.`;
  if (lower === 'tag-key' || lower === 'tagkey') return 'Write tag-key.';
  if (lower === 'instanceid') return 'Write InstanceIds.';
  if (lower.includes('group')) return 'Write resource-groups:Name.';
  return `To match a tag, write tag:${key}.`;
}

type Family = 'node ids' | "'*'" | 'tags' | 'a group';

/** By the key alone, so that a mistake in the values hides no mixture. Null: a key that says nothing of its own. */
function familyOf({ Key, Values }: RawTarget): Family | null {
  const lower = Key.toLowerCase();
  if (lower === 'instanceids') return Values?.includes('*') === true ? "'*'" : 'node ids';
  if (lower === 'resource-groups:name') return 'a group';
  return Key.startsWith('tag:') || Key === 'tag-key' ? 'tags' : null;
}

/** One family in a list, and of ids, `*` and groups one entry: a second one would only ever narrow the first. */
function mixtureMistakes(raw: readonly RawTarget[]): readonly SelectorMistake[] {
  const [first, ...others] = raw.flatMap((entry, at) => {
    const family = familyOf(entry);
    return family === null ? [] : [{ family, at }];
  });
  if (first === undefined) return [];
  const { family } = first;
  return others.flatMap(({ family: other, at }) => {
    if (other === family && family === 'tags') return [];
    const message =
      other === family
        ? `A second entry for ${family}; one is allowed.`
        : `Targets mix ${family} and ${other}; one kind is allowed.`;
    const hint =
      other === family ? 'Put the values into one entry.' : 'Write one association for each kind.';
    return [{ code: 'target-mixed', message, hint, pointer: `/${at}/Key` }];
  });
}

function isGroupTarget(target: Target): target is GroupTarget {
  return target.kind !== 'all' && target.kind !== 'group';
}

/** What a group may not say although an association may. */
function groupMistakes(entry: RawTarget, pointer: string): readonly SelectorMistake[] {
  const values = entry.Values ?? [];
  const mistakes: SelectorMistake[] = [];
  const isTag = entry.Key.startsWith('tag:');
  if (entry.Key.toLowerCase().startsWith('resource-groups:')) {
    mistakes.push({
      code: 'target-group-nested',
      message: 'A group cannot name another group.',
      hint: 'Repeat the query of that group here.',
      pointer: `${pointer}/Key`,
    });
  }
  if (values.includes('*') && entry.Key.toLowerCase() === 'instanceids') {
    mistakes.push({
      code: 'target-group-all',
      message: 'A group cannot be every node.',
      hint: "Target InstanceIds with the value '*' in the association.",
      pointer: `${pointer}/Values`,
    });
  }
  if (isTag && values.length === 0) {
    mistakes.push(missingValues(entry.Key, pointer, 'To ask for the tag alone, write tag-key.'));
  }
  if ((isTag || entry.Key === 'tag-key') && values.length > GROUP_VALUES_MAX) {
    mistakes.push({
      code: 'target-too-many-values',
      message: `${values.length} values for ${entry.Key}; at most ${GROUP_VALUES_MAX} are allowed in a group.`,
      hint: 'Give the nodes a tag of their own and name that.',
      pointer: `${pointer}/Values/${GROUP_VALUES_MAX}`,
    });
  }
  return mistakes;
}
