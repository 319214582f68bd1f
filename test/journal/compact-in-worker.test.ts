import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { nodeDisk } from '../../src/disk/node-disk.ts';
import { compactInWorker } from '../../src/journal/compact-in-worker.ts';
import { entry, openLedger } from './ledger.ts';

const root = await mkdtemp(join(tmpdir(), 'reconciled-worker-'));
after(() => rm(root, { recursive: true }));

const module = new URL('./fold-module.ts', import.meta.url);
const ids = Array.from({ length: 2_000 }, (_, at) => at);

test('a worker compacts the journal while it is appended to', async () => {
  const options = { disk: nodeDisk, dir: join(root, 'live') };
  const { journal } = await openLedger(options);
  await journal.append(ids.map(entry));
  const compacting = journal.compact(compactInWorker(module));
  await journal.append([entry(2_000)]);
  assert.equal((await compacting).records, 2_000);
  await journal.close();
  assert.deepEqual(await readdir(options.dir), ['journal-00000002.log', 'snapshot-00000001.log']);
  const again = await openLedger(options);
  assert.deepEqual(again.replayed, [...ids, 2_000]);
  await again.journal.close();
});

test('what a worker finds wrong is said with its code', async () => {
  const options = { disk: nodeDisk, dir: join(root, 'other') };
  const { journal } = await openLedger({ ...options, format: { name: 'ledger', version: 3 } });
  await journal.append([entry(1)]);
  await assert.rejects(journal.compact(compactInWorker(module)), {
    name: 'ReconcileError',
    code: 'STATE_NEWER',
    retry: 'never',
  });
  await journal.close();
});

test('a module that cannot be loaded fails the compaction, not the journal', async () => {
  const options = { disk: nodeDisk, dir: join(root, 'absent') };
  const { journal } = await openLedger(options);
  await journal.append([entry(1)]);
  const absent = new URL('./no-such-module.ts', import.meta.url);
  await assert.rejects(journal.compact(compactInWorker(absent)), { code: 'ERR_MODULE_NOT_FOUND' });
  await journal.append([entry(2)]);
  await journal.close();
  assert.deepEqual((await openLedger(options)).replayed, [1, 2]);
});
