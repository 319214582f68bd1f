import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commitId } from '../../src/core/model/brand.ts';
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
