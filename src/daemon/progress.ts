/** Whether passes make progress: what liveness, readiness and the watchdog ask. */
import type { CommitId } from '../core/model/brand.ts';
import type { Inbox } from '../reconcile/inbox.ts';

export type Progress = {
  /** Its records are durable. */
  passEnded(pass: { readonly revision: CommitId | null }): void;
  /** A pass has ended with a revision in force: what was accepted is not lost any more. */
  hasRevision(): boolean;
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
  let inForce: CommitId | null = null;
  return {
    passEnded({ revision }) {
      inForce = revision;
      aliveAtMs = monotonicMs();
      waits = false;
    },
    diskRefused() {
      aliveAtMs = monotonicMs();
      waits = true;
    },
    hasRevision: () => inForce !== null,
    isStuck: () => inbox.size > 0 && monotonicMs() - aliveAtMs > STUCK_MS,
    waitsForDisk: () => waits,
  };
}
