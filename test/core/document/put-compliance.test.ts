/** spec/state-manager.md §6.3, field by field; what is cut, and what is counted all the same. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  bytesOfItems,
  mergeReports,
  parsePut,
  worstThatFit,
} from '../../../src/core/document/put-compliance.ts';
import type { ComplianceItem, CompliancePut } from '../../../src/core/model/compliance.ts';
import {
  countItems,
  itemSeverities,
  NODE_ITEMS_BYTES_MAX,
  severityRank,
} from '../../../src/core/model/compliance.ts';
import { aNodeId } from '../../fakes/builders.ts';

const node = aNodeId(1);
const item = (of: { readonly [key: string]: unknown } = {}) => ({
  Id: 'ssh-1',
  Severity: 'HIGH',
  Status: 'COMPLIANT',
  ...of,
});
const put = (of: { readonly [key: string]: unknown } = {}) => ({
  ResourceId: node,
  ResourceType: 'ManagedInstance',
  ComplianceType: 'Custom:Hardening',
  ExecutionSummary: { ExecutionTime: '2026-01-31T12:00:00Z' },
  Items: [item()],
  ...of,
});
const read = (value: unknown) =>
  parsePut(typeof value === 'string' ? value : JSON.stringify(value), node);

for (const [what, value] of [
  ['the least that is asked', put()],
  ['no items at all', put({ Items: [] })],
  ['10,000 items', put({ Items: Array.from({ length: 10_000 }, (_, n) => item({ Id: `i${n}` })) })],
  [
    'every field at its limit',
    put({
      ComplianceType: `Custom:${'a'.repeat(93)}`,
      ExecutionSummary: {
        ExecutionTime: 1_769_860_800.5,
        ExecutionId: 'e'.repeat(100),
        ExecutionType: 't'.repeat(50),
      },
      ItemContentHash: 'h'.repeat(256),
      UploadType: 'COMPLETE',
      Items: [
        item({
          Id: 'i'.repeat(100),
          Title: 't'.repeat(500),
          Severity: 'INFORMATIONAL',
          Details: { ['k'.repeat(64)]: 'v'.repeat(4_096) },
        }),
      ],
    }),
  ],
  ['PARTIAL for Association', put({ ComplianceType: 'Association', UploadType: 'PARTIAL' })],
  ['Patch', put({ ComplianceType: 'Patch' })],
] as const) {
  test(`taken: ${what}`, () => assert.deepEqual(read(value).ok, true));
}

for (const [what, value, code, why] of [
  ['no JSON', '{', 'InvalidItemContentException', /no JSON/],
  ['no object', '[]', 'InvalidItemContentException', /no JSON object/],
  ['another node', put({ ResourceId: aNodeId(2) }), 'InvalidResourceId', /speaks for itself/],
  ['no node', put({ ResourceId: undefined }), 'InvalidResourceId', /speaks for itself/],
  [
    'another kind of resource',
    put({ ResourceType: 'EC2Instance' }),
    'InvalidResourceType',
    /Manag/,
  ],
  [
    'a type of nobody',
    put({ ComplianceType: 'Hardening' }),
    'InvalidItemContentException',
    /ComplianceType/,
  ],
  [
    'a type that would be structure',
    put({ ComplianceType: 'Custom:a](http://x) **b**' }),
    'InvalidItemContentException',
    /ComplianceType/,
  ],
  [
    'a type of one character',
    put({ ComplianceType: 'Custom:a' }),
    'InvalidItemContentException',
    /ComplianceType/,
  ],
  [
    'PARTIAL for another type',
    put({ UploadType: 'PARTIAL' }),
    'InvalidItemContentException',
    /PARTIAL/,
  ],
  [
    'no time',
    put({ ExecutionSummary: { ExecutionTime: 'yesterday' } }),
    'InvalidItemContentException',
    /ExecutionTime/,
  ],
  [
    'no summary',
    put({ ExecutionSummary: undefined }),
    'InvalidItemContentException',
    /ExecutionSummary/,
  ],
  [
    'an ExecutionId that is too long',
    put({
      ExecutionSummary: { ExecutionTime: '2026-01-31T12:00:00Z', ExecutionId: 'e'.repeat(101) },
    }),
    'InvalidItemContentException',
    /ExecutionId/,
  ],
  ['no list', put({ Items: {} }), 'InvalidItemContentException', /Items/],
  [
    '10,001 items',
    put({ Items: Array.from({ length: 10_001 }, (_, n) => item({ Id: `i${n}` })) }),
    'InvalidItemContentException',
    /10000/,
  ],
  [
    'an unknown status',
    put({ Items: [item({ Status: 'OK' })] }),
    'InvalidItemContentException',
    /Status/,
  ],
  [
    'no severity',
    put({ Items: [item({ Severity: undefined })] }),
    'InvalidItemContentException',
    /Severity/,
  ],
  [
    'a long title',
    put({ Items: [item({ Title: 't'.repeat(501) })] }),
    'InvalidItemContentException',
    /Title/,
  ],
  ['an empty Id', put({ Items: [item({ Id: '' })] }), 'InvalidItemContentException', /Id/],
  ['the same Id twice', put({ Items: [item(), item()] }), 'InvalidItemContentException', /twice/],
  [
    'a long key of Details',
    put({ Items: [item({ Details: { ['k'.repeat(65)]: '' } })] }),
    'InvalidItemContentException',
    /Details/,
  ],
  [
    'a long value of Details',
    put({ Items: [item({ Details: { k: 'v'.repeat(4_097) } })] }),
    'InvalidItemContentException',
    /4096/,
  ],
  [
    'Details that are no texts',
    put({ Items: [item({ Details: { k: 1 } })] }),
    'InvalidItemContentException',
    /Details/,
  ],
  [
    'a key that nobody reads',
    put({ Items: [item({ Detials: {} })] }),
    'InvalidItemContentException',
    /did you mean Details/,
  ],
  [
    'an item larger than 8 KiB',
    put({ Items: [item({ Details: { a: 'v'.repeat(4_096), b: 'v'.repeat(4_096) } })] }),
    'ItemSizeLimitExceededException',
    /8192/,
  ],
  ['a text of 5 MiB', ' '.repeat(5 * 1024 * 1024), 'TotalSizeLimitExceededException', /longer/],
  [
    'Association items that would have to be cut',
    put({
      ComplianceType: 'Association',
      Items: Array.from({ length: 200 }, (_, n) => item({ Id: `i${n}`, Title: 't'.repeat(500) })),
    }),
    'TotalSizeLimitExceededException',
    /65536/,
  ],
  [
    'an Association item without an Id',
    put({ ComplianceType: 'Association', Items: [item({ Id: undefined })] }),
    'InvalidItemContentException',
    /Id is missing/,
  ],
] as const) {
  test(`refused: ${what}`, () => {
    const parsed = read(value);
    assert.ok(!parsed.ok);
    assert.equal(parsed.error.code, code);
    assert.match(parsed.error.why, why);
  });
}

const anItem: fc.Arbitrary<ComplianceItem> = fc.record({
  id: fc.string({ minLength: 1, maxLength: 20 }),
  title: fc.string({ maxLength: 300 }),
  severity: fc.constantFrom(...itemSeverities),
  status: fc.constantFrom('COMPLIANT', 'NON_COMPLIANT'),
  details: fc.constant({}),
});

test('cutting keeps the worst and never more than fits', () => {
  fc.assert(
    fc.property(fc.array(anItem, { maxLength: 40 }), fc.nat(6_000), (items, bytesMax) => {
      const kept = worstThatFit(items, bytesMax);
      assert.ok(bytesOfItems(kept) <= bytesMax);
      const rank = ({ status, severity }: ComplianceItem): number =>
        (status === 'COMPLIANT' ? 10 : 0) + severityRank(severity);
      const dropped = items.filter((each) => !kept.includes(each)).map(rank);
      for (const each of kept) {
        assert.ok(
          dropped.every((other) => other >= rank(each)),
          'nothing worse was dropped',
        );
      }
    }),
  );
});

test('reports of one run as one: the last of a type, all of Association, within the limit, counted whole', () => {
  const aPut: fc.Arbitrary<CompliancePut> = fc
    .tuple(
      fc.constantFrom('Custom:One', 'Custom:Two', 'Patch', 'Association'),
      fc.array(anItem, { maxLength: 150 }),
    )
    .map(([complianceType, items]) => ({
      complianceType,
      uploadType: 'COMPLETE',
      executionSummary: { executionTime: 0 as never, executionId: '', executionType: '' },
      itemContentHash: '',
      items,
      counts: countItems(items),
    }));
  fc.assert(
    fc.property(fc.array(aPut, { maxLength: 8 }), (puts) => {
      const merged = mergeReports(puts.map((each) => ({ puts: [each], refused: [] })));
      if (puts.length === 0) return assert.equal(merged, null);
      assert.ok(merged !== null);
      const types = merged.puts.map(({ complianceType }) => complianceType);
      const others = types.filter((type) => type !== 'Association');
      assert.equal(new Set(others).size, others.length);
      const bytes = merged.puts.reduce((sum, each) => sum + bytesOfItems(each.items), 0);
      assert.ok(bytes <= NODE_ITEMS_BYTES_MAX);
      for (const type of new Set(others)) {
        const last = puts.findLast(({ complianceType }) => complianceType === type);
        const left: CompliancePut | undefined = merged.puts.find(
          ({ complianceType }) => complianceType === type,
        );
        assert.deepEqual(left?.counts, last?.counts);
      }
    }),
    { numRuns: 60 },
  );
});
