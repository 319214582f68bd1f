import type { AgentsLimits } from './limits.ts';
import { networkOf } from './network.ts';

/** Counts wrong join codes per address, so that a code cannot be searched for. Bounded; the oldest address is forgotten. */
export type JoinThrottle = {
  /** 0 when another attempt is allowed now; else ms until one is. */
  waitMs(address: string, nowMs: number): number;
  failed(address: string, nowMs: number): void;
};

export function makeJoinThrottle(limits: AgentsLimits['joinFailures']): JoinThrottle {
  const failures = new Map<string, readonly number[]>();
  const recent = (address: string, nowMs: number): readonly number[] =>
    (failures.get(networkOf(address)) ?? []).filter((at) => nowMs - at < limits.perMs);

  return {
    waitMs(address, nowMs) {
      const at = recent(address, nowMs);
      return at.length < limits.count ? 0 : limits.perMs - (nowMs - (at[0] ?? nowMs));
    },
    failed(address, nowMs) {
      const at = [...recent(address, nowMs), nowMs].slice(-limits.count);
      const network = networkOf(address);
      failures.delete(network);
      failures.set(network, at);
      const [oldest] = failures.keys();
      if (failures.size > limits.addressesMax && oldest !== undefined) failures.delete(oldest);
    },
  };
}
