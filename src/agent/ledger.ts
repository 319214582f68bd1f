/**
 * What an agent must not forget, one fact per record, and the state they fold into. Every record is durable before it is
 * acted on. Shared syncs: Received + Intent; Exited(n) + Started(n+1) + Foreseen(n+2); Exited(last) + Finished; Exited + Reboot.
 * Everything else has its own.
 */
import type { AssociationName, Instant, RunId } from '../core/model/brand.ts';
import { instant } from '../core/model/brand.ts';
import { invariant, unreachable } from '../core/model/errors.ts';
import type { RunResult } from '../core/model/run.ts';
import type { JournalFormat } from '../journal/format.ts';
import type { Fence, Job, LastRun } from '../protocol/messages.ts';
import { parseJob } from '../protocol/parse.ts';
import type { Kill, TaskHistory } from './flow.ts';
import { withoutOutput } from './output.ts';
import type { Task, TaskOutcome } from './ports.ts';
import { sameTask } from './ports.ts';

/** 2: Foreseen, Doubted, Unborn. What 1 wrote reads as it stands, and a program of 1 refuses what 2 wrote. */
export const LEDGER_FORMAT: JournalFormat<LedgerRecord> = {
  name: 'reconciled-agent',
  version: 2,
  upgrade: (record) => record as LedgerRecord,
};

export type LedgerRecord =
  /** A job that will be run. `payload` is the text that was signed. */
  | { readonly kind: 'received'; readonly payload: string; readonly at: Instant }
  | {
      readonly kind: 'intent';
      readonly run: RunId;
      readonly bootId: string;
      readonly at: Instant;
      /** Written by compaction: when the run began, of whose first tasks none may be left. */
      readonly startedAt?: Instant;
    }
  /** The job was not begun in time: nothing of it ever started. */
  | { readonly kind: 'dropped'; readonly run: RunId }
  | { readonly kind: 'started'; readonly run: RunId; readonly task: Task; readonly at: Instant }
  /**
   * If the task before it ends well and this one is next, it is started at once, and Started follows while it runs: so whoever
   * reads Foreseen and no end of the task before it knows that this one may have begun.
   */
  | { readonly kind: 'foreseen'; readonly run: RunId; readonly task: Task }
  /** Another process came meanwhile: what was foreseen may have begun, and is asked after before it is started. */
  | { readonly kind: 'doubted'; readonly run: RunId }
  /** A task that was recorded as started never began, for certain. */
  | { readonly kind: 'unborn'; readonly run: RunId; readonly task: Task }
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

/** `inDoubt`: an earlier process may have started it. */
export type Foreseen = { readonly task: Task; readonly inDoubt: boolean };

export type ActiveRun = {
  readonly job: Job;
  /** The boot in which its tasks run. */
  readonly bootId: string;
  /** When its first task was recorded as started; null while nothing has. */
  readonly startedAt: Instant | null;
  readonly history: readonly TaskHistory[];
  readonly foreseen: Foreseen | null;
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
  /** Until 35 days after their jobs have expired, the oldest first. */
  readonly ended: Map<RunId, EndedRun>;
  /** For ever: one per association. */
  readonly lastRuns: Map<AssociationName, LastRun>;
};

const dayMs = 24 * 3_600_000;
/** A daemon that was put back to a backup offers anew what has run since: it may be this old, and nothing starts twice. */
const ENDED_DAYS = 35;
/** Results of 256 KiB at most: 64 MiB (limits table, "agent spool"). Beyond it outputs are dropped, statuses never. */
export const SPOOL_WHOLE_MAX = 256;
/** Enough for a day of one job per second. */
const ENDED_MAX = 100_000;
/** Beyond this (some 8 MB) only the last day stays: a run every three minutes for as long as it is kept. */
const ENDED_OLD_MAX = 20_000;

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
      state.active = takeJob(record);
      state.fence = higherFence(state.fence, state.active.job.fence);
      return;
    case 'intent': {
      const active = activeOf(state, record.run);
      const startedAt = record.startedAt ?? active.startedAt;
      state.active = { ...active, bootId: record.bootId, startedAt };
      return;
    }
    case 'dropped':
      activeOf(state, record.run);
      state.active = null;
      return;
    case 'started': {
      const active = activeOf(state, record.run);
      const task = { task: record.task, startedAt: record.at, kill: null, outcome: null };
      const startedAt = active.startedAt ?? record.at;
      const history = [...active.history, task];
      state.active = { ...active, startedAt, history, foreseen: null };
      return;
    }
    case 'foreseen': {
      const foreseen = { task: record.task, inDoubt: false };
      state.active = { ...activeOf(state, record.run), foreseen };
      return;
    }
    case 'doubted': {
      const active = activeOf(state, record.run);
      const foreseen = active.foreseen === null ? null : { ...active.foreseen, inDoubt: true };
      state.active = { ...active, foreseen };
      return;
    }
    case 'unborn': {
      const active = activeOf(state, record.run);
      const history = active.history.filter(
        (past) => past.outcome !== null || !sameTask(past.task, record.task),
      );
      state.active = { ...active, history };
      return;
    }
    case 'killed': {
      const { kill } = record;
      const active = activeOf(state, record.run);
      const history = active.history.map((past) =>
        past.outcome === null && past.kill === null ? { ...past, kill } : past,
      );
      const stop = kill.scope === 'run' ? kill : active.stop;
      // From here on nothing is started ahead; what an earlier process may have started is in doubt as before.
      const foreseen = active.foreseen?.inDoubt === true ? active.foreseen : null;
      state.active = { ...active, history, stop, foreseen };
      return;
    }
    case 'exited': {
      const { task, outcome } = record;
      const active = activeOf(state, record.run);
      const history = active.history.map((past) =>
        past.outcome === null && sameTask(past.task, task) ? { ...past, outcome } : past,
      );
      const foreseen = outlives(active.foreseen, outcome) ? active.foreseen : null;
      state.active = { ...active, history, foreseen };
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
  const forgotten = new Set(forgettable(state, now));
  yield { kind: 'fence', fence: state.fence };
  for (const last of state.lastRuns.values()) yield { kind: 'last', last };
  for (const [run, { last, keepUntil }] of state.ended) {
    if (forgotten.has(run)) continue;
    if (last === null) yield { kind: 'revoked', run, keepUntil };
    else yield { kind: 'ended', last, keepUntil };
  }
  for (const result of state.spool.values()) yield { kind: 'spooled', result };
  if (state.active !== null) yield* recordsOfActive(state.active, now);
}

/** Forgets what was kept long enough; the last run of an association stays for ever. */
export function pruneEnded(state: LedgerState, now: Instant): void {
  for (const run of forgettable(state, now)) state.ended.delete(run);
}

function* forgettable({ ended, spool }: LedgerState, now: Instant): Iterable<RunId> {
  let left = ended.size;
  for (const [run, { last, keepUntil }] of ended) {
    const isOfToday = last === null || keepUntil - (ENDED_DAYS - 1) * dayMs >= now;
    const max = isOfToday ? ENDED_MAX : ENDED_OLD_MAX;
    if (spool.has(run) || (keepUntil >= now && left <= max)) continue;
    left -= 1;
    yield run;
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

export const keepUntilOf = (notAfter: Instant): Instant => instant(notAfter + ENDED_DAYS * dayMs);

/**
 * Only an end that a later process finds as it was bears out what was foreseen: code 0 in an exit file. What the agent performed
 * itself leaves none, and is done again. Where nobody knows the end, what was in doubt stays so.
 */
function outlives(
  foreseen: Foreseen | null,
  { exitCode, document, refresh }: TaskOutcome,
): boolean {
  if (exitCode === null) return foreseen?.inDoubt === true;
  return exitCode === 0 && document === undefined && refresh === undefined;
}

const higherFence = (a: Fence, b: Fence): Fence => (isLowerFence(a, b) ? b : a);

const noReboot = { rebooting: false, noReboot: null };

/** Of records that were not read from a journal. */
const jobs = new WeakMap<LedgerRecord, Job>();

/** Received, of a payload that has been parsed: applying it does not parse it again. */
export function received(payload: string, job: Job, at: Instant): LedgerRecord {
  const record: LedgerRecord = { kind: 'received', payload, at };
  jobs.set(record, job);
  return record;
}

function takeJob(record: LedgerRecord & { readonly kind: 'received' }): ActiveRun {
  const nothing = { startedAt: null, history: [], foreseen: null, stop: null };
  return { job: jobs.get(record) ?? jobIn(record), bootId: '', ...nothing, ...noReboot };
}

function jobIn({ payload }: LedgerRecord & { readonly kind: 'received' }): Job {
  const job = parseJob(payload);
  invariant(job.ok, 'the ledger holds only jobs that were parsed before');
  return job.value;
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
  const { job, bootId, startedAt: begun, history, foreseen, stop } = active;
  const why = active.noReboot;
  const { run } = job;
  yield { kind: 'received', payload: JSON.stringify(job), at };
  yield { kind: 'intent', run, bootId, at, ...(begun === null ? {} : { startedAt: begun }) };
  for (const { task, startedAt, kill, outcome, rebooted } of history) {
    yield { kind: 'started', run, task, at: startedAt };
    if (kill !== null) yield { kind: 'killed', run, kill };
    if (outcome !== null) yield { kind: 'exited', run, task, outcome };
    if (rebooted === true) yield { kind: 'rebooted', run, bootId };
  }
  if (stop !== null) yield { kind: 'killed', run, kill: stop };
  // Behind Killed, which would take it away.
  if (foreseen !== null) yield { kind: 'foreseen', run, task: foreseen.task };
  if (foreseen?.inDoubt === true) yield { kind: 'doubted', run };
  if (active.rebooting) yield { kind: 'reboot', run };
  if (why !== null) yield { kind: 'reboot-refused', run, why };
}
