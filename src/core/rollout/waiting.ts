import type { Instant } from '../model/brand.ts';
import type { Waiting } from '../model/standing.ts';

export type Circumstances = {
  readonly paused: boolean;
  /** The execution is stopped at the error threshold. */
  readonly stopped: boolean;
  readonly connected: boolean;
  /** Nothing else is out at the node. */
  readonly free: boolean;
  readonly capacity: boolean;
  /** When a new execution of the association begins by itself; null: never. */
  readonly nextSlot: Instant | null;
};

/** The first that applies, from what an operator can change to what passes by itself. */
export function waitingReasons(now: Circumstances): Waiting {
  if (now.paused) return { reason: 'paused', until: null };
  if (now.stopped) return { reason: 'error-threshold', until: now.nextSlot };
  if (!now.connected) return { reason: 'offline', until: null };
  if (!now.capacity) return { reason: 'concurrency', until: null };
  if (!now.free) return { reason: 'busy', until: null };
  // It is about to be offered: the only thing between it and its node is the next pass.
  return { reason: 'concurrency', until: null };
}
