import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { association, mark, script, wordsOf } from './files.ts';
import type { Fleet } from './fleet.ts';
import { openFleet } from './fleet.ts';

const QUIET_MS = 2_500;

test('a full disk stops the daemon from promising anything; with space it goes on by itself', async (t) => {
  const stateDir = mkdtempSync(join(tmpdir(), 'full-'));
  const mounted = spawnSync('mount', [
    '-t',
    'tmpfs',
    '-o',
    'size=48m,mode=0700',
    'tmpfs',
    stateDir,
  ]);
  if (mounted.status !== 0) {
    rmSync(stateDir, { recursive: true });
    t.skip('no file system can be mounted here: it takes root and CAP_SYS_ADMIN');
    return;
  }
  let opened: Fleet | null = null;
  t.after(async () => {
    await opened?.close();
    spawnSync('umount', ['-l', stateDir]);
    rmSync(stateDir, { recursive: true });
  });
  const fleet = await openFleet({
    stateDir,
    files: {
      ...script('Greet', [mark('greet', 'first')]),
      ...association('greet', { Name: 'Greet' }),
      ...script('Slow', [mark('slow', 'begun')]),
      ...association('slow', { Name: 'Slow' }),
    },
    nodes: { a: {} },
  });
  opened = fleet;
  const words = (file: string): string[] => wordsOf(fleet.lines('a', file));
  await fleet.converged(fleet.repo.tip() ?? '');

  // A step is under way when the disk fills: its result must find nobody who acknowledges it, and wait. However long filling takes.
  const elsewhere = mkdtempSync(join(tmpdir(), 'word-'));
  t.after(() => rmSync(elsewhere, { recursive: true }));
  const word = join(elsewhere, 'go');
  const waitForWord = `until [ -e ${word} ]; do sleep 0.1; done`;
  fleet.commit(script('Slow', [mark('slow', 'begun'), waitForWord, mark('slow', 'ended')]));
  await fleet.until(() => words('slow').length === 2, 'the step has begun');
  const ballast = join(stateDir, 'ballast');
  const wishes: Promise<unknown>[] = [];
  // What is left of the journal's last page is used up by wishes; each is answered only once it is durable.
  await fleet.until(() => {
    fill(ballast);
    wishes.push(fleet.ask('pause').then(() => fleet.ask('resume')));
    return fleet.daemonLog().includes('journal waits for its disk');
  }, 'the journal waits');
  writeFileSync(word, '');
  await fleet.until(() => words('slow').includes('ended'), 'the step ends on the node');
  const revision = fleet.commit(script('Greet', [mark('greet', 'second')]));
  await fleet.stays(
    () => fleet.daemon.exitCode === null && !words('greet').includes('second'),
    'alive, and nothing starts',
    QUIET_MS,
  );
  assert.equal(fleet.daemonLog().split('"run finished"').length, 3, 'the result is not taken');

  rmSync(ballast);
  await Promise.all(wishes);
  await fleet.converged(revision);
  assert.deepEqual(words('greet'), ['first', 'second']);
  assert.deepEqual(words('slow'), ['begun', 'begun', 'ended']);
});

/** To the last byte. */
function fill(path: string): void {
  const file = openSync(path, 'a');
  for (let size = 1 << 20; size >= 1; ) {
    try {
      writeSync(file, Buffer.alloc(size));
    } catch {
      size >>= 1; // ENOSPC: the rest is smaller than this
    }
  }
  closeSync(file);
}
