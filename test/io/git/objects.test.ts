import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { objectId } from '../../../src/io/git/objects.ts';

test('an id is the hash of kind, length and content, of whatever length the content is', () => {
  for (const length of [0, 1, 300, 16_372, 16_373, 16_374, 16_375, 16_384, 100_000]) {
    for (const kind of ['blob', 'tree', 'commit', 'tag'] as const) {
      const bytes = Buffer.alloc(length, `${kind} of ${length}`);
      const plain = createHash('sha1').update(`${kind} ${length}\0`).update(bytes).digest('hex');
      assert.equal(objectId(kind, bytes), plain, `${kind} of ${length} bytes`);
    }
  }
});
