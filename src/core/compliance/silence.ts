/** A node without contact for an hour is Silent: what it last reported stays, marked (contract §5). */
import type { Instant, NodeId } from '../model/brand.ts';
import type { Facts } from './facts.ts';

export const SILENT_AFTER_MS = 60 * 60_000;

export function silenceOf(facts: Facts, id: NodeId): { readonly since: Instant | null } | null {
  const node = facts.state.nodes.get(id);
  if (node !== undefined && node.connectedAt !== null) return null;
  const since = node?.lastSeenAt ?? null;
  const heard = since ?? facts.state.registrations.get(id)?.at ?? null;
  if (heard !== null && facts.now - heard < SILENT_AFTER_MS) return null;
  return { since };
}
