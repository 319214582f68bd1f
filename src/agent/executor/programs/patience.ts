/** Trying again what may pass, as AWS's agent does where it downloads. @see spec/documents.md §4.9 */
import { setTimeout as delay } from 'node:timers/promises';
import { PassingError } from './placed.ts';

/** How a download waits, and for whom. */
export type Patience = {
  readonly signal: AbortSignal;
  /** Rejects when the signal says so. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  /** A line for the step's output, once it is true. */
  readonly tell: (line: string) => void;
};

const RETRIES_MAX = 5;
const FIRST_DELAY_MS = 200;
/** A fleet that failed together does not come back together. */
const SPREAD = 0.2;

export const waitFor: Patience['wait'] = (ms, signal) => delay(ms, undefined, { signal });

/**
 * Six attempts at most, with 0.2, 0.4, 0.8, 1.6 and 3.2 s between them, a fifth more or less.
 * @throws what the last attempt says, at once when it is no PassingError or the signal was given
 */
export async function again<Done>(attempt: () => Promise<Done>, patience: Patience): Promise<Done> {
  const { signal, wait, tell } = patience;
  for (let retries = 0; ; retries += 1) {
    try {
      return await attempt();
    } catch (cause) {
      if (!(cause instanceof PassingError) || signal.aborted) throw cause;
      if (retries === RETRIES_MAX)
        throw new PassingError(`${cause.message} (attempt ${retries + 1}, the last)`, { cause });
      const ms = Math.round(FIRST_DELAY_MS * 2 ** retries * (1 + SPREAD * (2 * Math.random() - 1)));
      tell(`${cause.message}; attempt ${retries + 2} of ${RETRIES_MAX + 1} in ${ms} ms\n`);
      try {
        await wait(ms, signal);
      } catch {
        throw cause; // called off: what went wrong is still the reason
      }
    }
  }
}
