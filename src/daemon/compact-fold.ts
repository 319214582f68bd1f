/** How the daemon's journal is folded in the compaction thread: records in, the shortest list that gives the same state out. */
import { emptyState } from '../core/model/state.ts';
import { apply } from '../core/world/apply.ts';
import { passTexts } from '../core/world/pass-texts.ts';
import type { PassRecord, Record } from '../core/world/records.ts';
import { JOURNAL_FORMAT } from '../core/world/records.ts';
import { recordsOf } from '../core/world/snapshot.ts';
import { upgradePass } from '../core/world/upgrade.ts';
import type { Fold } from '../journal/compact.ts';
import type { JournalFormat } from '../journal/format.ts';

export const journalFormat: JournalFormat<PassRecord> = {
  ...JOURNAL_FORMAT,
  upgrade: upgradePass,
  textsOf: (pass) => passTexts(pass),
};

/** Records of a snapshot travel in passes of their own; how long a line of them gets, `passTexts` sees to. */
const RECORDS_PER_PASS = 500;

export function createFold(): Fold<PassRecord> {
  const state = emptyState();
  let at: PassRecord['at'] | null = null;
  return {
    apply(pass) {
      at = pass.at;
      for (const record of pass.records) apply(state, record);
    },
    *records() {
      if (at === null) return;
      let records: Record[] = [];
      for (const record of recordsOf(state)) {
        records.push(record);
        if (records.length < RECORDS_PER_PASS) continue;
        yield { at, records };
        records = [];
      }
      yield { at, records };
    },
  };
}
