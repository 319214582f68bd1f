/** The clock of one machine: it may be ahead or behind, and may be set; durations are never wrong. */
import type { Instant } from '../core/model/brand.ts';
import { instant } from '../core/model/brand.ts';
import type { ClockPort } from '../reconcile/ports.ts';
import type { Timeline } from './timeline.ts';

export type MachineClock = ClockPort & {
  /** Sets the wall clock by so much, ms. */
  step(ms: number): void;
  readonly skewMs: number;
};

export function createMachineClock(timeline: Timeline, epoch: Instant, skewMs = 0): MachineClock {
  let skew = skewMs;
  return {
    now: () => instant(epoch + timeline.nowMs + skew),
    monotonicMs: () => timeline.nowMs,
    step: (ms) => {
      skew += ms;
    },
    get skewMs() {
      return skew;
    },
  };
}
