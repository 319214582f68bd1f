import { setTimeout as sleepForReal } from 'node:timers/promises';
import type { Ports } from './ports.ts';

/** By the clock of the ports, whose time may be virtual; for real where it does not sleep. @throws the signal's reason */
export const sleepBy = (clock: Ports['clock'], ms: number, signal: AbortSignal): Promise<void> =>
  clock.sleep?.(ms, signal) ?? sleepForReal(ms, undefined, { signal });
