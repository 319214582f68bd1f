/**
 * The way through a document's steps: pure, so that the simulator walks it too. Which step comes next, which are skipped,
 * what an exit code means, how the run ends. Texts and rules: spec/documents.md §3.3 to §3.6.
 */
import { concludeScript, concludeUnstarted, EXIT_KILLED } from '../core/document/exit.ts';
import type { PreparedStep } from '../core/document/prepared.ts';
import { documentState, mergeStates } from '../core/document/status.ts';
import type { Instant } from '../core/model/brand.ts';
import { invariant } from '../core/model/errors.ts';
import type { Json, JsonObject } from '../core/model/json.ts';
import { isJsonObject } from '../core/model/json.ts';
import type { RunStatus, StepResult, StepStatus } from '../core/model/run.ts';
import { appendText, joinStreams, noOutput } from './output.ts';
import type { Task, TaskOutcome } from './ports.ts';

/** A task that was started, and how it ended once it has. */
export type TaskHistory = {
  readonly task: Task;
  readonly startedAt: Instant;
  /** We killed it, and why. */
  readonly kill: Kill | null;
  readonly outcome: TaskOutcome | null;
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
};

export type Next =
  | { readonly kind: 'wait'; readonly task: Task }
  | { readonly kind: 'start'; readonly task: Task; readonly inputs: JsonObject }
  | {
      readonly kind: 'end';
      readonly status: RunStatus;
      readonly interrupted: boolean;
      readonly steps: readonly StepResult[];
    };

/** What to do now, from the first step on: a pure function of what has happened so far. */
export function nextOf({ steps, history, stop }: Flow): Next {
  const results: StepResult[] = [];
  let exited = false;
  let interrupted = false;
  for (const [index, step] of steps.entries()) {
    const isFinally = step.finallyStep && index === steps.length - 1;
    if (interrupted || (exited && !isFinally)) {
      results.push(notRun(step, 'Skipped', interrupted ? afterInterruption : afterExit(step)));
      continue;
    }
    if (step.disposition === 'Skip') {
      results.push(notRun(step, 'Skipped', step.reason));
      continue;
    }
    const past = history.filter(({ task }) => task.step === index);
    if (step.disposition === 'Run') {
      const elements = elementsOf(step.inputs);
      const pending = past.find(({ outcome }) => outcome === null);
      if (pending !== undefined) return { kind: 'wait', task: pending.task };
      const element = elements[past.length];
      const isLost = past.some(isInterrupted);
      if (element !== undefined && stop === null && !isLost) {
        return { kind: 'start', task: { step: index, element: past.length }, inputs: element };
      }
      if (element !== undefined && stop !== null && past.length === 0) {
        results.push(notRun(step, stop.status, stop.reason));
        continue;
      }
      interrupted = isLost;
    }
    const left = step.disposition === 'Fail' ? failUnstarted(step) : mergeTasks(step, past);
    results.push(left.result);
    exited ||= left.stops;
  }
  return { kind: 'end', status: statusOf(results), interrupted, steps: results };
}

/** Inputs of each task of a step: a map is one, a list of maps is one per element (1.2 `properties`). */
export function elementsOf(inputs: Json): readonly JsonObject[] {
  const elements: readonly Json[] = Array.isArray(inputs) ? inputs : [inputs];
  return elements.map((element) => (isJsonObject(element) ? element : {}));
}

const isInterrupted = ({ kill, outcome }: TaskHistory): boolean =>
  outcome?.exitCode === null && kill === null;

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
  return { result: { ...notRun(step, 'Failed', step.reason), status: state, exitCode }, stops };
}

function endOfTask({ kill, outcome }: TaskHistory, shared: Shared): Ended {
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
  const asksForReboot = concluded.state === 'SuccessAndReboot';
  return {
    status: concluded.state === 'SuccessAndReboot' ? 'Failed' : concluded.state,
    exitCode: concluded.exitCode,
    reason: asksForReboot
      ? noReboot
      : isKilled
        ? kill.reason
        : code === EXIT_KILLED
          ? byOthers
          : failure,
    stdout: appendText(stdout, concluded.stdoutNote),
    stderr: concluded.clearsStderr ? noOutput : appendText(stderr, note),
    stops: concluded.stops || asksForReboot,
  };
}

const byOthers = 'ended with code 137, though no time-out of ours had passed';
const noReboot =
  'asked for a reboot (exit code 194), which is not done; later steps would not expect to run now';

/** Outputs joined, the first code that is not 0, the worst status (spec/documents.md §3.1). No element: Success. */
function mergeTasks(step: PreparedStep, past: readonly TaskHistory[]): Left {
  // Shared inputs are read when inputs are a map only.
  const shared = Array.isArray(step.inputs) ? { onFailure: null, onSuccess: null } : step;
  const ends = past.map((task) => endOfTask(task, shared));
  const statuses = ends.map(({ status }) => status);
  const worst = statuses.reduce<StepStatus>(
    (current, next) => (mergeStates(current, next) === next ? next : current),
    statuses[0] ?? 'Success',
  );
  const result: StepResult = {
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
  return { result, stops: ends.some(({ stops }) => stops) };
}

type Shared = Pick<PreparedStep, 'onFailure' | 'onSuccess'>;

function statusOf(steps: readonly StepResult[]): RunStatus {
  const state = documentState(steps.map(({ status }) => status));
  invariant(state !== 'SuccessAndReboot' && state !== 'InProgress', 'every step has ended');
  return state;
}
