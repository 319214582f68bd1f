import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  deleteOrdinal,
  insertOrdinal,
  intersection,
  union,
} from '../../../src/core/selector/ordinals.ts';

const ascending = (values: Iterable<number>) => [...new Set(values)].sort((a, b) => a - b);
const ordinals = fc.array(fc.nat({ max: 40 })).map(ascending);

test('law: union and intersection are those of sets', () => {
  fc.assert(
    fc.property(fc.array(ordinals, { maxLength: 4 }), ordinals, ordinals, (sets, a, b) => {
      assert.deepEqual(union(sets), ascending(sets.flat()));
      assert.deepEqual(
        intersection(a, b),
        a.filter((value) => b.includes(value)),
      );
    }),
  );
});

test('law: insert and delete keep the order and hold no repeats', () => {
  fc.assert(
    fc.property(ordinals, fc.nat({ max: 40 }), (set, ordinal) => {
      const changed = [...set];
      insertOrdinal(changed, ordinal);
      assert.deepEqual(changed, ascending([...set, ordinal]));
      deleteOrdinal(changed, ordinal);
      assert.deepEqual(
        changed,
        set.filter((value) => value !== ordinal),
      );
      deleteOrdinal(changed, ordinal);
      assert.ok(!changed.includes(ordinal));
    }),
  );
});
