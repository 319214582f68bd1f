import assert from 'node:assert/strict';
import test from 'node:test';
import { ReconcileError } from '../../src/core/model/errors.ts';
import { startTriggers } from '../../src/daemon/triggers.ts';
import { silentLog } from '../../src/io/log.ts';

function setUp(observe: () => Promise<void> = () => Promise.resolve()) {
  const stop = new AbortController();
  let looks = 0;
  const missed: { readonly code: string; readonly forMs: number }[] = [];
  let now = 1_000_000;
  const triggers = startTriggers(
    {
      observer: {
        observe: () => {
          looks++;
          return observe();
        },
        restore: () => Promise.resolve(),
        accept: () => Promise.resolve(),
        missed: (code, forMs) => missed.push({ code, forMs }),
      },
      pollIntervalMs: 3_600_000,
      watchPaths: [],
      monotonicMs: () => now,
      random: () => 0,
      log: silentLog,
    },
    stop.signal,
  );
  return {
    triggers,
    looks: () => looks,
    missed,
    pass: (ms: number) => {
      now += ms;
    },
    settle: () => new Promise((resolve) => setTimeout(resolve, 20)),
    stop: async () => {
      stop.abort();
      await triggers.ended;
    },
  };
}

test('the source is looked at once at start, and again for each of three pokes; a fourth is put off', async () => {
  const { triggers, looks, settle, stop } = setUp();
  await settle();
  assert.equal(looks(), 1);
  for (let n = 0; n < 3; n++) {
    assert.equal(triggers.poke(), 'taken');
    await settle();
  }
  assert.equal(looks(), 4);
  assert.equal(triggers.poke(), 'deferred');
  await stop();
});

test('tokens come back, one per ten seconds', async () => {
  const { triggers, pass, settle, stop } = setUp();
  await settle();
  for (let n = 0; n < 3; n++) triggers.poke();
  assert.equal(triggers.poke(), 'deferred');
  pass(10_000);
  assert.equal(triggers.poke(), 'taken');
  assert.equal(triggers.poke(), 'deferred');
  await stop();
});

test('the echo of our own push costs no token and no look at once', async () => {
  const { triggers, looks, pass, settle, stop } = setUp();
  await settle();
  triggers.expectOwnPoke();
  for (let n = 0; n < 5; n++) assert.equal(triggers.poke(), 'deferred');
  await settle();
  assert.equal(looks(), 1);
  pass(5_000);
  assert.equal(triggers.poke(), 'taken');
  await stop();
});

test('a source that fails is looked at again, and the failure is told', async () => {
  const { triggers, settle, stop } = setUp(() =>
    Promise.reject(new ReconcileError('SOURCE_UNREACHABLE', 'no route', { retry: 'backoff' })),
  );
  await settle();
  assert.equal(triggers.lastError?.code, 'SOURCE_UNREACHABLE');
  assert.equal(triggers.lastSeenAtMs, null);
  await assert.rejects(triggers.sync(), /no route/);
  await stop();
});

test('a source that is missed for ten minutes is told, and not before', async () => {
  let reachable = true;
  const { triggers, missed, pass, settle, stop } = setUp(() =>
    reachable
      ? Promise.resolve()
      : Promise.reject(new ReconcileError('SOURCE_UNREACHABLE', 'no route', { retry: 'backoff' })),
  );
  await settle();
  reachable = false;
  pass(9 * 60_000);
  await assert.rejects(triggers.sync());
  assert.deepEqual(missed, [], 'what passes sooner would only make commits');
  pass(60_000);
  await assert.rejects(triggers.sync());
  assert.deepEqual(missed, [{ code: 'SOURCE_UNREACHABLE', forMs: 600_000 }]);
  await stop();
});
