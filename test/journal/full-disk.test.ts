import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { nodeDisk } from '../../src/disk/node-disk.ts';
import { entry, openLedger } from './ledger.ts';

/** Mounts a small file system, or says why it cannot. */
function mount(dir: string, options: string): string | null {
  if (process.getuid?.() !== 0) return 'mounting a small file system needs root';
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', dir], { stdio: 'ignore' });
    return null;
  } catch {
    return 'this machine does not let us mount a small file system';
  }
}

for (const c of [
  { name: 'bytes', options: 'size=64k' },
  { name: 'inodes', options: 'size=8m,nr_inodes=6' },
]) {
  test(`a real disk runs out of ${c.name}, and the journal resumes by itself`, async (t) => {
    const dir = await mkdtemp(join(tmpdir(), 'reconciled-full-'));
    const reason = mount(dir, c.options);
    if (reason !== null) {
      await rm(dir, { recursive: true });
      t.skip(reason);
      return;
    }
    try {
      await writeFile(join(dir, 'ballast'), Buffer.alloc(16 * 1024));
      const { journal } = await openLedger({ disk: nodeDisk, dir, segmentBytesMax: 8_000 });
      const acked: number[] = [];
      const fill = async (): Promise<void> => {
        for (let id = 1; ; id++) {
          await journal.append(Array.from({ length: 50 }, () => entry(id)));
          acked.push(id);
        }
      };
      await assert.rejects(fill(), { code: 'JOURNAL_FULL', retry: 'backoff' });
      await assert.rejects(journal.append([entry(0)]), { code: 'JOURNAL_FULL' });
      await rm(join(dir, 'ballast'));
      await journal.append([entry(1_000)]);
      await journal.close();
      // Opening begins a file of its own.
      execFileSync('mount', ['-o', 'remount,size=8m,nr_inodes=100', dir]);
      const { replayed } = await openLedger({ disk: nodeDisk, dir });
      assert.deepEqual([...new Set(replayed)], [...acked, 1_000]);
      assert.equal(replayed.length, acked.length * 50 + 1);
    } finally {
      execFileSync('umount', ['-l', dir]);
      await rm(dir, { recursive: true });
    }
  });
}
