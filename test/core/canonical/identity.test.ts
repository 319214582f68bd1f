import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  associationId,
  shortHash,
  shortHashes,
  uuidV5,
} from '../../../src/core/canonical/identity.ts';
import { isExecutionId, isRunId } from '../../../src/core/model/brand.ts';

const DNS = '6ba7b810-9dad-11d1-80b4-00c04fd430c8';

test('uuidV5 agrees with the example of RFC 9562', () => {
  assert.equal(uuidV5(DNS, 'www.example.com'), '2ed6657d-e927-568b-95e1-2665a8aea6a2');
});

test('uuidV5 refuses a namespace that is no UUID', () => {
  assert.throws(() => uuidV5('prod', 'x'), /a namespace is a UUID/);
});

test('association ids are frozen, and differ by instance and by name', () => {
  assert.equal(associationId('prod', 'ssh-config'), '94165eb4-fd10-5cca-a83d-4453a1e79ab6');
  assert.notEqual(associationId('prod', 'ssh-config'), associationId('test', 'ssh-config'));
  assert.notEqual(associationId('prod', 'ssh-config'), associationId('prod', 'ssh-Config'));
});

test('run ids are frozen: the hash of the same parts never changes', () => {
  assert.equal(
    shortHash(['mi-0', 'ssh-config', 'slot:2026-01-01T00:00:00Z']),
    'gqtcan9n68gai1hi7j1bfj7gtv',
  );
  assert.equal(shortHash([]), 'seoc8gkovge196nruj49irtp4g');
});

test('law: a short hash fits the grammar of run and execution ids', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' })), (parts) => {
      const hash = shortHash(parts);
      assert.ok(isRunId(hash) && isExecutionId(hash));
    }),
  );
});

/** As the contract has it, slowly: every part behind its length, the first 130 bits of SHA-256, five at a time. */
function plainHash(parts: readonly string[]): string {
  const whole = createHash('sha256');
  for (const part of parts) {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(Buffer.byteLength(part));
    whole.update(length).update(part);
  }
  const bits = BigInt(`0x${whole.digest('hex')}`) >> 126n;
  return bits.toString(32).padStart(26, '0');
}

test('law: a short hash is that of the plain way, whatever the parts and however long', () => {
  const part = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string(),
    fc.integer({ min: 0, max: 6_000 }).map((length) => 'é'.repeat(length)),
    fc.integer({ min: 0, max: 6_000 }).map((length) => 'a'.repeat(length)),
  );
  fc.assert(
    fc.property(fc.array(part), (parts) => {
      assert.equal(shortHash(parts), plainHash(parts));
    }),
  );
  const half = '\ud800';
  assert.equal(shortHash([half, 'a']), plainHash([half, 'a']));
});

test('law: hashes of one part after another are those of all the parts', () => {
  const parts = fc.array(fc.string({ unit: 'binary', maxLength: 4 }));
  fc.assert(
    fc.property(parts, parts, parts, (before, each, after) => {
      const hashOf = shortHashes(before, after);
      for (const part of each) assert.equal(hashOf(part), plainHash([...before, part, ...after]));
    }),
  );
});

test('law: moving a boundary between parts changes the hash', () => {
  fc.assert(
    fc.property(fc.array(fc.string()), fc.array(fc.string()), (a, b) => {
      const same = a.length === b.length && a.every((part, i) => part === b[i]);
      assert.equal(shortHash(a) === shortHash(b), same);
    }),
  );
  assert.notEqual(shortHash(['ab', 'c']), shortHash(['a', 'bc']));
});
