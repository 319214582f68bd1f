/** Whether passes make progress: what liveness, readiness and the watchdog ask. */
import type { Inbox } from '../reconcile/inbox.ts';

export type Progress = {
  passEnded(): void;
  /** A pass tried its disk in vain and will try again: alive, and ready for nothing (reliability §6, disk full). */
  diskRefused(): void;
  /** Events wait, and no pass has ended or tried its disk for a minute: only a restart helps. */
  isStuck(): boolean;
  waitsForDisk(): boolean;
};

const STUCK_MS = 60_000;

export function createProgress(inbox: Pick<Inbox, 'size'>, monotonicMs: () => number): Progress {
  let aliveAtMs = monotonicMs();
  let waits = false;
  return {
    passEnded() {
      aliveAtMs = monotonicMs();
      waits = false;
    },
    diskRefused() {
      aliveAtMs = monotonicMs();
      waits = true;
    },
    isStuck: () => inbox.size > 0 && monotonicMs() - aliveAtMs > STUCK_MS,
    waitsForDisk: () => waits,
  };
}
