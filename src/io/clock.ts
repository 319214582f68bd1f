import { instant } from '../core/model/brand.ts';
import type { ClockPort } from '../reconcile/ports.ts';

/** The machine's clocks. */
export const systemClock: ClockPort = {
  now: () => instant(Date.now()),
  monotonicMs: () => performance.now(),
};
