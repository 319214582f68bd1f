/** Rate control in numbers (spec/state-manager.md §4; roundings as in appendix H-15). */
import type { RateLimit } from '../model/association.ts';

/** Targets that may run at the same moment: percentages are floored, at least one always runs. */
export function concurrencyMax(limit: RateLimit, targets: number): number {
  if (limit.kind === 'count') return limit.count;
  return Math.max(1, Math.floor((limit.percent * targets) / 100));
}

/** Failures tolerated: starts stop at one more. Percentages are floored; 100 % never stops. */
export function errorsAllowed(limit: RateLimit, targets: number): number {
  if (limit.kind === 'count') return limit.count;
  if (limit.percent === 100) return Infinity;
  return Math.floor((limit.percent * targets) / 100);
}

/** `10` or `10%`; the loader has checked the grammar. */
export function parseRateLimit(text: string): RateLimit {
  return text.endsWith('%')
    ? { kind: 'percent', percent: Number(text.slice(0, -1)) }
    : { kind: 'count', count: Number(text) };
}
