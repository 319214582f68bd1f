import { setTimeout as sleep } from 'node:timers/promises';

/** Passes the time until it is over or `signal` aborts, whichever comes first: being called off is no failure of a rest. */
export async function rest(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch (cause) {
    if (!signal.aborted) throw cause;
  }
}
