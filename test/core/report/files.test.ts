import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Execution } from '../../../src/core/model/state.ts';
import { withExecutions } from '../../../src/core/report/execution-lines.ts';
import {
  expiredExecutionPaths,
  firstDayKept,
  isKeptExecutionPath,
} from '../../../src/core/report/paths.ts';
import { PLAN_LIST_MAX, planFile } from '../../../src/core/report/plan-file.ts';
import { readSummary } from '../../../src/core/report/read-summary.ts';
import { summarize, summaryFile } from '../../../src/core/report/summary.ts';
import { plainPainter, statusText } from '../../../src/core/report/text.ts';
import type { Record } from '../../../src/core/world/records.ts';
import {
  aCommit,
  aName,
  aNodeId,
  assigned,
  connected,
  executionOf,
  finished,
  foundation,
  inForce,
  minutesAfter,
  noon,
  registered,
  stateOf,
} from '../../fakes/builders.ts';
import { viewOf } from './views.ts';

const DAY = 86_400_000;

const fleet: readonly Record[] = [
  ...foundation,
  registered(1),
  registered(2, { name: '漢字-node' }),
  connected(1),
  inForce('web-motd'),
  assigned('web-motd', [1, 2]),
];

function ended(slot: number): Execution {
  const at = minutesAfter(noon, slot);
  const record = executionOf('web-motd', [1, 2], { occasion: `slot:${slot}`, at });
  const state = stateOf([
    ...fleet,
    record,
    finished(record, 1),
    finished(record, 2, { status: 'Failed', detailedStatus: 'Interrupted' }),
    { kind: 'ended', execution: record.id, at },
  ]);
  const execution = state.executions.get(record.id);
  assert.ok(execution !== undefined);
  return execution;
}

test('ended executions: one line each, appended in order, an old line is replaced, noise is dropped', () => {
  const one = withExecutions(null, [ended(1)], 'prod');
  const line = JSON.parse(one) as { [key: string]: unknown };
  assert.equal(line['ResourceCountByStatus'], '{Success=1, Failed=1}');
  assert.equal(line['AssociationVersion'], '1');
  assert.match(String(line['AssociationId']), /^[0-9a-f-]{36}$/);
  assert.deepEqual([line['Status'], line['DetailedStatus']], ['Failed', 'Interrupted']);
  assert.deepEqual(line['Targets'], [
    {
      ResourceId: aNodeId(2),
      ResourceType: 'ManagedInstance',
      Status: 'Failed',
      DetailedStatus: 'Interrupted',
      LastExecutionDate: line['LastExecutionDate'],
    },
  ]);
  assert.equal(line['FailedCount'], 1);
  const both = withExecutions(
    `${one}no json\n{"ExecutionId":7}\n`,
    [ended(3), ended(2), ended(1)],
    'prod',
  );
  const ids = both
    .trimEnd()
    .split('\n')
    .map((text) => (JSON.parse(text) as { Occasion: string }).Occasion);
  assert.deepEqual(ids, ['slot:1', 'slot:2', 'slot:3']);
  assert.equal(withExecutions(both, [ended(3)], 'prod'), both, 'publishing again repeats nothing');
});

test('retention: the days asked for stay, and only files of ended executions are looked at', () => {
  const paths = ['2026-12-31', '2027-01-01', '2027-01-31'].map(
    (day) => `executions/${day}/web.jsonl`,
  );
  const others = [
    'README.md',
    'executions/2026-01-01/x/web.jsonl',
    'executions/2026-01-01/a b.jsonl',
    'executions/old/web.jsonl',
  ];
  const kept = firstDayKept(noon, 30 * DAY);
  assert.equal(kept, '2027-01-01');
  assert.deepEqual(expiredExecutionPaths([...paths, ...others], kept), paths.slice(0, 1));
  assert.deepEqual(
    [...paths, ...others].filter((path) => isKeptExecutionPath(path, kept)),
    paths.slice(1),
  );
});

test('retention: whole days, never less than one, and of any length', () => {
  assert.equal(firstDayKept(noon, DAY), '2027-01-30');
  assert.equal(firstDayKept(noon, 0), '2027-01-30', 'what ended today stays in any case');
  assert.equal(firstDayKept(noon, 9999 * DAY), '1999-09-16');
  assert.equal(firstDayKept(noon, 1e15), '1970-01-01');
});

test('plan.json: long lists are cut and counted', () => {
  const nodes = Array.from({ length: PLAN_LIST_MAX + 1 }, (_, at) => aNodeId(at));
  const text = planFile({
    planId: 'p',
    base: null,
    head: aCommit(1),
    verdict: { kind: 'accepted', code: null, reason: 'accepted' },
    summary: {
      associations: { create: 1, update: 0, delete: 0, unchanged: 0 },
      nodes: { total: nodes.length, affected: nodes.length },
      runsNow: nodes.length,
    },
    associations: [
      {
        name: aName('web-motd'),
        change: 'create',
        reasons: ['new'],
        nodes,
        runsNow: 1,
        nextRun: noon,
        nextRunBefore: null,
      },
    ],
    problems: [],
    warnings: [],
  });
  const [association] = (
    JSON.parse(text) as { associations: { nodes: string[]; nodesTotal: number }[] }
  ).associations;
  assert.equal(association?.nodes.length, PLAN_LIST_MAX);
  assert.equal(association.nodesTotal, PLAN_LIST_MAX + 1);
});

test('summary.json says again what it was written from', () => {
  const execution = executionOf('web-motd', [1, 2]);
  const summary = summarize(
    viewOf([...fleet, execution, finished(execution, 1, { status: 'Failed' })]),
  );
  assert.deepEqual(readSummary(summaryFile(summary)), summary);
  assert.equal(readSummary('{}'), null);
  assert.equal(readSummary('nothing'), null);
});

test('status text: the verdict, the table and the failing nodes, painted by whoever prints it', () => {
  const execution = executionOf('web-motd', [1, 2]);
  const records = [
    ...fleet,
    execution,
    finished(execution, 1),
    finished(execution, 2, { status: 'Failed' }),
  ];
  const summary = summarize(viewOf(records));
  assert.equal(
    statusText(summary),
    [
      '1 of 2 nodes is failing',
      `prod, revision ${aCommit(1).slice(0, 7)}, 1 association, 2 nodes`,
      '1 compliant, 1 failing, 0 silent, 0 pending',
      '',
      'ASSOCIATION  STATUS  NODES  OK  FAILED  PENDING  SKIPPED  SILENT',
      'web-motd     Failed      2   1       1        0        0       0',
      '',
      'Failing nodes (1)',
      `  ${aNodeId(2)}  漢字-node  web-motd`,
      '',
    ].join('\n'),
  );
  const painted = statusText(summary, { ...plainPainter, bad: (text) => `<${text}>` });
  assert.match(painted, /^<1 of 2 nodes is failing>/);
});
