/**
 * `TargetMaps` as far as they mean something for nodes. At AWS each map gives one child run of a runbook its parameter
 * values; documents that run on nodes have no child runs, so a map can name nodes and nothing else.
 */
import { pointTo } from '../document/source.ts';
import type { Result } from '../model/result.ts';
import { err, ok } from '../model/result.ts';
import type { SelectorMistake } from '../selector/parse.ts';
import { parseTargets } from '../selector/parse.ts';
import type { Target } from '../selector/target.ts';

export type RawTargetMap = { readonly [key: string]: readonly string[] };

/** The nodes of all maps, as one target; pointers are below the list of maps. */
export function parseTargetMaps(
  maps: readonly RawTargetMap[],
): Result<readonly Target[], readonly SelectorMistake[]> {
  const mistakes: SelectorMistake[] = [];
  const ids = new Set<string>();
  for (const [i, map] of maps.entries()) {
    const keys = Object.keys(map);
    if (keys.length === 0) mistakes.push(emptyMap(`/${i}`));
    for (const key of keys) {
      if (key.toLowerCase() !== 'instanceids') mistakes.push(childRun(key, pointTo(`/${i}`, key)));
      else readIds(map[key] ?? [], { pointer: `/${i}/${key}`, mistakes, ids });
    }
  }
  if (ids.has('*') && ids.size > 1) mistakes.push(starBesideIds());
  if (mistakes.length > 0) return err(mistakes);
  if (ids.size === 0) return parseTargets([]);
  return ok([ids.has('*') ? { kind: 'all' } : { kind: 'ids', ids: [...ids] }]);
}

function readIds(
  values: readonly string[],
  to: { readonly pointer: string; readonly mistakes: SelectorMistake[]; readonly ids: Set<string> },
): void {
  const parsed = parseTargets([{ Key: 'InstanceIds', Values: values }]);
  if (parsed.ok) for (const id of values) to.ids.add(id);
  else {
    for (const mistake of parsed.error) {
      const pointer = `${to.pointer}${mistake.pointer.replace(/^\/0(\/Values)?/, '')}`;
      to.mistakes.push({ ...mistake, pointer });
    }
  }
}

const emptyMap = (pointer: string): SelectorMistake => ({
  code: 'target-map',
  message: 'This map names no node.',
  hint: 'Write InstanceIds and the ids of nodes, or write Targets instead.',
  pointer,
});

const childRun = (key: string, pointer: string): SelectorMistake => ({
  code: 'target-map',
  message: `TargetMaps give ${key} to the child runs of a runbook, and runbooks are not run here.`,
  hint: 'A map may hold InstanceIds; write values under Parameters, and Targets for tags.',
  pointer,
});

const starBesideIds = (): SelectorMistake => ({
  code: 'target-mixed',
  message: "'*' is every node and stands alone, without other ids.",
  hint: "Keep either '*' or the ids.",
  pointer: '',
});
