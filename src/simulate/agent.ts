/** One life of an agent: the real decisions, durable before they are acted on, over a machine that may outlive it. */
import { retryDelayMs } from '../agent/connection.ts';
import type { decide } from '../agent/decide.ts';
import type { AgentContext, AgentInput, Decision, Effect } from '../agent/decision.ts';
import type { LedgerRecord, LedgerState } from '../agent/ledger.ts';
import { applyRecord, emptyLedger, pruneEnded } from '../agent/ledger.ts';
import type { ExecutorPort, TaskOrder } from '../agent/ports.ts';
import { ReconcileError, unreachable } from '../core/model/errors.ts';
import type { LastSeenFacts } from '../core/model/node.ts';
import type { AgentMessage, ServerMessage } from '../protocol/messages.ts';
import { PROTOCOL_VERSION } from '../protocol/messages.ts';
import { parseJob } from '../protocol/parse.ts';
import type { OpenStore, Store } from './ledger-store.ts';
import type { Life, Wait } from './life.ts';
import type { Machine } from './machine.ts';
import type { MachineClock } from './machine-clock.ts';
import type { Network, Wire } from './network.ts';
import type { Random } from './random.ts';

export type AgentLifeOptions = {
  readonly life: Life;
  readonly context: AgentContext;
  readonly publicKey: string;
  readonly facts: LastSeenFacts;
  readonly activation: { readonly id: string; readonly code: string } | null;
  readonly store: Store<LedgerRecord>;
  readonly machine: Machine;
  readonly clock: MachineClock;
  readonly network: Network;
  readonly random: Random;
  readonly diskMs: () => Wait;
  /** `decide` of src/agent, unless a test plants a mistake. */
  readonly decide: typeof decide;
  readonly crash: (cause: unknown) => void;
  /** How long an agent that is refused or finds nobody waits is the program's; this bounds it for the story. */
  readonly retryMsMax: number;
  /** Where time leaps: nobody answers for long, and the agent tries again this seldom. Absent: as the program does. */
  readonly restMs?: number;
};

export type AgentLife = {
  readonly state: LedgerState;
  /** A task that was started ahead of its record, until that is durable. */
  readonly unrecorded: TaskOrder | null;
  /** The connection as the agent sees it. */
  readonly wire: Wire | null;
  readonly isWelcome: boolean;
};

const DIAL_TIMEOUT_MS = 15_000;
const DISK_RETRY_MS = 5_000;
/** Attempts that failed. */
const RESTS_AFTER = 12;

/** Reads the ledger, takes up what was left, and stays connected, until the life ends. */
export async function startAgent(options: AgentLifeOptions): Promise<AgentLife> {
  const { life, context, machine, clock, network, random } = options;
  const state = emptyLedger();
  const store = await options.store.open((record) => applyRecord(state, record));
  pruneEnded(state, clock.now());
  const executor: ExecutorPort = machine.executor(life, handle);
  const inbox: AgentInput[] = [];
  let busy = false;
  let unrecorded: TaskOrder | null = null;
  let wire: Wire | null = null;
  let isWelcome = false;
  let failures = 0;
  let spreadMs = 0;
  let deadline = 0;

  function handle(input: AgentInput): void {
    inbox.push(input);
    if (!busy) drain().catch(options.crash);
  }

  async function drain(): Promise<void> {
    busy = true;
    for (let input = inbox.shift(); input !== undefined; input = inbox.shift()) {
      const { effects } = await decideDurably(input);
      for (const effect of effects) perform(effect);
    }
    busy = false;
  }

  /** As `openMind` does: what was done ahead is done once, and only its records are tried again. */
  async function decideDurably(input: AgentInput): Promise<Decision> {
    let standing: Decision | null = null;
    for (;;) {
      const decision: Decision = standing ?? options.decide(context, state, input, clock.now());
      const { ahead } = decision;
      if (standing === null && ahead !== undefined) perform(ahead);
      if (standing === null && ahead?.kind === 'start') {
        standing = decision;
        unrecorded = ahead.order;
      }
      if (decision.records.length === 0) return decision;
      try {
        await life.wait(options.diskMs(), 'ledger', () => store.append(decision.records));
        for (const record of decision.records) applyRecord(state, record);
        unrecorded = null;
        return decision;
      } catch (cause) {
        if (!(cause instanceof ReconcileError && cause.retry === 'backoff')) throw cause;
        const refusal = refusalFor(input);
        if (refusal !== null) return refusal;
        await life.wait({ delayMs: DISK_RETRY_MS, answerMs: 0 }, 'ledger waits', () => undefined);
      }
    }
  }

  function perform(effect: Effect): void {
    switch (effect.kind) {
      case 'send':
        if (isWelcome) wire?.send('agent', effect.message);
        return;
      case 'begin':
        inbox.unshift({ kind: 'begin', run: effect.run });
        return;
      case 'make-ready':
        return executor.makeReady(effect.order);
      case 'start':
        return executor.start(effect.order);
      case 'prepare':
        return executor.prepare(effect.order);
      case 'adopt':
        return executor.adopt(effect.order, { rebooted: effect.rebooted });
      case 'reboot':
        return executor.reboot(effect.run);
      case 'kill':
        return executor.kill(effect.run);
      case 'arm': {
        const mine = ++deadline;
        const { run } = effect;
        life.after(effect.afterMs, 'run deadline', () => {
          if (mine === deadline) handle({ kind: 'run-deadline', run });
        });
        return;
      }
      case 'release':
        deadline += 1;
        executor.release(effect.run);
        life.after(1, 'ledger tidied', () => {
          tidy(store, state, options).catch(options.crash);
        });
        return;
      case 'warn':
        return;
      default:
        return unreachable(effect);
    }
  }

  function dial(): void {
    wire = null;
    isWelcome = false;
    life.after(2 * network.latencyMs(), 'agent dials', () => {
      const dialled = network.dial(context.node, { onMessage, onClose });
      if (dialled === null) {
        life.after(random.integer(1, DIAL_TIMEOUT_MS), 'nobody answers', onClose);
        return;
      }
      wire = dialled;
      dialled.send('agent', helloOf(options, state));
    });
  }

  function onMessage(message: ServerMessage): void {
    if (!life.isAlive) return;
    if (message.kind === 'welcome') {
      isWelcome = true;
      failures = 0;
      spreadMs = message.reconnectSpreadMs;
    }
    if (message.kind === 'wait' || message.kind === 'refused') {
      wire?.leave('agent', (underWay) => underWay);
      return again(retryDelayMs(message, { failures, spreadMs, random: random.next() }));
    }
    handle({ kind: 'said', message });
  }

  function onClose(): void {
    if (!life.isAlive) return;
    const ending = { kind: 'closed', reason: '' } as const;
    again(retryDelayMs(ending, { failures, spreadMs, random: random.next() }));
  }

  function again(delayMs: number): void {
    failures += 1;
    wire = null;
    isWelcome = false;
    const isLong = failures > RESTS_AFTER;
    const atMostMs = Math.min(delayMs, options.retryMsMax);
    life.after((isLong ? options.restMs : null) ?? atMostMs, 'agent tries again', dial);
  }

  handle({ kind: 'restarted' });
  dial();
  return {
    state,
    get unrecorded() {
      return unrecorded;
    },
    get wire() {
      return wire;
    },
    get isWelcome() {
      return isWelcome;
    },
  };
}

async function tidy(
  store: OpenStore<LedgerRecord>,
  state: LedgerState,
  { clock }: AgentLifeOptions,
): Promise<void> {
  pruneEnded(state, clock.now());
  await store.tidy();
}

function helloOf(options: AgentLifeOptions, state: LedgerState): AgentMessage {
  return {
    kind: 'hello',
    protocol: PROTOCOL_VERSION,
    node: options.context.node,
    publicKey: options.publicKey,
    tlsKey: '',
    signature: '',
    facts: options.facts,
    fence: state.fence,
    running: state.active?.job.run ?? null,
    startedAt: state.active?.startedAt ?? null,
    lastRuns: [...state.lastRuns.values()],
    recipient: null,
    activation: options.activation,
  };
}

/** From memory: the disk is full. */
function refusalFor(input: AgentInput): Decision | null {
  if (input.kind !== 'said' || input.message.kind !== 'job') return null;
  const job = parseJob(input.message.envelope.payload);
  if (!job.ok) return null;
  const { run } = job.value;
  const refused = { kind: 'refused', run, code: 'DiskFull' } as const;
  const message = { ...refused, message: 'disk full', clock: null };
  return { records: [], effects: [{ kind: 'send', message }] };
}
