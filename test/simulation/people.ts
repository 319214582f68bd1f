/** What people do to the repository: each deed is a next wish, or null when there is nothing to do it to. */
import type { Random } from '../../src/simulate/random.ts';
import type { Pace } from './pace.ts';
import type { DeedKind, Swarm } from './swarm.ts';
import type { AssociationWish, DocumentWish, Freeze, Wish } from './wish.ts';
import { freezesFrom, pathOf, SHIPPED } from './wish.ts';
import type { ZonedStory } from './zones.ts';
import { zonedSchedule, zonesOfStories } from './zones.ts';

const ROLES = ['web', 'db'] as const;
const SCHEDULES = [
  null,
  null,
  'rate(30 minutes)',
  'rate(1 hour)',
  'cron(0 * * * ? *)',
  'cron(0/15 * * * ? *)',
] as const;
/** Of people whose time goes by in months. */
const LONG_SCHEDULES = [
  null,
  null,
  'rate(1 day)',
  'rate(7 days)',
  'rate(30 days)',
  'cron(30 4 * * ? *)',
  'cron(0 2 1 * ? *)',
  'cron(15 3 L * ? *)',
  'cron(0 12 LW * ? *)',
  'cron(0 6 31 * ? *)',
  'cron(45 22 1,15 1/2 ? *)',
  'cron(0 5 ? 3-10 MON *)',
  'cron(30 1 ? * FRIL *)',
  'cron(0 2 ? * TUE#2 *)',
  'cron(0 2 ? * TUE#2 *)',
] as const;
/** Only an n-th weekday can have a ScheduleOffset, which needs the flag. */
const offsetOf = (schedule: string | null, wanted: () => number | null): number | null =>
  schedule?.includes('#') === true ? wanted() : null;

/** A calendar file knows nothing smaller. */
const wholeSeconds = (ms: number): number => Math.floor(ms / 1_000) * 1_000;

const RATES = ['1', '2', '50%', '100%'] as const;
const ERRORS = ['0', '1', '2', '50%', '100%'] as const;

type Times = Pick<AssociationWish, 'schedule' | 'timezone' | 'offsetDays'>;

/** ApplyOnlyAtCronInterval: cron may have it, at() and an offset must, nothing else can. */
const flagOf = ({ schedule, offsetDays }: Times, wanted: boolean): boolean =>
  schedule?.startsWith('at(') === true ||
  offsetDays !== null ||
  (wanted && schedule?.startsWith('cron') === true);

export type People = {
  firstWish(nodes: number, associations: number): Wish;
  next(deed: DeedKind, wish: Wish, spareNode: number | null, nowMs: number): Wish | null;
};

export type PeopleOptions = {
  readonly pace: Pace;
  readonly startMs: number;
  /** These people also know rings, suspends, dependencies and calendars. */
  readonly gated: boolean;
  readonly zoned: ZonedStory | null;
  /** And associations whose compliance their documents report. */
  readonly reporting: boolean;
  /** And those who want what was interrupted to run again. */
  readonly retrying: boolean;
  /** And use what the program brings, if it changes. */
  readonly programs: Swarm['programs'];
};

/** Each way of people has a stream of its own, so that stories without it stay as they are. */
export function createPeople(
  random: Random,
  { pace, startMs, gated, zoned, reporting, retrying, programs }: PeopleOptions,
): People {
  const gates = random.split('gates');
  const zones = random.split('zones');
  const manuals = random.split('manuals');
  const months = random.split('months');
  const calendars = random.split('calendars');
  const retries = random.split('retries');
  const upgrades = random.split('upgrades');
  let texts = 0;
  let names = 0;

  function anyGates(older: readonly string[]) {
    if (!gated) return { dependsOn: [], suspendedUntilMs: null, calendar: false, ring: null };
    return {
      dependsOn: older.length > 0 && gates.chance(0.3) ? [gates.pick(older)] : [],
      suspendedUntilMs: null,
      calendar: gates.chance(0.3),
      ring: gates.chance(0.4) ? anyRing() : null,
    };
  }

  function anyTimes(): Times {
    const drawn = random.pick(SCHEDULES);
    if (zoned !== null && zones.chance(pace.leaps ? 0.4 : 0.7)) {
      return { ...zonedSchedule(zones, zoned, pace), offsetDays: null };
    }
    if (!pace.leaps) return { schedule: drawn, timezone: null, offsetDays: null };
    const schedule = months.pick(LONG_SCHEDULES);
    const timezone = schedule !== null && months.chance(0.4) ? months.pick(zonesOfStories) : null;
    const isCron = schedule?.startsWith('cron') === true;
    const offsetDays = offsetOf(schedule, () => (months.chance(0.7) ? months.integer(1, 6) : null));
    return { schedule, timezone: isCron ? timezone : null, offsetDays };
  }

  const anyRing = () => ({ maxErrors: gates.pick([0, 1] as const) });

  function anyAssociation(
    documents: readonly string[],
    older: readonly string[] = [],
  ): AssociationWish {
    const times = anyTimes();
    const isShipped = programs !== null && upgrades.chance(0.5);
    return {
      document: isShipped ? SHIPPED : random.pick(documents),
      text: `t${++texts}`,
      ...times,
      flag: flagOf(times, times.schedule?.startsWith('cron') === true && random.chance(0.3)),
      manual: reporting && !isShipped && manuals.chance(0.4),
      role: random.chance(0.6) ? null : random.pick(ROLES),
      maxConcurrency: random.pick(RATES),
      maxErrors: random.pick(ERRORS),
      ...anyGates(older),
      retry: retrying && retries.chance(0.6),
    };
  }

  const anyDocument = (): DocumentWish => ({
    version: 1,
    steps: random.integer(1, 3),
    timeoutSeconds: random.pick([60, 300, 900]),
    reporting,
  });

  const edit = <Value>(map: ReadonlyMap<string, Value>, change: (value: Value) => Value) => {
    const [key, value] = random.pick([...map]);
    return new Map(map).set(key, change(value));
  };
  const without = <Key, Value>(map: ReadonlyMap<Key, Value>, keys: readonly Key[]) =>
    new Map([...map].filter(([key]) => !keys.includes(key)));

  function associationDeed(wish: Wish, change: (each: AssociationWish) => AssociationWish) {
    if (wish.associations.size === 0) return null;
    return { ...wish, associations: edit(wish.associations, change) };
  }

  return {
    firstWish(nodes, associations) {
      const documents = new Map([
        ['DocOne', anyDocument()],
        ['DocTwo', anyDocument()],
      ]);
      const wanted = new Map<string, AssociationWish>();
      for (let at = 0; at < associations; at++) {
        const older = [...wanted.keys()];
        wanted.set(`assoc-${++names}`, anyAssociation([...documents.keys()], older));
      }
      return {
        associations: wanted,
        documents,
        nodes: new Map(Array.from({ length: nodes }, (_, at) => [at, random.pick(ROLES)])),
        broken: new Set(),
        freezes: freezesFrom(startMs, pace.unitMs),
        program: 1,
      };
    },
    next(deed, wish, spareNode, nowMs) {
      switch (deed) {
        case 'editDocument':
          return {
            ...wish,
            documents: edit(wish.documents, (each) => ({ ...each, version: each.version + 1 })),
          };
        case 'editText':
          return associationDeed(wish, (each) => ({ ...each, text: `t${++texts}` }));
        case 'editSchedule':
          return associationDeed(wish, (each) => {
            const times = anyTimes();
            return { ...each, ...times, flag: flagOf(times, each.flag) };
          });
        case 'editTargets':
          return associationDeed(wish, (each) => ({
            ...each,
            role: random.pick([null, ...ROLES]),
          }));
        case 'editRates':
          return associationDeed(wish, (each) => ({
            ...each,
            maxConcurrency: random.pick(RATES),
            maxErrors: random.pick(ERRORS),
          }));
        case 'retag': {
          if (wish.nodes.size === 0) return null;
          const [number] = random.pick([...wish.nodes]);
          return { ...wish, nodes: new Map(wish.nodes).set(number, random.pick(ROLES)) };
        }
        case 'addNode':
          return spareNode === null
            ? null
            : { ...wish, nodes: new Map(wish.nodes).set(spareNode, random.pick(ROLES)) };
        case 'removeNode': {
          if (wish.nodes.size < 2) return null;
          const [number] = random.pick([...wish.nodes]);
          return {
            ...wish,
            nodes: without(wish.nodes, [number]),
            broken: new Set([...wish.broken].filter((path) => path !== pathOf.node(number))),
          };
        }
        case 'addAssociation': {
          if (wish.associations.size >= 9) return null;
          const name = `assoc-${++names}`;
          const each = anyAssociation([...wish.documents.keys()], [...wish.associations.keys()]);
          return { ...wish, associations: new Map(wish.associations).set(name, each) };
        }
        case 'removeAssociation': {
          if (wish.associations.size < 2) return null;
          const [name] = random.pick([...wish.associations]);
          return withoutAssociations(wish, [name]);
        }
        case 'removeMost': {
          const keep = random.integer(0, 1);
          return withoutAssociations(wish, [...wish.associations.keys()].slice(keep));
        }
        case 'break': {
          // What of a dependency stays in force when its file breaks is a story of its own.
          const paths = [
            ...(gated ? [] : [...wish.associations.keys()].map(pathOf.association)),
            ...[...wish.documents.keys()].map(pathOf.document),
            ...[...wish.nodes.keys()].map(pathOf.node),
          ];
          return { ...wish, broken: new Set([...wish.broken, random.pick(paths)]) };
        }
        case 'repair':
          return wish.broken.size === 0 ? null : { ...wish, broken: new Set() };
        case 'suspend':
          if (!gated) return null;
          return associationDeed(wish, (each) => ({
            ...each,
            suspendedUntilMs: nowMs + gates.pick([5, 20, 50]) * pace.unitMs,
          }));
        case 'editRings':
          if (!gated) return null;
          return associationDeed(wish, (each) => ({
            ...each,
            ring: gates.chance(0.7) ? anyRing() : null,
          }));
        case 'editRetry':
          return associationDeed(wish, (each) => ({ ...each, retry: !each.retry }));
        case 'editCalendar':
          return { ...wish, freezes: freezesAfter(nowMs) };
        case 'editDependsOn': {
          if (!gated || wish.associations.size < 2) return null;
          const names = [...wish.associations.keys()];
          const at = gates.integer(1, names.length - 1);
          const name = names[at] ?? '';
          const dependsOn = gates.chance(0.7) ? [gates.pick(names.slice(0, at))] : [];
          const each = wish.associations.get(name);
          if (each === undefined) return null;
          return {
            ...wish,
            associations: new Map(wish.associations).set(name, { ...each, dependsOn }),
          };
        }
        default:
          return null;
      }
    },
  };

  /** Open from now on; or closed at once or soon, for long or for moments, and again until long after the story. */
  function freezesAfter(nowMs: number): readonly Freeze[] {
    if (calendars.chance(0.3)) return [];
    const firstMs = wholeSeconds(nowMs + calendars.pick([-20, -1, 2, 15]) * pace.unitMs);
    const lengthMs = calendars.pick([3, 30, 90]) * pace.unitMs;
    const everyMs = lengthMs + calendars.pick([9, 40]) * pace.unitMs;
    return Array.from({ length: 12 }, (_, at) => {
      const fromMs = firstMs + at * everyMs;
      return { fromMs, toMs: fromMs + lengthMs };
    });
  }

  function withoutAssociations(wish: Wish, names: readonly string[]): Wish {
    const paths = names.map(pathOf.association);
    const left = without(wish.associations, names);
    return {
      ...wish,
      associations: new Map(
        [...left].map(([name, each]) => [
          name,
          { ...each, dependsOn: each.dependsOn.filter((other) => left.has(other)) },
        ]),
      ),
      broken: new Set([...wish.broken].filter((path) => !paths.includes(path))),
    };
  }
}
