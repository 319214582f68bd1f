import assert from 'node:assert/strict';
import { test } from 'node:test';
import { downloadRequest, getOptions } from '../../../src/core/document/download-content.ts';
import type { VectorCase } from './vectors.ts';
import { testVectors } from './vectors.ts';

testVectors<VectorCase & { readonly input: { readonly text: string } }>(
  'git-get-options',
  ({ input, expected }) => {
    const read = getOptions(input.text);
    assert.deepEqual(read.ok ? read.value : { error: read.error }, expected);
  },
);

for (const { name, info, says } of [
  {
    name: 'a key for http',
    info: { repository: 'https://x/y', privateSSHKey: 'k' },
    says: /^Private SSH key must not be provided for HTTP/,
  },
  {
    name: 'a password for ssh',
    info: { repository: 'git@x:y.git', password: 'p' },
    says: /^Neither Username nor Password must not be provided/,
  },
  {
    name: 'two options',
    info: { repository: 'https://x/y', getOptions: 'branch:a,commitID:b' },
    says: /^Only specify one required option$/,
  },
])
  test(`Git refuses ${name}`, () => {
    const read = downloadRequest({ sourceType: 'Git', sourceInfo: info });
    assert.match(read.ok ? '' : read.error, says);
  });

test('keys match whatever their case, and a text may hold the map', () => {
  const read = downloadRequest({
    SourceType: 'HTTP',
    sourceinfo: '{"URL":"https://x/y","AUTHMETHOD":"Basic"}',
    DestinationPath: 'z',
  });
  assert.ok(read.ok && read.value.source.sourceType === 'HTTP');
  assert.deepEqual(
    [read.value.source.url, read.value.source.authMethod, read.value.destinationPath],
    ['https://x/y', 'Basic', 'z'],
  );
});
