import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { nodeDisk } from '../../src/disk/node-disk.ts';
import { openLedger } from './ledger.ts';

const rounds = 20;
const root = await mkdtemp(join(tmpdir(), 'reconciled-kill-'));
after(() => rm(root, { recursive: true }));

/** The ids that a real process had acknowledged when it was killed. */
async function appendUntilKilled(
  dir: string,
  { lifeMs, laidBytes }: { readonly lifeMs: number; readonly laidBytes: number },
): Promise<number[]> {
  const appender = fileURLToPath(new URL('./appender.ts', import.meta.url));
  const args = ['--import', import.meta.resolve('tsx'), appender, dir, String(laidBytes)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const closed = once(child, 'close');
  await once(child.stdout, 'data');
  await delay(lifeMs);
  child.kill('SIGKILL');
  await closed;
  return said.split('\n').slice(0, -1).map(Number);
}

test(`${rounds} times kill -9 while appending and compacting: nothing acknowledged is lost`, async () => {
  const dir = join(root, 'journal');
  let known = 0;
  for (let round = 0; round < rounds; round++) {
    const acked = await appendUntilKilled(dir, {
      lifeMs: 5 + round * 4,
      // Lives of either kind take over from each other.
      laidBytes: round % 2 === 0 ? 1_024 : 1,
    });
    const { journal, replayed } = await openLedger({ disk: nodeDisk, dir });
    await journal.close();
    // Ids are handed out in order, so a journal without loss or doubling is 1, 2, 3 …
    assert.deepEqual(
      replayed,
      replayed.map((_, at) => at + 1),
    );
    assert.ok(replayed.length >= Math.max(known, ...acked), `round ${round}`);
    known = replayed.length;
  }
  assert.ok(known > rounds, `${known} records`);
});
