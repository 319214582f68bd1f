/** Versions of an association: what changed, kept to AWS's thousand, on the branch and back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptyState, VERSIONS_MAX } from '../../../src/core/model/state.ts';
import { associationStatusPath } from '../../../src/core/report/paths.ts';
import { readStatus } from '../../../src/core/report/read.ts';
import { apply } from '../../../src/core/world/apply.ts';
import type { Record } from '../../../src/core/world/records.ts';
import { recordsOf } from '../../../src/core/world/snapshot.ts';
import { aCommit, aName, foundation, inForce, noon, stateOf } from '../../fakes/builders.ts';
import { revision, TestFleet } from '../../fakes/fleet.ts';
import { rendered, textsOf, verify, viewOf } from './views.ts';

const name = aName('web-motd');
const version = (n: number): Record => ({
  kind: 'version',
  association: name,
  version: {
    version: n,
    at: noon,
    revision: aCommit(n),
    changed: n === 1 ? ['created'] : ['document', 'schedule'],
    document: 'KeepFile',
    documentVersion: n === 1 ? null : n,
    scheduleExpression: n === 1 ? null : 'rate(30 minutes)',
  },
});

test('each edit says what it changed; an edit of anything else is other', () => {
  const fleet = new TestFleet();
  const edits = [
    {},
    { document: 'v2' },
    { document: 'v2', severity: 'HIGH' },
    { document: 'v2', severity: 'HIGH', schedule: 'rate(1 hour)', parameters: 'p' },
  ] as const;
  for (const [at, spec] of edits.entries()) fleet.accept(revision(at + 1, { motd: spec }));
  fleet.accept(revision(9, { motd: edits[3] }));
  assert.deepEqual(
    [...fleet.world.state.versions.values()][0]?.map((each) => [each.version, each.changed]),
    [
      [1, ['created']],
      [2, ['document']],
      [3, ['other']],
      [4, ['parameters', 'schedule']],
    ],
    'and what changes nothing is no version',
  );
  const replayed = emptyState();
  for (const record of fleet.journal) apply(replayed, record);
  assert.deepEqual(replayed.versions, fleet.world.state.versions);
  fleet.accept(revision(10, {}), 1);
  assert.equal(fleet.world.state.versions.size, 0);
});

test('of more than a thousand the oldest give way; a snapshot keeps them', () => {
  const numbers = Array.from({ length: VERSIONS_MAX + 5 }, (_, at) => at + 1);
  const state = stateOf([...foundation, inForce('web-motd'), ...numbers.map(version)]);
  const kept = state.versions.get(name);
  assert.deepEqual([kept?.length, kept?.[0]?.version], [VERSIONS_MAX, 6]);
  assert.deepEqual(stateOf(recordsOf(state)).versions, state.versions);
});

test('status.json lists them newest first, and a lost state has them again', () => {
  const records = [...foundation, inForce('web-motd'), version(1), version(2)];
  const files = rendered(viewOf(records));
  const { Versions } = JSON.parse(files.get(associationStatusPath(name)) ?? '{}');
  assert.deepEqual(Versions, [
    {
      AssociationVersion: '2',
      Changed: ['document', 'schedule'],
      CreatedDate: '2027-01-31T12:00:00Z',
      DocumentVersion: '2',
      Name: 'KeepFile',
      Revision: aCommit(2),
      ScheduleExpression: 'rate(30 minutes)',
    },
    {
      AssociationVersion: '1',
      Changed: ['created'],
      CreatedDate: '2027-01-31T12:00:00Z',
      Name: 'KeepFile',
      Revision: aCommit(1),
    },
  ]);
  const read = readStatus(textsOf(files), { verify, now: noon, tip: null });
  assert.ok(read.ok);
  assert.deepEqual(stateOf(read.value.records).versions, stateOf(records).versions);
});
