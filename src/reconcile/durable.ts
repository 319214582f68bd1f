/**
 * A pass whose records cannot be written waits: the world in memory is ahead of the disk, so nothing is sent and nothing
 * is acked until the very same records are durable (spec/reliability-security.md §6, disk full).
 */
import { ReconcileError } from '../core/model/errors.ts';
import type { PassRecord } from '../core/world/records.ts';
import type { Ports } from './ports.ts';
import { sleepBy } from './sleep.ts';

const DELAY_MS_MIN = 250;
const DELAY_MS_MAX = 5_000;

/** @throws the journal's error when its retry is `never`, or the signal's reason when the daemon leaves. */
export async function appendUntilDurable(
  { journal, clock }: Pick<Ports, 'clock' | 'journal'>,
  pass: PassRecord,
  signal: AbortSignal,
): Promise<void> {
  if (pass.records.length === 0) return;
  for (let delayMs = DELAY_MS_MIN; ; delayMs = Math.min(delayMs * 2, DELAY_MS_MAX)) {
    try {
      await journal.append(pass);
      return;
    } catch (cause) {
      if (!(cause instanceof ReconcileError) || cause.retry === 'never') throw cause;
      journal.onDelay?.(cause);
    }
    await sleepBy(clock, delayMs, signal);
  }
}
