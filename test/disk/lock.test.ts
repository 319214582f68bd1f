import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { lockDirectory } from '../../src/disk/lock.ts';

const root = await mkdtemp(join(tmpdir(), 'reconciled-lock-'));
const children: ChildProcess[] = [];
after(async () => {
  for (const child of children) child.kill('SIGKILL');
  await rm(root, { recursive: true });
});

const locked = { code: 'STATE_LOCKED', retry: 'never' };

async function start(dir: string): Promise<{ child: ChildProcess; said: string }> {
  const holder = fileURLToPath(new URL('./lock-holder.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), holder, dir], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  children.push(child);
  const [said] = (await once(createInterface(child.stdout), 'line')) as [string];
  return { child, said };
}

test('one process holds a folder; kill -9 frees it, and a stopped one still holds', async () => {
  const dir = join(root, 'state');
  const first = await start(dir);
  assert.equal(first.said, 'held');
  assert.equal((await start(dir)).said, 'STATE_LOCKED');
  first.child.kill('SIGSTOP');
  await assert.rejects(lockDirectory(dir), locked);
  const dead = once(first.child, 'exit');
  first.child.kill('SIGKILL');
  await dead;
  assert.equal((await start(dir)).said, 'held');
});

test('of many that start at once, one gets it', async () => {
  const dir = join(root, 'crowd');
  const outcomes = await Promise.allSettled(Array.from({ length: 12 }, () => lockDirectory(dir)));
  const held = outcomes.flatMap((outcome) =>
    outcome.status === 'fulfilled' ? [outcome.value] : [],
  );
  assert.equal(held.length, 1);
  for (const lock of held) await lock.release();
  assert.deepEqual(await readdir(dir), []);
});

test('released, it can be taken again', async () => {
  const dir = join(root, 'again');
  for (let times = 0; times < 3; times++) await (await lockDirectory(dir)).release();
});

test('the folder may lie deeper than the name of a socket reaches', async () => {
  const dir = join(root, 'x'.repeat(100), 'y'.repeat(100));
  const lock = await lockDirectory(dir);
  await assert.rejects(lockDirectory(dir), locked);
  await lock.release();
});

test('what is no lock of ours is left alone', async () => {
  const dir = join(root, 'others');
  const lock = await lockDirectory(dir);
  await writeFile(join(dir, 'lock-notes.txt'), 'mine');
  await lock.release();
  await (await lockDirectory(dir)).release();
  assert.deepEqual(await readdir(dir), ['lock-notes.txt']);
});
