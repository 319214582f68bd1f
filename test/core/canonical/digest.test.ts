import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { digestOf, gitBlobId, sha256Hex } from '../../../src/core/canonical/digest.ts';

test('sha256Hex hashes text as UTF-8', () => {
  assert.equal(
    sha256Hex('abc'),
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  );
  assert.equal(sha256Hex('ü'), sha256Hex(new Uint8Array([0xc3, 0xbc])));
});

test('gitBlobId is what git hash-object prints', () => {
  assert.equal(gitBlobId(new Uint8Array()), 'e69de29bb2d1d6434b8b29ae775ad8c2e48c5391');
  assert.equal(
    gitBlobId(new TextEncoder().encode('hello\n')),
    'ce013625030ba8dba906f756967f9e9ca394464a',
  );
});

test('digestOf does not see the order of keys', () => {
  assert.equal(digestOf({ a: 1, b: [2] }), digestOf({ b: [2], a: 1 }));
  assert.equal(digestOf({}), sha256Hex('{}'));
});

test('law: equal digests exactly for equal values', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 2 }), fc.jsonValue({ maxDepth: 2 }), (a, b) => {
      const equal = JSON.stringify(a) === JSON.stringify(b);
      if (equal) assert.equal(digestOf(a), digestOf(b));
      else if (digestOf(a) === digestOf(b)) assert.deepEqual(a, b);
    }),
  );
});
