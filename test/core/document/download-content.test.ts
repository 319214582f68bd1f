import assert from 'node:assert/strict';
import { test } from 'node:test';
import { downloadRequest, getOptions } from '../../../src/core/document/download-content.ts';
import {
  credentialsOf,
  credentialTexts,
  withCredentials,
} from '../../../src/core/document/download-credentials.ts';
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
    says: /^SourceInfo could not be unmarshalled for source type Git: Only specify one required option$/,
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

for (const { sourceType, info, credentials } of [
  {
    sourceType: 'HTTP',
    info: { url: 'https://x', authMethod: 'Basic', username: 'u', password: 'p' },
    credentials: { username: 'u', password: 'p' },
  },
  {
    sourceType: 'Git',
    info: { repository: 'ssh://x/y', privateSSHKey: 'k' },
    credentials: { username: '', password: '', privateSSHKey: 'k' },
  },
  {
    sourceType: 'GitHub',
    info: { owner: 'o', repository: 'r', tokenInfo: '{{ssm-secure:t}}' },
    credentials: { tokenInfo: '{{ssm-secure:t}}' },
  },
  { sourceType: 'S3', info: { path: 'https://x/b' }, credentials: {} },
  { sourceType: 'SSMDocument', info: { name: 'Doc' }, credentials: {} },
])
  test(`the credentials of ${sourceType} are taken out and put in again`, () => {
    const read = downloadRequest({ sourceType, sourceInfo: info });
    assert.ok(read.ok);
    const { source } = read.value;
    assert.deepEqual(credentialsOf(source), credentials);
    const blank = Object.fromEntries(Object.keys(credentials).map((field) => [field, '*']));
    const hidden = withCredentials(source, blank);
    assert.deepEqual(credentialsOf(hidden), blank);
    assert.deepEqual(withCredentials(hidden, credentials), source);
    const known = Object.entries(credentials).filter(([, text]) => text !== '');
    assert.deepEqual(credentialTexts({ sourceType, sourceInfo: info }), Object.fromEntries(known));
  });

test('without authentication an HTTP source has no credentials to open', () => {
  const sourceInfo = { url: 'https://x', username: 'u', password: '{{ssm-secure:p}}' };
  const read = downloadRequest({ sourceType: 'HTTP', sourceInfo });
  assert.ok(read.ok);
  assert.deepEqual(credentialsOf(read.value.source), {});
});

for (const [text, becomes] of [
  ['branch:a:b', 'Only specify one required option'],
  ['::', 'Only specify one required option'],
  ['branch,main', 'getOptions is not specified in the right format'],
  ['branch:a,b', { branch: 'a,b', commitID: '' }],
  ['commitID:\t1a ', { branch: '', commitID: '1a' }],
] as const)
  test(`getOptions of Git: ${JSON.stringify(text)}`, () => {
    const read = getOptions(text);
    assert.deepEqual(read.ok ? read.value : read.error, becomes);
  });

const ofSecret =
  "Format of specifying ssm parameter used for token-parameter-name is incorrect. Please specify parameter as '{{ ssm-secure:parameter-name }}'";

for (const { name, sourceType, info, says } of [
  {
    name: 'a document without its map',
    sourceType: 'SSMDocument',
    info: '{name}',
    says: 'SSMDocument SourceInfo parsing failed. SourceInfo could not be unmarshalled for SourceType SSMDocument. Please check JSON format of SourceInfo',
  },
  {
    name: 'a token in plain text, before the owner that is missing',
    sourceType: 'GitHub',
    info: { tokenInfo: 'plain' },
    says: ofSecret,
  },
  {
    name: 'a token of a plain reference',
    sourceType: 'GitHub',
    info: { owner: 'o', repository: 'r', tokenInfo: '{{ssm:t}}' },
    says: ofSecret,
  },
  {
    name: 'an option before the repository that is missing',
    sourceType: 'Git',
    info: { getOptions: 'main' },
    says: 'SourceInfo could not be unmarshalled for source type Git: getOptions is not specified in the right format',
  },
  {
    name: 'a method before the open connection',
    sourceType: 'HTTP',
    info: { url: 'http://x/f', authMethod: 'Token' },
    says: 'Invalid authentication method: Token. The following methods are accepted: None, Basic, Digest',
  },
  {
    name: 'a path of blanks',
    sourceType: 'S3',
    info: { path: ' ' },
    says: 'S3 source path in SourceInfo must be specified',
  },
])
  test(`nodes say first of a download: ${name}`, () => {
    const read = downloadRequest({ sourceType, sourceInfo: info });
    assert.equal(read.ok ? '' : read.error, says);
  });

test('white space around address, method and credentials of HTTP is dropped', () => {
  const info = { url: ' https://x/f\n', authMethod: ' Basic ', username: ' u', password: 'p ' };
  const read = downloadRequest({ sourceType: 'HTTP', sourceInfo: info });
  assert.ok(read.ok && read.value.source.sourceType === 'HTTP');
  const { url, authMethod, username, password } = read.value.source;
  assert.deepEqual([url, authMethod, username, password], ['https://x/f', 'Basic', 'u', 'p']);
});
