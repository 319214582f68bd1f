/** A run as it will be when a record is applied, and its tasks with everything needed to perform them. */
import type { Instant } from '../core/model/brand.ts';
import { invariant, present } from '../core/model/errors.ts';
import { ciphertextsOf } from './ciphertexts.ts';
import type { AgentContext } from './decision.ts';
import type { TaskHistory } from './flow.ts';
import { nextOf, stepOf } from './flow.ts';
import type { ActiveRun, LedgerRecord, LedgerState } from './ledger.ts';
import { applyRecord } from './ledger.ts';
import { noOutput } from './output.ts';
import type { Task, TaskOrder, TaskOutcome } from './ports.ts';

export function runningTask({ history }: ActiveRun): TaskHistory | null {
  const last = history.at(-1);
  return last?.outcome === null ? last : null;
}

/** The run as it will be once the record is applied. */
export function after(active: ActiveRun, record: LedgerRecord): ActiveRun {
  const state: LedgerState = {
    fence: active.job.fence,
    active,
    spool: new Map(),
    ended: new Map(),
    lastRuns: new Map(),
  };
  applyRecord(state, record);
  return present(state.active, 'a task that starts or exits does not end its run');
}

export function orderOf(context: AgentContext, active: ActiveRun, task: Task): TaskOrder {
  const { job, history } = active;
  const plan = context.prepare(job);
  invariant(plan.ok, 'a job with a task was prepared before');
  const flow = { ...plan, history, stop: null, perhaps: null, noReboot: null };
  const { step, inputs } = stepOf(flow, task);
  return {
    run: job.run,
    task,
    sequence: history.length - 1,
    action: step.action,
    inputs,
    environment: step.environment,
    secretEnvironment: step.secretEnvironment,
    ciphertexts: ciphertextsOf(job),
    documents: job.documents,
    commandId: job.associationId,
    startedAt: present(history.at(-1)?.startedAt, 'the task has started'),
  };
}

export const isRebooted = (context: AgentContext, active: ActiveRun): boolean =>
  active.startedAt !== null && active.bootId !== context.bootId;

/** As often as the stock agent resumes a document (spec/documents.md §5.4). */
const REBOOTS_MAX = 15;

export function whyNoReboot({ noReboot, history }: ActiveRun): string | null {
  if (noReboot !== null) return noReboot;
  const done = history.filter(({ rebooted }) => rebooted === true).length;
  return done < REBOOTS_MAX ? null : `the run has restarted the machine ${REBOOTS_MAX} times`;
}

/** The task that follows if the one that runs ends well; null when it is not known, or none does. */
export function foreseeNext(
  context: AgentContext,
  active: ActiveRun,
  now: Instant,
): TaskOrder | null {
  const { job, stop } = active;
  const running = runningTask(active);
  const plan = context.prepare(job);
  if (running === null || stop !== null || !plan.ok || isRebooted(context, active)) return null;
  const streams = { stdout: noOutput, stderr: noOutput };
  const outcome: TaskOutcome = { exitCode: 0, failure: '', ...streams, finishedAt: now };
  const { task } = running;
  const done = after(active, { kind: 'exited', run: job.run, task, outcome });
  const next = nextOf({
    ...plan,
    history: done.history,
    stop: null,
    perhaps: null,
    noReboot: whyNoReboot(done),
  });
  if (next.kind !== 'start') return null;
  const started: LedgerRecord = { kind: 'started', run: job.run, task: next.task, at: now };
  return orderOf(context, after(done, started), next.task);
}
