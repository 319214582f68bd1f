/**
 * The whole fleet as it stands, in slices: walking 200,000 assignments takes a second, and nobody who waits for an answer or
 * a heartbeat may wait for it. From the beginning when another revision comes in between: a look is at one revision, and at all
 * of it.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { assessInSlices, assessNode, sortedStandings } from '../core/compliance/assess.ts';
import type { Facts } from '../core/compliance/facts.ts';
import type { NodeId } from '../core/model/brand.ts';
import { beginSlice } from '../core/model/slice.ts';
import type { ReportView } from '../core/report/view.ts';
import { boundWaiting, refusedOf, waitingOf } from '../core/world/waiting.ts';
import type { World } from '../core/world/world.ts';
import type { Ports } from './ports.ts';
import { sleepBy } from './sleep.ts';

/** Passes that put a revision in force are looked at this often: whether the last is over. */
const WHOLE_LOOK_MS = 10;

/** Null while no revision is in force. @throws the signal's reason when it is called off */
export async function lookAt(
  world: World,
  clock: Ports['clock'],
  signal: AbortSignal,
): Promise<Omit<ReportView, 'foreignPaths' | 'contested' | 'sign' | 'plan'> | null> {
  for (;;) {
    while (world.remainder !== null) await sleepBy(clock, WHOLE_LOOK_MS, signal);
    const { revision, state } = world;
    if (revision === null) return null;
    const { catalog, definitions } = revision;
    const { nodes } = world.fleet;
    const steps = assessInSlices(factsOf(world, clock, definitions));
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

/** One node as it stands now, the rest as it was looked at: all that the file of a node is rendered from. */
export function lookAgain(
  world: World,
  clock: Ports['clock'],
  view: ReportView,
  id: NodeId,
): ReportView {
  const facts = factsOf(world, clock, view.definitions);
  const standing = assessNode(facts, id);
  const nodes = new Map(standing === null ? [] : [[id, standing]]);
  const of = (node: NodeId) => sortedStandings(facts, node);
  return { ...view, nodes: facts.nodes, standings: { ...view.standings, nodes, of } };
}

const factsOf = (
  world: World,
  clock: Ports['clock'],
  definitions: Facts['definitions'],
): Facts => ({
  now: clock.now(),
  state: world.state,
  definitions,
  nodes: world.fleet.nodes,
  boundWaiting: (name) => boundWaiting(world, name),
  waitingOf: (execution, run) => waitingOf(world, execution, run),
  calendarOf: (name) => world.calendarOf(name),
  refusedOf: (run) => refusedOf(world, run),
});
