/**
 * How often one node may come in: each time is journalled and synced, so whoever holds a valid key could keep the disk busy.
 * Only nodes that would be welcome are counted, so that keys nobody knows take no place here.
 */
import type { NodeId } from '../../core/model/brand.ts';
import type { AgentsLimits } from './limits.ts';
import type { TokenBucket } from './token-bucket.ts';
import { makeTokenBucket } from './token-bucket.ts';

export type ReconnectThrottle = {
  /** 0: it comes in; else ms until it may. */
  waitMs(node: NodeId, nowMs: number): number;
};

export function makeReconnectThrottle(limits: AgentsLimits['reconnects']): ReconnectThrottle {
  const buckets = new Map<NodeId, TokenBucket>();
  const perSecond = limits.perMinute / 60;
  return {
    waitMs(node, nowMs) {
      const bucket = buckets.get(node) ?? makeTokenBucket({ burst: limits.burst, perSecond });
      // Last used, last forgotten.
      buckets.delete(node);
      buckets.set(node, bucket);
      const [oldest] = buckets.keys();
      if (buckets.size > limits.nodesMax && oldest !== undefined) buckets.delete(oldest);
      const waitMs = bucket.take(1, nowMs);
      // Who is sent away has not come in: it owes nothing for having asked.
      if (waitMs > 0) bucket.take(-1, nowMs);
      return waitMs;
    },
  };
}
