/**
 * The way through a document's steps: pure, so that the simulator walks it too. Which step comes next, which are skipped,
 * what an exit code means, how the run ends. Texts and rules: spec/documents.md §3.3 to §3.6.
 */
import { RUN_DOCUMENT } from '../core/document/actions.ts';
import type { SharedInputs } from '../core/document/exit.ts';
import {
  concludeList,
  concludeScript,
  concludeUnstarted,
  EXIT_KILLED,
  EXIT_REBOOT,
  EXIT_SUCCESS_AND_STOP,
  ON_FAILURE_NOTE,
} from '../core/document/exit.ts';
import { invalidInputsText } from '../core/document/inputs.ts';
import type { PreparedStep } from '../core/document/prepared.ts';
import { documentState, mergeStates } from '../core/document/status.ts';
import type { Instant } from '../core/model/brand.ts';
import { invariant, present } from '../core/model/errors.ts';
import type { Json, JsonObject } from '../core/model/json.ts';
import { isJsonObject } from '../core/model/json.ts';
import type { RunStatus, StepResult, StepStatus } from '../core/model/run.ts';
import { appendStreams, appendText, joinStreams, noOutput } from './output.ts';
import type { Task, TaskOutcome } from './ports.ts';

/** What a step of `aws:runDocument` stands for. */
export type Opened =
  | { readonly kind: 'steps'; readonly steps: readonly PreparedStep[] }
  /** It lies in a file: a task reads it, and its text is in the task's outcome from then on. */
  | { readonly kind: 'unread' }
  | { readonly kind: 'failure'; readonly text: string };

/** Pure. `depth` counts the documents around the step, `text` is what its task has read. */
export type OpenDocument = (inputs: JsonObject, depth: number, text: string | null) => Opened;

/** A task that was started, and how it ended once it has. */
export type TaskHistory = {
  readonly task: Task;
  readonly startedAt: Instant;
  /** We killed it, and why. */
  readonly kill: Kill | null;
  readonly outcome: TaskOutcome | null;
  /** It asked for a restart of the machine and got it: the same task starts anew. */
  readonly rebooted?: true;
};

/** `scope: run` ends the run: nothing else of it starts. */
export type Kill = {
  readonly scope: 'step' | 'run';
  readonly status: 'TimedOut' | 'Cancelled';
  readonly reason: string;
};

export type Flow = {
  readonly steps: readonly PreparedStep[];
  /** In the order in which they were started. */
  readonly history: readonly TaskHistory[];
  /** The run was stopped as a whole. */
  readonly stop: Kill | null;
  /** A task that may have begun without a record of it, in a boot that is over. */
  readonly perhaps: Task | null;
  readonly open: OpenDocument;
  /** Why the machine will not be restarted, whatever a step asks for; null when it will. */
  readonly noReboot: string | null;
};

export type Next =
  | { readonly kind: 'wait'; readonly task: Task }
  | { readonly kind: 'start'; readonly task: Task; readonly inputs: JsonObject }
  /** The task asked for a restart of the machine, after which it starts anew. */
  | { readonly kind: 'reboot'; readonly task: Task }
  | {
      readonly kind: 'end';
      readonly status: RunStatus;
      readonly interrupted: boolean;
      readonly steps: readonly StepResult[];
    };

/** What to do now, from the first step on: a pure function of what has happened so far. */
export function nextOf(flow: Flow): Next {
  const next = walk(flow, 0);
  if (next.kind !== 'start' || flow.history.length < TASKS_MAX) return next;
  return walk({ ...flow, stop: flow.stop ?? tooManyTasks }, 0);
}

/** Documents that run each other many times over are a bomb; the ledger keeps an outcome for every task. */
export const TASKS_MAX = 1_000;
const tooManyTasks: Kill = {
  scope: 'run',
  status: 'Cancelled',
  reason: `not started: a run has at most ${TASKS_MAX} tasks`,
};

/** `depth` counts the documents around these steps. */
function walk(flow: Flow, depth: number): Next {
  const { steps, history, stop } = flow;
  const results: StepResult[] = [];
  let exited = false;
  let interrupted = false;
  for (const [index, step] of steps.entries()) {
    const isFinally = step.finallyStep && index === steps.length - 1;
    const past = history.filter(({ task }) => task.step === index);
    if (flow.perhaps?.step === index && past.length === 0 && (interrupted || stop !== null)) {
      results.push({ ...notRun(step, 'Failed', perhapsBegun), exitCode: -1 });
      interrupted = true;
      continue;
    }
    if (interrupted || (exited && !isFinally)) {
      results.push(notRun(step, 'Skipped', interrupted ? afterInterruption : afterExit(step)));
      continue;
    }
    if (step.disposition === 'Skip') {
      results.push(notRun(step, 'Skipped', step.reason));
      continue;
    }
    if (step.disposition === 'Fail') {
      const left = failUnstarted(step);
      results.push(left.result);
      exited ||= left.stops;
      continue;
    }
    const shared = Array.isArray(step.inputs) ? null : step;
    const ends: Ended[] = [];
    const elements = elementsOf(step.inputs);
    for (const [element, inputs] of elements.entries()) {
      if (!isJsonObject(inputs)) {
        const text = invalidInputsText(inputs, 'inputs must be a map');
        ends.push({ ...failedWith(text), stops: false });
        continue;
      }
      const own = past.filter(({ task }) => task.element === element);
      const task: Task = { step: index, element };
      const way =
        step.action === RUN_DOCUMENT
          ? throughDocument(flow, { task, inputs, own, shared, depth })
          : throughTask(flow, { task, inputs, own, shared });
      if (way.kind !== 'stopped' && way.kind !== 'ended') return way;
      if (way.kind === 'stopped') break;
      ends.push(way.end);
      interrupted = way.interrupted;
      if (interrupted) break;
    }
    if (elements.length > 0 && ends.length === 0 && stop !== null) {
      results.push(notRun(step, stop.status, stop.reason));
      continue;
    }
    const merged = mergeTasks(step, past, ends);
    const left = shared === null ? leaveList(merged) : { result: merged, stops: false };
    results.push(left.result);
    exited ||= left.stops || ends.some(({ stops }) => stops);
  }
  return { kind: 'end', status: statusOf(results), interrupted, steps: results };
}

type Element = {
  readonly task: Task;
  readonly inputs: JsonObject;
  /** What has happened of it. */
  readonly own: readonly TaskHistory[];
  /** Null for one of a list: shared inputs are read where inputs are a map only. */
  readonly shared: SharedInputs | null;
};
type Way =
  | Exclude<Next, { kind: 'end' }>
  /** The run was stopped before it began. */
  | { readonly kind: 'stopped' }
  | { readonly kind: 'ended'; readonly end: Ended; readonly interrupted: boolean };

function throughTask(flow: Flow, { task, inputs, own, shared }: Element): Way {
  const { stop, noReboot } = flow;
  const last = own.at(-1);
  if (last?.outcome === null) return { kind: 'wait', task: last.task };
  if (last === undefined || last.rebooted === true) {
    return stop === null ? { kind: 'start', task, inputs } : { kind: 'stopped' };
  }
  if (asksForReboot(last) && noReboot === null && stop === null) return { kind: 'reboot', task };
  const end = endOfTask(last, shared, noReboot ?? stop?.reason ?? '');
  const before = own.slice(0, -1).flatMap(({ outcome }) => outcome ?? []);
  return {
    kind: 'ended',
    end: {
      ...end,
      // What it wrote before each restart comes first.
      stdout: joinStreams([...before.map(({ stdout }) => stdout), end.stdout]),
      stderr: joinStreams([...before.map(({ stderr }) => stderr), end.stderr]),
    },
    interrupted: isInterrupted(last),
  };
}

const asksForReboot = ({ kill, outcome }: TaskHistory): boolean =>
  outcome?.exitCode === EXIT_REBOOT && kill === null;

/** The document's own steps, one task each; before them, one that reads it where it lies in a file. */
function throughDocument(flow: Flow, element: Element & { readonly depth: number }): Way {
  const { task, inputs, own, shared, depth } = element;
  const read = own.find((past) => past.task.inner === undefined);
  if (own.length === 0 && flow.stop !== null) return { kind: 'stopped' };
  if (read !== undefined && read.outcome?.document === undefined) {
    return throughTask(flow, { ...element, own: [read] });
  }
  const opened = flow.open(inputs, depth, read?.outcome?.document ?? null);
  if (opened.kind === 'unread') return throughTask(flow, { ...element, own: [] });
  if (opened.kind === 'failure') {
    const end = concluded(failedWith(opened.text), shared);
    return { kind: 'ended', end, interrupted: false };
  }
  const history = own.flatMap((past) =>
    past.task.inner === undefined ? [] : [{ ...past, task: past.task.inner }],
  );
  const { perhaps } = flow;
  const inner = perhaps !== null && isWithin(perhaps, task) ? (perhaps.inner ?? null) : null;
  const next = walk({ ...flow, steps: opened.steps, history, perhaps: inner }, depth + 1);
  if (next.kind !== 'end') return { ...next, task: { ...task, inner: next.task } };
  const { interrupted } = next;
  return { kind: 'ended', end: concluded(mergeInner(next.steps), shared), interrupted };
}

/**
 * The step that a task is of and the task's inputs, found the way `nextOf` went.
 * @throws InvariantError for a task that `nextOf` never gave
 */
export function stepOf(
  flow: Flow,
  task: Task,
  depth = 0,
): { step: PreparedStep; inputs: JsonObject } {
  const step = present(flow.steps[task.step], `step ${task.step} was prepared before`);
  const inputs = elementsOf(step.inputs)[task.element];
  invariant(inputs !== undefined && isJsonObject(inputs), 'the element was a map before');
  const { inner } = task;
  if (inner === undefined) return { step, inputs };
  const own = flow.history.filter((past) => isWithin(past.task, task));
  const text = own.find((past) => past.task.inner === undefined)?.outcome?.document ?? null;
  const opened = flow.open(inputs, depth, text);
  invariant(opened.kind === 'steps', 'a document with a task in it was opened before');
  const history = own.flatMap((past) =>
    past.task.inner === undefined ? [] : [{ ...past, task: past.task.inner }],
  );
  return stepOf({ ...flow, steps: opened.steps, history }, inner, depth + 1);
}

const isWithin = (a: Task, b: Task): boolean => a.step === b.step && a.element === b.element;

/**
 * Inputs of each task of a step: a map is one, a list of maps is one per element (1.2 `properties`). Nothing is an empty
 * map; what else is no map is no task.
 */
function elementsOf(inputs: Json): readonly Json[] {
  const elements: readonly Json[] = Array.isArray(inputs) ? inputs : [inputs];
  return elements.map((element) => element ?? {});
}

const isInterrupted = ({ kill, outcome }: TaskHistory): boolean =>
  outcome?.exitCode === null && kill === null;

const perhapsBegun =
  'interrupted: it may have begun when the step before it ended, and nobody knows';
const afterInterruption = 'not started, because the run was interrupted';
const afterExit = (step: PreparedStep): string =>
  `Plugin with name ${step.action} and id ${step.name} skipped due to prior step with an exit condition`;

function notRun(
  { name, action }: PreparedStep,
  status: 'Skipped' | 'Failed' | 'Cancelled' | 'TimedOut',
  reason: string,
): StepResult {
  const times = { startedAt: null, finishedAt: null };
  const exitCode = status === 'Cancelled' || status === 'TimedOut' ? 1 : 0;
  const streams = { stdout: noOutput, stderr: noOutput };
  return { name, action, status, exitCode, reason, ...times, ...streams };
}

// --- how steps end --------------------------------------------------------------------------------------------

type Ended = Pick<StepResult, 'status' | 'exitCode' | 'reason' | 'stdout' | 'stderr'> & {
  /** Later steps are skipped, but for a finally step. */
  readonly stops: boolean;
};
type Left = { readonly result: StepResult; readonly stops: boolean };

function failUnstarted(step: PreparedStep): Left {
  const { state, exitCode, stops } = concludeUnstarted(step);
  return { result: { ...notRun(step, state, step.reason), exitCode }, stops };
}

/** A list as a whole, after its scripts: code 168 or 169, when it is the first that is not 0. */
function leaveList(result: StepResult): Left {
  const { stops, stdoutNote, stderrNote, clearsStderr } = concludeList(result.exitCode);
  const ended = clearsStderr ? { status: 'Success' as const, reason: '', stderr: noOutput } : {};
  const { stdout, stderr } = { ...result, ...ended };
  return {
    result: {
      ...result,
      ...ended,
      stdout: appendText(stdout, stdoutNote),
      stderr: appendText(stderr, stderrNote),
    },
    stops,
  };
}

function endOfTask(
  { kill, outcome }: TaskHistory,
  shared: SharedInputs | null,
  noReboot: string,
): Ended {
  invariant(outcome !== null, 'only tasks that ended are merged');
  const { failure, stdout, stderr } = outcome;
  const isKilled = kill !== null && (outcome.exitCode === null || outcome.exitCode === EXIT_KILLED);
  if (outcome.exitCode === null && !isKilled) {
    const reason = 'interrupted: the step and its supervisor are gone';
    return { status: 'Failed', exitCode: -1, reason, stdout, stderr, stops: false };
  }
  const code = isKilled ? EXIT_KILLED : (outcome.exitCode ?? EXIT_KILLED);
  const killedBy = !isKilled ? null : kill.status === 'Cancelled' ? 'cancel' : 'timeout';
  const concluded = concludeScript(code, { platformType: 'Linux', killedBy }, shared);
  // Why a task could not be performed stands where its exit status would.
  const note =
    failure === ''
      ? concluded.stderrNote
      : concluded.stderrNote.replace(`failed to run commands: exit status ${code}`, () => failure);
  const unheard = concluded.state === 'SuccessAndReboot';
  return {
    status: concluded.state === 'SuccessAndReboot' ? 'Failed' : concluded.state,
    exitCode: concluded.exitCode,
    reason: unheard
      ? `asked for a reboot (exit code ${EXIT_REBOOT}), which is not done: ${noReboot}; later steps would not expect to run now`
      : isKilled
        ? kill.reason
        : code === EXIT_KILLED
          ? byOthers
          : failure,
    stdout: appendText(stdout, concluded.stdoutNote),
    stderr: concluded.clearsStderr ? noOutput : appendText(stderr, note),
    stops: concluded.stops || unheard,
  };
}

const byOthers = 'ended with code 137, though no time-out of ours had passed';

/** Outputs joined, the first code that is not 0, the worst status (spec/documents.md §3.1). No element: Success. */
function mergeTasks(
  step: PreparedStep,
  past: readonly TaskHistory[],
  ends: readonly Ended[],
): StepResult {
  const worst = worstOf(ends.map(({ status }) => status));
  return {
    name: step.name,
    action: step.action,
    status: worst,
    exitCode: ends.find(({ exitCode }) => exitCode !== 0)?.exitCode ?? 0,
    reason: ends.find(({ status, reason }) => status === worst && reason !== '')?.reason ?? '',
    startedAt: past[0]?.startedAt ?? null,
    finishedAt: past.at(-1)?.outcome?.finishedAt ?? null,
    stdout: joinStreams(ends.map(({ stdout }) => stdout)),
    stderr: joinStreams(ends.map(({ stderr }) => stderr)),
  };
}

/** No status at all is Success. */
function worstOf(statuses: readonly StepStatus[]): StepStatus {
  return statuses.reduce<StepStatus>(
    (current, next) => (mergeStates(current, next) === next ? next : current),
    statuses[0] ?? 'Success',
  );
}

type Inner = Omit<Ended, 'stops'>;

/**
 * The steps of an inner document as one result, in their order. The reference leaves code 0 on a failure; ours is 1, and
 * a time-out or a cancellation keeps its own.
 */
function mergeInner(steps: readonly StepResult[]): Inner {
  const status = worstOf(steps.map((step) => step.status));
  const worst = steps.find((step) => step.status === status);
  const code = status === 'Success' || status === 'Skipped' ? 0 : (worst?.exitCode ?? 0);
  return {
    status,
    exitCode: status === 'Failed' ? 1 : code,
    reason: status === 'Failed' || status === 'Success' ? '' : (worst?.reason ?? ''),
    stdout: appendStreams(steps.map(({ stdout }) => stdout)),
    // A step that failed before it ran says why where its output would be.
    stderr: appendStreams(
      steps.map((step) =>
        step.status === 'Failed' && step.startedAt === null && step.stderr.text === ''
          ? appendText(step.stderr, step.reason)
          : step.stderr,
      ),
    ),
  };
}

const failedWith = (text: string): Inner => ({
  status: 'Failed',
  exitCode: 1,
  reason: text,
  stdout: noOutput,
  stderr: appendText(noOutput, text),
});

/** What the shared inputs of the step make of it. Exit codes 168 and 169 of inner steps end the inner document only. */
function concluded(inner: Inner, shared: SharedInputs | null): Ended {
  if (inner.status === 'Success') return { ...inner, stops: shared?.onSuccess === 'exit' };
  const onFailure = shared?.onFailure ?? null;
  if (inner.status !== 'Failed' || onFailure === null) return { ...inner, stops: false };
  const note = ON_FAILURE_NOTE;
  const succeeds = onFailure === 'successAndExit';
  return {
    ...inner,
    status: succeeds ? 'Success' : 'Failed',
    exitCode: succeeds ? EXIT_SUCCESS_AND_STOP : inner.exitCode,
    stdout: appendText(inner.stdout, note),
    stderr: appendText(inner.stderr, note),
    stops: true,
  };
}

function statusOf(steps: readonly StepResult[]): RunStatus {
  const state = documentState(steps.map(({ status }) => status));
  invariant(state !== 'SuccessAndReboot' && state !== 'InProgress', 'every step has ended');
  return state;
}
