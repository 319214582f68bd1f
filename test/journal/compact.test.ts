import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Compactor } from '../../src/journal/compact.ts';
import { compactHere } from '../../src/journal/compact.ts';
import { fakeDisk } from '../fakes/disk.ts';
import type { Entry } from './ledger.ts';
import { compactEntries, entry, openLedger, seeded } from './ledger.ts';

const numbers = (count: number): number[] => Array.from({ length: count }, (_, at) => at + 1);

test('a snapshot replaces what it folds, and the journal goes on', async () => {
  const disk = fakeDisk(seeded(1));
  const { journal } = await openLedger({ disk, segmentBytesMax: 300 });
  for (const id of numbers(20)) await journal.append([entry(id)]);
  const compaction = await journal.compact(compactEntries);
  assert.equal(compaction.records, 20);
  const { records, segments, snapshot } = journal.stats();
  assert.deepEqual({ records, segments }, { records: 0, segments: 1 });
  assert.deepEqual(snapshot, { records: 20, bytes: compaction.bytes });
  assert.equal((await disk.list('/state')).length, 2);
  await journal.append([entry(21)]);
  await journal.compact(compactEntries);
  await journal.append([entry(22)]);
  assert.deepEqual((await openLedger({ disk })).replayed, numbers(22));
});

test('a fold that forgets makes the snapshot smaller', async () => {
  const disk = fakeDisk(seeded(1));
  const { journal } = await openLedger({ disk });
  await journal.append(numbers(10).map(entry));
  const latestOnly = compactHere<Entry>(() => {
    let latest: Entry | null = null;
    return {
      apply: (record) => {
        latest = record;
      },
      records: () => (latest === null ? [] : [latest]),
    };
  });
  await journal.compact(latestOnly);
  assert.deepEqual((await openLedger({ disk })).replayed, [10]);
});

test('nothing new: nothing is written', async () => {
  const disk = fakeDisk(seeded(1));
  const { journal } = await openLedger({ disk });
  assert.deepEqual(await journal.compact(compactEntries), { segment: 0, records: 0, bytes: 0 });
  await journal.append([entry(1)]);
  const first = await journal.compact(compactEntries);
  assert.deepEqual(await journal.compact(compactEntries), first);
});

test('records appended while a snapshot is made are kept', async () => {
  const disk = fakeDisk(seeded(1));
  const { journal } = await openLedger({ disk, segmentBytesMax: 400 });
  await journal.append(numbers(5).map(entry));
  const compacting = journal.compact(compactEntries);
  for (const id of [6, 7, 8, 9, 10, 11, 12]) await journal.append([entry(id)]);
  await compacting;
  assert.deepEqual((await openLedger({ disk })).replayed, numbers(12));
});

test('sealing is not kept waiting by those who append without end', async () => {
  const disk = fakeDisk(seeded(1));
  const { journal } = await openLedger({ disk });
  let id = 0;
  let stop = false;
  const appendForEver = async (): Promise<void> => {
    while (!stop) await journal.append([entry(++id)]);
  };
  const writers = [appendForEver(), appendForEver()];
  await journal.compact(compactEntries);
  stop = true;
  await Promise.all(writers);
  const { replayed } = await openLedger({ disk });
  assert.deepEqual(
    replayed.toSorted((a, b) => a - b),
    numbers(id),
  );
});

test('the event loop has its turn during a long compaction', async () => {
  const disk = fakeDisk(seeded(1));
  const { journal } = await openLedger({ disk });
  await journal.append(numbers(20_000).map(entry));
  let turns = 0;
  let done = false;
  const count = (): void => {
    turns += 1;
    if (!done) setImmediate(count);
  };
  setImmediate(count);
  await journal.compact(compactEntries);
  done = true;
  assert.ok(turns > 20, `${turns} turns`);
});

test('a compaction that fails leaves the journal as it was', async () => {
  const disk = fakeDisk(seeded(1));
  const { journal } = await openLedger({ disk });
  await journal.append(numbers(5).map(entry));
  disk.onOperation(({ path }) => (path.includes('snapshot') ? 'full' : null));
  await assert.rejects(journal.compact(compactEntries), { code: 'JOURNAL_FULL', retry: 'backoff' });
  await journal.append([entry(6)]);
  disk.onOperation(() => null);
  assert.equal((await journal.compact(compactEntries)).records, 6);
  assert.deepEqual((await openLedger({ disk })).replayed, numbers(6));
});

test('a snapshot that could not be read back replaces nothing', async () => {
  const disk = fakeDisk(seeded(1));
  const { journal } = await openLedger({ disk });
  await journal.append(numbers(5).map(entry));
  const tooLong = compactHere<Entry>(() => ({
    apply: () => undefined,
    records: () => [entry(1), { id: 2, note: 'x'.repeat(100_000_000) }],
  }));
  await assert.rejects(journal.compact(tooLong), /short enough to be read back/);
  await journal.append([entry(6)]);
  assert.deepEqual((await openLedger({ disk })).replayed, numbers(6));
});

test('closing calls a compaction off', async () => {
  const disk = fakeDisk(seeded(1));
  const { journal } = await openLedger({ disk });
  await journal.append(numbers(5).map(entry));
  let start: () => void = () => undefined;
  const started = new Promise<void>((resolve) => {
    start = resolve;
  });
  const untilCalledOff: Compactor<Entry> = ({ signal }) =>
    new Promise((_, reject) => {
      start();
      signal.addEventListener('abort', () => reject(signal.reason as Error));
    });
  const compacting = assert.rejects(journal.compact(untilCalledOff), { name: 'AbortError' });
  await started;
  await journal.close();
  await compacting;
});

test('one compaction at a time', async () => {
  const { journal } = await openLedger({ disk: fakeDisk(seeded(1)) });
  await journal.append([entry(1)]);
  const first = journal.compact(compactEntries);
  await assert.rejects(journal.compact(compactEntries), /once at a time/);
  await first;
});
