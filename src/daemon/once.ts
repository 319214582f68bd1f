/** `daemon --once`: converge and leave. The exit code tells how it went (contract §8). */
import { exitCodeOf } from '../core/compliance/assess.ts';
import { lookAt } from '../reconcile/look.ts';
import { isSettled } from '../reconcile/settled.ts';
import { rest } from '../waiting/rest.ts';
import type { Triggers } from './triggers.ts';
import type { Parts } from './wire.ts';

const LOOK_MS = 100;
/** Nodes that are not connected are given this share of the time to come before they count as missing. */
const ARRIVAL_SHARE = 0.5;

/** A look is always finished: it is short, and the loop looks for itself whether to leave. */
const finished = new AbortController().signal;

const EXIT = { done: 0, timeout: 7, held: 8 } as const;

export async function convergeOnce(
  parts: Parts,
  triggers: Triggers,
  { timeoutMs }: { readonly timeoutMs: number },
  signal: AbortSignal,
): Promise<number> {
  const { world, ports, inbox } = parts;
  const begin = ports.clock.monotonicMs();
  while (!signal.aborted) {
    const elapsed = ports.clock.monotonicMs() - begin;
    const seen = triggers.lastSeenAtMs !== null && inbox.size === 0;
    if (seen && world.state.held !== null) return EXIT.held;
    const settled = seen && isSettled(world) && !world.anyHeldBack;
    const looked = settled ? await lookAt(world, ports.clock, finished) : null;
    if (looked !== null && isSettled(world)) {
      const { fleet } = looked.standings;
      if (fleet.nodes.total === 0) return EXIT.done;
      // What is pending on nodes that can be asked waits for something else than a little time: it has its reason.
      if (fleet.unreported === 0 || elapsed > timeoutMs * ARRIVAL_SHARE) return exitCodeOf(fleet);
    }
    if (elapsed > timeoutMs) return EXIT.timeout;
    await rest(LOOK_MS, signal);
  }
  return EXIT.done;
}
