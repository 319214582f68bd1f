import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
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

test('no journal has no records', async () => {
  assert.deepEqual(await idsIn(join(tmpdir(), 'reconciled-no-such-folder')), []);
});

async function idsIn(dir: string): Promise<readonly number[]> {
  const ids: number[] = [];
  const onRecord = ({ id }: Entry): void => void ids.push(id);
  await readJournal<Entry>({ disk: nodeDisk, dir, format: journalFormat, onRecord });
  return ids;
}

async function contents(dir: string): Promise<readonly string[]> {
  const names = (await readdir(dir)).sort();
  return Promise.all(
    names.map(async (name) => `${name} ${await readFile(join(dir, name), 'utf8')}`),
  );
}
