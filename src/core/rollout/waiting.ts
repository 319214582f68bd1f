import type { Instant } from '../model/brand.ts';
import type { Waiting } from '../model/standing.ts';

export type Circumstances = {
  readonly paused: boolean;
  /** What holds the whole association: a suspend, a calendar, an alarm (`gate.ts`). */
  readonly gate: Waiting | null;
  /** The execution is stopped at the error threshold. */
  readonly stopped: boolean;
  /** The node's ring has not come, or the rollout is halted. */
  readonly rollout: Waiting | null;
  /** What it depends on has not succeeded on the node. */
  readonly dependency: Waiting | null;
  readonly connected: boolean;
  /** Nothing else is out at the node. */
  readonly free: boolean;
  /** What the node said to the last job; null: it takes them. */
  readonly refusal: string | null;
  /** When a new execution of the association begins by itself; null: never. */
  readonly nextSlot: Instant | null;
};

/** The first that applies, from what an operator can change to what passes by itself. */
export function waitingReasons(now: Circumstances): Waiting {
  if (now.paused) return { reason: 'paused', until: null };
  if (now.gate !== null) return now.gate;
  if (now.stopped) return { reason: 'error-threshold', until: now.nextSlot };
  if (now.rollout !== null) return now.rollout;
  if (now.dependency !== null) return now.dependency;
  if (!now.connected) return { reason: 'offline', until: null };
  // Whoever is free and has room is offered in the same pass: what is left waits for room. Asked in this order, a reason
  // changes only with the node's own doings, and the files of all who wait stay as they are when a place comes free.
  if (!now.free) {
    const { refusal } = now;
    return { reason: 'busy', until: null, ...(refusal === null ? {} : { detail: refusal }) };
  }
  return { reason: 'concurrency', until: null };
}
