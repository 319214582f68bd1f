import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Execution } from '../../../src/core/model/state.ts';
import { executionJson, readExecutionLine } from '../../../src/core/report/execution-json.ts';
import { withExecutions } from '../../../src/core/report/execution-lines.ts';
import type { Record } from '../../../src/core/world/records.ts';
import {
  aName,
  aNodeId,
  assigned,
  executionOf,
  finished,
  foundation,
  inForce,
  minutesAfter,
  noon,
  started,
  stateOf,
} from '../../fakes/builders.ts';

const opened = executionOf('web', [1, 2, 3]);

function after(...records: readonly Record[]): Execution {
  const first = [...foundation, inForce('web'), assigned('web', [1, 2, 3]), opened];
  const execution = stateOf([...first, ...records]).executions.get(opened.id);
  assert.ok(execution !== undefined);
  return execution;
}

const end: Record = { kind: 'ended', execution: opened.id, at: minutesAfter(noon, 2) };
const ended = (...details: readonly ('Failed' | 'Interrupted' | 'Success')[]) =>
  details.map((detailedStatus, i) =>
    finished(opened, i + 1, {
      status: detailedStatus === 'Success' ? 'Success' : 'Failed',
      detailedStatus,
    }),
  );

for (const { name, records, want } of [
  { name: 'nothing has begun', records: [], want: ['Pending', 'Pending'] },
  { name: 'one runs', records: [started(opened, 1)], want: ['Pending', 'InProgress'] },
  { name: 'one is done', records: ended('Success'), want: ['Pending', 'InProgress'] },
  {
    name: 'one failed, others run',
    records: ended('Failed', 'Success'),
    want: ['Failed', 'Failed'],
  },
  {
    name: 'all failures are alike',
    records: [...ended('Interrupted', 'Interrupted', 'Success'), end],
    want: ['Failed', 'Interrupted'],
  },
  {
    name: 'failures differ',
    records: [...ended('Interrupted', 'Failed', 'Success'), end],
    want: ['Failed', 'Failed'],
  },
  {
    name: 'all is well',
    records: [...ended('Success', 'Success', 'Success'), end],
    want: ['Success', 'Success'],
  },
  {
    name: 'nobody got a turn',
    records: [
      { kind: 'closed', execution: opened.id, reason: 'next-slot', at: minutesAfter(noon, 2) },
      end,
    ] satisfies Record[],
    want: ['Skipped', 'Skipped'],
  },
]) {
  test(`an execution's Status and DetailedStatus: ${name}`, () => {
    const { status, detailedStatus, associationVersion } = executionJson(after(...records), 'prod');
    assert.deepEqual([status, detailedStatus], want);
    assert.equal(associationVersion, '1');
  });
}

test('a line of the status branch says again what memory said', () => {
  const execution = after(...ended('Interrupted', 'Success', 'Success'), end);
  const { phases: _, statuses, ...told } = executionJson(execution, 'prod');
  const line = withExecutions(null, [execution], 'prod').trimEnd();
  const read = readExecutionLine(line, aName('web'));
  assert.ok(read !== null);
  const { runs, statuses: counted, ...rest } = read;
  assert.deepEqual(rest, told);
  assert.deepEqual(counted, { Failed: 1, Success: 2 });
  assert.equal(statuses['Success'], 2);
  assert.deepEqual(
    runs?.map(({ node, detailedStatus }) => [node, detailedStatus]),
    [[aNodeId(1), 'Interrupted']],
  );
});

test('what is no such line is no execution', () => {
  for (const line of ['', '{}', '[]', '{"ExecutionId":"x","Status":"Success"}', 'null']) {
    assert.equal(readExecutionLine(line, aName('web')), null, line);
  }
});
