import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gatherFacts, parseOsRelease } from '../../../src/agent/facts/facts.ts';

test('os-release: quoted, single-quoted and bare values; everything else is left out', () => {
  const parsed = parseOsRelease(
    [
      '# comment',
      'NAME="Debian \\"GNU\\"/Linux"',
      "PRETTY='x y'",
      'VERSION_ID=12',
      'lower=1',
      'BAD="',
      '',
    ].join('\n'),
  );
  assert.deepEqual(
    [...parsed],
    [
      ['NAME', 'Debian "GNU"/Linux'],
      ['PRETTY', 'x y'],
      ['VERSION_ID', '12'],
    ],
  );
});

test('this machine has facts, within the limits of the wire', async () => {
  const facts = await gatherFacts('0.1.0');
  assert.equal(facts.platformType, 'Linux');
  assert.match(facts.bootId, /^[0-9a-f-]{36}$/);
  assert.ok(facts.hostname.length > 0 && facts.hostname.length <= 255);
});
