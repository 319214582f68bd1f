/** One life of the daemon: its own pass, observer and publisher over ports that answer in virtual time. */
import type { Admission } from '../core/enrol/register.ts';
import type { CommitId, Instant, NodeId } from '../core/model/brand.ts';
import { ReconcileError } from '../core/model/errors.ts';
import { apply } from '../core/world/apply.ts';
import type { Answer, Effect } from '../core/world/effects.ts';
import type { OperatorRequest } from '../core/world/events.ts';
import type { PassRecord } from '../core/world/records.ts';
import type { World } from '../core/world/world.ts';
import type { Job, SignedEnvelope } from '../protocol/messages.ts';
import { toEvent } from '../reconcile/collect.ts';
import { perform } from '../reconcile/dispatch.ts';
import { createInbox } from '../reconcile/inbox.ts';
import { createObserver } from '../reconcile/observe.ts';
import { pass } from '../reconcile/pass.ts';
import type { AgentsPort, LoaderPort, Ports, SourcePort, StatusPort } from '../reconcile/ports.ts';
import { createPublisher } from '../reconcile/publish.ts';
import { createRecovery, epochOn } from '../reconcile/recover.ts';
import type { Store } from './ledger-store.ts';
import type { Life, Wait } from './life.ts';
import type { MachineClock } from './machine-clock.ts';
import type { Network, Wire } from './network.ts';

export type DaemonLifeOptions = {
  readonly life: Life;
  readonly instance: string;
  readonly daemonKey: string;
  readonly world: World;
  readonly store: Store<PassRecord>;
  readonly clock: MachineClock;
  readonly source: SourcePort;
  readonly loader: LoaderPort;
  readonly status: StatusPort;
  readonly network: Network;
  readonly pollMs: number;
  readonly publishMs: number;
  readonly diskMs: () => Wait;
  /** Half a minute, unless time is to leap: then a clock that is set is noticed so much later. */
  readonly sleepMsMax?: number;
  readonly sign: (job: Job) => SignedEnvelope;
  readonly signText: (text: string) => string;
  readonly verifyText: (text: string, signature: string) => boolean;
  /** A bug, or a disk that cannot be trusted any more. */
  readonly crash: (cause: unknown) => void;
  readonly onPass: (told: { readonly at: Instant; readonly effects: readonly Effect[] }) => void;
};

export type DaemonLife = {
  readonly world: World;
  /** Rejects when the daemon does not answer in this life: then nobody knows what became of it. */
  ask(id: string, request: OperatorRequest): Promise<Answer>;
  accept(commit: CommitId): Promise<void>;
  observe(): void;
};

/** Longer sleeps are cut here: the wall clock may be set meanwhile. */
const SLEEP_MS_MAX = 30_000;
const HEARTBEAT_MS = 30_000;
const RECONNECT_SPREAD_MS = 4_000;
const ADMISSION_RETRY_MS = 2_000;
const TIDY_PASSES = 64;
const RETENTION_MS = 30 * 24 * 3_600_000;

/** Replays, recovers when the state is lost, boots, and works until the life ends. @throws a bug, or a dead disk */
export async function startDaemon(options: DaemonLifeOptions): Promise<DaemonLife> {
  const { life, world, clock, network, status } = options;
  const signal = new AbortController().signal;
  const store = await options.store.open((record) => {
    for (const each of record.records) apply(world.state, each);
  });
  const sessions = new Map<NodeId, Wire>();
  const nodes = new Map<Wire, NodeId>();
  const answers = new Map<string, (answer: Answer) => void>();
  const admissions = new Map<string, (admission: Admission) => void>();
  let asked = 0;
  let passing = false;
  let sleeps = 0;
  let passes = 0;

  const agents: AgentsPort = {
    send(node, message) {
      const wire = sessions.get(node);
      if (wire?.isOpen('daemon') !== true) return false;
      wire.send('daemon', message);
      return true;
    },
    drop: (node) => endSession(node),
  };
  const ports: Ports = {
    clock: {
      now: clock.now,
      monotonicMs: clock.monotonicMs,
      sleep: (ms) => life.wait({ delayMs: ms, answerMs: 0 }, 'daemon waits', () => undefined),
    },
    journal: {
      append: (record) => life.wait(options.diskMs(), 'journal', () => store.append([record])),
    },
    source: options.source,
    loader: options.loader,
    agents,
    status,
  };
  const inbox = createInbox(() => {
    if (!passing) work();
  });
  const ours = { instance: options.instance, verify: options.verifyText };
  const recovery = createRecovery(world, inbox, ports, {
    ...ours,
    daemonKey: options.daemonKey,
    onRecovered: () => undefined,
  });
  const observer = createObserver(world, inbox, ports, recovery.beforeFirst);
  const publisher = createPublisher(world, inbox, ports, {
    intervalMs: options.publishMs,
    retentionMs: RETENTION_MS,
    sign: options.signText,
    epochOn: (tip) => epochOn(tip, ours),
    onError: () => undefined,
    onIdle: () => undefined,
    onRival: () => undefined,
    onPublished: () => undefined,
  });
  const desk = {
    wrap: (job: Job) => Promise.resolve(job),
    crash: options.crash,
    sign: options.sign,
    answer: (id: string, answer: Answer) => answers.get(id)?.(answer),
    admit: (id: string, admission: Admission) => admissions.get(id)?.(admission),
  };

  /** One pass at a time, begun a moment after whatever woke us; then sleep until something is due. */
  function work(): void {
    if (passing) return;
    passing = true;
    life.after(1, 'pass', () => {
      onePass().catch(options.crash);
    });
  }

  async function onePass(): Promise<void> {
    const { more } = await pass(world, inbox, ports, act, signal);
    // As the loop of the daemon does.
    const again = world.remainder === null ? publisher.tick(signal) : null;
    if (++passes % TIDY_PASSES === 0) await store.tidy();
    passing = false;
    if (more || inbox.size > 0) work();
    else sleep(again);
  }

  function act(effects: readonly Effect[]): void {
    perform(effects, world, ports, inbox, desk);
    options.onPass({ at: clock.now(), effects });
  }

  function sleep(publishAtMs: number | null): void {
    const timer = world.timers.peek();
    const waits = [options.sleepMsMax ?? SLEEP_MS_MAX];
    if (timer !== undefined) waits.push(timer.at - clock.now());
    if (publishAtMs !== null) waits.push(publishAtMs - clock.monotonicMs());
    const mine = ++sleeps;
    life.after(Math.max(1, Math.min(...waits)), 'daemon wakes', () => {
      if (mine === sleeps) work();
    });
  }

  function endSession(node: NodeId): void {
    const wire = sessions.get(node);
    if (wire === undefined) return;
    sessions.delete(node);
    inbox.post({ kind: 'disconnected', node });
    wire.leave('daemon', (underWay) => underWay);
  }

  async function greet(
    wire: Wire,
    hello: Parameters<typeof toEvent>[0] & { kind: 'connected' },
  ): Promise<void> {
    const { node } = hello;
    const id = `door-${++asked}`;
    const admission = await new Promise<Admission>((resolve) => {
      admissions.set(id, resolve);
      const { publicKey, facts, activation } = hello.hello;
      const applicant = { node, publicKey, hostname: facts.hostname, activation };
      inbox.post({ kind: 'applied', id, applicant });
    });
    admissions.delete(id);
    if (!wire.isOpen('daemon')) return;
    if (admission.kind === 'wait' || admission.kind === 'refused') {
      const retryAfterMs = ADMISSION_RETRY_MS;
      const { code, message } = admission;
      wire.send(
        'daemon',
        admission.kind === 'wait'
          ? { ...admission, retryAfterMs }
          : { kind: 'refused', code, message },
      );
      return;
    }
    endSession(node);
    nodes.set(wire, node);
    sessions.set(node, wire);
    const name = world.fleet.nodes.get(node)?.name ?? node;
    wire.send('daemon', {
      kind: 'welcome',
      heartbeatMs: HEARTBEAT_MS,
      reconnectSpreadMs: RECONNECT_SPREAD_MS,
      name,
    });
    tell(hello);
  }

  function tell(event: Parameters<typeof toEvent>[0]): void {
    const told = toEvent(event);
    if (told !== null) inbox.post(told);
  }

  function look(): void {
    observer.observe(signal).catch((cause: unknown) => {
      if (!(cause instanceof ReconcileError) || cause.retry === 'never') options.crash(cause);
    });
  }

  function poll(): void {
    look();
    life.after(options.pollMs, 'poll', poll);
  }

  inbox.post({
    kind: 'boot',
    instance: options.instance,
    daemonKey: options.daemonKey,
  });
  network.door = {
    onMessage(wire, message) {
      if (!life.isAlive) return;
      const node = nodes.get(wire);
      if (node !== undefined) {
        if (sessions.get(node) === wire) tell({ kind: 'message', node, session: '', message });
      } else if (message.kind === 'hello') {
        const { node: of } = message;
        greet(wire, { kind: 'connected', node: of, session: '', hello: message }).catch(
          options.crash,
        );
      }
    },
    onClose(wire) {
      const node = nodes.get(wire);
      nodes.delete(wire);
      if (!life.isAlive || node === undefined || sessions.get(node) !== wire) return;
      sessions.delete(node);
      inbox.post({ kind: 'disconnected', node });
    },
  };
  poll();

  return {
    world,
    observe: look,
    ask: (id, request) =>
      new Promise((resolve) => {
        answers.set(id, resolve);
        inbox.post({ kind: 'operator', id, by: 'operator', request });
      }),
    accept: (commit) => observer.accept(commit, 'operator', signal),
  };
}
