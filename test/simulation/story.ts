/**
 * One seed, one story: a fleet, its people and its misfortunes, then a quiet time in which everything must come right.
 * Every promise is checked as it happens; what happens is traced, and the trace has a hash.
 */

import { decide } from '../../src/agent/decide.ts';
import type { LedgerRecord } from '../../src/agent/ledger.ts';
import {
  applyRecord,
  emptyLedger,
  isLowerFence,
  LEDGER_FORMAT,
  recordsOf as ledgerRecordsOf,
} from '../../src/agent/ledger.ts';
import { prepareContent } from '../../src/agent/prepare.ts';
import { parsePut } from '../../src/core/document/put-compliance.ts';
import type { Instant } from '../../src/core/model/brand.ts';
import { associationName, instant } from '../../src/core/model/brand.ts';
import type { ComplianceReport } from '../../src/core/model/compliance.ts';
import { invariant, present, ReconcileError } from '../../src/core/model/errors.ts';
import { emptyState } from '../../src/core/model/state.ts';
import { apply } from '../../src/core/world/apply.ts';
import type { OperatorRequest } from '../../src/core/world/events.ts';
import type { PassRecord, Record } from '../../src/core/world/records.ts';
import { recordsOf } from '../../src/core/world/snapshot.ts';
import { World } from '../../src/core/world/world.ts';
import type { Fence } from '../../src/protocol/messages.ts';
import type { AgentLife } from '../../src/simulate/agent.ts';
import { startAgent } from '../../src/simulate/agent.ts';
import type { DaemonLife } from '../../src/simulate/daemon.ts';
import { startDaemon } from '../../src/simulate/daemon.ts';
import type { Life, Wait } from '../../src/simulate/life.ts';
import { createLife } from '../../src/simulate/life.ts';
import { createLoader } from '../../src/simulate/load.ts';
import type { Machine } from '../../src/simulate/machine.ts';
import { createMachine } from '../../src/simulate/machine.ts';
import type { MachineClock } from '../../src/simulate/machine-clock.ts';
import { createMachineClock } from '../../src/simulate/machine-clock.ts';
import type { Network } from '../../src/simulate/network.ts';
import { createNetwork } from '../../src/simulate/network.ts';
import type { Random } from '../../src/simulate/random.ts';
import { hashOf, randomFrom } from '../../src/simulate/random.ts';
import type { Timeline } from '../../src/simulate/timeline.ts';
import { createTimeline } from '../../src/simulate/timeline.ts';
import type { DiskStore } from './disk-store.ts';
import { createDiskStore } from './disk-store.ts';
import type { GitHost } from './git-host.ts';
import { createGitHost } from './git-host.ts';
import {
  daemonIdentity,
  isSealed,
  NODES_MAX,
  nodeIdentities,
  nodeIds,
  sealJob,
  signText,
  verifyText,
} from './keys.ts';
import { listening } from './listening.ts';
import type { Model } from './model.ts';
import { createModel, Violation } from './model.ts';
import type { Plant } from './plants.ts';
import type { Program } from './programs.ts';
import { programsOf, restoredFrom } from './programs.ts';
import { reportText } from './reports.ts';
import { EXIT_RESTART } from './restarts.ts';
import type { Swarm } from './swarm.ts';
import { drawSwarm } from './swarm.ts';

const START_MS = Date.UTC(2026, 2, 1, 11, 50);
const BUILT_ACTIONS = ['aws:runShellScript'];
/** A power cut takes what was written and not synced in the last seconds. */
const UNSYNCED_MS = 5_000;
const MINUTE = 60_000;
/** Reached within minutes of a branch that cannot be written. */
const HISTORY_LIMITS = { runsMax: 30, executionsMax: 300 };

/** A node of the story: its hardware, its disk, and its agent while that lives. */
export type NodeActor = {
  readonly number: number;
  readonly clock: MachineClock;
  readonly disk: DiskStore<LedgerRecord>;
  readonly machine: Machine;
  boots: number;
  life: Life;
  agent: AgentLife | null;
  off: boolean;
  cutOff: boolean;
};

export type DaemonActor = {
  readonly clock: MachineClock;
  disk: DiskStore<PassRecord>;
  program: Program;
  life: Life;
  running: DaemonLife | null;
};

/** The process dies; the power fails; the machine restarts in good order. */
type Death = 'kill' | 'power' | 'restart';

export type Story = {
  readonly seed: bigint;
  readonly startMs: number;
  readonly swarm: Swarm;
  readonly random: Random;
  readonly timeline: Timeline;
  readonly host: GitHost;
  readonly model: Model;
  readonly nodes: readonly NodeActor[];
  readonly daemon: DaemonActor;
  readonly situations: Map<string, number>;
  /** No more faults, no more deeds. */
  quiet: boolean;
  sometimes(situation: string): void;
  wait(meanMs: number): Wait;
  killAgent(node: NodeActor, how: Death, downMs: number): void;
  startAgent(node: NodeActor): void;
  /** The machine is set up anew under the key that it had: its ledger and all that ran there are gone. */
  reimage(node: NodeActor, downMs: number): void;
  killDaemon(how: 'kill' | 'power', downMs: number): void;
  startDaemon(): void;
  /** The next version of the program, or the one before it again. */
  changeProgram(downMs: number): void;
  /** What a copy of the state directory would hold; null when there is nothing in it yet. */
  copyState(): PassRecord | null;
  /** A daemon from an old copy takes the place of the true one, which is down meanwhile. */
  startOldHost(copy: PassRecord, forMs: number): void;
  /** Resolves false when nobody answered. */
  ask(request: OperatorRequest): void;
  fail(cause: unknown): void;
  failure(): unknown;
  trace(line: string): void;
  traceHash(): number;
};

export type StoryOptions = { readonly plant?: Plant; readonly onTrace?: (line: string) => void };

export function createStory(seed: bigint, { plant = {}, onTrace }: StoryOptions = {}): Story {
  const random = randomFrom(seed);
  const swarm = drawSwarm(random.split('swarm'));
  const { pace } = swarm;
  const start = instant(swarm.zoned?.startMs ?? START_MS + (pace.months?.laterMs ?? 0));
  const timeline = createTimeline();
  const host = createGitHost(String(seed));
  const situations = new Map<string, number>();
  const sometimes = (situation: string): void => {
    situations.set(situation, (situations.get(situation) ?? 0) + 1);
  };
  const model = createModel({ host, nowMs: () => timeline.nowMs, sometimes });
  const programs = programsOf(swarm.programs);
  const loaders = new Map(
    programs.map((each) => [each, createLoader(host.readBlob, BUILT_ACTIONS, each.library)]),
  );
  const waits = random.split('waits');
  const wait = (meanMs: number): Wait => ({
    delayMs: waits.exponential(meanMs),
    answerMs: waits.exponential(meanMs / 2),
  });
  const latencies = random.split('latency');
  const network = createNetwork(timeline, {
    isReachable: (node) => {
      const actor = nodes[nodeIds.indexOf(node)];
      if (actor === undefined || actor.cutOff) return false;
      return oldHost === null || hasSeenMore(actor, oldHost.fence);
    },
    latencyMs: () => latencies.exponential(swarm.latencyMs),
  });
  const departures = random.split('departures');
  const someArrive = (underWay: number): number => departures.integer(0, underWay);
  const prepared = new Map<string, ReturnType<typeof prepareContent>>();
  let oldHost: { readonly life: Life; readonly fence: Fence } | null = null;
  let hash = 0x811c9dc5;
  let requests = 0;
  let failure: unknown = null;

  function trace(line: string): void {
    hash = hashOf(line, hash);
    onTrace?.(`${new Date(start + timeline.nowMs).toISOString().slice(5, 23)} ${line}`);
  }

  /** What is checked while something happens must not be swallowed by whoever happens to await it. */
  function guarded<Args extends readonly unknown[]>(check: (...args: Args) => void) {
    return (...args: Args): void => {
      try {
        check(...args);
      } catch (cause) {
        fail(cause);
      }
    };
  }

  function fail(cause: unknown): void {
    failure ??= cause;
  }

  // --- the daemon -----------------------------------------------------------------------------------------------

  const daemonRandom = random.split('daemon');
  const interruptions = random.split('interruptions');
  const operators = random.split('operators');
  /** Made before each upgrade, as the manual says. */
  let backup: PassRecord | null = null;
  const daemon: DaemonActor = {
    clock: createMachineClock(timeline, start),
    disk: createDiskStore<PassRecord>({
      random: daemonRandom.split('disk'),
      format: () => daemon.program.format,
      createFold: () => {
        const state = emptyState();
        let at: Instant = start;
        return {
          apply: (pass) => {
            at = pass.at;
            for (const record of pass.records) apply(state, record);
          },
          records: () => [{ at, records: [...recordsOf(state)] }],
        };
      },
      compactAfter: 60,
      onCrash: () => {
        sometimes('daemon died in the middle of a write');
        killDaemon('kill', daemonRandom.exponential(5_000));
      },
      onDurable: guarded((passes) => {
        for (const { records } of passes) {
          trace(`durable ${records.map(({ kind }) => kind).join(' ')}`);
          if (records.some(({ kind }) => kind === 'condensed')) sometimes('an execution condensed');
          if (records.some(isUnfinished)) mayDieSoon();
        }
        model.onDurable(passes);
      }),
      onCompacted: () => sometimes('journal compacted'),
    }),
    program: programs[0],
    life: createLife(timeline),
    running: null,
  };

  /** Over a revision that takes several passes, of which few stories would see the death otherwise. */
  function mayDieSoon(): void {
    if (story.quiet || !interruptions.chance(0.4)) return;
    timeline.after(interruptions.exponential(4 * swarm.diskMs), 'daemon dies', () => {
      if (!story.quiet) killDaemon('kill', interruptions.exponential(10_000));
    });
  }

  function startDaemonNow(): void {
    endOldHost();
    const life = createLife(timeline);
    const { program } = daemon;
    const { changes } = daemon.disk;
    const loader = present(loaders.get(program), 'every program reads files');
    daemon.life = life;
    daemon.running = null;
    const world = new World(HISTORY_LIMITS, swarm.assignmentsPerPass ?? undefined);
    plant.world?.(world);
    const store = plant.daemonStore?.(daemon.disk.store) ?? daemon.disk.store;
    startDaemon({
      life,
      instance: 'story',
      daemonKey: daemonIdentity.publicKey,
      world,
      store,
      clock: daemon.clock,
      source: (plant.source ?? same)(host.sourcePort(life, () => wait(50))),
      loader: plant.loader?.(loader) ?? loader,
      status: (plant.status ?? same)(
        host.statusPort(life, () => wait(200), guarded(model.onPublished)),
      ),
      network: plant.network?.(network, world) ?? network,
      pollMs: swarm.pollMs,
      publishMs: swarm.publishMs,
      ...(pace.restMs === null ? {} : { sleepMsMax: pace.restMs }),
      diskMs: () => wait(swarm.diskMs),
      sign: (job) => {
        guarded(model.onJob)(job);
        trace(`job ${job.association} ${job.run.slice(0, 6)} for ${job.node.slice(-4)}`);
        return sealJob(job);
      },
      signText,
      verifyText,
      crash: fail,
      onPass: guarded(({ effects }) => {
        model.onEffects(effects);
        // What falls due waits until a revision is in force as a whole.
        if (world.revision !== null && world.remainder === null) model.onPassed(world.seenAt);
        if (world.seen.size > 0) sometimes('node has seen more than its daemon');
      }),
    }).then(
      (started) => {
        if (!life.isAlive) return;
        daemon.running = started;
        guarded(model.onProgram)(program.number);
        guarded(model.onRestart)(started.world);
      },
      (cause: unknown) => {
        if (!life.isAlive) return;
        // As the service manager does: a daemon that cannot start is started again.
        trace(`daemon could not start: ${codeOf(cause)}`);
        sometimes('daemon could not start at once');
        if (codeOf(cause) !== 'STATE_NEWER') return killDaemon('kill', 10_000);
        if (daemon.disk.changes !== changes)
          fail(new Violation('upgrade: an older program changed what it refused'));
        comeToTerms();
      },
    );
  }

  function killDaemon(how: 'kill' | 'power', downMs: number): void {
    if (!daemon.life.isAlive) return;
    trace(`daemon ${how} for ${Math.round(downMs)} ms`);
    daemon.life.end();
    daemon.running = null;
    network.door = null;
    for (const wire of network.wires()) if (wire.isOpen('daemon')) wire.leave('daemon', someArrive);
    daemon.disk.restart(how);
    timeline.after(downMs, 'daemon starts', startDaemonNow);
  }

  function changeProgram(downMs: number): void {
    const copy = copyState();
    if (copy === null) return;
    const [first, next] = programs;
    const isUpgrade = daemon.program === first;
    if (isUpgrade) backup = copy;
    daemon.program = isUpgrade ? next : first;
    sometimes(isUpgrade ? 'program upgraded' : 'program taken back');
    trace(`program ${daemon.program.number}`);
    killDaemon('kill', downMs);
  }

  /** The older program has refused what the newer one wrote: that one comes back, or the backup of before. */
  function comeToTerms(): void {
    sometimes('an older program refuses newer state');
    // Without the branch nobody knows above which epoch to begin.
    const isKnown = host.statusTip !== null && host.statusTip.seq !== null;
    if (backup === null || !isKnown || operators.chance(0.4)) {
      daemon.program = programs[1];
      killDaemon('kill', operators.exponential(MINUTE));
    } else {
      restore(backup).catch(fail);
    }
  }

  async function restore(copy: PassRecord): Promise<void> {
    killDaemon('kill', operators.exponential(MINUTE));
    trace('backup restored');
    sometimes('backup restored');
    daemon.disk.lose();
    // Whoever puts a backup back does it on a disk that works.
    daemon.disk.fail(null);
    model.onRestored();
    // It tells of what the program of before has read.
    model.onProgram(daemon.program.number);
    const { append } = await daemon.disk.store.open(() => undefined);
    await append([restoredFrom(copy)]);
  }

  function copyState(): PassRecord | null {
    const state = daemon.running?.world.state;
    if (state?.accepted == null) return null;
    return structuredClone({ at: daemon.clock.now(), records: [...recordsOf(state)] });
  }

  /**
   * It reaches nothing but nodes that have seen more, and is of a program that does not listen to what they saw: they alone
   * must refuse. What it would make of their results is its own matter.
   */
  function startOldHost(copy: PassRecord, forMs: number): void {
    if (!daemon.life.isAlive) return;
    const world = new World();
    for (const record of copy.records) apply(world.state, record);
    const { accepted, instance } = world.state;
    const fence = { epoch: instance?.epoch ?? 0, position: accepted?.position ?? 0 };
    if (!nodes.some((node) => hasSeenMore(node, fence))) return;
    trace(`old host of ${fence.epoch}/${fence.position}`);
    sometimes('an old host speaks');
    killDaemon('kill', forMs);
    const life = createLife(timeline);
    oldHost = { life, fence };
    const source = host.sourcePort(life, () => wait(50));
    const away = () => Promise.reject(new ReconcileError('AWAY', 'away', { retry: 'backoff' }));
    startDaemon({
      life,
      instance: 'story',
      daemonKey: daemonIdentity.publicKey,
      world,
      store: {
        open: () =>
          Promise.resolve({ append: () => Promise.resolve(), tidy: () => Promise.resolve() }),
      },
      clock: daemon.clock,
      source: { ...source, observe: away },
      loader: present(loaders.get(daemon.program), 'every program reads files'),
      status: { tip: away, publish: away },
      network: deafToFences(network),
      pollMs: swarm.pollMs,
      publishMs: swarm.publishMs,
      diskMs: () => wait(swarm.diskMs),
      sign: (job) => {
        trace(`old job ${job.association} ${job.run.slice(0, 6)} for ${job.node.slice(-4)}`);
        guarded(model.onOldJob)(job);
        return sealJob(job);
      },
      signText,
      verifyText,
      crash: fail,
      onPass: () => undefined,
    }).catch(fail);
  }

  function endOldHost(): void {
    if (oldHost === null) return;
    oldHost.life.end();
    oldHost = null;
    network.door = null;
    for (const wire of network.wires()) if (wire.isOpen('daemon')) wire.leave('daemon', someArrive);
  }

  // --- the nodes ------------------------------------------------------------------------------------------------

  const nodes: readonly NodeActor[] = Array.from({ length: NODES_MAX }, (_, number) => {
    const mine = random.split(`node ${number}`);
    const clock = createMachineClock(
      timeline,
      start,
      mine.integer(-swarm.skewMsMax, swarm.skewMsMax),
    );
    const id = present(nodeIds[number], 'a node has an id');
    const scripts = mine.split('scripts');
    const restarts = mine.split('restarts');
    const reports = mine.split('reports');
    const panics = mine.split('panics');
    const reportOf = (association: string): ComplianceReport | null => {
      if (!swarm.reporting || !reports.chance(0.6)) return null;
      const status = reports.chance(0.7) ? 'COMPLIANT' : 'NON_COMPLIANT';
      const put = parsePut(reportText(id, { id: association, status, at: clock.now() }), id);
      invariant(put.ok, 'what a script of the story leaves is in order');
      return { puts: [put.value], refused: [] };
    };
    const machine = createMachine(timeline, {
      now: clock.now,
      spawnMs: () => 1 + scripts.exponential(20),
      losesExit: (at, run) => {
        const isLost = clock.now() - at < UNSYNCED_MS;
        if (isLost) model.onExitLost(run);
        return isLost;
      },
      play: ({ commandId }) => {
        const failing = scripts.chance(swarm.failing) ? 1 : 0;
        const durationMs = scripts.exponential(swarm.stepMs);
        const compliance = reportOf(commandId);
        if (panics.chance(swarm.panicking)) panicSoon(panics.exponential(swarm.stepMs / 2));
        if (story.quiet) {
          return { exitCode: failing, durationMs: Math.min(durationMs, 10_000), compliance };
        }
        const exitCode = restarts.chance(swarm.restarting) ? EXIT_RESTART : failing;
        return {
          exitCode,
          durationMs: scripts.chance(swarm.hanging) ? 1e9 : durationMs,
          compliance,
        };
      },
      onRestart: guarded((run) => {
        model.onRestartAsked(id, run);
        killAgent(actor, 'restart', 10_000 + restarts.exponential(30_000));
      }),
      onBegin: guarded((order) => {
        trace(`step ${order.run.slice(0, 6)}/${order.task.step} begins on ${id.slice(-4)}`);
        model.onBegin(id, order);
      }),
      onEnd: guarded((order, ended) => {
        if (!actor.life.isAlive) sometimes('step ended while its agent was dead');
        model.onEnd(id, order, ended);
      }),
    });
    const panicSoon = (ms: number): void =>
      timeline.after(ms, 'machine panics', () => {
        if (!story.quiet) killAgent(actor, 'power', 10_000 + panics.exponential(20_000));
      });
    const actor: NodeActor = {
      number,
      clock,
      machine,
      disk: createDiskStore<LedgerRecord>({
        random: mine.split('disk'),
        format: () => LEDGER_FORMAT,
        createFold: () => {
          const state = emptyLedger();
          return {
            apply: (record) => applyRecord(state, record),
            records: () => ledgerRecordsOf(state, clock.now()),
          };
        },
        compactAfter: 40,
        onCrash: () => {
          sometimes('agent died in the middle of a write');
          killAgent(actor, 'kill', mine.exponential(5_000));
        },
        onDurable: guarded((records) => {
          for (const record of records) {
            if (record.kind === 'finished') model.onTold(record.result);
            if (record.kind === 'revoked') model.onDisowned(record.run);
            if (record.kind === 'doubted') sometimes('start in doubt after a restart');
          }
        }),
        onCompacted: () => sometimes('ledger compacted'),
      }),
      boots: 1,
      life: createLife(timeline),
      agent: null,
      off: false,
      cutOff: false,
    };
    return actor;
  });

  function startAgentNow(node: NodeActor): void {
    const life = createLife(timeline);
    node.life = life;
    node.agent = null;
    node.off = false;
    const id = present(nodeIds[node.number], 'a node has an id');
    const bootId = `boot-${node.boots}`;
    model.onAgentStarts(id);
    startAgent({
      life,
      context: {
        node: id,
        isSigned: isSealed,
        bootId,
        prepare: (job) => {
          const key = `${job.document.digest}/${job.parametersDigest}`;
          const known = prepared.get(key) ?? prepareContent(job);
          prepared.set(key, known);
          return known;
        },
      },
      publicKey: present(nodeIdentities[node.number], 'a node has a key').publicKey,
      facts: {
        hostname: `node-${node.number}`,
        platformType: 'Linux',
        platformName: 'Debian GNU/Linux',
        platformVersion: '12',
        architecture: 'x86_64',
        agentVersion: '0.1.0',
        bootId,
      },
      activation: null,
      store: plant.agentStore?.(node.disk.store) ?? node.disk.store,
      machine: node.machine,
      clock: node.clock,
      network,
      random: random.split(`agent ${node.number} ${timeline.count}`),
      diskMs: () => wait(swarm.diskMs),
      decide: (context, state, input, now) => {
        const isCancel = input.kind === 'said' && input.message.kind === 'cancel';
        if (isCancel && state.active?.job.run === input.message.run) {
          model.onCancelled(input.message.run, now);
        }
        return (plant.decide ?? decide)(context, state, input, now);
      },
      crash: fail,
      retryMsMax: 120_000,
      ...(pace.restMs === null ? {} : { restMs: pace.restMs }),
    }).then(
      (agent) => {
        if (life.isAlive) node.agent = agent;
      },
      (cause: unknown) => {
        if (!life.isAlive) return;
        sometimes('agent could not start at once');
        trace(`agent ${node.number} could not start: ${codeOf(cause)}`);
        killAgent(node, 'kill', 10_000);
      },
    );
  }

  function killAgent(node: NodeActor, how: Death, downMs: number): void {
    if (!node.life.isAlive) return;
    const active = node.agent?.state.active ?? null;
    model.onAgentDied(active?.job.run ?? null, active?.stop !== null);
    if (node.agent?.unrecorded != null) sometimes('agent died between a start and its record');
    trace(`agent ${node.number} ${how} for ${Math.round(downMs)} ms`);
    node.life.end();
    node.agent = null;
    node.off = true;
    for (const wire of network.wires(nodeIds[node.number])) {
      if (wire.isOpen('agent')) wire.leave('agent', someArrive);
    }
    if (how !== 'kill') {
      node.boots += 1;
      if (node.machine.running > 0) sometimes('node rebooted during a step');
      node.machine.reboot(how);
    }
    const id = nodeIds[node.number];
    if (how === 'power' && id !== undefined) model.onReboot(id);
    node.disk.restart(how === 'power' ? 'power' : 'kill');
    timeline.after(downMs, `agent ${node.number} starts`, () => {
      if (!node.life.isAlive) startAgentNow(node); // else it was brought back sooner
    });
  }

  function reimage(node: NodeActor, downMs: number): void {
    const id = nodeIds[node.number];
    if (!node.life.isAlive || id === undefined) return;
    sometimes('node set up anew');
    killAgent(node, 'power', downMs);
    node.disk.lose();
    model.onReimaged(id);
  }

  // --- the operator ---------------------------------------------------------------------------------------------

  function ask(request: OperatorRequest): void {
    const { running, life } = daemon;
    if (running === null) return;
    const id = `request-${++requests}`;
    trace(`operator asks ${request.kind}`);
    running.ask(id, request).then((answer) => {
      if (life.isAlive) trace(`operator is told ${answer.ok ? 'ok' : answer.code}`);
      if (answer.ok) sometimes(`operator: ${request.kind}`);
    }, fail);
  }

  const story: Story = {
    seed,
    startMs: start,
    swarm,
    random,
    timeline,
    host,
    model,
    nodes,
    daemon,
    situations,
    quiet: false,
    sometimes,
    wait,
    killAgent,
    startAgent: startAgentNow,
    reimage,
    killDaemon,
    startDaemon: startDaemonNow,
    changeProgram,
    copyState,
    startOldHost,
    ask,
    fail,
    failure: () => failure,
    trace,
    traceHash: () => hash,
  };
  return story;
}

export const named = associationName;
export { Violation };

const hasSeenMore = ({ agent }: NodeActor, fence: Fence): boolean =>
  agent !== null && isLowerFence(fence, agent.state.fence);

const deafToFences = (network: Network): Network =>
  listening(network, (message, tell) => {
    if (message.kind === 'result') return;
    const nothing = { epoch: 0, position: 0 };
    tell(message.kind === 'hello' ? { ...message, fence: nothing } : message);
  });

const isUnfinished = (record: Record): boolean =>
  record.kind === 'accepted' && record.unfinished === true;

const same = <Value>(value: Value): Value => value;

/** Messages name temporary files, whose names are random. */
const codeOf = (cause: unknown): string =>
  cause instanceof Error && 'code' in cause ? String(cause.code) : 'bug';
