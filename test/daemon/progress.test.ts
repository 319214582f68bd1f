import assert from 'node:assert/strict';
import test from 'node:test';
import { createProgress } from '../../src/daemon/progress.ts';
import { aCommit } from '../fakes/builders.ts';

function aDaemon() {
  const inbox = { size: 0 };
  const clock = { ms: 0 };
  return { inbox, clock, progress: createProgress(inbox, () => clock.ms) };
}

test('a quiet daemon is never stuck', () => {
  const { clock, progress } = aDaemon();
  clock.ms = 3_600_000;
  assert.equal(progress.isStuck(), false);
});

test('events that nobody takes for more than a minute mean stuck, until a pass ends', () => {
  const { inbox, clock, progress } = aDaemon();
  inbox.size = 1;
  clock.ms = 60_000;
  assert.equal(progress.isStuck(), false);
  clock.ms = 60_001;
  assert.equal(progress.isStuck(), true);
  progress.passEnded({ revision: null });
  assert.equal(progress.isStuck(), false);
});

test('a revision is in force when the pass that attached it has ended, which is when it is durable', () => {
  const { progress } = aDaemon();
  assert.equal(progress.hasRevision(), false);
  progress.passEnded({ revision: null });
  assert.equal(progress.hasRevision(), false);
  progress.passEnded({ revision: aCommit(1) });
  assert.equal(progress.hasRevision(), true);
});

test('a full disk keeps a daemon waiting: alive and not ready, however long', () => {
  const { inbox, clock, progress } = aDaemon();
  inbox.size = 1;
  for (clock.ms = 0; clock.ms < 600_000; clock.ms += 5_000) {
    progress.diskRefused();
    assert.deepEqual([progress.isStuck(), progress.waitsForDisk()], [false, true]);
  }
  progress.passEnded({ revision: null });
  assert.equal(progress.waitsForDisk(), false);
});
