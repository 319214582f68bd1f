import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import type { Disk } from '../../src/disk/disk.ts';
import { nodeDisk } from '../../src/disk/node-disk.ts';
import { readJournal } from '../../src/journal/read.ts';
import type { Entry } from './ledger.ts';
import { compactEntries, entry, journalFormat, openLedger } from './ledger.ts';

test('a journal can be read beside its writer, and nothing in its folder changes', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'reconciled-journal-'));
  t.after(() => rm(dir, { recursive: true, force: true }));
  const { journal } = await openLedger({ disk: nodeDisk, dir });
  await journal.append([1, 2].map(entry));
  await journal.compact(compactEntries);
  await journal.append([3].map(entry));
  const before = await contents(dir);
  assert.deepEqual(await idsIn(dir), [1, 2, 3]);
  assert.deepEqual(await contents(dir), before);
  await journal.append([4].map(entry));
  assert.deepEqual(await idsIn(dir), [1, 2, 3, 4]);
  await journal.close();
});

test('what is written while it is read is no damage, even if the later half was seen first', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'reconciled-journal-'));
  t.after(() => rm(dir, { recursive: true, force: true }));
  const { journal } = await openLedger({ disk: nodeDisk, dir, laidBytes: 4_096 });
  await journal.append([entry(1)]);
  const from = journal.stats().bytes;
  await journal.append([entry(2)]);
  const to = journal.stats().bytes;
  await journal.append([entry(3)]);
  for (const blindReads of [1, 2]) {
    assert.deepEqual(await idsIn(dir, blind(from, to, blindReads)), [1], `${blindReads}`);
  }
  await journal.close();
  const damaged = blind(from, to, Number.POSITIVE_INFINITY);
  await assert.rejects(idsIn(dir, damaged), { code: 'JOURNAL_CORRUPT' });
});

/** A disk whose segments do not show the bytes between two places, as laid out, for so many reads. */
function blind(from: number, to: number, reads: number): Disk {
  let left = reads;
  return {
    ...nodeDisk,
    openRead: async (path) => {
      const reader = await nodeDisk.openRead(path);
      if (reader === null) return null;
      return {
        ...reader,
        read: async (into, position) => {
          const got = await reader.read(into, position);
          // The header is read alone, before the groups.
          if (into.length > 4_096 || position > 0) {
            if (left-- > 0)
              into.fill(0x0a, Math.max(0, from - position), Math.max(0, to - position));
          }
          return got;
        },
      };
    },
  };
}

test('no journal has no records', async () => {
  assert.deepEqual(await idsIn(join(tmpdir(), 'reconciled-no-such-folder')), []);
});

async function idsIn(dir: string, disk: Disk = nodeDisk): Promise<readonly number[]> {
  const ids: number[] = [];
  const onRecord = ({ id }: Entry): void => void ids.push(id);
  await readJournal<Entry>({ disk, dir, format: journalFormat, onRecord });
  return ids;
}

async function contents(dir: string): Promise<readonly string[]> {
  const names = (await readdir(dir)).sort();
  return Promise.all(
    names.map(async (name) => `${name} ${await readFile(join(dir, name), 'utf8')}`),
  );
}
