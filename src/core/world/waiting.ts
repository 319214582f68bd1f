/** Why a pending run does not run now, and until when where that is known (the closed list of contract §5). */

import type { Waiting } from '../model/standing.ts';
import type { Execution, Run } from '../model/state.ts';
import { waitingReasons } from '../rollout/waiting.ts';
import { dependencyGate, ringGate } from './gates.ts';
import { isNamedSinceStop } from './named.ts';
import type { World } from './world.ts';

export function waitingOf(world: World, execution: Execution, run: Run): Waiting {
  const node = world.state.nodes.get(run.node);
  return waitingReasons({
    paused: world.state.paused !== null,
    gate: world.gateOf(execution.association).waiting,
    rollout: node === undefined ? null : ringGate(world, execution.association, node),
    dependency: node === undefined ? null : dependencyGate(world, execution, node),
    stopped: isStopped(world, execution, run),
    connected: node?.connectedAt !== null && node !== undefined,
    free: node !== undefined && world.isFree(node),
    refusal: world.refusals.of(run.node),
    nextSlot: world.nextSlotOf(execution.association),
  });
}

const isStopped = (world: World, execution: Execution, run: Run): boolean =>
  execution.stopped !== null &&
  !(isNamedSinceStop(execution, run) && world.bearsFailures(execution));
