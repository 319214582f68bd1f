import assert from 'node:assert/strict';
import test from 'node:test';
import type { Instant } from '../../src/core/model/brand.ts';
import { HISTORY_LIMITS } from '../../src/core/world/history.ts';
import type { PassRecord } from '../../src/core/world/records.ts';
import { World } from '../../src/core/world/world.ts';
import type { Loop } from '../../src/daemon/loop.ts';
import { createBell, openInbox, runLoop } from '../../src/daemon/loop.ts';
import { silentLog } from '../../src/io/log.ts';
import { revision } from '../fakes/fleet.ts';

/** A loop over an empty world, with a journal that can be made slow. */
function aLoop(changed: Partial<Loop> = {}) {
  const bell = createBell();
  const inbox = openInbox(bell);
  const passes: PassRecord[] = [];
  const gates: Promise<void>[] = [];
  let atOnce = 0;
  let atOnceMax = 0;
  const loop: Loop = {
    world: new World(),
    inbox,
    bell,
    ports: {
      clock: { now: () => Date.now() as Instant, monotonicMs: () => performance.now() },
      journal: {
        async append(pass) {
          atOnceMax = Math.max(atOnceMax, ++atOnce);
          await gates.shift();
          atOnce--;
          passes.push(pass);
        },
      },
    },
    publisher: {
      tick: () => null,
      flush: () => Promise.resolve(),
      ended: () => Promise.resolve(),
      waiting: 0,
      publishedAtMs: null,
      lastError: null,
      underWaySinceMs: null,
      rival: null,
    },
    perform: () => undefined,
    log: silentLog,
    onPass: () => undefined,
    ...changed,
  };
  return { loop, inbox, bell, passes, gates, atOnceMax: () => atOnceMax };
}

const boot = { kind: 'boot', instance: 'test', daemonKey: 'key' } as const;
const wish = { kind: 'operator', id: '1', by: 'ada' } as const;
const pause = { ...wish, request: { kind: 'pause' } } as const;
const resume = { ...wish, request: { kind: 'resume', association: null } } as const;

test('an event is durable when push resolves, and the loop ends with its signal', async () => {
  const { loop, inbox, passes } = aLoop();
  const stop = new AbortController();
  const running = runLoop(loop, stop.signal);
  await inbox.push(boot);
  assert.ok(passes.some(({ records }) => records.some(({ kind }) => kind === 'instance')));
  stop.abort();
  await running;
});

test('what happens during a pass is taken by the next one, together and alone', async (t) => {
  const { loop, inbox, passes, gates, atOnceMax } = aLoop();
  const stop = new AbortController();
  t.after(() => stop.abort());
  let open: () => void = () => undefined;
  gates.push(
    new Promise((resolve) => {
      open = resolve;
    }),
  );
  inbox.post(boot);
  const running = runLoop(loop, stop.signal);
  await new Promise(setImmediate);
  const pushed = Promise.all([pause, resume, pause].map((event) => inbox.push(event)));
  open();
  await pushed;
  assert.deepEqual(
    passes.map(({ records }) => records.map(({ kind }) => kind)),
    [['instance'], ['paused', 'resumed', 'paused']],
  );
  assert.equal(atOnceMax(), 1);
  stop.abort();
  await running;
});

test('a bell that rings while nobody waits is not lost', async () => {
  const bell = createBell();
  bell.ring();
  await bell.wait(60_000, new AbortController().signal);
});

test('a bell nobody rings ends with its time or its signal', async () => {
  const bell = createBell();
  await bell.wait(1, new AbortController().signal);
  await bell.wait(60_000, AbortSignal.abort());
});

test('a journal that can never be written ends the loop, and tells who waited', async () => {
  const dead = new Error('the disk is gone');
  const { loop, inbox } = aLoop();
  const failing = {
    ...loop,
    ports: { ...loop.ports, journal: { append: () => Promise.reject(dead) } },
  };
  const pushed = assert.rejects(inbox.push(boot), /the disk is gone/);
  await assert.rejects(runLoop(failing, new AbortController().signal), /the disk is gone/);
  await pushed;
});

test('the publisher is asked after each pass, and its instant wakes the loop', async () => {
  let asked = 0;
  const stop = new AbortController();
  const { loop } = aLoop({
    publisher: {
      tick: () => {
        if (++asked === 3) stop.abort();
        return performance.now() + 1;
      },
      flush: () => Promise.resolve(),
      ended: () => Promise.resolve(),
      waiting: 0,
      publishedAtMs: null,
      lastError: null,
      underWaySinceMs: null,
      rival: null,
    },
  });
  await runLoop(loop, stop.signal);
  assert.equal(asked, 3);
});

test('a revision that takes several passes is reported as a whole, and the event loop turns in between', async () => {
  const world = new World(HISTORY_LIMITS, 3);
  const ticks: boolean[] = [];
  const turns: number[] = [];
  let turned = 0;
  const onPass = (): void => {
    if (world.state.unfinished) turns.push(turned);
  };
  const { loop, inbox } = aLoop({ world, onPass });
  const tick: Loop['publisher']['tick'] = () => {
    ticks.push(world.state.unfinished);
    return null;
  };
  const stop = new AbortController();
  const turn = (): void => {
    turned++;
    if (!stop.signal.aborted) setImmediate(turn);
  };
  setImmediate(turn);
  const running = runLoop({ ...loop, publisher: { ...loop.publisher, tick } }, stop.signal);
  await inbox.push(boot);
  await inbox.push({
    kind: 'revision',
    revision: revision(1, { ant: {}, bee: {}, cat: {} }),
    ancestry: 'first',
    distance: 1,
    allowDelete: 0,
    acceptedBy: null,
  });
  assert.equal(world.state.unfinished, true);
  await inbox.push(pause);
  stop.abort();
  await running;
  assert.equal(world.state.executions.size, 3);
  assert.ok(ticks.length > 0 && !ticks.includes(true));
  assert.ok(turns.length > 1);
  assert.equal(new Set(turns).size, turns.length, 'no two passes of it in one turn');
});
