/** `daemon --once`: converge and leave. The exit code tells how it went (contract §8). */
import { setTimeout as sleep } from 'node:timers/promises';
import { assess } from '../core/compliance/assess.ts';
import { waitingOf } from '../core/world/waiting.ts';
import { isSettled } from '../reconcile/settled.ts';
import type { Triggers } from './triggers.ts';
import type { Parts } from './wire.ts';

const LOOK_MS = 100;
/** Nodes that are not connected are given this share of the time to come before they count as missing. */
const ARRIVAL_SHARE = 0.5;

const EXIT = { done: 0, failed: 4, unreported: 5, timeout: 7, held: 8 } as const;

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
    const looked = triggers.lastSeenAtMs !== null && inbox.size === 0;
    if (looked && world.state.held !== null) return EXIT.held;
    if (looked && isSettled(world) && world.resting.size + world.foreign.size === 0) {
      const { nodes, unreported } = standingsOf(parts).fleet;
      const verdict = nodes.failing > 0 ? EXIT.failed : EXIT.done;
      // What is pending on nodes that can be asked waits for something else than a little time: it has its reason.
      if (nodes.total === 0 || unreported === 0) return verdict;
      if (elapsed > timeoutMs * ARRIVAL_SHARE) return verdict || EXIT.unreported;
    }
    if (elapsed > timeoutMs) return EXIT.timeout;
    await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined);
  }
  return EXIT.done;
}

function standingsOf({ world, ports }: Parts) {
  return assess({
    now: ports.clock.now(),
    state: world.state,
    definitions: world.revision?.definitions ?? new Map(),
    nodes: world.fleet.nodes,
    nextSlotOf: (name) => world.nextSlotOf(name),
    waitingOf: (execution, run) => waitingOf(world, execution, run),
  });
}
