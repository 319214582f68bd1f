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

/** A script's end together with the step's shared inputs. Exit codes 168 and 169 beat the inputs. */
export function concludeScript(
  exitCode: number,
  ended: { readonly platformType: PlatformType; readonly killedBy: KilledBy },
  shared: {
    readonly onFailure: 'exit' | 'successAndExit' | null;
    readonly onSuccess: 'exit' | null;
  },
): Conclusion {
  const state = scriptState(exitCode, ended);
  const plain = {
    state,
    exitCode,
    stops: false,
    stdoutNote: '',
    stderrNote: '',
    clearsStderr: false,
  };
  if (exitCode === EXIT_SUCCESS_AND_STOP)
    return { ...plain, stops: true, stdoutNote: SUCCESS_NOTE, clearsStderr: true };
  if (state === 'Success') return { ...plain, stops: shared.onSuccess === 'exit' };
  if (state !== 'Failed') return plain;
  const failure = `failed to run commands: exit status ${exitCode}`;
  if (exitCode === EXIT_FAILED_AND_STOP)
    return { ...plain, stops: true, stdoutNote: FAILED_NOTE, stderrNote: failure + FAILED_NOTE };
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

/**
 * The same for a step that failed before it ran (`disposition: Fail`): onFailure counts, there is no output.
 * @returns the state to report and whether later steps are skipped
 */
export function concludeUnstarted(shared: {
  readonly onFailure: 'exit' | 'successAndExit' | null;
}): { readonly state: 'Success' | 'Failed'; readonly exitCode: number; readonly stops: boolean } {
  if (shared.onFailure === 'successAndExit')
    return { state: 'Success', exitCode: EXIT_SUCCESS_AND_STOP, stops: true };
  return { state: 'Failed', exitCode: 1, stops: shared.onFailure === 'exit' };
}
