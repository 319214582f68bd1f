import { parseTargets } from '../selector/parse.ts';
import type { Target } from '../selector/target.ts';
import type { Desk, Surroundings } from './desk.ts';
import type { AssociationDraft } from './parsed.ts';
import { parseTargetMaps } from './target-maps.ts';

/** Null when what is written names no targets; the problems are on the desk. */
export function readTargets(
  { definition }: AssociationDraft,
  desk: Desk,
  around: Surroundings,
): readonly Target[] | null {
  const { Targets, InstanceId, TargetMaps } = definition;
  if (Targets === undefined && InstanceId !== undefined)
    return [{ kind: 'ids', ids: [InstanceId] }];
  const key = Targets === undefined && TargetMaps !== undefined ? 'TargetMaps' : 'Targets';
  const parsed =
    key === 'TargetMaps' ? parseTargetMaps(TargetMaps ?? []) : parseTargets(Targets ?? []);
  if (!parsed.ok) {
    const above = definition[key] === undefined ? '' : `/${key}`;
    for (const { code, message, hint, pointer } of parsed.error) {
      desk.error(code, `${above}${above && pointer}`, message, hint);
    }
    return null;
  }
  for (const [i, target] of parsed.value.entries()) {
    if (target.kind !== 'group') continue;
    desk.group(target.name, `/Targets/${i}/Values/0`, around);
  }
  return parsed.value;
}
