/** Why a pending run does not run now, and until when where that is known (the closed list of contract §5). */

import type { AssociationName } from '../model/brand.ts';
import type { Waiting } from '../model/standing.ts';
import type { Execution, Run } from '../model/state.ts';
import { waitingReasons } from '../rollout/waiting.ts';
import { aheadOf, whySilent } from './epoch.ts';
import { dependencyGate, ringGate } from './gates.ts';
import { isNamedSinceStop } from './named.ts';
import type { World } from './world.ts';

export function waitingOf(world: World, execution: Execution, run: Run): Waiting {
  const node = world.state.nodes.get(run.node);
  const silent = world.state.paused === null ? whySilent(world.state) : null;
  if (silent !== null) return { reason: 'paused', until: null, detail: silent };
  const ahead = aheadOf(world, run.node);
  const waiting = waitingReasons({
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
  return waiting.reason === 'busy' && ahead !== null ? { ...waiting, detail: ahead } : waiting;
}

/**
 * What a node waits for to which nothing is owed: the next slot; or the gate that this slot will find closed, for such a slot
 * is skipped (contract §5); or, where none is left, whoever starts it.
 */
export function boundWaiting(world: World, name: AssociationName): Waiting {
  const until = world.nextSlotOf(name);
  if (until === null) return { reason: 'schedule', until, detail: NO_SLOT };
  return world.skipAt(name, until) ?? { reason: 'schedule', until };
}

const NO_SLOT = 'no slot is to come: a manual run starts it';

/** It is asked again now, and refused the last time: nothing has changed until it takes the job. */
export function refusedOf({ refusals }: Pick<World, 'refusals'>, { node }: Run): Waiting | null {
  const detail = refusals.of(node);
  return detail === null ? null : { reason: 'busy', until: null, detail };
}

const isStopped = (world: World, execution: Execution, run: Run): boolean =>
  execution.stopped !== null &&
  !(isNamedSinceStop(execution, run) && world.bearsFailures(execution));
