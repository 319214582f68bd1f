import type { Instant } from '../core/model/brand.ts';
import { blockingDisk } from '../disk/blocking-disk.ts';
import type { Disk } from '../disk/disk.ts';
import { compactHere } from '../journal/compact.ts';
import { openJournal } from '../journal/journal.ts';
import type { LedgerRecord, LedgerState } from './ledger.ts';
import { applyRecord, emptyLedger, LEDGER_FORMAT, pruneEnded, recordsOf } from './ledger.ts';

export type LedgerFile = {
  readonly state: LedgerState;
  append(records: readonly LedgerRecord[]): Promise<void>;
  /** When it has grown enough. */
  compactIfDue(): Promise<void>;
  close(): Promise<void>;
};

/** About a hundred steps: between two of them the agent waits for the sync of a group. */
const laidBytes = 64 * 1024;

/** About five hundred runs of ten steps, or a few large outputs: read back in a fraction of a second. */
const compactAfter = { records: 10_000, bytes: 16 * 1024 * 1024 };

/** @throws ReconcileError as `openJournal` does */
export async function openLedger(
  dir: string,
  now: () => Instant,
  disk: Disk = blockingDisk,
): Promise<LedgerFile> {
  const state = emptyLedger();
  const journal = await openJournal<LedgerRecord>({
    disk,
    dir,
    format: LEDGER_FORMAT,
    laidBytes,
    onRecord: (record) => applyRecord(state, record),
  });
  pruneEnded(state, now());
  const compactor = compactHere<LedgerRecord>(() => {
    const folded = emptyLedger();
    return {
      apply: (record) => applyRecord(folded, record),
      records: () => recordsOf(folded, now()),
    };
  });
  let compacting = false;

  return {
    state,
    append: (records) => journal.append(records),
    async compactIfDue() {
      const { records, bytes } = journal.stats();
      if (compacting || (records < compactAfter.records && bytes < compactAfter.bytes)) return;
      compacting = true;
      try {
        pruneEnded(state, now());
        await journal.compact(compactor);
      } finally {
        compacting = false;
      }
    },
    close: () => journal.close(),
  };
}
