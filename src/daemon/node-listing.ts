/** The fleet as this daemon sees it: who is here, who was, and who takes no job. */
import type { Instant } from '../core/model/brand.ts';
import { formatInstant } from '../core/model/brand.ts';
import type { Json } from '../core/model/json.ts';
import { aheadOf } from '../core/world/epoch.ts';
import type { World } from '../core/world/world.ts';

export function listNodes(world: World, now: Instant): Json {
  return [...world.fleet.nodes.values()].map((node) => {
    const state = world.state.nodes.get(node.id);
    const connectedAt = state?.connectedAt ?? null;
    // State keeps when a connection began and ended: heartbeats are no records, and a connected node is seen now.
    const lastSeenAt = connectedAt === null ? (state?.lastSeenAt ?? null) : now;
    return {
      id: node.id,
      name: node.name,
      tags: { ...node.tags },
      connected: connectedAt !== null,
      connectedSince: textOf(connectedAt),
      ahead: aheadOf(world, node.id),
      lastSeen: textOf(lastSeenAt),
      associations: state?.assignments.size ?? 0,
      refuses: world.refusals.told(node.id),
    };
  });
}

const textOf = (at: Instant | null): string | null => (at === null ? null : formatInstant(at));
