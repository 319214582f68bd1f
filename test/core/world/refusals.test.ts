/** A node that refuses jobs for now: why is told wherever it is shown to wait, until it takes one. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { present } from '../../../src/core/model/errors.ts';
import { pendingFields } from '../../../src/core/report/node-file.ts';
import { waitingOf } from '../../../src/core/world/waiting.ts';
import { MINUTE, node, revision, TestFleet } from '../../fakes/fleet.ts';

function refused(message = 'the clock is 7 min off'): TestFleet {
  const fleet = new TestFleet().accept(revision(1, { motd: {} }, { 1: {} })).connect(1);
  return again(fleet, message);
}

function again(fleet: TestFleet, message = 'still off'): TestFleet {
  const { node: id, run } = present(fleet.takeJobs()[0], 'it is offered');
  return fleet.happen({ kind: 'refused', node: id, run, code: 'NotYet', message });
}

function waiting(fleet: TestFleet) {
  const execution = present(fleet.executions()[0], 'it is open');
  return waitingOf(fleet.world, execution, present(execution.runs.get(node(1)), 'of this node'));
}

test('refusals: what the node said is the detail of its waiting, in its file too', () => {
  const detail = 'last refusal NotYet (the clock is 7 min off)';
  const fleet = refused();
  assert.deepEqual(waiting(fleet), { reason: 'busy', until: null, detail });
  assert.deepEqual(pendingFields(waiting(fleet)), { Reason: 'busy', Detail: detail });
  assert.ok(fleet.world.dirty.nodes.has(node(1)));
});

test('refusals: the last one counts, and a job that is taken clears it', () => {
  const fleet = refused();
  again(fleet.after(MINUTE));
  assert.equal(fleet.world.refusals.of(node(1)), 'last refusal NotYet (still off)');
  const job = present(fleet.after(MINUTE).takeJobs()[0], 'it is asked again');
  assert.notEqual(fleet.world.refusals.of(node(1)), null, 'asked is not taken');
  fleet.world.dirty.nodes.clear();
  fleet.start(job);
  assert.equal(fleet.world.refusals.of(node(1)), null);
  assert.ok(fleet.world.dirty.nodes.has(node(1)), 'its file is written again');
});

test('refusals: what a node says is never structure, and bounded', () => {
  const fleet = refused(`<b>\u202e\u001b[31m|#\n- [x](y) \`${'z'.repeat(5_000)}`);
  const told = present(fleet.world.refusals.of(node(1)), 'it refused');
  assert.doesNotMatch(told.replace('last refusal NotYet (', ''), /[^A-Za-z0-9 .,:;/=+)-]/);
  assert.ok(told.length < 200, String(told.length));
});
