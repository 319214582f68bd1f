/** Whom an operator has named since an execution was stopped: these runs start all the same (T8). */
import { formatOccasion } from '../canonical/occasion.ts';
import type { Execution, Run } from '../model/state.ts';

/** Requests that a node makes of itself are named so; they lift nothing. */
export const REFRESH_PREFIX = 'refresh-';

/**
 * A stop is not lifted by naming a node: it goes on for all others. Those who were named before it wait like them; the clock
 * may have gone back between, and then a later one waits, too, until it is named again.
 */
export function isNamedSinceStop(execution: Execution, run: Run): boolean {
  const { stopped } = execution;
  if (stopped === null || run.occasion === execution.occasion || run.since < stopped.at)
    return false;
  const asked = (request: string): boolean =>
    run.occasion.startsWith(formatOccasion({ kind: 'manual', request }));
  return asked('') && !asked(REFRESH_PREFIX);
}
