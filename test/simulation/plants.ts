/**
 * Planted mistakes: each is wrapped around a port or a function of the story, never a switch in the product. A simulator that
 * does not find them proves nothing. `found` is a seed that does;
 * planted.ts looks for one.
 */

import { decide } from '../../src/agent/decide.ts';
import type { AgentInput, Decision } from '../../src/agent/decision.ts';
import type { LedgerRecord, LedgerState } from '../../src/agent/ledger.ts';
import type { RateLimit, Ring } from '../../src/core/model/association.ts';
import type { AssociationName, Instant } from '../../src/core/model/brand.ts';
import { instant } from '../../src/core/model/brand.ts';
import type { Calendar } from '../../src/core/model/calendar.ts';
import type { Definition } from '../../src/core/model/definition.ts';
import { present } from '../../src/core/model/errors.ts';
import type { Zone } from '../../src/core/schedule/zone.ts';
import { openZone } from '../../src/core/schedule/zone.ts';
import type { LoadedRevision } from '../../src/core/world/events.ts';
import { failedIn } from '../../src/core/world/on-rollout.ts';
import type { PassRecord, Record } from '../../src/core/world/records.ts';
import type { World } from '../../src/core/world/world.ts';
import { parseJob } from '../../src/protocol/parse.ts';
import type { LoaderPort, SourcePort, StatusPort } from '../../src/reconcile/ports.ts';
import type { OpenStore, Store } from '../../src/simulate/ledger-store.ts';
import type { Network } from '../../src/simulate/network.ts';
import { listening } from './listening.ts';
import { DAY } from './pace.ts';
import { EXIT_RESTART } from './restarts.ts';
import { zonesOfStories } from './zones.ts';

/** The timer that looks at its slots, set as the world itself sets it. */
function lookAt(world: World, association: AssociationName, at: Instant): void {
  world.slotTimers.set(association, at);
  world.timers.push({ kind: 'slot', association, at });
}

export type Plant = {
  /** Changes a world before it is used. */
  readonly world?: (world: World) => void;
  readonly daemonStore?: (store: Store<PassRecord>) => Store<PassRecord>;
  readonly agentStore?: (store: Store<LedgerRecord>) => Store<LedgerRecord>;
  readonly loader?: (loader: LoaderPort) => LoaderPort;
  readonly source?: (source: SourcePort) => SourcePort;
  readonly status?: (status: StatusPort) => StatusPort;
  readonly decide?: typeof decide;
  readonly network?: (network: Network, world: World) => Network;
  /** Changes what all stories of the process share; called again, what it gives takes that back. */
  readonly shared?: () => () => void;
};

export type Planted = {
  readonly name: string;
  readonly plant: Plant;
  readonly found: bigint;
};

// --- ways to plant --------------------------------------------------------------------------------------------

/** The decision as it would be, changed. */
const deciding =
  (
    change: (made: Decision, input: AgentInput, state: LedgerState) => Decision,
  ): NonNullable<Plant['decide']> =>
  (context, state, input, now) =>
    change(decide(context, state, input, now), input, state);

/** The world is told another record, or none; the journal keeps the true one. */
function telling(change: (record: Record) => Record | null) {
  return (world: World): void => {
    const apply = world.apply.bind(world);
    world.apply = (record) => {
      const told = change(record);
      if (told !== null) apply(told);
    };
  };
}

function storing<Stored>(
  change: (open: OpenStore<Stored>) => OpenStore<Stored>,
): (store: Store<Stored>) => Store<Stored> {
  return (store) => ({ open: async (onRecord) => change(await store.open(onRecord)) });
}

function replaying<Stored>(
  change: (record: Stored) => Stored | null,
): (store: Store<Stored>) => Store<Stored> {
  return (store) => ({
    open: (onRecord) =>
      store.open((record) => {
        const told = change(record);
        if (told !== null) onRecord(told);
      }),
  });
}

/** Without records of these kinds, when the daemon reads its journal again. */
const forgetting = (...kinds: readonly Record['kind'][]): NonNullable<Plant['daemonStore']> =>
  replaying<PassRecord>((pass) => ({
    ...pass,
    records: pass.records.filter(({ kind }) => !kinds.includes(kind)),
  }));

function loading(change: (loaded: LoadedRevision) => LoadedRevision): NonNullable<Plant['loader']> {
  return (loader) => ({
    load: async (...args) => change(await loader.load(...args)),
  });
}

const eachDefinition = (
  loaded: LoadedRevision,
  change: (definition: Definition) => Definition,
): LoadedRevision => ({
  ...loaded,
  definitions: new Map([...loaded.definitions].map(([name, each]) => [name, change(each)])),
});

/** Each calendar as this life of the daemon read it first. */
const firstCalendars = (loader: LoaderPort): LoaderPort => {
  const seen = new Map<string, Calendar>();
  return loading((loaded) => {
    for (const [name, now] of loaded.catalog.calendars) seen.set(name, seen.get(name) ?? now);
    return { ...loaded, catalog: { ...loaded.catalog, calendars: new Map(seen) } };
  })(loader);
};

const associations = (
  change: (association: Definition['association']) => Definition['association'],
): NonNullable<Plant['loader']> =>
  loading((loaded) =>
    eachDefinition(loaded, (each) => ({ ...each, association: change(each.association) })),
  );

const rings = (change: (ring: Ring) => Ring): NonNullable<Plant['loader']> =>
  associations((each) => ({ ...each, rings: each.rings.map(change) }));

const oneMore = (limit: RateLimit | null): RateLimit | null =>
  limit?.kind === 'count' ? { kind: 'count', count: limit.count + 1 } : limit;

/** What reaches the branch of the files of ended executions; null: the file goes. */
const writingHistory =
  (reaches: (bytes: Uint8Array | null) => boolean) =>
  (status: StatusPort): StatusPort => ({
    ...status,
    publish: (request, signal) => {
      const files = [...request.files].filter(
        ([path, bytes]) => !path.startsWith('executions/') || reaches(bytes),
      );
      return status.publish({ ...request, files: new Map(files) }, signal);
    },
  });

/** What is too old goes when something else of the history is written. */
const leavingInCompany = (status: StatusPort): StatusPort => {
  const inCompany = writingHistory((bytes) => bytes !== null)(status);
  return {
    ...status,
    publish: (request, signal) => {
      const isWritten = [...request.files].some(
        ([path, bytes]) => path.startsWith('executions/') && bytes !== null,
      );
      return (isWritten ? status : inCompany).publish(request, signal);
    },
  };
};

/** Nodes were last heard of at another time than they were, also after a restart. */
function hearing(laterMs: number): Plant {
  const later = (at: Instant): Instant => instant(at + laterMs);
  const change = (record: Record): Record => {
    if (record.kind === 'disconnected') return { ...record, at: later(record.at) };
    if (record.kind !== 'put-node' || record.value.lastSeenAt === null) return record;
    const lastSeenAt = later(record.value.lastSeenAt);
    return { ...record, value: { ...record.value, lastSeenAt } };
  };
  return {
    world: telling(change),
    daemonStore: replaying<PassRecord>((pass) => ({ ...pass, records: pass.records.map(change) })),
  };
}

/** Another idea of when a local time is, in every zone of the stories. */
const reading =
  (change: (zone: Zone, instantAt: Zone['instantAt']) => Zone['instantAt']) => (): (() => void) => {
    const undo = zonesOfStories.map((name) => {
      const zone = present(openZone(name), 'a zone of the stories');
      const { instantAt } = zone;
      zone.instantAt = change(zone, instantAt);
      return () => {
        zone.instantAt = instantAt;
      };
    });
    return () => {
      for (const each of undo) each();
    };
  };

const isRetry = (occasion: string): boolean => occasion.startsWith('retry:');

const inGap = (zone: Zone, local: number, at: Instant): boolean => zone.localAt(at) !== local;

// --- the mistakes ---------------------------------------------------------------------------------------------

const list: readonly Planted[] = [
  {
    name: 'the daemon acks before its journal is synced',
    found: 1n,
    plant: {
      daemonStore: storing((open) => {
        let held: readonly PassRecord[] = [];
        return {
          ...open,
          append: async (records) => {
            const before = held;
            held = records;
            if (before.length > 0) await open.append(before);
          },
        };
      }),
    },
  },
  {
    name: 'the daemon loses results when it restarts',
    found: 2n,
    plant: { daemonStore: forgetting('finished') },
  },
  {
    name: 'the agent forgets its intents when it restarts',
    found: 14n,
    plant: {
      agentStore: replaying<LedgerRecord>((record) => (record.kind === 'intent' ? null : record)),
    },
  },
  {
    name: 'the agent forgets everything when it restarts',
    found: 11n,
    plant: { agentStore: replaying<LedgerRecord>(() => null) },
  },
  {
    // The second line of defence: what an agent tells when it connects settles the run before it is offered again, so few
    // seeds get this far. `test/agent/decide.property.test.ts` offers what has ended, in any order.
    name: 'the agent starts a run that it has ended',
    found: 232n,
    plant: {
      decide: (context, state, input, now) => {
        const amnesiac = { ...state, ended: new Map(), spool: new Map(), lastRuns: new Map() };
        const isJob = input.kind === 'said' && input.message.kind === 'job';
        return decide(context, isJob ? amnesiac : state, input, now);
      },
    },
  },
  {
    // One that is asked for it and still finds it in its ledger loses nothing: this one does not look there.
    name: 'the agent drops a result when it has sent it',
    found: 5n,
    plant: {
      decide: (context, state, input, now) => {
        const forgetful = { ...state, ended: new Map(), lastRuns: new Map() };
        const isAsked = input.kind === 'said' && input.message.kind === 'revoke';
        const made = decide(context, isAsked ? forgetful : state, input, now);
        const finished = made.records.find((record) => record.kind === 'finished');
        if (finished === undefined) return made;
        return { ...made, records: [...made.records, { kind: 'acked', run: finished.result.run }] };
      },
    },
  },
  {
    name: 'the agent starts again what was interrupted',
    found: 3n,
    plant: {
      decide: (context, state, input, now) => {
        if (input.kind !== 'task-ended' || input.outcome.exitCode !== null) {
          return decide(context, state, input, now);
        }
        return decide(context, state, { ...input, kind: 'task-unborn' }, now);
      },
    },
  },
  {
    name: 'a step is started ahead of its record, and nothing foresaw it',
    found: 20n,
    plant: {
      decide: deciding((made) => {
        const start = [made.ahead, ...made.effects].find((effect) => effect?.kind === 'start');
        const follows = made.records.some(({ kind }) => kind === 'exited');
        return {
          ...(start !== undefined && follows ? { ahead: start } : {}),
          records: made.records.filter(({ kind }) => kind !== 'foreseen'),
          effects: follows ? made.effects.filter((effect) => effect !== start) : made.effects,
        };
      }),
    },
  },
  {
    name: 'what was foreseen is started after a restart and not asked after',
    found: 20n,
    plant: {
      decide: deciding((made) => ({
        ...made,
        effects: made.effects.map((effect) =>
          effect.kind === 'adopt' && made.records.some(({ kind }) => kind === 'started')
            ? { kind: 'start', order: effect.order }
            : effect,
        ),
      })),
    },
  },
  {
    name: 'the agent forgets what it foresaw when it restarts',
    found: 20n,
    plant: {
      agentStore: replaying<LedgerRecord>((record) => (record.kind === 'foreseen' ? null : record)),
    },
  },
  {
    name: 'the agent takes expired jobs',
    found: 2n,
    plant: {
      decide: (context, state, input, now) => {
        const made = decide(context, state, input, inTime(state, input) ?? now);
        const effects = made.effects.map((effect) =>
          effect.kind === 'start'
            ? { ...effect, order: { ...effect.order, startedAt: now } }
            : effect,
        );
        return { ...made, effects };
      },
    },
  },
  {
    name: 'the agent ignores epoch and position',
    found: 19n,
    plant: {
      decide: (context, state, input, now) =>
        decide(context, { ...state, fence: { epoch: 0, position: 0 } }, input, now),
    },
  },
  {
    name: 'a recovered daemon speaks before the branch carries its epoch',
    found: 11n,
    plant: {
      world: telling((record) =>
        record.kind === 'instance' ? { ...record, branchEpoch: record.epoch } : record,
      ),
    },
  },
  {
    name: 'a recovered daemon keeps the epoch it finds',
    found: 6n,
    plant: {
      world: telling((record) => {
        if (record.kind !== 'instance') return record;
        const epoch = record.branchEpoch ?? record.epoch;
        return { ...record, epoch, branchEpoch: epoch };
      }),
    },
  },
  {
    name: 'a recovered daemon does not heed what nodes have seen',
    found: 39n,
    plant: {
      world: (world) => {
        world.seen.set = () => world.seen;
      },
    },
  },
  {
    name: 'the agent ignores cancellations',
    found: 14n,
    plant: {
      decide: (context, state, input, now) =>
        input.kind === 'said' && input.message.kind === 'cancel'
          ? { records: [], effects: [] }
          : decide(context, state, input, now),
    },
  },
  {
    name: 'a revert does not run, because that content ran before',
    found: 4n,
    plant: {
      decide: (context, state, input, now) => {
        if (input.kind === 'said' && input.message.kind === 'job') {
          const job = parseJob(input.message.envelope.payload);
          const last = job.ok ? before(state, job.value.generation) : null;
          if (job.ok && last !== null && job.value.occasion.startsWith('change:')) {
            const message = { kind: 'already', last: { ...last, run: job.value.run } } as const;
            return { records: [], effects: [{ kind: 'send', message }] };
          }
        }
        return decide(context, state, input, now);
      },
    },
  },
  {
    name: 'MaxConcurrency is ignored',
    found: 3n,
    plant: {
      world: (world) => {
        world.hasCapacity = () => true;
      },
    },
  },
  {
    name: 'MaxErrors is off by one',
    found: 1n,
    plant: {
      loader: loading((loaded) =>
        eachDefinition(loaded, (definition) => {
          const { maxErrors } = definition.association;
          if (maxErrors.kind !== 'count') return definition;
          const association = {
            ...definition.association,
            maxErrors: { kind: 'count', count: maxErrors.count + 1 } as const,
          };
          return { ...definition, association };
        }),
      ),
    },
  },
  {
    name: 'pause is forgotten',
    found: 2n,
    plant: { world: telling((record) => (record.kind === 'paused' ? null : record)) },
  },
  {
    name: 'pause does not survive a restart',
    found: 2n,
    plant: { daemonStore: forgetting('paused') },
  },
  {
    name: 'slots that fired are forgotten at a restart',
    found: 7n,
    plant: { daemonStore: forgetting('slot') },
  },
  {
    name: 'slots follow the clock back',
    found: 2n,
    plant: {
      world: (world) => {
        const { apply } = world;
        let newest = 0;
        world.apply = (record) => {
          apply.call(world, record);
          const at = 'at' in record ? record.at : newest;
          if (at < newest) {
            for (const each of world.state.associations.values()) {
              each.lastSlot = instant(Math.min(each.lastSlot, at));
              each.gaps = [];
              lookAt(world, each.name, instant(at));
            }
          }
          newest = at;
        };
      },
    },
  },
  {
    name: 'what is left of a revision is forgotten at a restart',
    found: 127n,
    plant: {
      daemonStore: replaying<PassRecord>((pass) => ({
        ...pass,
        records: pass.records.map((record) =>
          record.kind === 'accepted' ? { ...record, unfinished: false } : record,
        ),
      })),
    },
  },
  {
    name: 'a file that cannot be read counts as absent',
    found: 11n,
    plant: {
      loader: (loader) => ({
        load: (snapshot, _lastGood, signal) => loader.load(snapshot, new Map(), signal),
      }),
    },
  },
  {
    name: 'a rewritten branch is taken for a descendant',
    found: 5n,
    plant: {
      source: (source) => ({
        ...source,
        observe: async (accepted, signal) => {
          const seen = await source.observe(accepted, signal);
          return seen.ancestry === 'diverged'
            ? { ...seen, ancestry: 'descendant', distance: 1 }
            : seen;
        },
      }),
    },
  },
  {
    name: 'the deletion guard sleeps',
    found: 13n,
    plant: {
      source: (source) => ({
        ...source,
        observe: async (accepted, signal) => {
          const seen = await source.observe(accepted, signal);
          return { ...seen, messages: ['Reconciled-Allow-Delete: 999'] };
        },
      }),
    },
  },
  {
    name: 'offers are forgotten at a restart',
    found: 11n,
    plant: { daemonStore: forgetting('offered', 'started') },
  },
  {
    name: 'a failed step counts as success',
    found: 1n,
    plant: {
      decide: (context, state, input, now) =>
        input.kind === 'task-ended'
          ? decide(context, state, { ...input, outcome: { ...input.outcome, exitCode: 0 } }, now)
          : decide(context, state, input, now),
    },
  },
  {
    name: 'the document of a job is an older one',
    found: 14n,
    plant: {
      loader: (loader) => {
        let first: LoadedRevision | null = null;
        return {
          load: async (...args) => {
            const loaded = await loader.load(...args);
            first ??= loaded;
            const old = first;
            return eachDefinition(loaded, (definition) => ({
              ...definition,
              document:
                old.definitions.get(definition.association.name)?.document ?? definition.document,
            }));
          },
        };
      },
    },
  },
  {
    name: 'a suspend is ignored',
    found: 31n,
    plant: { loader: associations((each) => ({ ...each, suspend: null })) },
  },
  {
    name: 'a change calendar is ignored',
    found: 15n,
    plant: { loader: associations((each) => ({ ...each, calendarNames: [] })) },
  },
  {
    name: 'a dependency is ignored',
    found: 19n,
    plant: { loader: associations((each) => ({ ...each, dependsOn: [] })) },
  },
  {
    name: 'rings are ignored',
    found: 2n,
    plant: { loader: associations((each) => ({ ...each, rings: [] })) },
  },
  {
    name: 'a ring does not soak',
    found: 17n,
    plant: { loader: rings((each) => ({ ...each, soakMs: 0 })) },
  },
  {
    name: 'the threshold of a ring is off by one',
    found: 34n,
    plant: { loader: rings((each) => ({ ...each, maxErrors: oneMore(each.maxErrors) })) },
  },
  {
    name: 'the halt of a rollout is forgotten',
    found: 25n,
    plant: {
      world: (world) =>
        telling((record) =>
          record.kind === 'rollout-halted'
            ? {
                kind: 'rollout-resumed',
                association: record.association,
                forgiven: failedIn(world, record.association),
                by: 'nobody',
                at: record.at,
              }
            : record,
        )(world),
    },
  },
  {
    name: 'what a resume forgives a rollout is forgotten',
    found: 34n,
    plant: {
      world: telling((record) =>
        record.kind === 'rollout-resumed' ? { ...record, forgiven: [] } : record,
      ),
    },
  },
  {
    name: 'a local time that does not exist is left out',
    found: 30n,
    plant: {
      shared: reading(
        (zone, instantAt) => (local) =>
          instantAt(inGap(zone, local, instantAt(local)) ? local + DAY : local),
      ),
    },
  },
  {
    name: 'a local time that does not exist comes as much later as the gap is long',
    found: 30n,
    plant: {
      shared: reading((zone, instantAt) => (local) => {
        const at = instantAt(local);
        const gapMs = zone.localAt(at) - zone.localAt(instant(at - 1)) - 1;
        return inGap(zone, local, at) ? instantAt(local + gapMs) : at;
      }),
    },
  },
  {
    name: 'an hour that comes twice fires twice',
    found: 25n,
    plant: {
      world: (world) => {
        const { apply } = world;
        const again = new Set<string>();
        world.apply = (record) => {
          apply.call(world, record);
          if (!('at' in record)) return;
          for (const each of world.state.associations.values()) {
            const schedule = world.definition(each.name)?.association.schedule;
            const zone = schedule?.kind === 'cron' ? openZone(schedule.timezone) : null;
            const back =
              zone === null ? 0 : zone.latestLocalAt(record.at) - zone.localAt(record.at);
            if (back <= 0 || again.has(each.name)) continue;
            again.add(each.name);
            each.lastSlot = instant(each.lastSlot - back);
            lookAt(world, each.name, record.at);
          }
        };
      },
    },
  },
  {
    name: 'a run begins anew after a restart that a step asked for',
    found: 6n,
    plant: {
      decide: (context, state, input, now) => {
        const { active } = state;
        const isBack = active?.rebooting === true && active.bootId !== context.bootId;
        if (input.kind !== 'restarted' || !isBack) return decide(context, state, input, now);
        return decide(context, { ...state, active: { ...active, history: [] } }, input, now);
      },
    },
  },
  {
    name: 'restarts that steps ask for are not counted',
    found: 40n,
    plant: {
      decide: (context, state, input, now) => {
        const asks = input.kind === 'task-ended' && input.outcome.exitCode === EXIT_RESTART;
        const last = state.active?.history.at(-1);
        const isRunning = asks && state.active?.job.run === input.run && last?.outcome === null;
        if (!isRunning || last.kill !== null) return decide(context, state, input, now);
        const { run } = input;
        return {
          records: [
            { ...input, kind: 'exited' },
            { kind: 'reboot', run },
          ],
          effects: [{ kind: 'reboot', run }],
        };
      },
    },
  },
  {
    name: 'MANUAL goes by the runs',
    found: 12n,
    plant: { loader: associations((each) => ({ ...each, syncCompliance: 'AUTO' })) },
  },
  {
    name: 'reports of compliance do not survive a restart',
    found: 11n,
    plant: { daemonStore: forgetting('complied') },
  },
  {
    name: 'a report of what is not compliant is dropped',
    found: 12n,
    plant: {
      world: telling((record) =>
        record.kind === 'complied' &&
        record.items.some(({ item }) => item?.status === 'NON_COMPLIANT')
          ? null
          : record,
      ),
    },
  },
  {
    name: 'history stays in the tip of the branch for ever',
    found: 7n,
    plant: { status: writingHistory((bytes) => bytes !== null) },
  },
  {
    name: 'a calendar is looked at only while somebody waits for it',
    found: 15n,
    plant: {
      world: (world) => {
        const look = world.nextLookAt.bind(world);
        world.nextLookAt = (name) =>
          (world.state.associations.get(name)?.open ?? null) === null ? null : look(name);
      },
    },
  },
  {
    name: 'a calendar stays as it was first read',
    found: 31n,
    plant: { loader: firstCalendars },
  },
  {
    name: 'history leaves the tip of the branch only beside other history',
    found: 7n,
    plant: { status: leavingInCompany },
  },
  {
    name: 'what has ended is forgotten before it is on the branch',
    found: 5n,
    plant: { status: writingHistory((bytes) => bytes === null) },
  },
  {
    name: 'a node that was away for more than thirty days is trusted',
    found: 220n,
    plant: hearing(365 * DAY),
  },
  {
    name: 'a node that was away for a moment is not trusted',
    found: 1n,
    plant: hearing(-31 * DAY),
  },
  {
    name: 'an empty ledger is taken for one of a node that has run what it told',
    found: 6n,
    plant: {
      network: (network) =>
        listening(network, (message, tell) => {
          const isEmpty = message.kind === 'hello' && message.fence.epoch === 0;
          tell(isEmpty ? { ...message, fence: { epoch: 1, position: 0 } } : message);
        }),
    },
  },
  {
    name: 'a ScheduleOffset is ignored',
    found: 46n,
    plant: {
      loader: associations((each) =>
        each.schedule?.kind === 'cron'
          ? { ...each, schedule: { ...each.schedule, offsetDays: 0 } }
          : each,
      ),
    },
  },
  {
    name: 'a run counts as interrupted before its node has told how it ended',
    found: 1n,
    plant: {
      network: (network) =>
        listening(network, (message, tell) => {
          if (message.kind === 'result') tell({ kind: 'revoked', run: message.result.run });
          tell(message);
        }),
    },
  },
  {
    name: 'what was interrupted runs again, whatever people wished',
    found: 3n,
    plant: { loader: associations((each) => ({ ...each, onInterrupted: 'Retry' })) },
  },
  {
    name: 'OnInterrupted is ignored',
    found: 3n,
    plant: { loader: associations((each) => ({ ...each, onInterrupted: 'Report' })) },
  },
  {
    name: 'second tries are not counted',
    found: 16n,
    plant: {
      world: telling((record) =>
        (record.kind === 'joined' || record.kind === 'execution') && isRetry(record.occasion)
          ? { ...record, occasion: record.occasion.replace(/\d+/, '0') }
          : record,
      ),
    },
  },
  {
    name: 'an interruption that is told twice is tried again twice',
    found: 86n,
    plant: {
      world: telling((record) => {
        if (record.kind === 'joined' && isRetry(record.occasion)) return null;
        if (record.kind !== 'finished' || record.outcome.detailedStatus !== 'Interrupted')
          return record;
        return { ...record, outcome: { ...record.outcome, digest: null } };
      }),
    },
  },
  {
    // A node that is at work and says that it is free; the daemon asks no node for what it does not know of.
    name: 'the agent begins a run beside another',
    found: 40n,
    plant: {
      network: (network) =>
        listening(network, (message, tell) =>
          tell(message.kind === 'hello' ? { ...message, running: null, startedAt: null } : message),
        ),
      decide: (context, state, input, now) => {
        const isJob = input.kind === 'said' && input.message.kind === 'job';
        const job = isJob ? parseJob(input.message.envelope.payload) : null;
        const isAnother = job?.ok === true && job.value.run !== state.active?.job.run;
        return decide(context, isAnother ? { ...state, active: null } : state, input, now);
      },
    },
  },
  {
    name: 'a program that is taken back uses run ids again',
    found: 270n,
    plant: {
      world: (world) => {
        const { apply } = world;
        world.apply = (record) => {
          apply.call(world, record);
          const known =
            record.kind === 'association' ? world.state.associations.get(record.name) : undefined;
          if (known !== undefined) known.version = 0;
        };
      },
    },
  },
  {
    name: 'what a program brings runs at once',
    found: 5n,
    plant: {
      daemonStore: replaying<PassRecord>((pass) => ({
        ...pass,
        records: pass.records
          .filter(({ kind }) => kind !== 'in-force')
          .map((record) => (record.kind === 'accepted' ? { ...record, unfinished: true } : record)),
      })),
    },
  },
  {
    name: 'a backup goes on in the epoch in which it was made',
    found: 5n,
    plant: {
      daemonStore: replaying<PassRecord>((pass) => ({
        ...pass,
        records: pass.records.map((record) =>
          record.kind === 'instance'
            ? { ...record, epoch: record.branchEpoch ?? record.epoch }
            : record,
        ),
      })),
    },
  },
];

/** An instant at which the job of this input has not expired; null when it is about no job. */
function inTime({ active }: LedgerState, input: AgentInput): Instant | null {
  if (input.kind === 'begin') return active?.job.notBefore ?? null;
  if (input.kind !== 'said' || input.message.kind !== 'job') return null;
  const job = parseJob(input.message.envelope.payload);
  return job.ok ? job.value.notBefore : null;
}

function before(state: LedgerState, generation: string) {
  for (const { last } of state.ended.values()) if (last?.generation === generation) return last;
  return null;
}

export const plants: ReadonlyMap<string, Planted> = new Map(list.map((each) => [each.name, each]));
