import assert from 'node:assert/strict';
import test from 'node:test';
import { associationId } from '../../../src/core/canonical/identity.ts';
import type { Effect } from '../../../src/core/world/effects.ts';
import { named, node, revision, TestFleet } from '../../fakes/fleet.ts';

type Job = Effect & { kind: 'send-job' };

const names = { asker: {}, motd: {}, users: {} };

/** Everything has run once; then `asker` runs again and its result asks for `wanted`. */
function refreshed(
  wanted: readonly string[],
  definitions: Parameters<typeof revision>[1] = names,
): { readonly fleet: TestFleet; readonly asking: Job } {
  const fleet = new TestFleet().accept(revision(1, definitions)).connect(1, 2);
  fleet.runAll();
  const request = { kind: 'run', associations: [named('asker')], nodes: null } as const;
  fleet.happen({ kind: 'operator', id: 'm1', by: 'root', request });
  const [first, second] = fleet.takeJobs();
  assert.ok(first !== undefined && second !== undefined);
  fleet.start(second).finish(second);
  fleet.start(first).finish(first, 'Success', wanted);
  return { fleet, asking: first };
}

test('all of the node’s other associations run, there and nowhere else, for that occasion', () => {
  const { fleet, asking } = refreshed([]);
  const ran = fleet.runAll();
  assert.deepEqual(ran, ['motd@1', 'users@1']);
  const execution = fleet.executions().find(({ association }) => association === 'users');
  assert.equal(execution?.runs.get(node(1))?.occasion, `manual:refresh-${asking.run}`);
});

test('by name and by id; a stranger’s name asks for nothing', () => {
  assert.deepEqual(refreshed(['motd']).fleet.runAll(), ['motd@1']);
  const { fleet } = refreshed([]);
  const instance = fleet.world.state.instance?.name ?? '';
  assert.deepEqual(refreshed([associationId(instance, named('users'))]).fleet.runAll(), [
    'users@1',
  ]);
  assert.deepEqual(refreshed(['nobody', 'asker']).fleet.runAll(), []);
});

test('the same result twice asks once', () => {
  const { fleet, asking } = refreshed(['motd']);
  fleet.finish(asking, 'Success', ['motd']);
  assert.deepEqual(fleet.runAll(), ['motd@1']);
  fleet.finish(asking, 'Success', ['motd']);
  assert.deepEqual(fleet.runAll(), []);
});

test('a run that a refresh has started asks for nothing more, so two that ask for each other end', () => {
  const { fleet } = refreshed(['motd']);
  const [job] = fleet.takeJobs();
  assert.ok(job !== undefined);
  fleet.start(job).finish(job, 'Success', []);
  assert.deepEqual(fleet.runAll(), []);
});
