/**
 * The way through a document's steps: pure, so that the simulator walks it too. Which step comes next, which are skipped,
 * what an exit code means, how the run ends. Texts and rules: spec/documents.md §3.3 to §3.6.
 */
import type { PreparedStep } from '../core/document/prepared.ts';
import type { Instant } from '../core/model/brand.ts';
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
    const ended =
      step.disposition === 'Fail'
        ? { ...notRun(step, 'Failed', step.reason), exitCode: 1 }
        : mergeTasks(step, past);
    const left = applySharedInputs(step, ended);
    results.push(left.result);
    exited ||= left.exits;
  }
  return { kind: 'end', status: rollUp(results), interrupted, steps: results };
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

// --- one task -------------------------------------------------------------------------------------------------

type Ended = Pick<StepResult, 'status' | 'exitCode' | 'reason' | 'stdout' | 'stderr'>;

const killedCode = 137;
const succeedAndExitCode = 168;
const failAndExitCode = 169;
const rebootCode = 194;

function endOfTask({ kill, outcome }: TaskHistory): Ended {
  if (outcome === null) throw new Error('invariant broken: only tasks that ended are merged');
  const { exitCode, failure, stdout } = outcome;
  const stderr = failure === '' ? outcome.stderr : appendText(outcome.stderr, failure);
  const ended = (status: StepStatus, reason: string, code: number, errors = stderr): Ended => ({
    status,
    exitCode: code,
    reason,
    stdout,
    stderr: errors,
  });
  if (kill !== null && (exitCode === null || exitCode === killedCode)) {
    return ended(kill.status, kill.reason, killedCode);
  }
  switch (exitCode) {
    case null:
      return ended('Failed', 'interrupted: the step and its supervisor are gone', -1);
    case 0:
    case succeedAndExitCode:
      return ended('Success', '', exitCode);
    case killedCode:
      return ended('TimedOut', 'ended with code 137; no time-out of ours had passed', exitCode);
    case failAndExitCode:
      return ended('Failed', '', exitCode, appendText(stderr, exitStatusText(exitCode)));
    case rebootCode:
      return ended('Failed', 'asked for a reboot (exit code 194), which is not done yet', exitCode);
    default:
      return failure === ''
        ? ended('Failed', '', exitCode, appendText(stderr, exitStatusText(exitCode)))
        : ended('Failed', failure, exitCode);
  }
}

const exitStatusText = (code: number): string => `failed to run commands: exit status ${code}`;

/** Outputs joined, the first code that is not 0, the worst status (spec/documents.md §3.1). No element: Success. */
function mergeTasks(step: PreparedStep, past: readonly TaskHistory[]): StepResult {
  const ends = past.map(endOfTask);
  const worst = statusRank.find((status) => ends.some((end) => end.status === status)) ?? 'Success';
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

const statusRank: readonly StepStatus[] = ['TimedOut', 'Cancelled', 'Failed', 'Success', 'Skipped'];

// --- what follows from a step (§3.4) --------------------------------------------------------------------------

const further = 'Further document steps will be skipped.';
const succeededText = `\nStep exited with code 168. Therefore, marking step as succeeded. ${further}`;
const failedText = `\nStep exited with code 169. Therefore, marking step as Failed. ${further}`;
const onFailureText = `\nStep was found to have onFailure property. ${further}`;

function applySharedInputs(
  step: PreparedStep,
  result: StepResult,
): { readonly result: StepResult; readonly exits: boolean } {
  const { stdout, stderr } = result;
  if (result.exitCode === succeedAndExitCode && result.status === 'Success') {
    const streams = { stdout: appendText(stdout, succeededText), stderr: noOutput };
    return { result: { ...result, ...streams }, exits: true };
  }
  const withText = (text: string): StepResult => ({
    ...result,
    stdout: appendText(stdout, text),
    stderr: appendText(stderr, text),
  });
  if (result.exitCode === failAndExitCode) return { result: withText(failedText), exits: true };
  if (result.status === 'Failed' && step.onFailure === 'successAndExit') {
    const succeeded = { status: 'Success', exitCode: succeedAndExitCode } as const;
    return { result: { ...withText(onFailureText), ...succeeded }, exits: true };
  }
  if (result.status === 'Failed' && step.onFailure === 'exit') {
    return { result: withText(onFailureText), exits: true };
  }
  return { result, exits: result.status === 'Success' && step.onSuccess === 'exit' };
}

/** First that matches; all skipped is Success (§3.6). */
function rollUp(steps: readonly StepResult[]): RunStatus {
  const order: readonly StepStatus[] = ['Failed', 'TimedOut', 'Cancelled'];
  return order.find((status) => steps.some((step) => step.status === status)) ?? 'Success';
}
