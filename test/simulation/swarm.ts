/** What may happen in one story and how often: each seed draws its own, so that rare mixtures come up, and quiet ones too. */
import type { Random } from '../../src/simulate/random.ts';
import type { Pace } from './pace.ts';
import { drawPace } from './pace.ts';
import type { ZonedStory } from './zones.ts';
import { drawZones } from './zones.ts';

const MINUTE = 60_000;

/** Mean time between two of its kind, ms; null: it does not happen in this story. */
export type Frequency = number | null;

export const faultKinds = [
  'killDaemon',
  'powerDaemon',
  'crashDaemonDisk',
  'loseState',
  'daemonDiskFails',
  'stepDaemonClock',
  'killAgent',
  'crashAgentDisk',
  'agentDiskFails',
  'rebootNode',
  'nodeOff',
  'stepNodeClock',
  'cutConnection',
  'partition',
  'sourceDown',
  'statusDown',
  'loseAnswer',
  'race',
  'editStatus',
  'deleteStatus',
] as const;
/** Drawn from a stream of their own: stories without them stay as they are. */
export const rareFaultKinds = ['loseStateBehind', 'oldHost', 'reimageNode'] as const;
export type FaultKind = (typeof faultKinds)[number] | (typeof rareFaultKinds)[number];

export const deedKinds = [
  'editDocument',
  'editText',
  'editSchedule',
  'editTargets',
  'editRates',
  'retag',
  'addNode',
  'removeNode',
  'addAssociation',
  'removeAssociation',
  'break',
  'repair',
  'revert',
  'forcePush',
  'deleteBranch',
  'removeMost',
  'pause',
  'resume',
  'run',
  'runSome',
  'cancel',
  'accept',
  'suspend',
  'editRings',
  'editDependsOn',
  'resumeSome',
] as const;
/** As the rare faults are drawn. */
export const rareDeedKinds = ['editCalendar', 'editRetry', 'changeProgram'] as const;
export type DeedKind = (typeof deedKinds)[number] | (typeof rareDeedKinds)[number];

export type Swarm = {
  readonly pace: Pace;
  /** Rings, suspends, dependencies and calendars occur. */
  readonly gated: boolean;
  /** Clocks change, and people plan by them. Null: everything is in UTC. */
  readonly zoned: ZonedStory | null;
  /** Documents report compliance. */
  readonly reporting: boolean;
  /** Share of steps that ask for a restart of their machine (exit code 194). */
  readonly restarting: number;
  /** `OnInterrupted: Retry` occurs. */
  readonly retrying: boolean;
  /** The daemon's program is upgraded and taken back; the newer one may keep its state in a format of its own. Null: never. */
  readonly programs: 'alike' | 'newer format' | null;
  /** Share of steps that take their machine down with them, each time that they are tried. */
  readonly panicking: number;
  readonly activeMs: number;
  readonly nodes: number;
  readonly nodesLater: number;
  readonly associations: number;
  readonly latencyMs: number;
  readonly diskMs: number;
  readonly pollMs: number;
  readonly publishMs: number;
  /** How much of a revision one pass puts in force; null: as the program does, which is all of it in a story. */
  readonly assignmentsPerPass: number | null;
  readonly stepMs: number;
  /** Share of steps that fail. */
  readonly failing: number;
  /** Share of steps that never end by themselves. */
  readonly hanging: number;
  readonly skewMsMax: number;
  readonly faults: { readonly [kind in FaultKind]: Frequency };
  readonly deeds: { readonly [kind in DeedKind]: Frequency };
};

export function drawSwarm(random: Random): Swarm {
  const quiet = random.chance(0.1);
  const calm = random.pick([0.2, 0.5, 0.8]);
  const pace = drawPace(random.split('pace'));
  const { unitMs, months } = pace;
  const faultMean = random.pick([5, 15, 60]) * unitMs;
  const deedMean = random.pick([10, 30, 90]) * unitMs;
  const draw = <Kind extends string>(kinds: readonly Kind[], share: number, meanMs: number) =>
    Object.fromEntries(
      kinds.map((kind) => [kind, random.chance(share) ? meanMs * (0.3 + 2 * random.next()) : null]),
    ) as { [kind in Kind]: Frequency };
  const rare = random.split('rare faults');
  const old = random.split('old hosts');
  const calendars = random.split('calendars');
  const passes = random.split('passes');
  const retries = random.split('retries');
  const retrying = retries.chance(0.2);
  const images = random.split('images');
  const upgrades = random.split('upgrades');
  const programs = upgrades.chance(0.2) ? upgrades.pick(['alike', 'newer format'] as const) : null;
  const gated = random.split('gated').chance(0.4);
  const swarm: Swarm = {
    pace,
    gated,
    zoned: drawZones(random.split('zones'), pace),
    reporting: random.split('reports').chance(0.25),
    restarting: random.split('restarts').pick([0, 0, 0, 0, 0, 0, 0.1, 0.4, 0.95]),
    retrying,
    programs,
    panicking: retrying ? retries.pick([0, 0, 0.3, 0.95]) : 0,
    activeMs: random.pick([20, 40, 60, 90, 300]) * MINUTE,
    nodes: random.integer(1, 8),
    nodesLater: random.integer(0, 3),
    associations: random.integer(1, 7),
    latencyMs: random.pick([1, 20, 500, 3_000]),
    diskMs: random.pick([1, 10, 300]),
    pollMs: random.pick([15_000, 60_000, 180_000]),
    publishMs: random.pick([30_000, 60_000]),
    assignmentsPerPass: passes.chance(0.3) ? passes.integer(1, 8) : null,
    stepMs: random.pick([2_000, 20_000, 120_000]),
    failing: random.pick([0, 0, 0.1, 0.4]),
    hanging: random.pick([0, 0, 0, 0.03]),
    skewMsMax: random.pick([0, 1_000, 100_000]),
    faults: {
      ...draw(faultKinds, quiet ? 0 : calm, faultMean),
      loseStateBehind: !quiet && rare.chance(0.12) ? (5 + 20 * rare.next()) * unitMs : null,
      oldHost: !quiet && old.chance(0.12) ? (5 + 20 * old.next()) * unitMs : null,
      reimageNode: !quiet && images.chance(0.08) ? (10 + 40 * images.next()) * unitMs : null,
    },
    deeds: {
      ...draw(deedKinds, quiet ? 0.3 : 0.7, deedMean),
      editCalendar: gated && calendars.chance(0.5) ? (5 + 30 * calendars.next()) * unitMs : null,
      changeProgram: programs === null ? null : (5 + 40 * upgrades.next()) * unitMs,
      editRetry: retrying && retries.chance(0.5) ? (5 + 30 * retries.next()) * unitMs : null,
    },
  };
  if (months === null || pace.restMs === null) return swarm;
  return {
    ...swarm,
    activeMs: months.activeMs,
    nodes: Math.min(swarm.nodes, 2),
    nodesLater: 0,
    associations: Math.min(swarm.associations, 2),
    pollMs: pace.restMs,
    publishMs: pace.restMs,
    faults: { ...swarm.faults, nodeOff: quiet ? null : months.offEveryMs },
    deeds: months.unattended
      ? {
          ...draw(deedKinds, 0, deedMean),
          editCalendar: null,
          editRetry: null,
          changeProgram: null,
        }
      : swarm.deeds,
  };
}
