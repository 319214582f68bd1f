/** What a resume forgives a rollout are the failures of these nodes, not so many failures of a ring. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Ring } from '../../../src/core/model/association.ts';
import type { NodeId } from '../../../src/core/model/brand.ts';
import { present } from '../../../src/core/model/errors.ts';
import type { RunStatus } from '../../../src/core/model/run.ts';
import type { RolloutState } from '../../../src/core/model/state.ts';
import { parseRateLimit } from '../../../src/core/rollout/limits.ts';
import type { PassRecord, Record } from '../../../src/core/world/records.ts';
import { recordsOf } from '../../../src/core/world/snapshot.ts';
import { upgradePass } from '../../../src/core/world/upgrade.ts';
import { World } from '../../../src/core/world/world.ts';
import { MINUTE, named, node, revision, TestFleet } from '../../fakes/fleet.ts';

const SLOT = 10 * MINUTE;

const ring = (tag: string, maxErrors: string): Ring => ({
  name: tag,
  targets: [{ kind: 'tag', key: 'ring', values: [tag] }],
  soakMs: 100 * SLOT,
  maxErrors: parseRateLimit(maxErrors),
});
const failing =
  (...numbers: readonly number[]) =>
  (id: NodeId): RunStatus =>
    numbers.some((n) => node(n) === id) ? 'Failed' : 'Success';

const FLEET = {
  1: { ring: 'canary' },
  2: { ring: 'canary' },
  3: { ring: 'canary' },
  4: { ring: 'canary' },
  5: { ring: 'early' },
  6: {},
};
/** Slots repeat a generation while its first ring, of nodes 1 to 4, soaks. */
const motdWith = (maxErrors: string) => ({
  rings: [ring('canary', maxErrors), ring('early', '0')],
  schedule: 'rate(10 minutes)',
});
const ringed = (maxErrors: string): TestFleet =>
  new TestFleet().accept(revision(1, { motd: motdWith(maxErrors) }, FLEET)).connect(1, 2, 3, 4, 5);

const resume = (fleet: TestFleet): TestFleet =>
  fleet.happen({
    kind: 'operator',
    id: 'resume',
    by: 'alice',
    request: { kind: 'resume', association: named('motd') },
  });
const rolloutOf = ({ world }: TestFleet): RolloutState =>
  present(world.state.associations.get(named('motd'))?.rollout, 'under way');
const isHalted = (fleet: TestFleet): boolean => rolloutOf(fleet).halted !== null;
const slot = (fleet: TestFleet, ...bad: readonly number[]): TestFleet => {
  fleet.after(SLOT).runAll(failing(...bad));
  return fleet;
};

/** Nodes 1 and 2 have failed, one more than the ring bears, and were forgiven. */
function forgiven(): TestFleet {
  const fleet = ringed('1');
  fleet.runAll(failing(1, 2));
  assert.ok(isHalted(fleet));
  return resume(fleet);
}

test('who was forgiven and is well again pardons nobody who failed meanwhile', () => {
  const fleet = forgiven();
  slot(fleet, 1, 2, 3);
  assert.ok(!isHalted(fleet), 'one that was not forgiven is borne');
  slot(fleet, 3);
  slot(fleet, 3, 4);
  assert.ok(isHalted(fleet));
});

test('who fails in the moment in which one that was forgiven is well again counts', () => {
  const fleet = ringed('0');
  fleet.runAll(failing(1));
  resume(fleet).after(SLOT);
  const [first, second] = fleet.takeJobs().toSorted((a, b) => (a.node < b.node ? -1 : 1));
  assert.ok(first !== undefined && second !== undefined);
  fleet.start(first).start(second);
  const { happen } = fleet;
  const together: Parameters<typeof happen>[0][] = [];
  fleet.happen = (...events) => {
    together.push(...events);
    return fleet;
  };
  fleet.finish(first).finish(second, 'Failed');
  fleet.happen = happen;
  fleet.happen(...together);
  assert.ok(isHalted(fleet));
});

test('who was forgiven and fails again at each slot stays forgiven; well once, it counts', () => {
  const fleet = forgiven();
  slot(slot(fleet, 1, 2), 1, 2);
  assert.ok(!isHalted(fleet));
  slot(fleet);
  slot(fleet, 1, 2);
  assert.ok(isHalted(fleet));
});

test('forgiveness goes with the node into another ring', () => {
  const fleet = forgiven();
  fleet.after(100 * SLOT).runAll(failing(1, 2));
  assert.equal(rolloutOf(fleet).ring, 1);
  const moved = { ...FLEET, 1: { ring: 'early' } };
  fleet.accept(revision(2, { motd: motdWith('1') }, moved));
  slot(fleet, 1, 2);
  assert.ok(!isHalted(fleet));
  slot(fleet, 1, 2, 5);
  assert.deepEqual(rolloutOf(fleet).halted?.ring, 1);
});

test('a node that ceased to be a target has left its forgiveness behind', () => {
  const fleet = ringed('0');
  fleet.runAll(failing(1));
  resume(fleet);
  const { 1: _, ...others } = FLEET;
  fleet.accept(revision(2, { motd: motdWith('0') }, others));
  assert.deepEqual(rolloutOf(fleet).forgiven, []);
  fleet.accept(revision(3, { motd: motdWith('0') }, FLEET)).connect(1);
  fleet.runAll(failing(1));
  assert.ok(isHalted(fleet));
});

test('where nobody was forgiven the state holds nobody', () => {
  const fleet = forgiven();
  assert.deepEqual(rolloutOf(fleet).forgiven, [node(1), node(2)]);
  slot(fleet, 2);
  assert.deepEqual(rolloutOf(fleet).forgiven, [node(2)]);
  slot(fleet);
  assert.deepEqual(rolloutOf(fleet).forgiven, []);
});

// --- after a restart --------------------------------------------------------------------------------------------

/** Another daemon with these records in its journal. */
function readAgain(before: TestFleet, records: Iterable<Record>): TestFleet {
  const world = new World();
  for (const record of records) world.apply(record);
  const fleet = new TestFleet(world, before.now);
  fleet.happen({ kind: 'restored', revision: present(before.world.revision, 'in force') });
  return fleet.connect(1, 2, 3, 4, 5);
}

/** As programs of before format 11 wrote them: how many of each ring. */
const inNumbers = (rollout: RolloutState | null, numbers: readonly number[]): unknown =>
  rollout === null ? null : { ...rollout, forgiven: numbers };

function asOfFormat10(record: Record): unknown {
  switch (record.kind) {
    case 'association':
      return { ...record, rollout: inNumbers(record.rollout, []) };
    case 'rollout-resumed':
      return { ...record, forgiven: [2, 0, 0] };
    case 'put-association':
      return {
        ...record,
        value: { ...record.value, rollout: inNumbers(record.value.rollout, [2, 0, 0]) },
      };
    default:
      return record;
  }
}

const upgraded = (before: TestFleet, records: readonly Record[]): readonly Record[] =>
  upgradePass({ at: before.now, records: records.map(asOfFormat10) } as unknown as PassRecord, 10)
    .records;

for (const { name, read } of [
  { name: 'its journal', read: (fleet: TestFleet) => fleet.journal },
  { name: 'a snapshot', read: (fleet: TestFleet) => [...recordsOf(fleet.world.state)] },
  { name: 'a journal of format 10', read: (fleet: TestFleet) => upgraded(fleet, fleet.journal) },
  {
    name: 'a snapshot of format 10',
    read: (fleet: TestFleet) => upgraded(fleet, [...recordsOf(fleet.world.state)]),
  },
]) {
  test(`a daemon that reads ${name} knows whom a resume has forgiven`, () => {
    const before = forgiven();
    const fleet = readAgain(before, read(before));
    assert.deepEqual(rolloutOf(fleet).forgiven, [node(1), node(2)]);
    slot(fleet, 1, 2, 3);
    assert.ok(!isHalted(fleet));
    slot(slot(fleet, 3), 3, 4);
    assert.ok(isHalted(fleet));
  });
}

test('of failures that format 10 counted, those that came first were forgiven', () => {
  const before = slot(forgiven(), 1, 2, 3);
  const fleet = readAgain(before, upgraded(before, [...recordsOf(before.world.state)]));
  assert.deepEqual(rolloutOf(fleet).forgiven, [node(1), node(2)]);
});

test('a rollout that format 10 wrote healed is read as healed', () => {
  const before = forgiven();
  const association = named('motd');
  const healed = { kind: 'rollout-healed', association, forgiven: [1, 0, 0] } as unknown as Record;
  const written = { at: before.now, records: [...before.journal.map(asOfFormat10), healed] };
  const fleet = readAgain(before, upgradePass(written, 10).records);
  assert.equal(rolloutOf(fleet).forgiven.length, 1);
});
