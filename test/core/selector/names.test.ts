import assert from 'node:assert/strict';
import { test } from 'node:test';
import { selectorKeys, selectorNames } from '../../../src/core/selector/names.ts';
import type { Groups } from '../../../src/core/selector/target.ts';

const groups: Groups = new Map([
  ['prod', { name: 'prod', targets: [{ kind: 'tag', key: 'env', values: ['prod'] }] }],
]);

test('selectorNames: tags directly and through groups, sorted, once', () => {
  assert.deepEqual(
    selectorNames(
      [
        { kind: 'tag-key', keys: ['role', 'env'] },
        { kind: 'tag', key: 'role', values: [] },
        { kind: 'group', name: 'prod' },
      ],
      groups,
    ),
    { tagKeys: ['env', 'role'], nodeIds: [], groups: ['prod'], everyNode: false },
  );
  assert.deepEqual(selectorKeys([{ kind: 'group', name: 'prod' }], groups), ['env']);
});

test('selectorNames: star and ids name no tag', () => {
  assert.deepEqual(
    selectorNames([{ kind: 'all' }, { kind: 'ids', ids: ['mi-b', 'mi-a'] }], groups),
    {
      tagKeys: [],
      nodeIds: ['mi-a', 'mi-b'],
      groups: [],
      everyNode: true,
    },
  );
});
