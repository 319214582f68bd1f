/** A look at the whole fleet gives way to others, and is at one revision. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { advance } from '../../src/core/world/advance.ts';
import { HISTORY_LIMITS } from '../../src/core/world/history.ts';
import { World } from '../../src/core/world/world.ts';
import { lookAt } from '../../src/reconcile/look.ts';
import { named, revision, TestFleet } from '../fakes/fleet.ts';

const everywhere = Object.fromEntries(Array.from({ length: 2_000 }, (_, n) => [n + 1, {}]));
const fleetOf = (): TestFleet => new TestFleet().accept(revision(1, { motd: {} }, everywhere));

const nobodyLeaves = new AbortController().signal;

/** Each question of the time takes the whole slice. */
function hastyClock({ now }: TestFleet) {
  let ms = 0;
  return {
    now: () => now,
    monotonicMs: () => {
      ms += 100;
      return ms;
    },
  };
}

test('whoever waits has a turn between any two slices', async () => {
  const fleet = fleetOf();
  let turns = 0;
  let looking = true;
  const wait = (): void => {
    turns++;
    if (looking) setImmediate(wait);
  };
  setImmediate(wait);
  const looked = await lookAt(fleet.world, hastyClock(fleet), nobodyLeaves);
  looking = false;
  assert.equal(looked?.standings.nodes.size, 2_000);
  assert.ok(turns >= 9, `${turns} turns in ten slices`);
});

test('a revision that comes meanwhile is the one that is looked at', async () => {
  const fleet = fleetOf();
  setImmediate(() => fleet.accept(revision(2, { motd: {}, other: {} }, everywhere)));
  const looked = await lookAt(fleet.world, hastyClock(fleet), nobodyLeaves);
  assert.deepEqual(
    [...(looked?.standings.associations.keys() ?? [])],
    ['motd', 'other'].map(named),
  );
  assert.equal(looked?.standings.associations.get(named('other'))?.targets, 2_000);
});

test('a revision that is put in force by several passes is looked at when all of it is', async () => {
  const fleet = new TestFleet(new World(HISTORY_LIMITS, 1));
  const accepting = {
    kind: 'revision',
    revision: revision(1, { motd: {}, other: {} }, everywhere),
    ancestry: 'first',
    distance: 1,
    allowDelete: 0,
    acceptedBy: null,
  } as const;
  advance(fleet.world, [accepting], fleet.now);
  assert.notEqual(fleet.world.remainder, null);
  setTimeout(() => fleet.happen(), 20);
  const looked = await lookAt(fleet.world, hastyClock(fleet), nobodyLeaves);
  assert.equal(looked?.standings.associations.get(named('other'))?.targets, 2_000);
});

test('without a revision there is nothing to look at', async () => {
  assert.equal(await lookAt(new World(), hastyClock(new TestFleet()), nobodyLeaves), null);
});

test('a daemon that leaves does not look on', async () => {
  const fleet = fleetOf();
  const leave = new AbortController();
  setImmediate(() => {
    leave.abort(new Error('leaving'));
  });
  await assert.rejects(lookAt(fleet.world, hastyClock(fleet), leave.signal), /leaving/);
});
