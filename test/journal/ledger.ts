/** A small journal for tests: records are numbered lines, the state is the list of those seen. */
import type { Fold } from '../../src/journal/compact.ts';
import { compactHere } from '../../src/journal/compact.ts';
import type { JournalFormat } from '../../src/journal/format.ts';
import type { Journal, JournalOptions } from '../../src/journal/journal.ts';
import { openJournal } from '../../src/journal/journal.ts';

export type Entry = { readonly id: number; readonly note: string };

export const journalFormat: JournalFormat<Entry> = { name: 'ledger', version: 2 };

export const entry = (id: number): Entry => ({ id, note: `№ ${'x'.repeat(id % 13)}` });

export function createFold(): Fold<Entry> {
  const entries: Entry[] = [];
  return { apply: (record) => void entries.push(record), records: () => entries };
}

export const compactEntries = compactHere(createFold);

export type Ledger = { readonly journal: Journal<Entry>; readonly replayed: readonly number[] };

export async function openLedger(
  options: Pick<JournalOptions<Entry>, 'disk'> & Partial<JournalOptions<Entry>>,
): Promise<Ledger> {
  const replayed: number[] = [];
  const journal = await openJournal<Entry>({
    dir: '/state',
    format: journalFormat,
    onRecord: ({ id }) => replayed.push(id),
    ...options,
  });
  return { journal, replayed };
}

/** A seeded source of numbers in [0, 1) (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
