import { setTimeout as delay } from 'node:timers/promises';
import type { Instant, RunId } from '../core/model/brand.ts';
import { invariant, ReconcileError, unreachable } from '../core/model/errors.ts';
import type { AgentMessage } from '../protocol/messages.ts';
import { parseJob } from '../protocol/parse.ts';
import { ciphertextsOf } from './ciphertexts.ts';
import { decide, decideExit } from './decide.ts';
import type { AgentContext, AgentInput, Decision, Effect, StartEffect } from './decision.ts';
import type { LedgerRecord, LedgerState } from './ledger.ts';
import { applyRecord } from './ledger.ts';
import type { ExecutorPort, Log, TaskExited } from './ports.ts';
import { sameTask } from './ports.ts';
import type { Vault } from './vault.ts';

export type MindOptions = {
  readonly context: AgentContext;
  readonly state: LedgerState;
  readonly append: (records: readonly LedgerRecord[]) => Promise<void>;
  readonly executor: ExecutorPort;
  readonly vault: Vault;
  readonly send: (message: AgentMessage) => void;
  readonly now: () => Instant;
  readonly log: Log;
  /** After a run is over: retention, compaction. */
  readonly onRelease: () => void;
  /** A bug, or a state directory that cannot be written for a reason that will not pass. */
  readonly crash: (cause: unknown) => void;
};

export type MindInput = AgentInput | TaskExited;

export type Mind = {
  handle(input: MindInput): void;
  /** What is being decided is recorded; nothing further is. */
  close(): Promise<void>;
};

const retryMs = 1_000;

/** Drives `decide`: one input at a time; what may be done ahead, then records durable, then applied, then acted on. */
export function openMind(options: MindOptions): Mind {
  const { context, state, executor, send, now, log } = options;
  const inbox: MindInput[] = [];
  const closing = new AbortController();
  let drained: Promise<void> = Promise.resolve();
  let draining = false;
  let runDeadline: NodeJS.Timeout | undefined;

  function handle(input: MindInput): void {
    if (closing.signal.aborted) return;
    inbox.push(input);
    if (!draining) drained = drain();
  }

  async function drain(): Promise<void> {
    draining = true;
    try {
      for (let input = inbox.shift(); input !== undefined; input = inbox.shift()) {
        const decision =
          input.kind === 'task-exited' ? await decideEnd(input) : await decideDurably(input, null);
        if (closing.signal.aborted) return;
        for (const effect of decision.effects) perform(effect);
      }
    } catch (cause) {
      if (!closing.signal.aborted) options.crash(cause);
    } finally {
      // Here and not in a `.finally`: what came in between would lie there until something else came.
      draining = false;
    }
  }

  /** What was foreseen starts at once; what the one before it came to is read and recorded while it runs. */
  async function decideEnd(exited: TaskExited): Promise<Decision> {
    const { run, task } = exited;
    const start = decideExit(context, state, exited, now());
    if (start !== null) perform(start);
    const outcome = await exited.outcome();
    return decideDurably({ kind: 'task-ended', run, task, outcome }, start);
  }

  /**
   * A job is refused while the ledger cannot be written; what has happened already is kept and written later. A decision of which
   * a task was started ahead stands, and only its records are tried again; any other is made anew. `done`: the start that was done ahead.
   */
  async function decideDurably(input: AgentInput, done: StartEffect | null): Promise<Decision> {
    let standing: Decision | null = null;
    for (;;) {
      const decision: Decision = standing ?? decide(context, state, input, now());
      const { ahead } = decision;
      if (standing === null) {
        invariant(done === null || isSameStart(done, ahead), 'what was started is what is decided');
        if (ahead !== undefined && done === null) perform(ahead);
        if (ahead?.kind === 'start') standing = decision;
      }
      const failure = await record(decision);
      if (failure === null) return decision;
      const refusal = refusalFor(input, failure);
      if (refusal !== null) return refusal;
      await delay(retryMs, undefined, { signal: closing.signal });
    }
  }

  /** Null when it is durable and applied; what will pass is told, anything else is thrown. */
  async function record({ records }: Decision): Promise<ReconcileError | null> {
    try {
      if (records.length > 0) await options.append(records);
    } catch (cause) {
      if (!(cause instanceof ReconcileError && cause.retry === 'backoff')) throw cause;
      log('ledger-unwritable', { code: cause.code, message: cause.message });
      return cause;
    }
    for (const each of records) applyRecord(state, each);
    return null;
  }

  /** At once, unless the job has secrets: those are opened first, and whatever is said meanwhile is heard. */
  function begin(run: RunId): void {
    const { active } = state;
    const ciphertexts = active?.job.run === run ? ciphertextsOf(active.job) : {};
    if (Object.keys(ciphertexts).length === 0) {
      inbox.unshift({ kind: 'begin', run });
      return;
    }
    options.vault.unlock(run, ciphertexts).then((unlocked) => {
      handle(
        unlocked.ok ? { kind: 'begin', run } : { kind: 'locked', run, message: unlocked.message },
      );
    }, options.crash);
  }

  function perform(effect: Effect): void {
    switch (effect.kind) {
      case 'send':
        return send(effect.message);
      case 'begin':
        return begin(effect.run);
      case 'make-ready':
        return executor.makeReady(effect.order);
      case 'start':
        return executor.start(effect.order);
      case 'prepare':
        // When what was started before it is on its way.
        setImmediate(() => {
          if (!closing.signal.aborted) executor.prepare(effect.order);
        });
        return;
      case 'adopt':
        log('run-adopted', { run: effect.order.run, rebooted: effect.rebooted });
        return executor.adopt(effect.order, { rebooted: effect.rebooted });
      case 'kill':
        return executor.kill(effect.run);
      case 'reboot':
        log('machine-restarts', { run: effect.run });
        return executor.reboot(effect.run);
      case 'arm':
        clearTimeout(runDeadline);
        runDeadline = setTimeout(
          () => handle({ kind: 'run-deadline', run: effect.run }),
          effect.afterMs,
        );
        return;
      case 'release':
        clearTimeout(runDeadline);
        executor.release(effect.run);
        options.vault.forget(effect.run);
        return options.onRelease();
      case 'warn':
        return log(effect.event, { detail: effect.detail });
      default:
        unreachable(effect);
    }
  }

  return {
    handle,
    async close() {
      closing.abort();
      clearTimeout(runDeadline);
      inbox.length = 0;
      await drained;
    },
  };
}

const isSameStart = (done: StartEffect, ahead: Decision['ahead']): boolean =>
  ahead?.kind === 'start' && sameTask(done.order.task, ahead.order.task);

/** From memory: the disk is full. */
function refusalFor(input: AgentInput, cause: ReconcileError): Decision | null {
  if (input.kind !== 'said' || input.message.kind !== 'job') return null;
  const job = parseJob(input.message.envelope.payload);
  if (!job.ok) return null;
  const { run } = job.value;
  const refused = { kind: 'refused', run, code: 'DiskFull' } as const;
  const message = { ...refused, message: cause.message, clock: null };
  return { records: [], effects: [{ kind: 'send', message }] };
}
