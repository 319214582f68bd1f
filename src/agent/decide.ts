/**
 * The agent's mind: what an event means, given the ledger. Pure, so that the simulator runs this very code. The caller performs
 * `ahead`, makes `records` durable, applies them, and only then performs `effects`, in order; a crash in between loses effects,
 * never records, and `restarted` makes up for them.
 *
 * The law: no run id starts twice, and what was started is accounted for.
 */
import { digestOf } from '../core/canonical/digest.ts';
import { cutText, executionSummary, SUMMARY_BYTES_MAX } from '../core/document/output.ts';
import { mergeReports } from '../core/document/put-compliance.ts';
import type { Instant, NodeId, RunId } from '../core/model/brand.ts';
import { instant } from '../core/model/brand.ts';
import type { ComplianceReport } from '../core/model/compliance.ts';
import { invariant, present, unreachable } from '../core/model/errors.ts';
import type { RunResult, StepResult } from '../core/model/run.ts';
import type {
  AgentMessage,
  Job,
  RefusalCode,
  ServerMessage,
  SignedEnvelope,
} from '../protocol/messages.ts';
import { REFRESH_MAX } from '../protocol/messages.ts';
import { parseJob } from '../protocol/parse.ts';
import { ciphertextsOf } from './ciphertexts.ts';
import type { Kill, TaskHistory } from './flow.ts';
import { nextOf, stepOf } from './flow.ts';
import type { ActiveRun, LedgerRecord, LedgerState } from './ledger.ts';
import { applyRecord, endedRun, isLowerFence } from './ledger.ts';
import { boundResult, noOutput } from './output.ts';
import type { ExecutorEvent, Task, TaskOrder, TaskOutcome } from './ports.ts';
import { sameTask } from './ports.ts';
import type { RunPlan } from './prepare.ts';

/** What does not change while the agent runs. */
export type AgentContext = {
  readonly node: NodeId;
  /** By the daemon whose key was pinned at registration. */
  readonly isSigned: (envelope: SignedEnvelope) => boolean;
  readonly bootId: string;
  /** `prepareRun` for this node: the same job always gives the same steps. */
  readonly prepare: (job: Job) => RunPlan;
};

export type AgentInput =
  | { readonly kind: 'said'; readonly message: ServerMessage }
  /** The process begins: whatever was decided before may or may not have been done. */
  | { readonly kind: 'restarted' }
  /** Asked for by the effect `begin`, when the intent is durable. */
  | { readonly kind: 'begin'; readonly run: RunId }
  /** Instead of `begin`: a SecureString could not be opened; the text names it. */
  | { readonly kind: 'locked'; readonly run: RunId; readonly message: string }
  | { readonly kind: 'run-deadline'; readonly run: RunId }
  | ExecutorEvent;

export type Effect =
  | { readonly kind: 'send'; readonly message: AgentMessage }
  | { readonly kind: 'begin'; readonly run: RunId }
  | StartEffect
  /** It was foreseen: whatever can be done for it while another task runs, without beginning it. */
  | { readonly kind: 'prepare'; readonly order: TaskOrder }
  | { readonly kind: 'adopt'; readonly order: TaskOrder; readonly rebooted: boolean }
  | { readonly kind: 'kill'; readonly run: RunId }
  | { readonly kind: 'reboot'; readonly run: RunId }
  /** `run-deadline` after so long; one timer, replaced by the next. */
  | { readonly kind: 'arm'; readonly run: RunId; readonly afterMs: number }
  | { readonly kind: 'release'; readonly run: RunId }
  | { readonly kind: 'warn'; readonly event: string; readonly detail: string };

export type StartEffect = { readonly kind: 'start'; readonly order: TaskOrder };

export type Decision = {
  /**
   * May be done before the records are durable, because a record of an earlier decision says that it may have been: the start
   * of a task that was foreseen. Done once, whatever becomes of the records, and these are kept until they are written.
   */
  readonly ahead?: StartEffect;
  readonly records: readonly LedgerRecord[];
  readonly effects: readonly Effect[];
};

/** A job may come from a clock this much ahead of ours; how far behind it may be is the job's own not-after. */
const skewMsMax = 5 * 60_000;
const tombstoneMs = 24 * 3_600_000;

const nothing: Decision = { records: [], effects: [] };

export function decide(
  context: AgentContext,
  state: LedgerState,
  input: AgentInput,
  now: Instant,
): Decision {
  switch (input.kind) {
    case 'said':
      return answer(context, state, input.message, now);
    case 'restarted':
      return state.active === null ? nothing : resume(context, state.active, now);
    case 'begin':
      return forActive(state, input.run, (active) => begin(context, active, now));
    case 'locked':
      return forActive(state, input.run, (active) => locked(active, input.message, now));
    case 'task-ended':
      return forTask(state, input, (active) => taskEnded(context, active, input, now));
    case 'task-unborn':
      return forTask(state, input, (active) => taskUnborn(context, active, input.task, now));
    case 'reboot-refused':
      return forActive(state, input.run, (active) =>
        rebootRefused(context, active, input.why, now),
      );
    case 'task-deadline':
      return forTask(state, input, (active) => kill(active, stepTimeout));
    case 'run-deadline':
      return forActive(state, input.run, (active) => kill(active, runTimeout(active.job)));
    default:
      return unreachable(input);
  }
}

// --- what the daemon says -------------------------------------------------------------------------------------

function answer(
  context: AgentContext,
  state: LedgerState,
  message: ServerMessage,
  now: Instant,
): Decision {
  switch (message.kind) {
    case 'job':
      return offered(context, state, message.envelope, now);
    case 'revoke':
      return revoke(state, message.run, now);
    case 'cancel':
      if (state.active?.job.run !== message.run) return revoke(state, message.run, now);
      return kill(state.active, {
        scope: 'run',
        status: 'Cancelled',
        reason: message.reason === '' ? 'cancelled' : `cancelled: ${message.reason}`,
      });
    case 'ack':
      return state.spool.has(message.run)
        ? { records: [{ kind: 'acked', run: message.run }], effects: [] }
        : nothing;
    case 'welcome':
      return { records: [], effects: [...state.spool.values()].map(sendResult) };
    case 'proof':
    case 'wait':
    case 'refused':
      return nothing; // the connection's business
    default:
      return unreachable(message);
  }
}

function offered(
  context: AgentContext,
  state: LedgerState,
  envelope: SignedEnvelope,
  now: Instant,
): Decision {
  const parsed = parseJob(envelope.payload);
  if (!parsed.ok) return warn('job-malformed', parsed.error);
  const job = parsed.value;
  if (!context.isSigned(envelope)) {
    return refuse(job, 'BadSignature', 'not signed by the pinned key of the daemon');
  }
  if (job.node !== context.node) return refuse(job, 'WrongNode', `meant for ${job.node}`);
  const known = alreadyKnown(state, job.run, job);
  if (known !== null) return known;
  if (isLowerFence(job.fence, state.fence)) {
    const seen = `${state.fence.epoch}/${state.fence.position}`;
    return refuse(job, 'StaleEpoch', `${job.fence.epoch}/${job.fence.position} after ${seen}`);
  }
  if (job.notAfter < now) return refuse(job, 'Expired', `it is ${now}, past ${job.notAfter}`);
  if (job.notBefore > now + skewMsMax) {
    return refuse(job, 'NotYet', `it is ${now}, before ${job.notBefore}`);
  }
  const documents = [job.document, ...Object.values(job.documents)];
  const isWhole =
    documents.every(({ content, digest }) => digestOf(content) === digest) &&
    digestOf(job.parameters) === job.parametersDigest;
  if (!isWhole) return refuse(job, 'BadDigest', 'content differs from its digest');
  if (state.active !== null)
    return send({ kind: 'busy', run: job.run, with: state.active.job.run });
  return {
    records: [
      { kind: 'received', payload: envelope.payload, at: now },
      { kind: 'intent', run: job.run, bootId: context.bootId, at: now },
    ],
    effects: [
      { kind: 'send', message: { kind: 'accepted', run: job.run } },
      { kind: 'begin', run: job.run },
    ],
  };
}

/** The answer to an offer, a revocation or a cancellation of a run that the ledger knows; null when it does not. */
function alreadyKnown(state: LedgerState, run: RunId, job: Job | null): Decision | null {
  const { active } = state;
  if (active?.job.run === run) {
    const at = active.startedAt;
    return at === null
      ? send({ kind: 'accepted', run })
      : send({ kind: 'accepted', run }, { kind: 'started', run, at });
  }
  const unacked = state.spool.get(run);
  if (unacked !== undefined) return send({ kind: 'result', result: unacked });
  const ended = endedRun(state, run, job?.association ?? null);
  if (ended === null) return null;
  return send(
    ended.last === null ? { kind: 'revoked', run } : { kind: 'already', last: ended.last },
  );
}

/** Not started yet? Then never. What has started goes on, and its result tells. */
function revoke(state: LedgerState, run: RunId, now: Instant): Decision {
  const { active } = state;
  if (active?.job.run === run && active.startedAt !== null) {
    return send({ kind: 'busy', run, with: run });
  }
  const known = active?.job.run === run ? null : alreadyKnown(state, run, null);
  if (known !== null) return known;
  return {
    records: [{ kind: 'revoked', run, keepUntil: instant(now + tombstoneMs) }],
    effects: [
      { kind: 'send', message: { kind: 'revoked', run } },
      { kind: 'release', run },
    ],
  };
}

// --- a run from begin to end ----------------------------------------------------------------------------------

/** The intent is durable. A machine may have slept for a week since. */
function begin(context: AgentContext, active: ActiveRun, now: Instant): Decision {
  const { job } = active;
  if (active.startedAt !== null) return nothing;
  if (job.notAfter >= now || active.stop !== null) return proceed(context, active, now, []);
  const refusal = refuse(job, 'Expired', `it is ${now}, past ${job.notAfter}`);
  return {
    records: [{ kind: 'dropped', run: job.run }],
    effects: [...refusal.effects, { kind: 'release', run: job.run }],
  };
}

/** Nothing of the run has started: a script without its secret would do something that nobody wrote. */
function locked(active: ActiveRun, message: string, now: Instant): Decision {
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

function taskEnded(
  context: AgentContext,
  active: ActiveRun,
  { task, outcome }: { readonly task: Task; readonly outcome: TaskOutcome },
  now: Instant,
): Decision {
  const exited: LedgerRecord = { kind: 'exited', run: active.job.run, task, outcome };
  return proceed(context, after(active, exited), now, [exited]);
}

/** Recorded as started, and it never was: as if untouched, so that a stop that came meanwhile keeps it from starting. */
function taskUnborn(context: AgentContext, active: ActiveRun, task: Task, now: Instant): Decision {
  const unborn: LedgerRecord = { kind: 'unborn', run: active.job.run, task };
  return proceed(context, after(active, unborn), now, [unborn]);
}

/** The next task, or the end. `records` come first and are part of `active` already. */
function proceed(
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
  const perhaps = foreseen?.inDoubt === true && isAnotherBoot ? foreseen.task : null;
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
      return { records: all, effects: [...first, start, ...prepare] };
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

function end(active: ActiveRun, records: readonly LedgerRecord[], whole: RunResult): Decision {
  const result = boundResult(whole);
  return {
    records: [...records, { kind: 'finished', result }],
    effects: [sendResult(result), { kind: 'release', run: active.job.run }],
  };
}

function resultOf(
  { job, startedAt }: ActiveRun,
  now: Instant,
): Pick<RunResult, 'run' | 'execution' | 'association' | 'startedAt' | 'finishedAt'> {
  const { run, execution, association } = job;
  return { run, execution, association, startedAt: startedAt ?? now, finishedAt: now };
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

/** A process begins anew and finds a run that is not over. */
function resume(context: AgentContext, active: ActiveRun, now: Instant): Decision {
  const { job, startedAt } = active;
  const { run } = job;
  if (startedAt === null) {
    // The machine may have restarted since it was meant to run: its tasks will run in this boot, and none was cut.
    const { bootId } = context;
    const records: readonly LedgerRecord[] =
      active.bootId === bootId ? [] : [{ kind: 'intent', run, bootId, at: now }];
    return { records, effects: [{ kind: 'begin', run }] };
  }
  if (active.rebooting) return afterReboot(context, active, now);
  const running = runningTask(active);
  if (running === null) return proceed(context, active, now, []);
  const order = orderOf(context, active, running.task);
  const killAgain: readonly Effect[] = running.kill === null ? [] : [{ kind: 'kill', run }];
  const isNewDoubt = active.foreseen?.inDoubt === false;
  return {
    records: isNewDoubt ? [{ kind: 'doubted', run }] : [],
    effects: [
      ...armOf(job, startedAt, now),
      { kind: 'adopt', order, rebooted: isRebooted(context, active) },
      ...killAgain,
    ],
  };
}

/** The agent is back before the machine went down, or after it: then the step that asked runs again, and no other did. */
function afterReboot(context: AgentContext, active: ActiveRun, now: Instant): Decision {
  const { job, startedAt } = active;
  const { run } = job;
  if (!isRebooted(context, active)) return { records: [], effects: [{ kind: 'reboot', run }] };
  const rebooted: LedgerRecord = { kind: 'rebooted', run, bootId: context.bootId };
  const decision = proceed(context, after(active, rebooted), now, [rebooted]);
  const effects = [...armOf(job, startedAt ?? now, now), ...decision.effects];
  return { ...decision, effects };
}

function rebootRefused(
  context: AgentContext,
  active: ActiveRun,
  why: string,
  now: Instant,
): Decision {
  if (!active.rebooting) return nothing;
  const refused: LedgerRecord = { kind: 'reboot-refused', run: active.job.run, why };
  return proceed(context, after(active, refused), now, [refused]);
}

/** As often as the stock agent resumes a document (spec/documents.md §5.4). */
const REBOOTS_MAX = 15;

function whyNoReboot({ noReboot, history }: ActiveRun): string | null {
  if (noReboot !== null) return noReboot;
  const done = history.filter(({ rebooted }) => rebooted === true).length;
  return done < REBOOTS_MAX ? null : `the run has restarted the machine ${REBOOTS_MAX} times`;
}

/** Recorded first, killed second; a second reason for the same task changes nothing. */
function kill(active: ActiveRun, why: Kill): Decision {
  const { run } = active.job;
  const running = runningTask(active);
  if (why.scope === 'run' ? active.stop !== null : running?.kill !== null) return nothing;
  return {
    records: [{ kind: 'killed', run, kill: why }],
    effects: running === null ? [] : [{ kind: 'kill', run }],
  };
}

const stepTimeout: Kill = {
  scope: 'step',
  status: 'TimedOut',
  reason: 'killed, because its time-out had passed',
};
const runTimeout = ({ timeoutMs }: Job): Kill => ({
  scope: 'run',
  status: 'TimedOut',
  reason: `stopped, because the whole run may take ${(timeoutMs ?? 0) / 1000} s`,
});
/** Never recorded: it follows from the boot id. */
const reboot: Kill = {
  scope: 'run',
  status: 'Cancelled',
  reason: 'not started, because the machine was restarted in between',
};

const isCutByReboot = ({ reason }: { readonly reason: string }): boolean =>
  reason === reboot.reason;
const isRebooted = (context: AgentContext, active: ActiveRun): boolean =>
  active.startedAt !== null && active.bootId !== context.bootId;

/** The task that follows if the one that runs ends well; null when it is not known, or none does. */
function foreseeNext(context: AgentContext, active: ActiveRun, now: Instant): TaskOrder | null {
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

// --- small words ----------------------------------------------------------------------------------------------

function forActive(
  state: LedgerState,
  run: RunId,
  then: (active: ActiveRun) => Decision,
): Decision {
  return state.active?.job.run === run ? then(state.active) : nothing;
}

/** Late words about a task that has ended are ignored. */
function forTask(
  state: LedgerState,
  { run, task }: { readonly run: RunId; readonly task: Task },
  then: (active: ActiveRun) => Decision,
): Decision {
  return forActive(state, run, (active) => {
    const running = runningTask(active);
    return running !== null && sameTask(running.task, task) ? then(active) : nothing;
  });
}

function runningTask({ history }: ActiveRun): TaskHistory | null {
  const last = history.at(-1);
  return last?.outcome === null ? last : null;
}

/** The run as it will be once the record is applied. */
function after(active: ActiveRun, record: LedgerRecord): ActiveRun {
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

function orderOf(context: AgentContext, active: ActiveRun, task: Task): TaskOrder {
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

const armOf = ({ run, timeoutMs }: Job, startedAt: Instant, now: Instant): readonly Effect[] =>
  timeoutMs === null
    ? []
    : [
        {
          kind: 'arm',
          run,
          afterMs: Math.max(0, Math.min(timeoutMs, startedAt + timeoutMs - now)),
        },
      ];

const sendResult = (result: RunResult): Effect => ({
  kind: 'send',
  message: { kind: 'result', result },
});

const send = (...messages: readonly AgentMessage[]): Decision => ({
  records: [],
  effects: messages.map((message) => ({ kind: 'send', message })),
});

const refuse = ({ run }: Job, code: RefusalCode, message: string): Decision =>
  send({ kind: 'refused', run, code, message });

const warn = (event: string, detail: string): Decision => ({
  records: [],
  effects: [{ kind: 'warn', event, detail }],
});
