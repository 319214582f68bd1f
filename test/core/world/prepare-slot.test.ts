/** A slot of a large association is prepared over several passes, and opened as one of a small association is. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { runIdOf } from '../../../src/core/canonical/occasion.ts';
import { instant } from '../../../src/core/model/brand.ts';
import { present } from '../../../src/core/model/errors.ts';
import { advance } from '../../../src/core/world/advance.ts';
import { PREPARED_PER_PASS } from '../../../src/core/world/prepare-slot.ts';
import type { AssociationSpec } from '../../fakes/fleet.ts';
import { definition, MINUTE, named, revision, TestFleet } from '../../fakes/fleet.ts';

const COUNT = 2.5 * PREPARED_PER_PASS;
const everywhere = Object.fromEntries(Array.from({ length: COUNT }, (_, n) => [n + 1, {}]));
const spec: AssociationSpec = { schedule: 'cron(*/10 * * * ? *)', flag: true };

/** Its slot of ten past twelve has come, and nothing has looked yet. */
function atItsSlot(): TestFleet {
  const fleet = new TestFleet().accept(revision(1, { motd: spec }, everywhere));
  fleet.now = instant(fleet.now + 10 * MINUTE);
  return fleet;
}

const kindsOf = ({ records }: ReturnType<typeof advance>): readonly string[] =>
  records.map(({ kind }) => kind);

test('the slot fires in the pass that makes the last of its ids; nothing is recorded before', () => {
  const { world, now } = atItsSlot();
  const passes = [1, 2, 3].map(() => advance(world, [], now));
  assert.deepEqual(passes.map(kindsOf), [[], [], ['slot', 'execution']]);
  assert.deepEqual(
    passes.slice(0, 2).map(({ more }) => more),
    [true, true],
  );
  const [execution] = world.state.executions.values();
  assert.equal(execution?.runs.size, COUNT);
  assert.equal(world.prepared.size, 0);
  const { generation } = definition('motd', spec).digests;
  for (const { node, run, occasion } of execution.runs.values()) {
    assert.equal(occasion, 'slot:2026-03-01T12:10:00Z');
    assert.equal(run, runIdOf(node, named('motd'), generation, occasion));
  }
});

test('a commit that comes while a slot is prepared counts: the slot opens what is in force when it fires', () => {
  const fleet = atItsSlot();
  advance(fleet.world, [], fleet.now);
  const edited = { ...spec, parameters: 'new' };
  fleet.accept(revision(2, { motd: edited }, everywhere));
  const [execution] = fleet.executions();
  const { generation } = definition('motd', edited).digests;
  assert.equal(execution?.generation, generation);
  const run = present([...execution.runs.values()][0], 'it has runs');
  assert.equal(run.run, runIdOf(run.node, named('motd'), generation, run.occasion));
});

test('an association that goes while its slot is prepared leaves nothing behind', () => {
  const fleet = atItsSlot();
  advance(fleet.world, [], fleet.now);
  assert.equal(fleet.world.prepared.size, 1);
  fleet.accept(revision(2, { other: {} }, everywhere), 1);
  assert.equal(fleet.world.prepared.size, 0);
  assert.deepEqual(
    fleet.executions().map(({ association }) => association),
    ['other'],
  );
});

test('a daemon that restarts while a slot is prepared fires it all the same, once', () => {
  const before = atItsSlot();
  advance(before.world, [], before.now);
  const after = new TestFleet();
  for (const record of before.journal) after.world.apply(record);
  after.now = before.now;
  after.happen({ kind: 'boot', instance: 'test', daemonKey: 'key' });
  after.happen({ kind: 'restored', revision: revision(1, { motd: spec }, everywhere) });
  assert.deepEqual(
    after.executions().map(({ occasion, runs }) => [occasion, runs.size]),
    [['slot:2026-03-01T12:10:00Z', COUNT]],
  );
});
