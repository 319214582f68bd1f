import assert from 'node:assert/strict';
import test from 'node:test';
import { ReconcileError } from '../../src/core/model/errors.ts';
import type { Leaving } from '../../src/daemon/last-publish.ts';
import { lastPublish } from '../../src/daemon/last-publish.ts';
import { silentLog } from '../../src/io/log.ts';
import { createInbox } from '../../src/reconcile/inbox.ts';
import type { Ports } from '../../src/reconcile/ports.ts';
import { revision, TestFleet } from '../fakes/fleet.ts';

const aPublication = {
  kind: 'published',
  seq: 1,
  commit: revision(1, {}).commit,
  epoch: 1,
  archived: [],
} as const;

/** A daemon that has just been told to leave, with so many files that the branch does not know yet. */
function leaving(options: {
  readonly waiting: number;
  readonly flush?: Leaving['publisher']['flush'];
  readonly append?: Ports['journal']['append'];
}) {
  const fleet = new TestFleet();
  fleet.accept(revision(1, { motd: {} })).connect(1);
  const inbox = createInbox(() => undefined);
  const calls: string[] = [];
  const parts: Leaving = {
    world: fleet.world,
    inbox,
    ports: {
      clock: { now: () => fleet.now, monotonicMs: () => performance.now() },
      journal: { append: options.append ?? (() => Promise.resolve()) },
    },
    publisher: {
      tick: () => null,
      ended: () => {
        calls.push('ended');
        return Promise.resolve();
      },
      flush: async (signal) => {
        calls.push('flush');
        await (options.flush ?? (() => Promise.resolve()))(signal);
      },
      waiting: options.waiting,
      publishedAtMs: null,
      lastError: null,
      underWaySinceMs: null,
      rival: null,
    },
    perform: () => undefined,
    log: silentLog,
  };
  return { parts, inbox, calls };
}

test('told to leave, a small fleet is published once more, after what was under way', async () => {
  const { parts, calls } = leaving({ waiting: 30 });
  await lastPublish(parts, 'told');
  assert.deepEqual(calls, ['ended', 'flush']);
});

test('told to leave, a large fleet is left to the next start', async () => {
  const { parts, calls } = leaving({ waiting: 12_000 });
  await lastPublish(parts, 'told');
  assert.deepEqual(calls, ['ended']);
});

test('what --once was asked for is published whatever its size', async () => {
  const { parts, calls } = leaving({ waiting: 12_000 });
  await lastPublish(parts, 'converged');
  assert.deepEqual(calls, ['ended', 'flush']);
});

test('passes go on while the last commit is made, which ends with a record', async () => {
  const appended: string[] = [];
  const { parts, inbox } = leaving({
    waiting: 1,
    flush: () => inbox.push(aPublication),
    append: (pass) => {
      appended.push(...pass.records.map(({ kind }) => kind));
      return Promise.resolve();
    },
  });
  await lastPublish(parts, 'told');
  assert.deepEqual(appended, ['published']);
});

test('an unreachable host does not keep the daemon, a bug is told', async () => {
  const unreachable = new ReconcileError('STATUS_UNREACHABLE', 'no route', { retry: 'backoff' });
  await lastPublish(
    leaving({ waiting: 1, flush: () => Promise.reject(unreachable) }).parts,
    'told',
  );
  const bug = new TypeError('a bug');
  await assert.rejects(
    lastPublish(leaving({ waiting: 1, flush: () => Promise.reject(bug) }).parts, 'told'),
    bug,
  );
});

test('a host that never answers keeps it for five seconds at most, and so does a full disk', async (t) => {
  const began = performance.now();
  const silent = leaving({
    waiting: 1,
    flush: (signal) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error));
      }),
  });
  const full = leaving({
    waiting: 1,
    flush: () => full.inbox.push(aPublication),
    append: () =>
      Promise.reject(new ReconcileError('JOURNAL_FULL', 'no room', { retry: 'backoff' })),
  });
  await Promise.all([lastPublish(silent.parts, 'told'), lastPublish(full.parts, 'told')]);
  const tookMs = performance.now() - began;
  t.diagnostic(`${Math.round(tookMs)} ms`);
  assert.ok(tookMs < 15_000);
});
