/** Words that the rooms of the agent share, and what its deciding half asks of the acting one. */
import type { SecretPiece } from '../core/document/prepared.ts';
import type { Instant, RunId } from '../core/model/brand.ts';
import type { ComplianceReport } from '../core/model/compliance.ts';
import type { JsonObject } from '../core/model/json.ts';
import type { StreamResult } from '../core/model/run.ts';
import type { Job } from '../protocol/messages.ts';
import type { Ciphertexts } from '../secrets/open.ts';

/** One thing to execute: a step, or one element of a step whose inputs are a list. Both count from 0. */
export type Task = {
  readonly step: number;
  readonly element: number;
  /** A task of the document that this step runs. */
  readonly inner?: Task;
};

export function sameTask(a: Task, b: Task): boolean {
  if (a.step !== b.step || a.element !== b.element) return false;
  if (a.inner === undefined || b.inner === undefined) return a.inner === b.inner;
  return sameTask(a.inner, b.inner);
}

/** A task with everything needed to perform it, now or after a restart. */
export type TaskOrder = {
  readonly run: RunId;
  readonly task: Task;
  /** Tasks of this run that were started before it. */
  readonly sequence: number;
  readonly action: string;
  readonly inputs: JsonObject;
  /** Values handed over by `interpolationType: ENV_VAR`. */
  readonly environment: { readonly [name: string]: string };
  /** Variables with a SecureString in them. */
  readonly secretEnvironment: { readonly [name: string]: readonly SecretPiece[] };
  /** Every secret of the run: whichever step runs, their values are masked in what it says. */
  readonly ciphertexts: Ciphertexts;
  /** Documents that came with the job, by the reference that names them. */
  readonly documents: Job['documents'];
  /** `SSM_COMMAND_ID` of scripts. */
  readonly commandId: string;
  /** When Started was recorded: what is left of the time-out after a restart counts from here. */
  readonly startedAt: Instant;
};

export type TaskOutcome = {
  /** Null: nobody knows, because the task and its supervisor are gone and left no exit file. */
  readonly exitCode: number | null;
  /** Why it could not be performed, or '': goes to stderr. */
  readonly failure: string;
  readonly stdout: StreamResult;
  readonly stderr: StreamResult;
  readonly finishedAt: Instant;
  /** Text of the document that was read for `aws:runDocument`. */
  readonly document?: string;
  /** Associations to be run here now, as `RunResult` tells them. */
  readonly refresh?: readonly string[];
  /** Items that it left; absent when it left none. */
  readonly compliance?: ComplianceReport;
};

/** `task-exited`, when what it came to has been read. */
export type TaskEnded = {
  readonly kind: 'task-ended';
  readonly run: RunId;
  readonly task: Task;
  readonly outcome: TaskOutcome;
};

/** A process has ended. What it came to can be read while another task runs, once. */
export type TaskExited = {
  readonly kind: 'task-exited';
  readonly run: RunId;
  readonly task: Task;
  readonly exitCode: number;
  readonly outcome: () => Promise<TaskOutcome>;
};

/** What the executor tells; each names the task, so that a late word about an earlier one is recognised. */
export type ExecutorEvent =
  | TaskExited
  | TaskEnded
  /** It never began, for certain, and nothing is left that could begin it. Only after `adopt`. */
  | { readonly kind: 'task-unborn'; readonly run: RunId; readonly task: Task }
  /** The machine does not restart, and why. Only after `reboot`. */
  | { readonly kind: 'reboot-refused'; readonly run: RunId; readonly why: string }
  /** Its time-out has passed. The executor does nothing about it: Killed is recorded first. */
  | { readonly kind: 'task-deadline'; readonly run: RunId; readonly task: Task };

/** All but the exit of which the outcome is not known yet. */
export type SettledEvent = Exclude<ExecutorEvent, TaskExited>;

/** The only code that starts processes. Calls return at once; what happens comes back as events. */
export type ExecutorPort = {
  /**
   * No task runs and this one will be recorded as started: whatever a later process needs to see that it has not begun. Again for
   * the same one is fine.
   */
  makeReady(order: TaskOrder): void;
  start(order: TaskOrder): void;
  /** Likely the next one: whatever can be done for it while another runs, without beginning it. It may never be started. */
  prepare(order: TaskOrder): void;
  /** After a restart: waits for a task that may be alive, or finds out how it ended. `rebooted`: it cannot be alive. */
  adopt(order: TaskOrder, state: { readonly rebooted: boolean }): void;
  /** SIGKILL to the whole process group; `task-ended` follows. */
  kill(run: RunId): void;
  /** Restarts the machine; nothing else happens in this boot, unless `reboot-refused` says that it does not. */
  reboot(run: RunId): void;
  /** No task of this run follows. */
  release(run: RunId): void;
  /** Leaves running tasks and their supervisors alone. */
  close(): Promise<void>;
};

export type Log = (event: string, fields?: { readonly [key: string]: unknown }) => void;
