import assert from 'node:assert/strict';
import test from 'node:test';
import { apply } from '../../../src/core/world/apply.ts';
import type { Seen } from '../../../src/core/world/epoch.ts';
import { epochNotices, isAhead, silenceOf } from '../../../src/core/world/epoch.ts';
import { recordsOf } from '../../../src/core/world/snapshot.ts';
import { waitingOf } from '../../../src/core/world/waiting.ts';
import { commit, hello, MINUTE, node, revision, TestFleet } from '../../fakes/fleet.ts';

const daemonKey = 'key';

/** In epoch 3 of a branch that carries 2, at position 1, with a run owed to each node that connects. */
function recovered(branchEpoch = 2): TestFleet {
  const fleet = new TestFleet();
  fleet.happen({ kind: 'boot', instance: 'test', daemonKey });
  const begin = { kind: 'instance', name: 'test', epoch: 3, branchEpoch, daemonKey } as const;
  fleet.happen({ kind: 'recovered', records: [begin] });
  return fleet.accept(revision(1, { motd: {} }));
}

const told = (fleet: TestFleet, n: number, seen: Seen) =>
  fleet.happen({ kind: 'connected', node: node(n), hello: { ...hello(), seen } });
const published = (fleet: TestFleet, epoch: number) =>
  fleet.happen({ kind: 'published', seq: 1, commit: commit(9), epoch, archived: [] });
const jobs = (fleet: TestFleet) => fleet.takeJobs().length;
const instanceOf = ({ world }: TestFleet) => {
  const { epoch, branchEpoch } = world.state.instance ?? {};
  return [epoch, branchEpoch];
};
const waitOf = (fleet: TestFleet, n: number) => {
  const [execution] = fleet.executions();
  const run = execution?.runs.get(node(n));
  assert(execution !== undefined && run !== undefined);
  return waitingOf(fleet.world, execution, run);
};

test('a beginning has nothing to announce', () => {
  const fleet = new TestFleet();
  fleet.happen({ kind: 'boot', instance: 'test', daemonKey });
  fleet.accept(revision(1, { motd: {} })).connect(1);
  assert.deepEqual([instanceOf(fleet), jobs(fleet)], [[1, 1], 1]);
});

test('no job is sent in an epoch that the branch does not carry, and all that wait say so', () => {
  const fleet = recovered().connect(1, 2);
  assert.equal(jobs(fleet), 0);
  assert.deepEqual(waitOf(fleet, 1), {
    reason: 'paused',
    until: null,
    detail: 'epoch 3 begins when it stands on the status branch',
  });
  published(fleet, 2); // a commit that was under way when the epoch began
  assert.equal(jobs(fleet), 0);
  fleet.world.dirty.nodes.clear();
  published(fleet, 3);
  assert.deepEqual([jobs(fleet), instanceOf(fleet)], [2, [3, 3]]);
  for (const n of [1, 2])
    assert.ok(fleet.world.dirty.nodes.has(node(n)), 'its file said otherwise');
  assert.deepEqual(epochNotices(fleet.world), []);
});

test('who is silent is so after a restart, too', () => {
  const { world } = recovered(2);
  const again = new TestFleet();
  for (const record of recordsOf(world.state)) apply(again.world.state, record);
  assert.equal(silenceOf(again.world.state), 'unannounced');
});

test('an epoch that is on the branch already when it is to be announced is raised above it', () => {
  for (const [found, raised] of [
    [2, 3],
    [3, 4],
    [7, 8],
  ] as const) {
    const fleet = recovered().connect(1);
    fleet.happen({ kind: 'branch-epoch', epoch: found });
    assert.equal(instanceOf(fleet)[0], raised, `found ${found}`);
    assert.equal(jobs(fleet), 0);
    published(fleet, raised);
    assert.equal(jobs(fleet), 1);
  }
});

test('a daemon that finds a higher epoch on the branch sends nothing more, and never raises its own', () => {
  const fleet = recovered(3);
  fleet.happen({ kind: 'branch-epoch', epoch: 3 }).connect(1);
  assert.equal(jobs(fleet), 1, 'its own is no news');
  fleet.happen({ kind: 'branch-epoch', epoch: 5 }).connect(2);
  published(fleet, 3); // one that was under way
  assert.deepEqual([jobs(fleet), instanceOf(fleet)], [0, [3, 5]]);
  assert.match(epochNotices(fleet.world).join(), /nothing starts: .* epoch 5, above 3/);
  assert.match(waitOf(fleet, 2).detail ?? '', /carries epoch 5/);
  // An operator's word.
  const begin = { kind: 'instance', name: 'test', epoch: 6, branchEpoch: 5, daemonKey } as const;
  fleet.happen({ kind: 'recovered', records: [begin] });
  assert.equal(jobs(fleet), 0);
  published(fleet, 6);
  assert.ok(jobs(fleet) > 0);
});

test('what a node has seen raises nothing: it is sent nothing until the position has caught up', () => {
  const fleet = recovered(3);
  told(fleet, 1, { epoch: 2, position: 3 });
  told(fleet, 2, { epoch: 3, position: 1 });
  assert.deepEqual(
    fleet.takeJobs().map((job) => job.node),
    [node(2)],
  );
  assert.deepEqual(waitOf(fleet, 1), {
    reason: 'busy',
    until: null,
    detail: 'the node took a job of epoch 2, position 3; this daemon is at 3, 1',
  });
  assert.match(epochNotices(fleet.world).join(), /1 nodes have seen more/);
  fleet.after(MINUTE).accept(revision(2, { motd: { document: 'v2' } }));
  assert.ok(isAhead(fleet.world, node(1)), 'position 2 is not enough');
  fleet.after(MINUTE).accept(revision(3, { motd: { document: 'v3' } }));
  assert.ok(!isAhead(fleet.world, node(1)));
  assert.ok(fleet.takeJobs().some((job) => job.node === node(1)));
  assert.deepEqual(epochNotices(fleet.world), []);
});

test('a node of a higher epoch waits for an operator to begin one, whatever the position', () => {
  const fleet = recovered(3);
  told(fleet, 1, { epoch: 9, position: 1 });
  fleet.accept(revision(2, { motd: {} }));
  assert.deepEqual([jobs(fleet), instanceOf(fleet)], [0, [3, 3]]);
  const begin = { kind: 'instance', name: 'test', epoch: 10, branchEpoch: 3, daemonKey } as const;
  fleet.happen({ kind: 'recovered', records: [begin] });
  published(fleet, 10);
  assert.equal(jobs(fleet), 1);
});

test('begun anew by an operator, the positions of earlier epochs count no more', () => {
  const fleet = recovered(3);
  told(fleet, 1, { epoch: 3, position: 40 });
  const epochs = { epoch: 10, branchEpoch: 3, anewEpoch: 10 };
  const begin = { kind: 'instance', name: 'test', ...epochs, daemonKey } as const;
  fleet.happen({ kind: 'recovered', records: [begin] });
  published(fleet, 10);
  told(fleet, 2, { epoch: 10, position: 2 });
  assert.deepEqual(
    fleet.takeJobs().map((job) => job.node),
    [node(1)],
  );
  fleet.happen({ kind: 'boot', instance: 'test', daemonKey: 'other' });
  assert.equal(fleet.world.state.instance?.anewEpoch, 10);
});

test('a revision that an operator names is above what nodes have seen, within reason', () => {
  const fleet = recovered(3);
  told(fleet, 1, { epoch: 3, position: 40 });
  told(fleet, 2, { epoch: 3, position: Number.MAX_SAFE_INTEGER });
  const named = { ancestry: 'descendant', distance: 1, allowDelete: 0, acceptedBy: 'ada' } as const;
  fleet.happen({ kind: 'revision', revision: revision(1, { motd: {} }), ...named });
  assert.equal(fleet.world.state.accepted?.position, 41);
  assert.deepEqual(
    fleet.takeJobs().map((job) => job.node),
    [node(1)],
    'a lie moves nothing',
  );
  assert.ok(isAhead(fleet.world, node(2)));
});
