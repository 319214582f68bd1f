import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { assess, exitCodeOf } from '../../../src/core/compliance/assess.ts';
import type { Facts } from '../../../src/core/compliance/facts.ts';
import { present } from '../../../src/core/model/errors.ts';
import type { AssignmentStanding, Waiting } from '../../../src/core/model/standing.ts';
import type { Record } from '../../../src/core/world/records.ts';
import {
  aDefinition,
  aName,
  aNodeId,
  assigned,
  connected,
  executionOf,
  factsOf,
  finished,
  foundation,
  inForce,
  minutesAfter,
  nodesOfState,
  noon,
  registered,
  started,
  stateOf,
} from '../../fakes/builders.ts';
import { histories } from '../../fakes/histories.ts';
import { runs } from '../../fakes/runs.ts';

const name = aName('web-motd');
const bound: readonly Record[] = [
  ...foundation,
  registered(1),
  connected(1),
  inForce('web-motd'),
  assigned('web-motd', [1]),
];
const first = executionOf('web-motd', [1]);
const second = executionOf('web-motd', [1], { occasion: 'slot:2027-01-31T13:00:00Z' });
const newer = executionOf('web-motd', [1], { generation: 'newer' });
const closed: Record = { kind: 'closed', execution: first.id, reason: 'next-slot', at: noon };
const unreachable: Record = {
  kind: 'unreachable',
  execution: first.id,
  node: aNodeId(1),
  run: present(first.runs[0], 'it has a run').run,
  at: noon,
};

const standing = (records: readonly Record[], of: Partial<Facts> = {}): AssignmentStanding =>
  present(assess(factsOf(stateOf([...bound, ...records]), of)).of(aNodeId(1))[0], 'it is bound');

const slot = { reason: 'schedule', until: minutesAfter(noon, 60) } as const;

test('whoever waits for a slot is as it should be, unless a gate will skip that slot or none is to come', () => {
  const ratingWhere = (waiting: Waiting) => standing([], { boundWaiting: () => waiting }).rating;
  assert.equal(ratingWhere(slot), 'ok');
  assert.equal(ratingWhere({ ...slot, until: null }), 'waiting');
  assert.equal(ratingWhere({ ...slot, reason: 'calendar' }), 'waiting');
  assert.equal(ratingWhere({ ...slot, reason: 'suspended' }), 'waiting');
});

// Spec appendix I.6, and what the contract adds to it.
for (const c of [
  { name: 'bound', records: [], want: 'Pending/Associated null waiting' },
  { name: 'owed', records: [first], want: 'Pending/Pending null waiting' },
  { name: 'started', records: [first, started(first, 1)], want: 'Pending/InProgress null waiting' },
  {
    name: 'lost after its start',
    records: [first, started(first, 1), unreachable],
    want: 'Pending/Unreachable null waiting',
  },
  { name: 'succeeded', records: [first, finished(first, 1)], want: 'Success/Success COMPLIANT ok' },
  {
    name: 'failed',
    records: [first, finished(first, 1, { status: 'Failed' })],
    want: 'Failed/Failed NON_COMPLIANT failing',
  },
  {
    name: 'timed out',
    records: [first, finished(first, 1, { status: 'TimedOut' })],
    want: 'Failed/TimedOut NON_COMPLIANT failing',
  },
  {
    name: 'cancelled',
    records: [first, finished(first, 1, { status: 'Cancelled' })],
    want: 'Failed/Cancelled NON_COMPLIANT failing',
  },
  {
    name: 'cut',
    records: [first, finished(first, 1, { status: 'Failed', detailedStatus: 'Interrupted' })],
    want: 'Failed/Interrupted NON_COMPLIANT failing',
  },
  {
    name: 'skipped by the node',
    records: [first, finished(first, 1, { status: 'Skipped' })],
    want: 'Skipped/Skipped null ok',
  },
  {
    name: 'not reached before the next slot',
    records: [first, closed],
    want: 'Skipped/Skipped null waiting',
  },
  {
    name: 'repeated after a success',
    records: [first, finished(first, 1), second],
    want: 'Pending/Pending COMPLIANT ok',
  },
  {
    name: 'repeated after a failure',
    records: [first, finished(first, 1, { status: 'Failed' }), second],
    want: 'Pending/Pending NON_COMPLIANT failing',
  },
  {
    name: 'of an older generation',
    records: [first, finished(first, 1), inForce('web-motd', 'newer')],
    want: 'Pending/Associated COMPLIANT waiting',
  },
  {
    name: 'owed in a newer generation',
    records: [first, finished(first, 1), inForce('web-motd', 'newer'), newer],
    want: 'Pending/Pending COMPLIANT waiting',
  },
] as const) {
  test(`one association on one node: ${c.name}`, () => {
    const { status, detailedStatus, compliance, rating } = standing(c.records);
    assert.equal(`${status}/${detailedStatus} ${compliance} ${rating}`, c.want);
  });
}

test('MANUAL compliance is not ours to say', () => {
  const definition = aDefinition('web-motd', {
    association: { syncCompliance: 'MANUAL', complianceSeverity: 'HIGH' },
  });
  const { compliance, severity, status } = standing([first, finished(first, 1)], {
    definitions: new Map([[name, definition]]),
  });
  assert.deepEqual([compliance, severity, status], [null, 'HIGH', 'Success']);
});

test('an association without targets: Success when its selector is empty, Pending when it names nobody (H-19)', () => {
  for (const [ids, want] of [
    [null, 'Success/Success'],
    [['mi-00000000000000000'], 'Pending/Creating'],
  ] as const) {
    const targets = ids === null ? [] : [{ kind: 'ids' as const, ids }];
    const definition = aDefinition('web-motd', { association: { targets } });
    const state = stateOf([...foundation, inForce('web-motd')]);
    const standings = assess(factsOf(state, { definitions: new Map([[name, definition]]) }));
    const overview = present(standings.associations.get(name), 'it was assessed');
    assert.equal(`${overview.status}/${overview.detailedStatus}`, want);
    assert.deepEqual(overview.counts, {});
    assert.equal(standings.fleet.verdict, ids === null ? 'compliant' : 'pending');
  }
});

for (const [what, records, minutes, verdict, code] of [
  ['connected and applied', [connected(1)], 600, 'compliant', 0],
  [
    'away for less than an hour',
    [{ kind: 'disconnected', node: aNodeId(1), at: noon }],
    59,
    'compliant',
    0,
  ],
  ['away for an hour', [{ kind: 'disconnected', node: aNodeId(1), at: noon }], 60, 'silent', 5],
] as const) {
  test(`silence: a node ${what} makes the fleet ${verdict}`, () => {
    const state = stateOf([...bound, first, finished(first, 1), ...records]);
    const { fleet, of } = assess(factsOf(state, { now: minutesAfter(noon, minutes) }));
    assert.equal(fleet.verdict, verdict);
    assert.equal(exitCodeOf(fleet), code);
    assert.equal(of(aNodeId(1))[0]?.compliance, 'COMPLIANT', 'the last compliance stays');
  });
}

test('a failing node is exit code 4, one that owes an answer 5, no nodes 0', () => {
  const codeOf = (records: readonly Record[]): number =>
    exitCodeOf(assess(factsOf(stateOf(records))).fleet);
  assert.equal(codeOf([...bound, first, finished(first, 1, { status: 'Failed' })]), 4);
  assert.equal(codeOf([...bound, first]), 5);
  assert.equal(codeOf(foundation), 0);
});

test('the roll-up does not depend on the order of nodes and associations', () => {
  fc.assert(
    fc.property(histories, (records) => {
      const state = stateOf(records);
      const nodes = nodesOfState(state);
      const turned = { ...state, associations: new Map([...state.associations].reverse()) };
      const one = assess(factsOf(state));
      const two = assess(factsOf(turned, { nodes: new Map([...nodes].reverse()) }));
      assert.deepEqual(two.fleet, one.fleet);
      assert.deepEqual(two.associations, one.associations);
      assert.deepEqual(two.nodes, one.nodes);
    }),
  );
});

test('green if and only if nothing fails, nothing is silent and everything in force has been applied', () => {
  fc.assert(
    fc.property(histories, fc.integer({ min: 0, max: 90 }), (records, minutes) => {
      const state = stateOf(records);
      const now = minutesAfter(noon, minutes);
      const { fleet } = assess(factsOf(state, { now }));
      const nodes = [...state.nodes.values()];
      const silent = nodes.some((node) => node.connectedAt === null && minutes >= 60);
      const applied = nodes.every((node) =>
        [...node.assignments.values()].every(({ association, last, shown }) => {
          const wanted = state.associations.get(association)?.digests.generation;
          if (last !== null && last.outcome.status !== 'Success') return false;
          const skipped = shown?.outcome.status === 'Skipped' && shown.outcome.startedAt !== null;
          return last?.generation === wanted || (skipped && shown.generation === wanted);
        }),
      );
      assert.equal(fleet.verdict === 'compliant', !silent && applied);
    }),
    { numRuns: runs(300) },
  );
});
