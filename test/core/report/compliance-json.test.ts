/** Reported compliance on the branch, in AWS's shapes, and back after a loss of state. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ComplianceItem, TypeCompliance } from '../../../src/core/model/compliance.ts';
import { countItems } from '../../../src/core/model/compliance.ts';
import { present } from '../../../src/core/model/errors.ts';
import { nodePath } from '../../../src/core/report/paths.ts';
import { readStatus } from '../../../src/core/report/read.ts';
import { readSummary } from '../../../src/core/report/read-summary.ts';
import type { Record } from '../../../src/core/world/records.ts';
import {
  aDefinition,
  aName,
  aNodeId,
  assigned,
  connected,
  executionOf,
  finished,
  foundation,
  inForce,
  noon,
  registered,
  stateOf,
} from '../../fakes/builders.ts';
import { rendered, textsOf, verify, viewOf } from './views.ts';

const name = aName('web-scan');
const run = executionOf('web-scan', [1]);
const runId = present(run.runs[0], 'it has a run').run;
const summary = { executionTime: noon, executionId: 'scan-7', executionType: 'Command' };

const HOSTILE = '](http://x) <script>\u202e``` | **b**';
const items: readonly ComplianceItem[] = [
  {
    id: 'b',
    status: 'NON_COMPLIANT',
    severity: 'CRITICAL',
    title: HOSTILE,
    details: { [HOSTILE]: HOSTILE },
  },
  { id: 'a', status: 'COMPLIANT', severity: 'INFORMATIONAL', title: '', details: {} },
];
const type: TypeCompliance = {
  complianceType: 'Custom:Ssh',
  executionSummary: summary,
  itemContentHash: 'h1',
  items,
  counts: countItems(items),
  association: name,
  run: runId,
};
const { id: _, ...content } = present(items[0], 'there is one');
const records: readonly Record[] = [
  ...foundation,
  registered(1),
  connected(1),
  inForce('web-scan'),
  assigned('web-scan', [1]),
  run,
  {
    kind: 'complied',
    node: aNodeId(1),
    run: runId,
    at: noon,
    types: [type],
    items: [{ association: name, item: { ...content, executionSummary: summary, run: runId } }],
    refused: [{ code: 'InvalidResourceId', file: `x${HOSTILE}.json`, why: 'another node' }],
  },
  finished(run, 1),
];
const definitions = new Map([
  [
    name,
    aDefinition('web-scan', {
      association: { syncCompliance: 'MANUAL', complianceSeverity: 'LOW' },
    }),
  ],
]);
const files = rendered(viewOf(records, { facts: { definitions } }));
const nodeFile = JSON.parse(files.get(nodePath(aNodeId(1))) ?? '{}');

test("a node's file: ListResourceComplianceSummaries, ListComplianceItems, and what was refused", () => {
  assert.equal(nodeFile.ComplianceStatus, 'NON_COMPLIANT');
  assert.deepEqual(nodeFile.Compliance, [
    {
      ComplianceType: 'Association',
      Status: 'NON_COMPLIANT',
      OverallSeverity: 'CRITICAL',
      CompliantSummary: { CompliantCount: 0, SeveritySummary: {} },
      NonCompliantSummary: { NonCompliantCount: 1, SeveritySummary: { CriticalCount: 1 } },
    },
    {
      ComplianceType: 'Custom:Ssh',
      Status: 'NON_COMPLIANT',
      OverallSeverity: 'CRITICAL',
      CompliantSummary: { CompliantCount: 1, SeveritySummary: { InformationalCount: 1 } },
      NonCompliantSummary: { NonCompliantCount: 1, SeveritySummary: { CriticalCount: 1 } },
      ExecutionSummary: {
        ExecutionTime: '2027-01-31T12:00:00Z',
        ExecutionId: 'scan-7',
        ExecutionType: 'Command',
      },
      AssociationName: 'web-scan',
      RunId: runId,
      ItemContentHash: 'h1',
    },
  ]);
  assert.deepEqual(
    nodeFile.ComplianceItems.map((each: { Id: string; Severity: string }) => [
      each.Id,
      each.Severity,
    ]),
    [
      ['b', 'CRITICAL'],
      ['a', 'INFORMATIONAL'],
    ],
  );
  assert.equal(nodeFile.ComplianceRefused[0].Code, 'InvalidResourceId');
  const [line] = nodeFile.Associations;
  assert.deepEqual(
    [line.Status, line.ComplianceStatus, line.ComplianceSeverity],
    ['Success', 'NON_COMPLIANT', 'CRITICAL'],
  );
});

test('the run is Success, and the pages say that the node fails; its own words stay inside fences', () => {
  const readme = files.get('README.md') ?? '';
  assert.match(readme, /1 of 1 node is failing/);
  assert.match(readme, /\| `Custom:Ssh` \| 0 \| 1 \|/);
  assert.doesNotMatch(readme, /script/);
  const page = files.get('associations/web-scan/README.md') ?? '';
  assert.match(page, /\*\*Success\*\*, NON_COMPLIANT, CRITICAL/);
  const outside = page.split(/^`{3,}.*$/m).filter((_, at) => at % 2 === 0);
  assert.doesNotMatch(outside.join(''), /script/);
});

test('summary.json: ListComplianceSummaries over nodes; read back as written', () => {
  const text = files.get('summary.json') ?? '';
  const read = present(readSummary(text), 'it is a summary');
  assert.deepEqual(read.compliance, JSON.parse(text).compliance);
  assert.deepEqual(
    read.compliance.map(({ ComplianceType, NonCompliantSummary }) => [
      ComplianceType,
      NonCompliantSummary.NonCompliantCount,
    ]),
    [
      ['Association', 1],
      ['Custom:Ssh', 1],
    ],
  );
  assert.deepEqual(read.failing[0]?.nonCompliantTypes, ['Custom:Ssh']);
});

test('a lost state: everything that documents reported comes back, and the branch stays as it is', () => {
  const read = readStatus(textsOf(files), { verify, now: noon, tip: null });
  assert.ok(read.ok);
  const state = stateOf(read.value.records);
  const node = state.nodes.get(aNodeId(1));
  assert.deepEqual(node?.compliance.types.get('Custom:Ssh'), type);
  assert.deepEqual(node.assignments.get(name)?.reported?.title, HOSTILE);
  const again = rendered(viewOf(read.value.records, { facts: { definitions } }));
  const { ComplianceRefused: __, ...before } = nodeFile;
  assert.deepEqual(JSON.parse(again.get(nodePath(aNodeId(1))) ?? ''), before);
});

test('an edited branch brings back nothing of an association that is not on the node', () => {
  const path = nodePath(aNodeId(1));
  const text = (files.get(path) ?? '').replaceAll(
    '"AssociationName":"web-scan","Compliance',
    '"AssociationName":"web-other","Compliance',
  );
  const read = readStatus(textsOf(new Map([...files, [path, text]])), {
    verify,
    now: noon,
    tip: null,
  });
  assert.ok(read.ok);
  const types = stateOf(read.value.records).nodes.get(aNodeId(1))?.compliance.types;
  assert.equal(types?.size, 0);
});
