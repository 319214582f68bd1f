/** What stands under `Reconciled:` and beside it, turned into what holds a run back: rings, suspends, dependencies, alarms. */
import { nearest } from '../document/nearest.ts';
import type { AlarmGate, Association, RateLimit, Ring, Suspend } from '../model/association.ts';
import { associationName, parseInstant } from '../model/brand.ts';
import type { AssociationFile } from '../model/schemas.gen.ts';
import { parseTargets } from '../selector/parse.ts';
import type { Desk, Need, Surroundings } from './desk.ts';
import { parseDuration } from './duration.ts';
import { shown } from './misfits.ts';
import type { AssociationDraft } from './parsed.ts';

export type Extensions = Pick<
  Association,
  'alarm' | 'dependsOn' | 'durationMs' | 'rings' | 'suspend'
>;

const HOUR_MS = 60 * 60_000;

/** What is wrong goes to the desk; then the result is of no use. */
export function readExtensions(
  { definition }: AssociationDraft,
  desk: Desk,
  around: Surroundings,
): Extensions {
  return {
    alarm: readAlarm(definition),
    dependsOn: readDependencies(definition, desk, around),
    durationMs: definition.Duration === undefined ? null : definition.Duration * HOUR_MS,
    rings: readRings(definition, desk, around),
    suspend: readSuspend(definition, desk),
  };
}

function readAlarm({ AlarmConfiguration }: AssociationFile): AlarmGate | null {
  const alarm = AlarmConfiguration?.Alarms[0];
  if (alarm === undefined) return null;
  return {
    name: alarm.Name,
    ignorePollFailure: AlarmConfiguration?.IgnorePollAlarmFailure === true,
  };
}

function readDependencies(
  { Reconciled, AssociationName }: AssociationFile,
  desk: Desk,
  around: Surroundings,
): Extensions['dependsOn'] {
  const names = Reconciled?.DependsOn ?? [];
  for (const [i, name] of names.entries()) {
    const need: Need = { kind: 'association', name };
    if (name === AssociationName) continue; // a circle of one: `dependencies.ts` says so
    desk.need(need);
    if (around.associations.has(name)) continue;
    desk.blame(need);
    if (around.isHidden(need)) desk.refuse();
    else {
      const near = nearest(name, around.associations);
      desk.error(
        'unknown-dependency',
        `/Reconciled/DependsOn/${i}`,
        `association ${shown(name)} is not in associations/`,
        near === null ? 'Add it, or name one that is there.' : `Did you mean "${near}"?`,
      );
    }
  }
  return [...new Set(names)].map((name) => associationName(name));
}

function readSuspend({ Reconciled }: AssociationFile, desk: Desk): Suspend | null {
  const suspend = Reconciled?.Suspend;
  if (suspend === undefined) return null;
  const until = parseInstant(suspend.Until);
  if (until === null) {
    desk.error(
      'bad-format',
      '/Reconciled/Suspend/Until',
      `Until ${shown(suspend.Until)} is no instant`,
      'Write a day that exists.',
    );
    return null;
  }
  return { reason: suspend.Reason, owner: suspend.Owner, until };
}

function readRings(
  { Reconciled }: AssociationFile,
  desk: Desk,
  around: Surroundings,
): readonly Ring[] {
  const rings = Reconciled?.Rollout?.Rings ?? [];
  return rings.flatMap((ring, i) => {
    if (ring.Name !== undefined && rings.findIndex(({ Name }) => Name === ring.Name) < i) {
      desk.error(
        'duplicate-name',
        `/Reconciled/Rollout/Rings/${i}/Name`,
        `an earlier ring is called ${shown(ring.Name)}, too`,
        'Choose another name.',
      );
    }
    const at = `/Reconciled/Rollout/Rings/${i}/Targets`;
    const parsed = parseTargets(ring.Targets);
    if (!parsed.ok) {
      for (const { code, message, hint, pointer } of parsed.error) {
        desk.error(code, `${at}${pointer}`, message, hint);
      }
      return [];
    }
    for (const [j, target] of parsed.value.entries()) {
      if (target.kind !== 'group') continue;
      desk.group(target.name, `${at}/${j}/Values/0`, around);
    }
    return [
      {
        name: ring.Name ?? null,
        targets: parsed.value,
        soakMs: parseDuration(ring.Soak ?? '') ?? 0,
        maxErrors: ring.MaxErrors === undefined ? null : parseRateLimit(ring.MaxErrors),
      },
    ];
  });
}

/** `text` has passed the schema: `10` or `10%`. */
export function parseRateLimit(text: string): RateLimit {
  const value = Number.parseInt(text, 10);
  return text.endsWith('%') ? { kind: 'percent', percent: value } : { kind: 'count', count: value };
}
