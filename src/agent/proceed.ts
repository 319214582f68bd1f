/** A run from its begin to its end: which task comes next, what is written down about it, and how it ends. */
import { cutText, executionSummary, SUMMARY_BYTES_MAX } from '../core/document/output.ts';
import { mergeReports } from '../core/document/put-compliance.ts';
import type { Instant } from '../core/model/brand.ts';
import type { ComplianceReport } from '../core/model/compliance.ts';
import { present, unreachable } from '../core/model/errors.ts';
import type { RunResult, StepResult } from '../core/model/run.ts';
import type { Job } from '../protocol/messages.ts';
import { REFRESH_MAX } from '../protocol/messages.ts';
import type { AgentContext, Decision, Effect, ReadyEffect, StartEffect } from './decision.ts';
import { nothing, refuseByClock, sendResult } from './decision.ts';
import type { Kill, TaskHistory } from './flow.ts';
import { nextOf } from './flow.ts';
import type { ActiveRun, LedgerRecord } from './ledger.ts';
import { boundResult } from './output.ts';
import type { Task, TaskOutcome } from './ports.ts';
import { sameTask } from './ports.ts';
import { after, foreseeNext, isRebooted, orderOf, whyNoReboot } from './task-order.ts';

/** The intent is durable. A machine may have slept for a week since. */
export function begin(context: AgentContext, active: ActiveRun, now: Instant): Decision {
  const { job } = active;
  if (active.startedAt !== null) return nothing;
  if (job.notAfter >= now || active.stop !== null) return proceed(context, active, now, []);
  const refusal = refuseByClock(job, 'Expired', now);
  return {
    records: [{ kind: 'dropped', run: job.run }],
    effects: [...refusal.effects, { kind: 'release', run: job.run }],
  };
}

/** Nothing of the run has started: a script without its secret would do something that nobody wrote. */
export function locked(active: ActiveRun, message: string, now: Instant): Decision {
  if (active.startedAt !== null) return nothing;
  return end(active, [], {
    ...resultOf(active, now),
    status: 'Failed',
    detailedStatus: 'SecretUnavailable',
    errorCode: 'ExecutionError',
    executionSummary: cutText(message, SUMMARY_BYTES_MAX),
    steps: [],
    compliance: null,
  });
}

export function taskEnded(
  context: AgentContext,
  active: ActiveRun,
  { task, outcome }: { readonly task: Task; readonly outcome: TaskOutcome },
  now: Instant,
): Decision {
  const exited: LedgerRecord = { kind: 'exited', run: active.job.run, task, outcome };
  return proceed(context, after(active, exited), now, [exited]);
}

/** Recorded as started, and it never was: as if untouched, so that a stop that came meanwhile keeps it from starting. */
export function taskUnborn(
  context: AgentContext,
  active: ActiveRun,
  task: Task,
  now: Instant,
): Decision {
  const unborn: LedgerRecord = { kind: 'unborn', run: active.job.run, task };
  return proceed(context, after(active, unborn), now, [unborn]);
}

/** The next task, or the end. `records` come first and are part of `active` already. */
export function proceed(
  context: AgentContext,
  active: ActiveRun,
  now: Instant,
  records: readonly LedgerRecord[],
): Decision {
  const { job } = active;
  const { run } = job;
  const prepared = context.prepare(job);
  if (!prepared.ok) {
    return end(active, records, {
      ...resultOf(active, now),
      status: 'Failed',
      detailedStatus: 'InvalidDocument',
      errorCode: 'InvalidAssoc',
      executionSummary: cutText(prepared.message, SUMMARY_BYTES_MAX),
      steps: [],
      compliance: null,
    });
  }
  const isAnotherBoot = isRebooted(context, active);
  const { steps, open } = prepared;
  const { foreseen, history } = active;
  const flow = { steps, open, history, stop: null, perhaps: null, noReboot: whyNoReboot(active) };
  if (foreseen?.inDoubt === true && endedWell(history)) {
    // As the process before this one went on, which knew of no stop.
    const next = nextOf(flow);
    if (next.kind === 'start' && sameTask(next.task, foreseen.task)) {
      return perhapsStarted(context, active, next.task, records);
    }
  }
  const stop = active.stop ?? (isAnotherBoot ? reboot : null);
  // An end that nobody knows may have been a good one: the machine went down since, or a script took the exit files away.
  const isEndLost = isAnotherBoot || history.at(-1)?.outcome?.exitCode === null;
  const perhaps = foreseen?.inDoubt === true && isEndLost ? foreseen.task : null;
  const next = nextOf({ ...flow, stop, perhaps });
  switch (next.kind) {
    case 'wait':
      return { records, effects: [] };
    case 'reboot': {
      const effects: readonly Effect[] = [
        { kind: 'send', message: { kind: 'rebooting', run } },
        { kind: 'reboot', run },
      ];
      return { records: [...records, { kind: 'reboot', run }], effects };
    }
    case 'start': {
      const started: LedgerRecord = { kind: 'started', run, task: next.task, at: now };
      const begun = after(active, started);
      const start: StartEffect = { kind: 'start', order: orderOf(context, begun, next.task) };
      const coming = foreseeNext(context, begun, now);
      const all: readonly LedgerRecord[] =
        coming === null
          ? [...records, started]
          : [...records, started, { kind: 'foreseen', run, task: coming.task }];
      const prepare: readonly Effect[] =
        coming === null ? [] : [{ kind: 'prepare', order: coming }];
      if (foreseen?.inDoubt === false && sameTask(foreseen.task, next.task)) {
        return { ahead: start, records: all, effects: prepare };
      }
      const first: readonly Effect[] =
        active.startedAt === null
          ? [{ kind: 'send', message: { kind: 'started', run, at: now } }, ...armOf(job, now, now)]
          : [];
      const ready: ReadyEffect = { kind: 'make-ready', order: start.order };
      return { ahead: ready, records: all, effects: [...first, start, ...prepare] };
    }
    case 'end': {
      const interrupted = next.interrupted || (stop === reboot && next.steps.some(isCutByReboot));
      const status = interrupted ? 'Failed' : next.status;
      return end(active, records, {
        ...resultOf(active, now),
        status,
        detailedStatus: interrupted ? 'Interrupted' : status,
        errorCode: status === 'Success' ? '' : 'ExecutionError',
        executionSummary: executionSummary(next.steps.map(summaryOf), next.steps.length),
        steps: next.steps,
        refresh: refreshOf(active),
        compliance: reportOf(active),
      });
    }
    default:
      return unreachable(next);
  }
}

/**
 * The start that `taskEnded` will do ahead, known from the code alone: it need not wait until what the task came to has been read.
 * Nothing that could change what is next has happened since it was foreseen, or it would not be foreseen any more.
 */
export function startAfter(
  context: AgentContext,
  active: ActiveRun,
  now: Instant,
): StartEffect | null {
  const { foreseen, job } = active;
  if (foreseen === null || foreseen.inDoubt) return null;
  const { task } = foreseen;
  const started = after(active, { kind: 'started', run: job.run, task, at: now });
  return { kind: 'start', order: orderOf(context, started, task) };
}

const endedWell = (history: readonly TaskHistory[]): boolean =>
  history.at(-1)?.outcome?.exitCode === 0;

/**
 * The process before this one may have started this task when the one before it ended, as was foreseen: it is recorded as
 * started then, and asked after. A stop that came since is a stop of this task: it cannot be said that it never began.
 */
function perhapsStarted(
  context: AgentContext,
  active: ActiveRun,
  task: Task,
  records: readonly LedgerRecord[],
): Decision {
  const { run } = active.job;
  const { outcome } = present(active.history.at(-1), 'a task has ended');
  const at = present(outcome, 'it has ended').finishedAt;
  const started: LedgerRecord = { kind: 'started', run, task, at };
  const order = orderOf(context, after(active, started), task);
  const adopt: Effect = { kind: 'adopt', order, rebooted: isRebooted(context, active) };
  if (active.stop === null) return { records: [...records, started], effects: [adopt] };
  const killed: LedgerRecord = { kind: 'killed', run, kill: active.stop };
  return { records: [...records, started, killed], effects: [adopt, { kind: 'kill', run }] };
}

/** All of them, once any step has asked for all. */
function refreshOf({ history }: ActiveRun): readonly string[] | null {
  const asked = history.flatMap(({ outcome }) => outcome?.refresh ?? []);
  const lists = history.filter(({ outcome }) => outcome?.refresh !== undefined);
  if (lists.length === 0) return null;
  const all = lists.some(({ outcome }) => outcome?.refresh?.length === 0);
  return all ? [] : [...new Set(asked)].slice(0, REFRESH_MAX);
}

export function end(
  active: ActiveRun,
  records: readonly LedgerRecord[],
  whole: RunResult,
): Decision {
  const result = boundResult(whole);
  return {
    records: [...records, { kind: 'finished', result }],
    effects: [sendResult(result), { kind: 'release', run: active.job.run }],
  };
}

function resultOf(
  { job, startedAt }: ActiveRun,
  now: Instant,
): Pick<
  RunResult,
  'run' | 'execution' | 'association' | 'generation' | 'startedAt' | 'finishedAt'
> {
  const { run, execution, association, generation } = job;
  return { run, execution, association, generation, startedAt: startedAt ?? now, finishedAt: now };
}

/** Whatever became of the run: what its steps reported before counts. */
const reportOf = ({ history }: ActiveRun): ComplianceReport | null =>
  mergeReports(history.flatMap(({ outcome }) => outcome?.compliance ?? []));

/** A step that never ran has no stderr; its reason says why. */
const summaryOf = ({ name, status, stderr, reason }: StepResult) => ({
  name,
  state: status,
  stderr: stderr.text === '' ? reason : stderr.text,
});

/** Never recorded: it follows from the boot id. */
export const reboot: Kill = {
  scope: 'run',
  status: 'Cancelled',
  reason: 'not started, because the machine was restarted in between',
};

const isCutByReboot = ({ reason }: { readonly reason: string }): boolean =>
  reason === reboot.reason;

export const armOf = (
  { run, timeoutMs }: Job,
  startedAt: Instant,
  now: Instant,
): readonly Effect[] =>
  timeoutMs === null
    ? []
    : [
        {
          kind: 'arm',
          run,
          afterMs: Math.max(0, Math.min(timeoutMs, startedAt + timeoutMs - now)),
        },
      ];
