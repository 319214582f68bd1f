/** spec/state-manager.md §5.6 (roll-up, one row per rule) and appendix I.6 (one run, walked step by step). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assess } from '../../../src/core/compliance/assess.ts';
import { executionSummary } from '../../../src/core/document/output.ts';
import { present } from '../../../src/core/model/errors.ts';
import type { DetailedStatus, RunStatus } from '../../../src/core/model/run.ts';
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
  registered,
  started,
  stateOf,
} from '../../fakes/builders.ts';

const name = aName('web-motd');
const NODES = [1, 2, 3] as const;
const bound: readonly Record[] = [
  ...foundation,
  ...NODES.flatMap((n) => [registered(n), connected(n)]),
  inForce('web-motd'),
  assigned('web-motd', NODES),
];
const fired = executionOf('web-motd', NODES);

type Told = RunStatus | DetailedStatus | 'owed' | 'started';

const ends: { readonly [word: string]: { status: RunStatus; detailedStatus: DetailedStatus } } = {
  Interrupted: { status: 'Failed', detailedStatus: 'Interrupted' },
  InvalidDocument: { status: 'Failed', detailedStatus: 'InvalidDocument' },
  Unreachable: { status: 'Failed', detailedStatus: 'Unreachable' },
  Undeliverable: { status: 'Failed', detailedStatus: 'Undeliverable' },
};

const toldBy = (n: number, told: Told): readonly Record[] => {
  if (told === 'owed') return [];
  if (told === 'started') return [started(fired, n)];
  const end = ends[told] ?? { status: told as RunStatus, detailedStatus: told as DetailedStatus };
  return [started(fired, n), finished(fired, n, end)];
};

const overviewOf = (records: readonly Record[]) => {
  const state = stateOf(records);
  const { associations } = assess(
    factsOf(state, { definitions: new Map([[name, aDefinition('web-motd')]]) }),
  );
  const { status, detailedStatus, counts } = present(associations.get(name), 'it is in force');
  return `${status}/${detailedStatus} ${JSON.stringify(counts)}`;
};

for (const { rule, told, want } of [
  {
    rule: 'not all current targets have reported for the newest version: Pending',
    told: ['Success', 'Success', 'owed'],
    want: 'Pending/Pending {"Pending":1,"Success":2}',
  },
  {
    rule: 'one of them is at it: Pending, InProgress',
    told: ['Success', 'started', 'owed'],
    want: 'Pending/InProgress {"Pending":2,"Success":1}',
  },
  {
    rule: 'every target Success: Success',
    told: ['Success', 'Success', 'Success'],
    want: 'Success/Success {"Success":3}',
  },
  {
    rule: 'Success or Skipped: Success',
    told: ['Success', 'Skipped', 'Success'],
    want: 'Success/Success {"Success":2,"Skipped":1}',
  },
  {
    rule: 'all Skipped by the nodes: Success, Skipped',
    told: ['Skipped', 'Skipped', 'Skipped'],
    want: 'Success/Skipped {"Skipped":3}',
  },
  {
    rule: 'at least one Failed: Failed, with counts in the map',
    told: ['Success', 'Failed', 'Success'],
    want: 'Failed/Failed {"Success":2,"Failed":1}',
  },
  {
    rule: 'at least one TimedOut: Failed',
    told: ['Success', 'TimedOut', 'Success'],
    want: 'Failed/TimedOut {"Success":2,"Failed":1}',
  },
  {
    rule: 'several kinds of failure: the detail is Failed',
    told: ['TimedOut', 'Failed', 'Success'],
    want: 'Failed/Failed {"Success":1,"Failed":2}',
  },
  {
    rule: 'a failure does not hide behind who has not reported yet',
    told: ['Failed', 'owed', 'started'],
    want: 'Failed/Failed {"Pending":2,"Failed":1}',
  },
  {
    rule: 'content that no node can read: Failed, InvalidDocument (agent code InvalidAssoc)',
    told: ['InvalidDocument', 'InvalidDocument', 'Success'],
    want: 'Failed/InvalidDocument {"Success":1,"Failed":2}',
  },
  {
    rule: 'runs that were cut off: Failed, Interrupted (AWS: StuckAtInProgress)',
    told: ['Interrupted', 'Success', 'Success'],
    want: 'Failed/Interrupted {"Success":2,"Failed":1}',
  },
] as const) {
  test(`roll-up: ${rule}`, () => {
    const records = told.flatMap((each, at) => toldBy(at + 1, each));
    assert.equal(overviewOf([...bound, fired, ...records]), want);
  });
}

test('roll-up: no target matches an expression: Success with zero counts (H-19)', () => {
  assert.equal(overviewOf([...foundation, inForce('web-motd')]), 'Success/Success {}');
});

/** I.6, both columns; what the agent says in between is not kept, so the node's record is InProgress throughout. */
test('appendix I.6: the walk of one two-step run', () => {
  const one = executionOf('web-motd', [1]);
  const again = executionOf('web-motd', [1], { occasion: 'slot:2027-01-31T13:00:00Z' });
  const twoSteps = executionSummary(
    [
      { name: 'step1', state: 'Success', stderr: '' },
      { name: 'step2', state: 'Failed', stderr: 'no such file' },
    ],
    2,
  );
  assert.equal(
    twoSteps,
    '2 out of 2 plugins processed, 1 success, 1 failed, 0 timedout, 0 skipped. \nThe operation step2 failed because no such file.',
  );
  const before: readonly Record[] = [
    ...foundation,
    registered(1),
    connected(1),
    inForce('web-motd'),
    assigned('web-motd', [1]),
  ];
  const walk: readonly [string, Record | null, string, string][] = [
    ['bound', null, 'Pending/Associated null', 'Pending/Creating {"Pending":1}'],
    ['picked up', one, 'Pending/Pending null', 'Pending/Pending {"Pending":1}'],
    ['started', started(one, 1), 'Pending/InProgress null', 'Pending/InProgress {"Pending":1}'],
    [
      'step 2 exit 3',
      finished(one, 1, { status: 'Failed', exitCode: 3, failedStep: 'step2', summary: twoSteps }),
      'Failed/Failed NON_COMPLIANT HIGH',
      'Failed/Failed {"Failed":1}',
    ],
    ['next interval', again, 'Pending/Pending NON_COMPLIANT HIGH', 'Pending/Pending {"Pending":1}'],
    [
      'next interval ok',
      finished(again, 1),
      'Success/Success COMPLIANT HIGH',
      'Success/Success {"Success":1}',
    ],
  ];
  const definition = aDefinition('web-motd', { association: { complianceSeverity: 'HIGH' } });
  const records = [...before];
  for (const [moment, record, onNode, overview] of walk) {
    if (record !== null) records.push(record);
    const { of } = assess(
      factsOf(stateOf(records), { definitions: new Map([[name, definition]]) }),
    );
    const { status, detailedStatus, compliance, severity } = present(of(aNodeId(1))[0], 'bound');
    const item = compliance === null ? 'null' : `${compliance} ${severity}`;
    assert.equal(`${status}/${detailedStatus} ${item}`, onNode, `${moment}: node record`);
    assert.equal(overviewOf(records), overview, `${moment}: overview`);
  }
});
