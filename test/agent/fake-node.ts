/** A node in memory: the real decisions over a ledger of records, and tasks that obey like the executor's. */

import assert from 'node:assert/strict';
import { decide, decideExit } from '../../src/agent/decide.ts';
import type {
  AgentContext,
  AgentInput,
  Decision,
  Effect,
  StartEffect,
} from '../../src/agent/decision.ts';
import type { LedgerRecord, LedgerState } from '../../src/agent/ledger.ts';
import { applyRecord, emptyLedger, recordsOf } from '../../src/agent/ledger.ts';
import { noOutput } from '../../src/agent/output.ts';
import type { TaskEnded, TaskOrder, TaskOutcome } from '../../src/agent/ports.ts';
import type { RunPlan } from '../../src/agent/prepare.ts';
import type { PreparedStep } from '../../src/core/document/prepared.ts';
import type { Instant } from '../../src/core/model/brand.ts';
import { instant } from '../../src/core/model/brand.ts';
import type { AgentMessage, Job, ServerMessage } from '../../src/protocol/messages.ts';
import { sealJob, verifyEnvelope } from '../../src/protocol/sign.ts';
import { agentNode, daemon, noon } from '../protocol/messages.ts';

export const preparedStep = (overrides: Partial<PreparedStep> = {}): PreparedStep => ({
  name: 'step1',
  action: 'aws:runShellScript',
  inputs: { runCommand: ['true'] },
  disposition: 'Run',
  reason: '',
  environment: {},
  secretEnvironment: {},
  onFailure: null,
  onSuccess: null,
  finallyStep: false,
  ...overrides,
});

export const steps = (count: number): RunPlan & { readonly ok: true } => ({
  ok: true,
  steps: Array.from({ length: count }, (_, index) => preparedStep({ name: `step${index + 1}` })),
  open: () => ({ kind: 'failure', text: 'no step here runs a document' }),
});

export const outcome = (exitCode: number | null, at: Instant = noon): TaskOutcome => ({
  exitCode,
  failure: '',
  stdout: noOutput,
  stderr: noOutput,
  finishedAt: at,
});

/** What is really there of a task, whatever the agent believes. */
type Body = {
  begun: number;
  alive: boolean;
  exitCode: number | null;
  erased: boolean;
  /** Performed by the agent itself: nothing of it is left to find. */
  readonly leavesNothing: boolean;
};

/** What the real executor performs without a process. */
const WITHOUT_PROCESS = 'aws:refreshAssociation';

export type FakeNode = {
  state: LedgerState;
  now: Instant;
  bootId: string;
  readonly sent: AgentMessage[];
  readonly durable: LedgerRecord[];
  /** `run/step.element` → what became of it. */
  readonly bodies: Map<string, Body>;
  /** The one task that the executor looks after. */
  order: TaskOrder | null;
  handle(input: AgentInput): void;
  offer(job: Job): void;
  say(message: ServerMessage): void;
  /** A script removes all that a later process could find of this run's tasks, but for a process that lives. */
  erase(): void;
  /** The running task ends by itself. */
  exit(code: number): void;
  /** Steps that the coming inputs perform before the process dies; null: it lives. A record and an effect are a step each. */
  fuse: number | null;
  readonly dead: boolean;
  /** What was started before its record was durable. */
  readonly ahead: TaskOrder[];
  /** What was made ready, because it was about to be recorded. */
  readonly readied: TaskOrder[];
  /** The executor has been asked to adopt, and its answers wait. */
  hold: boolean;
  /** How often the machine was asked to restart. */
  reboots: number;
  /** `power`: the exit files that nobody has read yet are gone too. */
  restart(how?: 'process' | 'machine' | 'power', options?: { readonly keepFuse: boolean }): void;
  /** Alive with an empty inbox, before anything else happens: the instant in which a message may overtake. */
  revive(): void;
};

export function fakeNode(prepare: (job: Job) => RunPlan = () => steps(1)): FakeNode {
  const bodies = new Map<string, Body>();
  const durable: LedgerRecord[] = [];
  const sent: AgentMessage[] = [];
  const key = ({ run, task }: TaskOrder): string => `${run}/${task.step}.${task.element}`;
  const context = (): AgentContext => ({
    node: agentNode,
    isSigned: (envelope) => verifyEnvelope(daemon.publicKey, envelope),
    bootId: node.bootId,
    prepare,
  });
  let inbox: AgentInput[] = [];
  let held: AgentInput[] = [];
  let holding = false;
  let dead = false;
  /** `run/sequence` of tasks that their supervisor still waits to be told of. */
  const ready = new Set<string>();

  /** False when the process died before it. */
  function survive(): boolean {
    if (node.fuse !== null && node.fuse-- === 0) dead = true;
    return !dead;
  }

  function perform(effect: Effect): void {
    switch (effect.kind) {
      case 'send':
        sent.push(effect.message);
        return;
      case 'begin':
        inbox.unshift({ kind: 'begin', run: effect.run });
        return;
      case 'make-ready':
        ready.add(`${effect.order.run}/${effect.order.sequence}`);
        node.readied.push(effect.order);
        return;
      case 'start': {
        const leavesNothing = effect.order.action === WITHOUT_PROCESS;
        const none: Body = {
          ...{ begun: 0, alive: false, exitCode: null, erased: false },
          leavesNothing,
        };
        const body = bodies.get(key(effect.order)) ?? none;
        bodies.set(key(effect.order), { ...body, begun: body.begun + 1, alive: true });
        node.order = effect.order;
        return;
      }
      case 'adopt':
        node.order = effect.order;
        settleAdopted(effect.order, effect.rebooted);
        return;
      case 'kill': {
        const body = node.order === null ? undefined : bodies.get(key(node.order));
        if (body?.alive === true) end(body, null);
        return;
      }
      case 'reboot':
        node.reboots += 1;
        return;
      case 'arm':
      case 'prepare':
      case 'release':
      case 'warn':
        return;
    }
  }

  function settleAdopted(order: TaskOrder, rebooted: boolean): void {
    const { run, task } = order;
    const body = bodies.get(key(order));
    if (body?.alive === true) return;
    const answers = holding ? held : inbox;
    const unborn =
      order.action === WITHOUT_PROCESS ||
      (body === undefined && ready.has(`${run}/${order.sequence}`));
    if (unborn && !rebooted) answers.push({ kind: 'task-unborn', run, task });
    else
      answers.push({
        kind: 'task-ended',
        run,
        task,
        outcome: outcome(body?.erased === true ? null : (body?.exitCode ?? null)),
      });
  }

  function end(body: Body, exitCode: number | null): void {
    body.alive = false;
    body.exitCode = exitCode;
    // A kill takes the supervisor too; otherwise it waits for the next task.
    if (exitCode !== null && node.order !== null)
      ready.add(`${node.order.run}/${node.order.sequence + 1}`);
    if (node.order === null || dead) return;
    const { run, task } = node.order;
    // What the executor sees of a killed group is the code of the signal.
    const ended = outcome(exitCode ?? 137, node.now);
    const whole = body.leavesNothing ? { ...ended, refresh: [] } : ended;
    inbox.push({ kind: 'task-ended', run, task, outcome: whole });
  }

  function drain(): void {
    for (let input = inbox.shift(); input !== undefined && !dead; input = inbox.shift()) {
      const decision = decide(context(), node.state, input, node.now);
      if (input.kind === 'task-ended') assert.deepEqual(startAtExit(input), startOf(decision));
      if (decision.ahead !== undefined) {
        if (!survive()) return;
        if (decision.ahead.kind === 'start') node.ahead.push(decision.ahead.order);
        perform(decision.ahead);
      }
      if (decision.records.length > 0) {
        if (!survive()) return;
        durable.push(...decision.records);
        for (const record of decision.records) applyRecord(node.state, record);
      }
      for (const effect of decision.effects) {
        if (!survive()) return;
        perform(effect);
      }
    }
  }

  /** What the code alone lets go, before anything else is known of the end. */
  function startAtExit({ run, task, outcome: ended }: TaskEnded): StartEffect | null {
    const { exitCode } = ended;
    // Where no process was, nothing exits, and nobody asks.
    if (exitCode === null || ended.refresh !== undefined || ended.document !== undefined)
      return null;
    return decideExit(context(), node.state, { run, task, exitCode }, node.now);
  }

  const node: FakeNode = {
    state: emptyLedger(),
    now: noon,
    bootId: 'boot-1',
    sent,
    durable,
    bodies,
    order: null,
    fuse: null,
    ahead: [],
    readied: [],
    reboots: 0,
    get hold() {
      return holding;
    },
    set hold(hold) {
      holding = hold;
      inbox.push(...held.splice(0));
      drain();
    },
    get dead() {
      return dead;
    },
    handle(input) {
      if (dead) return;
      inbox.push(input);
      drain();
    },
    offer(job) {
      node.say({ kind: 'job', envelope: sealJob(daemon, job) });
    },
    say(message) {
      node.handle({ kind: 'said', message });
    },
    erase() {
      ready.clear();
      for (const body of bodies.values()) body.erased = true;
    },
    exit(code) {
      const body = node.order === null ? undefined : bodies.get(key(node.order));
      if (body?.alive !== true) return;
      end(body, code);
      if (!dead) drain();
    },
    revive() {
      dead = false;
      node.fuse = null;
      node.order = null;
      inbox = [];
      held = [];
    },
    restart(how = 'process', { keepFuse } = { keepFuse: false }) {
      const { fuse } = node;
      node.revive();
      if (keepFuse) node.fuse = fuse;
      for (const body of bodies.values()) {
        if (body.leavesNothing || how !== 'process') body.alive = false;
        if (how === 'power') body.exitCode = null;
      }
      if (how !== 'process') ready.clear();
      if (how !== 'process') node.bootId = `${node.bootId}+`;
      node.state = emptyLedger();
      for (const record of durable) applyRecord(node.state, record);
      node.handle({ kind: 'restarted' });
      node.say({ kind: 'welcome', reconnectSpreadMs: 0, heartbeatMs: 30_000, name: 'n' });
    },
  };
  return node;
}

const startOf = ({ ahead }: Decision): StartEffect | null =>
  ahead?.kind === 'start' ? ahead : null;

/** The ledger as compaction would write it. */
export function compacted(node: FakeNode): LedgerState {
  const state = emptyLedger();
  for (const record of recordsOf(node.state, node.now)) applyRecord(state, record);
  return state;
}

export const later = (at: Instant, ms: number): Instant => instant(at + ms);
