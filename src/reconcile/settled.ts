/**
 * Settled: nothing of the revision is running or can start now. Offline, stopped and unreachable nodes count as settled:
 * they have their reasons (contract §7).
 */
import type { World } from '../core/world/world.ts';

export function isSettled(world: World): boolean {
  if (world.revision === null || world.remainder !== null) return false;
  for (const { phases } of world.state.executions.values()) {
    if (phases.Offered + phases.Started > 0) return false;
  }
  return true;
}
