/**
 * What an agent must not forget, one fact per record, and the state they fold into. Every record is durable before it is
 * acted on. Shared syncs: Received + Intent; Exited(n) + Started(n+1); Exited(last) + Finished. Everything else has its own.
 */
import type { AssociationName, Instant, RunId } from '../core/model/brand.ts';
import { instant } from '../core/model/brand.ts';
import { invariant, unreachable } from '../core/model/errors.ts';
import type { RunResult } from '../core/model/run.ts';
import type { Fence, Job, LastRun } from '../protocol/messages.ts';
import { parseJob } from '../protocol/parse.ts';
import type { Kill, TaskHistory } from './flow.ts';
import { withoutOutput } from './output.ts';
import type { Task, TaskOutcome } from './ports.ts';
import { sameTask } from './ports.ts';

export const LEDGER_FORMAT = { name: 'reconciled-agent', version: 1 } as const;

export type LedgerRecord =
  /** A job that will be run. `payload` is the text that was signed. */
  | { readonly kind: 'received'; readonly payload: string; readonly at: Instant }
  | {
      readonly kind: 'intent';
      readonly run: RunId;
      readonly bootId: string;
      readonly at: Instant;
    }
  /** The job was not begun in time: nothing of it ever started. */
  | { readonly kind: 'dropped'; readonly run: RunId }
  | { readonly kind: 'started'; readonly run: RunId; readonly task: Task; readonly at: Instant }
  /** Before the signal is sent, so that a restart knows whose doing it was. */
  | { readonly kind: 'killed'; readonly run: RunId; readonly kill: Kill }
  | {
      readonly kind: 'exited';
      readonly run: RunId;
      readonly task: Task;
      readonly outcome: TaskOutcome;
    }
  /** Before the machine is asked to restart. */
  | { readonly kind: 'reboot'; readonly run: RunId }
  /** It has: the task that asked starts anew in this boot. */
  | { readonly kind: 'rebooted'; readonly run: RunId; readonly bootId: string }
  | { readonly kind: 'reboot-refused'; readonly run: RunId; readonly why: string }
  | { readonly kind: 'finished'; readonly result: RunResult }
  | { readonly kind: 'acked'; readonly run: RunId }
  /** Never to be started, though it was not begun. */
  | { readonly kind: 'revoked'; readonly run: RunId; readonly keepUntil: Instant }
  // --- written by compaction only
  | { readonly kind: 'fence'; readonly fence: Fence }
  | { readonly kind: 'ended'; readonly last: LastRun; readonly keepUntil: Instant }
  | { readonly kind: 'last'; readonly last: LastRun }
  | { readonly kind: 'spooled'; readonly result: RunResult };

export type ActiveRun = {
  readonly job: Job;
  /** The boot in which its tasks run. */
  readonly bootId: string;
  /** When its first task was recorded as started; null while nothing has. */
  readonly startedAt: Instant | null;
  readonly history: readonly TaskHistory[];
  readonly stop: Kill | null;
  /** The machine was asked to restart and has not yet. */
  readonly rebooting: boolean;
  /** Why it will not, once that is known. */
  readonly noReboot: string | null;
};

/** What is known of a run that is over: how it ended, or that it was revoked. */
export type EndedRun = { readonly last: LastRun | null; readonly keepUntil: Instant };

/** Changed by `applyRecord` and nothing else. */
export type LedgerState = {
  /** The highest that was seen in a job we took. */
  fence: Fence;
  /** A job taken and not finished; at most one. */
  active: ActiveRun | null;
  /** Results that the daemon has not acked. */
  readonly spool: Map<RunId, RunResult>;
  /** Until a day after their jobs have expired. */
  readonly ended: Map<RunId, EndedRun>;
  /** For ever: one per association. */
  readonly lastRuns: Map<AssociationName, LastRun>;
};

const dayMs = 24 * 3_600_000;
/** Results of 256 KiB at most: 64 MiB (limits table, "agent spool"). Beyond it outputs are dropped, statuses never. */
export const SPOOL_WHOLE_MAX = 256;
/** Enough for a day of one job per second. */
export const ENDED_MAX = 100_000;

export const emptyLedger = (): LedgerState => ({
  fence: { epoch: 0, position: 0 },
  active: null,
  spool: new Map(),
  ended: new Map(),
  lastRuns: new Map(),
});

export function applyRecord(state: LedgerState, record: LedgerRecord): void {
  switch (record.kind) {
    case 'received':
      state.active = takeJob(record.payload);
      state.fence = higherFence(state.fence, state.active.job.fence);
      return;
    case 'intent':
      state.active = { ...activeOf(state, record.run), bootId: record.bootId };
      return;
    case 'dropped':
      activeOf(state, record.run);
      state.active = null;
      return;
    case 'started': {
      const active = activeOf(state, record.run);
      const task = { task: record.task, startedAt: record.at, kill: null, outcome: null };
      const startedAt = active.startedAt ?? record.at;
      state.active = { ...active, startedAt, history: [...active.history, task] };
      return;
    }
    case 'killed': {
      const { kill } = record;
      const active = activeOf(state, record.run);
      const history = active.history.map((past) =>
        past.outcome === null && past.kill === null ? { ...past, kill } : past,
      );
      state.active = { ...active, history, stop: kill.scope === 'run' ? kill : active.stop };
      return;
    }
    case 'exited': {
      const { task, outcome } = record;
      const active = activeOf(state, record.run);
      const history = active.history.map((past) =>
        past.outcome === null && sameTask(past.task, task) ? { ...past, outcome } : past,
      );
      state.active = { ...active, history };
      return;
    }
    case 'reboot':
      state.active = { ...activeOf(state, record.run), rebooting: true };
      return;
    case 'rebooted': {
      const active = activeOf(state, record.run);
      const last = active.history.length - 1;
      const history = active.history.map((past, at) =>
        at === last ? { ...past, rebooted: true as const } : past,
      );
      state.active = { ...active, history, bootId: record.bootId, rebooting: false };
      return;
    }
    case 'reboot-refused': {
      const active = activeOf(state, record.run);
      state.active = { ...active, rebooting: false, noReboot: record.why };
      return;
    }
    case 'finished':
      finish(state, record.result);
      return;
    case 'acked':
      state.spool.delete(record.run);
      return;
    case 'revoked':
      if (state.active?.job.run === record.run) state.active = null;
      state.ended.set(record.run, { last: null, keepUntil: record.keepUntil });
      return;
    case 'fence':
      state.fence = record.fence;
      return;
    case 'ended':
      state.ended.set(record.last.run, { last: record.last, keepUntil: record.keepUntil });
      return;
    case 'last':
      state.lastRuns.set(record.last.association, record.last);
      return;
    case 'spooled':
      state.spool.set(record.result.run, record.result);
      return;
    default:
      unreachable(record);
  }
}

/** The shortest list of records that folds into this state again, less what has been kept long enough. */
export function* recordsOf(state: LedgerState, now: Instant): Iterable<LedgerRecord> {
  yield { kind: 'fence', fence: state.fence };
  for (const last of state.lastRuns.values()) yield { kind: 'last', last };
  for (const [run, { last, keepUntil }] of state.ended) {
    if (keepUntil < now && !state.spool.has(run)) continue;
    if (last === null) yield { kind: 'revoked', run, keepUntil };
    else yield { kind: 'ended', last, keepUntil };
  }
  for (const result of state.spool.values()) yield { kind: 'spooled', result };
  if (state.active !== null) yield* recordsOfActive(state.active, now);
}

/** Forgets what was kept long enough; the last run of an association stays for ever. */
export function pruneEnded(state: LedgerState, now: Instant): void {
  for (const [run, { keepUntil }] of state.ended) {
    const isOld = keepUntil < now || state.ended.size > ENDED_MAX;
    if (isOld && !state.spool.has(run)) state.ended.delete(run);
  }
}

/** How this run ended, if anything is left that says so. */
export function endedRun(
  state: LedgerState,
  run: RunId,
  association: AssociationName | null,
): EndedRun | null {
  const ended = state.ended.get(run);
  if (ended !== undefined) return ended;
  const last = association === null ? undefined : state.lastRuns.get(association);
  return last?.run === run ? { last, keepUntil: last.finishedAt } : null;
}

/** Epoch first, then position. */
export function isLowerFence(a: Fence, b: Fence): boolean {
  return a.epoch < b.epoch || (a.epoch === b.epoch && a.position < b.position);
}

export const keepUntilOf = (notAfter: Instant): Instant => instant(notAfter + dayMs);

const higherFence = (a: Fence, b: Fence): Fence => (isLowerFence(a, b) ? b : a);

const noReboot = { rebooting: false, noReboot: null };

function takeJob(payload: string): ActiveRun {
  const job = parseJob(payload);
  invariant(job.ok, 'the ledger holds only jobs that were parsed before');
  return { job: job.value, bootId: '', startedAt: null, history: [], stop: null, ...noReboot };
}

function activeOf(state: LedgerState, run: RunId): ActiveRun {
  const { active } = state;
  invariant(active?.job.run === run, `record of run ${run}, which is not the active one`);
  return active;
}

function finish(state: LedgerState, result: RunResult): void {
  const { job } = activeOf(state, result.run);
  const { association, run, execution, status, detailedStatus, finishedAt } = result;
  const { generation, occasion } = job;
  const ending = { status, detailedStatus, finishedAt };
  const last: LastRun = { association, run, execution, generation, occasion, ...ending };
  state.active = null;
  state.lastRuns.set(association, last);
  state.ended.set(run, { last, keepUntil: keepUntilOf(job.notAfter) });
  const whole = state.spool.size < SPOOL_WHOLE_MAX;
  state.spool.set(run, whole ? result : withoutOutput(result));
}

function* recordsOfActive(active: ActiveRun, at: Instant): Iterable<LedgerRecord> {
  const { job, bootId, history, stop } = active;
  const why = active.noReboot;
  const { run } = job;
  yield { kind: 'received', payload: JSON.stringify(job), at };
  yield { kind: 'intent', run, bootId, at };
  for (const { task, startedAt, kill, outcome, rebooted } of history) {
    yield { kind: 'started', run, task, at: startedAt };
    if (kill !== null) yield { kind: 'killed', run, kill };
    if (outcome !== null) yield { kind: 'exited', run, task, outcome };
    if (rebooted === true) yield { kind: 'rebooted', run, bootId };
  }
  if (stop !== null) yield { kind: 'killed', run, kill: stop };
  if (active.rebooting) yield { kind: 'reboot', run };
  if (why !== null) yield { kind: 'reboot-refused', run, why };
}
