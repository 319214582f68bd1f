/** A node that refuses jobs for now: why is told wherever it is shown to wait, until it takes one, and it is asked more seldom. */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { Instant } from '../../../src/core/model/brand.ts';
import { instant } from '../../../src/core/model/brand.ts';
import { present } from '../../../src/core/model/errors.ts';
import { pendingFields } from '../../../src/core/report/node-file.ts';
import { explainNamed } from '../../../src/core/world/explanation.ts';
import { clockNotices, REST_MS, REST_MS_MAX } from '../../../src/core/world/refusals.ts';
import { refusedOf, waitingOf } from '../../../src/core/world/waiting.ts';
import { MINUTE, node, revision, TestFleet } from '../../fakes/fleet.ts';

const HOUR = 60 * MINUTE;

type Refused = { readonly code?: string; readonly message?: string; readonly clockMs?: number };

function started(): TestFleet {
  return new TestFleet().accept(revision(1, { motd: {} }, { 1: {} })).connect(1);
}

/** `clockMs`: what the clock of the node is ahead of the daemon's. */
function refuse(fleet: TestFleet, { code = 'DiskFull', message = '', clockMs }: Refused = {}) {
  const { node: id, run } = present(fleet.takeJobs()[0], 'it is offered');
  const clock: Instant | null = clockMs === undefined ? null : instant(fleet.now + clockMs);
  return fleet.happen({ kind: 'refused', node: id, run, code, message, clock });
}

function owed(fleet: TestFleet) {
  const execution = present(fleet.executions()[0], 'it is open');
  return { execution, run: present(execution.runs.get(node(1)), 'of this node') };
}

function waiting(fleet: TestFleet) {
  const { execution, run } = owed(fleet);
  return waitingOf(fleet.world, execution, run);
}

test('refusals: what the node said is the detail of its waiting, in its file too', () => {
  const detail = 'last refusal DiskFull (3 MB left)';
  const fleet = refuse(started(), { message: '3 MB left' });
  assert.deepEqual(waiting(fleet), { reason: 'busy', until: null, detail });
  assert.deepEqual(pendingFields(waiting(fleet)), { Reason: 'busy', Detail: detail });
  assert.ok(fleet.world.dirty.nodes.has(node(1)));
});

test('refusals: the last one counts, and a job that is taken clears it', () => {
  const fleet = refuse(started());
  refuse(fleet.after(MINUTE), { message: 'still full' });
  assert.equal(fleet.world.refusals.of(node(1)), 'last refusal DiskFull (still full)');
  const job = present(fleet.after(MINUTE).takeJobs()[0], 'it is asked again');
  assert.notEqual(fleet.world.refusals.of(node(1)), null, 'asked is not taken');
  fleet.world.dirty.nodes.clear();
  fleet.start(job);
  assert.equal(fleet.world.refusals.of(node(1)), null);
  assert.ok(fleet.world.dirty.nodes.has(node(1)), 'its file is written again');
});

test('refusals: what a node says is never structure, and bounded', () => {
  const message = `<b>\u202e\u001b[31m|#\n- [x](y) \`${'z'.repeat(5_000)}`;
  const fleet = refuse(started(), { message });
  const told = present(fleet.world.refusals.of(node(1)), 'it refused');
  assert.doesNotMatch(told.replace('last refusal DiskFull (', ''), /[^A-Za-z0-9 .,:;/=+)-]/);
  assert.ok(told.length < 200, String(told.length));
});

/** How long the node is left alone after each of so many refusals, ms. */
function rests(fleet: TestFleet, count: number, refused: Refused): readonly number[] {
  return Array.from({ length: count }, () => {
    refuse(fleet, refused);
    const from = fleet.now;
    while (fleet.effects.every(({ kind }) => kind !== 'send-job')) fleet.after(1_000);
    return fleet.now - from;
  });
}

test('refusals: a node that goes on refusing is asked half as often each time, and never given up', () => {
  const told = rests(started(), 8, { code: 'Expired', clockMs: 2 * HOUR });
  const doubled = [1, 2, 4, 8, 16, 32, 32, 32].map((times) => times * REST_MS);
  assert.deepEqual(told, doubled);
  assert.equal(doubled.at(-1), REST_MS_MAX);
});

test('refusals: what a restored daemon catches up with by itself is asked for at the same pace', () => {
  assert.deepEqual(rests(started(), 3, { code: 'StaleEpoch' }), [REST_MS, REST_MS, REST_MS]);
});

test('refusals: the pace is that of the first again when it takes a job', () => {
  const fleet = started();
  rests(fleet, 4, { code: 'NotYet', clockMs: -HOUR });
  const job = present(fleet.takeJobs()[0], 'it is asked again');
  fleet.start(job).finish(job);
  fleet.accept(revision(2, { motd: { document: 'v2' } }, { 1: {} }));
  assert.deepEqual(rests(fleet, 1, { code: 'NotYet', clockMs: -HOUR }), [REST_MS]);
});

test('refusals: who connects anew is asked at once, and its first refusal is the first', () => {
  const fleet = started();
  rests(fleet, 4, { code: 'NotYet', clockMs: -HOUR });
  refuse(fleet, { code: 'NotYet', clockMs: -HOUR });
  fleet.happen({ kind: 'disconnected', node: node(1) });
  assert.equal(fleet.world.refusals.of(node(1)), null, 'what it said was of that session');
  fleet.connect(1);
  assert.deepEqual(rests(fleet, 1, { code: 'NotYet', clockMs: -HOUR }), [REST_MS]);
});

test('refusals: who comes and goes is not asked by timers of its earlier sessions', () => {
  const fleet = started();
  for (let session = 0; session < 5; session++) {
    refuse(fleet, { code: 'Expired', clockMs: HOUR });
    fleet.after(5_000).happen({ kind: 'disconnected', node: node(1) });
    fleet.connect(1);
  }
  assert.deepEqual(rests(fleet, 2, { code: 'Expired', clockMs: HOUR }), [REST_MS, 2 * REST_MS]);
});

const words: readonly { readonly refused: Refused; readonly of: string; readonly clock: string }[] =
  [
    {
      refused: { code: 'Expired', clockMs: 3 * HOUR + 9 * MINUTE, message: 'it is 1790000000000' },
      of: 'its clock is off: it is ahead, and takes every job for Expired',
      clock: 'ahead by about 3 hours',
    },
    {
      refused: { code: 'NotYet', clockMs: -400 * 24 * HOUR },
      of: 'its clock is off: it is behind, and takes every job for NotYet',
      clock: 'behind by about 1 year',
    },
    {
      refused: { code: 'NotYet', message: 'of an older agent' },
      of: 'its clock is off: it is behind, and takes every job for NotYet',
      clock: 'behind by 5 minutes or more',
    },
    {
      refused: { code: 'Expired', clockMs: 2_000 },
      of: 'last refusal Expired (the job was under way for too long)',
      clock: '',
    },
  ];
for (const { refused, of, clock } of words) {
  test(`refusals: ${refused.code} at ${refused.clockMs ?? 'no'} ms is told as "${clock || of}"`, () => {
    const fleet = refuse(started(), refused);
    const { refusals } = fleet.world;
    assert.equal(refusals.of(node(1)), of);
    assert.equal(refusals.clockOf(node(1)) ?? '', clock);
    assert.equal(refusals.told(node(1)), clock === '' ? of : `${of}, ${clock}`);
    assert.deepEqual(refusals.clocksOff(), clock === '' ? [] : [node(1)]);
    assert.deepEqual(
      clockNotices(refusals),
      clock === '' ? [] : [`no jobs are taken because the clock of ${node(1)} is ${clock}`],
    );
  });
}

test('refusals: the words of the report stay while the clock drifts on, asked or not', () => {
  const fleet = refuse(started(), { code: 'Expired', clockMs: HOUR });
  const before = waiting(fleet);
  fleet.after(REST_MS);
  const { run } = owed(fleet);
  assert.equal(run.phase, 'Offered');
  assert.deepEqual(refusedOf(fleet.world, run), before, 'while it is asked');
  refuse(fleet, { code: 'Expired', clockMs: 30 * HOUR });
  assert.deepEqual(waiting(fleet), before);
});

test('refusals: explain says how far the clock is off', () => {
  const fleet = refuse(started(), { code: 'Expired', clockMs: 26 * HOUR });
  const answer = explainNamed(fleet.world, {
    node: node(1),
    association: null,
    now: fleet.now,
    contact: 'live',
    waitingOf: (execution, run) => waitingOf(fleet.world, execution, run),
  });
  assert.ok(answer.ok);
  const { node: told } = answer.value as { node: { clock: string } };
  assert.equal(told.clock, 'ahead by about 1 day');
});
