import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commitId, instant } from '../../src/core/model/brand.ts';
import { ReconcileError } from '../../src/core/model/errors.ts';
import { World } from '../../src/core/world/world.ts';
import { createInbox } from '../../src/reconcile/inbox.ts';
import { createObserver } from '../../src/reconcile/observe.ts';
import type { Ports } from '../../src/reconcile/ports.ts';

test('observe: a look that waits for a pass ends when the daemon leaves', async () => {
  const inbox = createInbox(() => undefined);
  const seen = { tip: null, ancestry: 'same', distance: null, messages: [] } as const;
  const ports = { source: { observe: () => Promise.resolve(seen) }, loader: {} };
  const observer = createObserver(
    new World(),
    inbox,
    ports as unknown as Pick<Ports, 'source' | 'loader'>,
    () => Promise.resolve(),
  );
  const leave = new AbortController();
  const looked = observer.observe(leave.signal);
  while (inbox.size === 0) await new Promise(setImmediate);
  leave.abort();
  await assert.rejects(looked, { name: 'AbortError' });
});

test('observe: an operator accepts a commit only after a lost state was asked for', async () => {
  const asked: string[] = [];
  const ports = {
    source: {
      snapshot: () => {
        asked.push('snapshot');
        return Promise.reject(new Error('enough'));
      },
    },
    loader: {},
  };
  const observer = createObserver(
    new World(),
    createInbox(() => undefined),
    ports as unknown as Pick<Ports, 'source' | 'loader'>,
    () => {
      asked.push('recovery');
      return Promise.resolve();
    },
  );
  const accepted = observer.accept(commitId('a'.repeat(40)), 'root', AbortSignal.timeout(1_000));
  await assert.rejects(accepted, /enough/);
  assert.deepEqual(asked, ['recovery', 'snapshot']);
});

test('observe: an operator goes on without an accepted revision that cannot be read', async () => {
  const asked: string[] = [];
  const [before, named] = [commitId('b'.repeat(40)), commitId('a'.repeat(40))];
  const world = new World();
  world.apply({ kind: 'accepted', commit: before, position: 1, by: 'ancestry', at: instant(0) });
  const ports = {
    source: {
      snapshot: (commit: string) => {
        asked.push(commit);
        return commit === before
          ? Promise.reject(new ReconcileError('SOURCE_UNREACHABLE', 'gone', { retry: 'backoff' }))
          : Promise.reject(new Error('enough'));
      },
    },
    loader: {},
  };
  const observer = createObserver(
    world,
    createInbox(() => undefined),
    ports as unknown as Pick<Ports, 'source' | 'loader'>,
    () => Promise.resolve(),
  );
  const accepted = observer.accept(named, 'root', AbortSignal.timeout(1_000));
  await assert.rejects(accepted, /enough/);
  assert.deepEqual(asked, [before, named]);
});

test('observe: a source that was told as missed is told as read by the look that succeeds', async () => {
  const world = new World();
  const inbox = createInbox(() => undefined);
  const seen = { tip: null, ancestry: 'same', distance: null, messages: [] } as const;
  const ports = { source: { observe: () => Promise.resolve(seen) }, loader: {} };
  const observer = createObserver(
    world,
    inbox,
    ports as unknown as Pick<Ports, 'source' | 'loader'>,
    () => Promise.resolve(),
  );
  const looked = async (): Promise<readonly string[]> => {
    const kinds: string[] = [];
    const state = { isOver: false };
    const look = observer.observe(AbortSignal.timeout(1_000)).finally(() => {
      state.isOver = true;
    });
    while (!state.isOver) {
      const { events, settle } = inbox.drain();
      kinds.push(...events.map(({ kind }) => kind));
      settle();
      await new Promise(setImmediate);
    }
    await look;
    return kinds;
  };
  observer.missed('SOURCE_AUTH', 1);
  assert.deepEqual(await looked(), ['source-unread', 'source-same']);
  world.apply({ kind: 'source-unread', code: 'SOURCE_AUTH', since: instant(0) });
  observer.missed('SOURCE_AUTH', 2);
  assert.deepEqual(await looked(), ['source-same', 'source-read'], 'told once');
});
