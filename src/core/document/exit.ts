/** What an exit code means, and what it means for the steps after it. @see spec/documents.md §3.4, §3.5 */
import type { PlatformType } from './prepared.ts';

export const EXIT_SUCCESS_AND_STOP = 168;
export const EXIT_FAILED_AND_STOP = 169;
export const EXIT_REBOOT = 194;
const EXIT_REBOOT_WINDOWS = 3010;
/** 128 + SIGKILL: how a script ends that its time-out, a cancel or the agent's end has killed. */
export const EXIT_KILLED = 137;

/** Who ended the script; null when it ended by itself, or somebody else killed it. */
export type KilledBy = 'timeout' | 'cancel' | 'shutdown' | null;

export type ScriptState = 'Success' | 'SuccessAndReboot' | 'Failed' | 'TimedOut' | 'Cancelled';

function scriptState(
  exitCode: number,
  ended: { readonly platformType: PlatformType; readonly killedBy: KilledBy },
): ScriptState {
  const onWindows = ended.platformType === 'Windows';
  if (exitCode === 0 || exitCode === EXIT_SUCCESS_AND_STOP) return 'Success';
  if (exitCode === (onWindows ? EXIT_REBOOT_WINDOWS : EXIT_REBOOT)) return 'SuccessAndReboot';
  if (exitCode !== (onWindows ? -1 : EXIT_KILLED)) return 'Failed';
  if (ended.killedBy === 'shutdown') return 'Failed';
  return ended.killedBy === 'cancel' ? 'Cancelled' : 'TimedOut';
}

/** Inputs of every action that say what its end means for the steps after it. */
export type SharedInputs = {
  readonly onFailure: 'exit' | 'successAndExit' | null;
  readonly onSuccess: 'exit' | null;
};

export type Conclusion = {
  readonly state: ScriptState;
  readonly exitCode: number;
  /** An exit condition: later steps are skipped, but for a finally step. */
  readonly stops: boolean;
  /** Appended to what the script wrote. */
  readonly stdoutNote: string;
  readonly stderrNote: string;
  /** The script's own stderr is dropped. */
  readonly clearsStderr: boolean;
};

const SUCCESS_NOTE =
  '\nStep exited with code 168. Therefore, marking step as succeeded. Further document steps will be skipped.';
const FAILED_NOTE =
  '\nStep exited with code 169. Therefore, marking step as Failed. Further document steps will be skipped.';
export const ON_FAILURE_NOTE =
  '\nStep was found to have onFailure property. Further document steps will be skipped.';

/**
 * A script's end together with the step's shared inputs. Exit codes 168 and 169 beat the inputs. `shared` is null for one
 * script of a list: any code but 0 is a failure there, until `concludeList` has the whole.
 */
export function concludeScript(
  exitCode: number,
  ended: { readonly platformType: PlatformType; readonly killedBy: KilledBy },
  shared: SharedInputs | null,
): Conclusion {
  const isOneOfMany = shared === null;
  const fails = isOneOfMany && exitCode === EXIT_SUCCESS_AND_STOP;
  const state = fails ? 'Failed' : scriptState(exitCode, ended);
  const plain = {
    state,
    exitCode,
    stops: false,
    stdoutNote: '',
    stderrNote: '',
    clearsStderr: false,
  };
  const failure = `failed to run commands: exit status ${exitCode}`;
  if (isOneOfMany) return state === 'Failed' ? { ...plain, stderrNote: failure } : plain;
  if (exitCode === EXIT_SUCCESS_AND_STOP || exitCode === EXIT_FAILED_AND_STOP) {
    const end = { ...plain, ...concludeList(exitCode) };
    return { ...end, stderrNote: end.clearsStderr ? '' : failure + end.stderrNote };
  }
  if (state === 'Success') return { ...plain, stops: shared.onSuccess === 'exit' };
  if (state !== 'Failed') return plain;
  if (shared.onFailure === null) return { ...plain, stderrNote: failure };
  const succeeds = shared.onFailure === 'successAndExit';
  return {
    ...plain,
    state: succeeds ? 'Success' : 'Failed',
    exitCode: succeeds ? EXIT_SUCCESS_AND_STOP : exitCode,
    stops: true,
    stdoutNote: ON_FAILURE_NOTE,
    stderrNote: failure + ON_FAILURE_NOTE,
  };
}

/** What the first code that is not 0 means for several scripts as one step: theirs are joined before it is looked at. */
export function concludeList(
  exitCode: number,
): Pick<Conclusion, 'stops' | 'stdoutNote' | 'stderrNote' | 'clearsStderr'> {
  if (exitCode === EXIT_SUCCESS_AND_STOP)
    return { stops: true, stdoutNote: SUCCESS_NOTE, stderrNote: '', clearsStderr: true };
  const stops = exitCode === EXIT_FAILED_AND_STOP;
  const note = stops ? FAILED_NOTE : '';
  return { stops, stdoutNote: note, stderrNote: note, clearsStderr: false };
}

/** A step that failed before it ran (`disposition: Fail`) stays failed: of onFailure only `exit` counts. */
export function concludeUnstarted({ onFailure }: Pick<SharedInputs, 'onFailure'>): {
  readonly state: 'Failed';
  readonly exitCode: number;
  readonly stops: boolean;
} {
  return { state: 'Failed', exitCode: 1, stops: onFailure === 'exit' };
}
