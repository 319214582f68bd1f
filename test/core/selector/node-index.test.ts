import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { matches } from '../../../src/core/selector/match.ts';
import { selectorNames } from '../../../src/core/selector/names.ts';
import { createNodeIndex } from '../../../src/core/selector/node-index.ts';
import type { Group, GroupTarget, Target } from '../../../src/core/selector/target.ts';
import { runs } from '../../fakes/runs.ts';

const tagKey = fc.constantFrom('role', 'env', 'ring', 'constructor');
const tagValue = fc.constantFrom('a', 'b', 'c');
const tags = fc.dictionary(tagKey, tagValue, { noNullPrototype: true });
const nodeId = fc.nat({ max: 9 }).map((i) => `mi-${String(i).padStart(17, '0')}`);
const groupTarget: fc.Arbitrary<GroupTarget> = fc.oneof(
  fc.record({ kind: fc.constant('tag' as const), key: tagKey, values: fc.uniqueArray(tagValue) }),
  fc.record({ kind: fc.constant('tag-key' as const), keys: fc.uniqueArray(tagKey) }),
  fc.record({ kind: fc.constant('ids' as const), ids: fc.uniqueArray(nodeId) }),
);
const target: fc.Arbitrary<Target> = fc.oneof(
  groupTarget,
  fc.constant({ kind: 'all' as const }),
  fc.record({ kind: fc.constant('group' as const), name: fc.constantFrom('one', 'two', 'none') }),
);
const groups = fc
  .tuple(fc.array(groupTarget, { maxLength: 3 }), fc.array(groupTarget, { maxLength: 3 }))
  .map(
    ([one, two]) =>
      new Map<string, Group>([
        ['one', { name: 'one', targets: one }],
        ['two', { name: 'two', targets: two }],
      ]),
  );
type Edit = { ordinal: number; tags: { [key: string]: string } | null };
const edits: fc.Arbitrary<Edit[]> = fc.array(
  fc.record({ ordinal: fc.nat({ max: 9 }), tags: fc.option(tags, { nil: null, freq: 4 }) }),
  { maxLength: 30 },
);
const idOf = (ordinal: number) => `mi-${String(ordinal).padStart(17, '0')}`;

test('law: after any edits the index resolves to exactly the nodes that match', () => {
  fc.assert(
    fc.property(edits, fc.array(target, { maxLength: 4 }), groups, (changes, targets, named) => {
      const index = createNodeIndex();
      const fleet = new Map<number, { id: string; tags: { [key: string]: string } }>();
      for (const edit of changes) {
        const id = idOf(edit.ordinal);
        if (edit.tags === null) {
          index.removeNode(edit.ordinal);
          fleet.delete(edit.ordinal);
        } else {
          if (fleet.has(edit.ordinal)) index.setTags(edit.ordinal, edit.tags);
          else index.setNode(edit.ordinal, { id, tags: edit.tags });
          fleet.set(edit.ordinal, { id, tags: edit.tags });
        }
      }
      const wanted = [...fleet]
        .filter(([, node]) => matches(targets, node, named))
        .map(([ordinal]) => ordinal)
        .sort((a, b) => a - b);
      assert.deepEqual(index.resolve(targets, named), wanted);
      assert.equal(index.size, fleet.size);
    }),
    { numRuns: runs(500) },
  );
});

test('law: a change of a tag that targets do not name changes nothing', () => {
  fc.assert(
    fc.property(
      tags,
      tags,
      fc.array(target, { maxLength: 4 }),
      groups,
      (before, after, targets, named) => {
        const { tagKeys } = selectorNames(targets, named);
        if (tagKeys.some((key) => before[key] !== after[key])) return;
        const id = idOf(1);
        assert.equal(
          matches(targets, { id, tags: before }, named),
          matches(targets, { id, tags: after }, named),
        );
      },
    ),
  );
});

test('an ordinal given to another node forgets the first one', () => {
  const index = createNodeIndex();
  index.setNode(3, { id: idOf(1), tags: { role: 'web' } });
  index.setNode(3, { id: idOf(2), tags: {} });
  assert.deepEqual(index.resolve([{ kind: 'ids', ids: [idOf(1)] }], new Map()), []);
  assert.deepEqual(index.resolve([{ kind: 'tag', key: 'role', values: [] }], new Map()), []);
  assert.deepEqual(index.resolve([{ kind: 'all' }], new Map()), [3]);
});

test('what resolve gives is a copy, and so is what setNode took', () => {
  const index = createNodeIndex();
  const own = new Map([['role', 'web']]);
  index.setNode(0, { id: idOf(0), tags: own });
  own.set('role', 'db');
  index.resolve([{ kind: 'all' }], new Map()).pop();
  assert.deepEqual(index.resolve([{ kind: 'tag', key: 'role', values: ['web'] }], new Map()), [0]);
  assert.throws(() => index.setTags(1, {}), /invariant broken: node 1 is in the index/);
});
