import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packageRequest } from '../../../src/core/document/configure-package.ts';

for (const { inputs, want } of [
  { inputs: { action: 'Install' }, want: 'invalid input: empty name field\n' },
  { inputs: { name: 'x', action: 'install' }, want: 'unsupported action: install\n' },
  {
    inputs: { name: 'x', action: 'Install', additionalArguments: '{"":"1"}' },
    want: 'invalid input: empty key is not allowed in additional arguments from input\n',
  },
  {
    inputs: {
      Name: 'x',
      Action: 'Install',
      version: 'latest',
      installationType: 'In-place update',
      additionalArguments: '{"SSM_A":"b"}',
    },
    want: { name: 'x', action: 'Install', version: '', inPlace: true, environment: { SSM_A: 'b' } },
  },
  {
    inputs: { name: 'x', action: 'Uninstall', additionalArguments: { SSM_A: 'b' } },
    want: { name: 'x', action: 'Uninstall', version: '', inPlace: false, environment: {} },
  },
])
  test(`configurePackage reads ${JSON.stringify(inputs)}`, () => {
    const read = packageRequest(inputs);
    assert.deepEqual(read.ok ? read.value : read.error, want);
  });

test('a source is refused before a missing name', () => {
  const request = packageRequest({ action: 'Install', source: 'https://x' });
  assert.ok(!request.ok);
  assert.equal(request.error, 'invalid input: source parameter is not supported in this version\n');
});
