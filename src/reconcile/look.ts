/**
 * The whole fleet as it stands, in slices: walking 200,000 assignments takes a second, and nobody who waits for an answer or
 * a heartbeat may wait for it. From the beginning when another revision comes in between: a look is at one revision.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { assessInSlices } from '../core/compliance/assess.ts';
import { beginSlice } from '../core/model/slice.ts';
import type { ReportView } from '../core/report/view.ts';
import { waitingOf } from '../core/world/waiting.ts';
import type { World } from '../core/world/world.ts';
import type { Ports } from './ports.ts';

/** Null while no revision is in force. @throws the signal's reason when it is called off */
export async function lookAt(
  world: World,
  clock: Ports['clock'],
  signal: AbortSignal,
): Promise<Omit<ReportView, 'foreignPaths' | 'sign' | 'plan'> | null> {
  for (;;) {
    const { revision, state } = world;
    if (revision === null) return null;
    const { catalog, definitions } = revision;
    const { nodes } = world.fleet;
    const steps = assessInSlices({
      now: clock.now(),
      state,
      definitions,
      nodes,
      nextSlotOf: (name) => world.nextSlotOf(name),
      waitingOf: (execution, run) => waitingOf(world, execution, run),
    });
    const slice = beginSlice(clock.monotonicMs);
    while (world.revision === revision) {
      const step = steps.next();
      if (step.done === true) {
        return { state, catalog, definitions, nodes, standings: step.value };
      }
      if (!slice.isOver()) continue;
      await nextTurn();
      signal.throwIfAborted();
      slice.begin();
    }
  }
}
