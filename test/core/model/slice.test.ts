import assert from 'node:assert/strict';
import test from 'node:test';
import { beginSlice } from '../../../src/core/model/slice.ts';

test('a slice is over after 8 ms, and begins anew when it is told to', () => {
  let nowMs = 100;
  const slice = beginSlice(() => nowMs);
  nowMs += 7;
  assert.equal(slice.isOver(), false);
  nowMs += 1;
  assert.equal(slice.isOver(), true);
  nowMs += 500; // what others did meanwhile is not ours
  slice.begin();
  assert.equal(slice.isOver(), false);
});
