import assert from 'node:assert/strict';
import test from 'node:test';
import { updateRequest } from '../../../src/core/document/agent-update.ts';
import { domainJoinArguments } from '../../../src/core/document/domain-join.ts';
import { inventoryPolicy } from '../../../src/core/document/inventory-policy.ts';
import type { JsonObject } from '../../../src/core/model/json.ts';

const nothing = { types: [], files: [], windowsRegistry: [], customInventoryDirectory: '' };
const refused = 'invalid or unrecognized input was received for aws:softwareInventory plugin';
const inventory: readonly (readonly [string, JsonObject, object | string])[] = [
  ['nothing asked', {}, nothing],
  [
    'what is Enabled is gathered, whatever the case of its name',
    { applications: 'Enabled', networkconfig: 'Enabled', services: 'Disabled', billingInfo: 'on' },
    { ...nothing, types: ['AWS:Application', 'AWS:Network'] },
  ],
  [
    'files',
    { files: '[{"Path":"/etc","Pattern":["*.conf"],"Recursive":true,"DirScanLimit":9}]' },
    {
      ...nothing,
      files: [{ path: '/etc', patterns: ['*.conf'], isRecursive: true, dirScanLimit: 9 }],
    },
  ],
  [
    'folders to look into have a limit',
    { files: '[{"Path":"/","DirScanLimit":9000},{"Path":"/","DirScanLimit":0}]' },
    {
      ...nothing,
      files: [
        { path: '/', patterns: [], isRecursive: false, dirScanLimit: 5_000 },
        { path: '/', patterns: [], isRecursive: false, dirScanLimit: 5_000 },
      ],
    },
  ],
  [
    'a registry and a folder',
    { windowsRegistry: '[{"Path":"HKLM"}]', customInventoryDirectory: '/srv/inventory' },
    {
      ...nothing,
      windowsRegistry: [{ Path: 'HKLM' }],
      customInventoryDirectory: '/srv/inventory',
    },
  ],
  ['a boolean is no text', { applications: true }, refused],
  ['filters that are no JSON', { files: '[{' }, refused],
  ['filters that are no list', { files: '{"Path":"/"}' }, refused],
  ['filters that are no objects', { windowsRegistry: '["HKLM"]' }, refused],
  ['a path that is no text', { files: '[{"Path":1}]' }, refused],
  ['patterns that are no list', { files: '[{"Path":"/","Pattern":"*"}]' }, refused],
  ['a pattern that is no text', { files: '[{"Path":"/","Pattern":[1]}]' }, refused],
  ['recursion that is no boolean', { files: '[{"Path":"/","Recursive":"true"}]' }, refused],
  ['a limit that is no number', { files: '[{"Path":"/","DirScanLimit":"9"}]' }, refused],
];
for (const [name, inputs, expected] of inventory)
  test(`aws:softwareInventory: ${name}`, () => {
    const policy = inventoryPolicy(inputs);
    assert.deepEqual(policy.ok ? policy.value : policy.error, expected);
  });

const usual = {
  agentName: 'amazon-ssm-agent',
  source: 'https://example.org/{Region}/manifest.json',
  allowDowngrade: 'false',
};
const update: readonly (readonly [string, JsonObject, object | string])[] = [
  ['the newest', usual, { source: usual.source, mayDowngrade: false, targetVersion: '' }],
  [
    'an older one',
    { ...usual, allowDowngrade: 'true', targetVersion: '3.2.0.0' },
    { source: usual.source, mayDowngrade: true, targetVersion: '3.2.0.0' },
  ],
  [
    'another agent',
    { ...usual, agentName: 'x' },
    'invalid input: agentName must be amazon-ssm-agent',
  ],
  [
    'from nowhere',
    { ...usual, source: '' },
    'invalid input: source must be the address of a manifest',
  ],
  [
    'a boolean is no text',
    { ...usual, allowDowngrade: true },
    'invalid input: allowDowngrade must be the text true or false',
  ],
];
for (const [name, inputs, expected] of update)
  test(`aws:updateSsmAgent: ${name}`, () => {
    const request = updateRequest(inputs);
    assert.deepEqual(request.ok ? request.value : request.error, expected);
  });

test('aws:domainJoin: digits appended to a host name are digits', () => {
  const inputs = { directoryId: 'd-1', directoryName: 'example.org', hostName: 'web' };
  const join = (digits: string) =>
    domainJoinArguments({ ...inputs, hostNameNumAppendDigits: digits }, '');
  assert.deepEqual(join('5').ok, true);
  assert.deepEqual(join('five'), {
    ok: false,
    error: 'HostNameNumAppendDigits %!s(MISSING) has non-digits five',
  });
});

for (const [name, inputs, error] of [
  ['an id before a missing name', { directoryId: 'a;b' }, 'Shell command injection string a;b'],
  [
    'an address that is a command',
    { directoryId: 'd', directoryName: 'n', dnsIpAddresses: ['10.0.0.1;ls'] },
    'Shell command injection string 10.0.0.1;ls',
  ],
  [
    'a host name before its digits',
    { directoryId: 'd', directoryName: 'n', hostName: 'a|b', hostNameNumAppendDigits: 'x' },
    'Shell command injection string n',
  ],
] as const)
  test(`aws:domainJoin says first what nodes say first: ${name}`, () => {
    assert.deepEqual(domainJoinArguments(inputs, ''), { ok: false, error });
  });

test('aws:domainJoin: a sign before the digits, and an empty unit in quotes', () => {
  const inputs = { directoryId: 'd', directoryName: 'n', directoryOU: '""', hostName: 'web' };
  const join = domainJoinArguments({ ...inputs, hostNameNumAppendDigits: '+3' }, 'r');
  assert.ok(join.ok);
  assert.deepEqual(join.value.slice(6), [
    '--directory-ou',
    '',
    '--set-hostname',
    'web',
    '--set-hostname-append-num-digits',
    '+3',
  ]);
});
