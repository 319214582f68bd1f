import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RawTarget } from '../../../src/core/selector/parse.ts';
import { parseGroup, parseTargets } from '../../../src/core/selector/parse.ts';
import type { Target } from '../../../src/core/selector/target.ts';

const MI = 'mi-0123456789abcdef0';
const many = (count: number) => Array.from({ length: count }, (_, i) => `v${i}`);

const accepted: { name: string; raw: RawTarget[]; want: Target[] }[] = [
  { name: 'ids', raw: [{ Key: 'InstanceIds', Values: [MI] }], want: [{ kind: 'ids', ids: [MI] }] },
  {
    name: 'the key InstanceIds in any letter case',
    raw: [{ Key: 'instanceids', Values: [MI, 'i-01234567', 'i-0123456789abcdef0'] }],
    want: [{ kind: 'ids', ids: [MI, 'i-01234567', 'i-0123456789abcdef0'] }],
  },
  { name: 'star', raw: [{ Key: 'INSTANCEIDS', Values: ['*'] }], want: [{ kind: 'all' }] },
  {
    name: 'values of a tag, repeats dropped',
    raw: [{ Key: 'tag:role', Values: ['web', 'db', 'web'] }],
    want: [{ kind: 'tag', key: 'role', values: ['web', 'db'] }],
  },
  {
    name: 'a tag without values: the node has it',
    raw: [{ Key: 'tag:role' }, { Key: 'tag:a:b', Values: [] }, { Key: 'tag:c', Values: null }],
    want: [
      { kind: 'tag', key: 'role', values: [] },
      { kind: 'tag', key: 'a:b', values: [] },
      { kind: 'tag', key: 'c', values: [] },
    ],
  },
  {
    name: 'tag and tag-key are one family',
    raw: [
      { Key: 'tag:role', Values: ['web'] },
      { Key: 'tag-key', Values: ['env', 'ring'] },
    ],
    want: [
      { kind: 'tag', key: 'role', values: ['web'] },
      { kind: 'tag-key', keys: ['env', 'ring'] },
    ],
  },
  {
    name: 'a group',
    raw: [{ Key: 'resource-groups:Name', Values: ['web'] }],
    want: [{ kind: 'group', name: 'web' }],
  },
  {
    name: "a group in the lower case of AWS's own text, with its companion",
    raw: [
      { Key: 'resource-groups:name', Values: ['web'] },
      {
        Key: 'resource-groups:ResourceTypeFilters',
        Values: ['AWS::SSM::ManagedInstance', 'AWS::EC2::Instance'],
      },
    ],
    want: [{ kind: 'group', name: 'web' }],
  },
  {
    name: 'fifty values',
    raw: [{ Key: 'tag:n', Values: many(50) }],
    want: [{ kind: 'tag', key: 'n', values: many(50) }],
  },
];
for (const c of accepted) {
  test(`parseTargets accepts ${c.name}`, () => {
    assert.deepEqual(parseTargets(c.raw), { ok: true, value: c.want });
  });
}

const refused: { name: string; raw: RawTarget[]; want: [string, string][]; text?: RegExp }[] = [
  {
    name: 'no targets',
    raw: [],
    want: [['target-missing', '']],
    text: /Instance ID or targets must be specified/,
  },
  {
    name: 'six entries',
    raw: many(6).map((key) => ({ Key: `tag:${key}` })),
    want: [['target-too-many', '/5']],
  },
  {
    name: 'more than fifty values',
    raw: [{ Key: 'tag:n', Values: many(51) }],
    want: [['target-too-many-values', '/0/Values/50']],
  },
  {
    name: 'null and empty values, each of them',
    raw: [{ Key: 'tag:n', Values: ['a', null, ''] }],
    want: [
      ['target-empty-value', '/0/Values/1'],
      ['target-empty-value', '/0/Values/2'],
    ],
    text: /Tag or InstanceIds values cannot contain null or empty string\./,
  },
  {
    name: 'malformed ids',
    raw: [{ Key: 'InstanceIds', Values: ['web-1', 'mi-0123', 'MI-0123456789abcdef0'] }],
    want: [
      ['target-node-id', '/0/Values/0'],
      ['target-node-id', '/0/Values/1'],
      ['target-node-id', '/0/Values/2'],
    ],
    text: /Invalid InstanceId format: web-1/,
  },
  { name: 'no ids', raw: [{ Key: 'InstanceIds' }], want: [['target-no-values', '/0']] },
  { name: 'tag-key without keys', raw: [{ Key: 'tag-key' }], want: [['target-no-values', '/0']] },
  {
    name: 'star beside ids',
    raw: [{ Key: 'InstanceIds', Values: ['*', MI] }],
    want: [['target-mixed', '/0/Values']],
  },
  {
    name: 'ids beside tags',
    raw: [{ Key: 'InstanceIds', Values: [MI] }, { Key: 'tag:role' }],
    want: [['target-mixed', '/1/Key']],
  },
  {
    name: 'a group beside tags',
    raw: [{ Key: 'tag:role' }, { Key: 'resource-groups:Name', Values: ['web'] }],
    want: [['target-mixed', '/1/Key']],
  },
  {
    name: 'two lists of ids',
    raw: [
      { Key: 'InstanceIds', Values: [MI] },
      { Key: 'InstanceIds', Values: [MI] },
    ],
    want: [['target-mixed', '/1/Key']],
  },
  {
    name: 'two groups',
    raw: [{ Key: 'resource-groups:Name', Values: ['a', 'b'] }],
    want: [['target-group-count', '/0/Values']],
  },
  {
    name: 'a key that names nothing',
    raw: [{ Key: 'role', Values: ['web'] }],
    want: [['target-key', '/0/Key']],
    text: /Unsupported target key: role, can either be/,
  },
  {
    name: 'a companion filter for what is no node, or without its group',
    raw: [
      { Key: 'resource-groups:Name', Values: ['web'] },
      { Key: 'resource-groups:ResourceTypeFilters', Values: ['AWS::S3::Bucket'] },
    ],
    want: [['target-resource-type', '/1/Values/0']],
  },
  {
    name: 'a companion filter alone',
    raw: [{ Key: 'resource-groups:ResourceTypeFilters', Values: ['AWS::EC2::Instance'] }],
    want: [['target-mixed', '/0/Key']],
  },
  {
    name: 'a key with characters that no key has',
    raw: [{ Key: 'tag:a*b', Values: ['x'] }],
    want: [['target-key', '/0/Key']],
  },
  { name: 'a tag without a name', raw: [{ Key: 'tag:' }], want: [['target-key', '/0/Key']] },
  {
    name: 'the runbook kinds',
    raw: [{ Key: 'ParameterValues' }, { Key: 'AWS::EC2::Instance', Values: ['*'] }],
    want: [
      ['target-key', '/0/Key'],
      ['target-key', '/1/Key'],
    ],
  },
  {
    name: 'everything wrong at once',
    raw: [{ Key: 'Tag:role' }, { Key: 'InstanceIds', Values: ['x', ''] }, { Key: 'tag-key' }],
    want: [
      ['target-key', '/0/Key'],
      ['target-empty-value', '/1/Values/1'],
      ['target-node-id', '/1/Values/0'],
      ['target-no-values', '/2'],
      ['target-mixed', '/2/Key'],
    ],
  },
];
for (const c of refused) {
  test(`parseTargets refuses ${c.name}`, () => {
    const parsed = parseTargets(c.raw);
    assert.ok(!parsed.ok);
    assert.deepEqual(
      parsed.error.map((mistake) => [mistake.code, mistake.pointer]),
      c.want,
    );
    for (const mistake of parsed.error) assert.match(mistake.hint, /\.$/);
    if (c.text !== undefined) assert.match(parsed.error[0]?.message ?? '', c.text);
  });
}

test('the hint of an unsupported key names the nearest right one', () => {
  const hintOf = (key: string) => {
    const parsed = parseTargets([{ Key: key, Values: ['x'] }]);
    return parsed.ok ? '' : parsed.error[0]?.hint;
  };
  assert.equal(hintOf('TAG:role'), 'Write tag:role.');
  assert.equal(hintOf('Tag-Key'), 'Write tag-key.');
  assert.equal(hintOf('InstanceId'), 'Write InstanceIds.');
  assert.equal(
    hintOf('ResourceGroup'),
    'That is how runbooks name a group: write resource-groups:Name.',
  );
  assert.equal(hintOf('groupName'), 'Write resource-groups:Name.');
  assert.equal(hintOf('constructor'), 'To match a tag, write tag:constructor.');
});

test('parseGroup: tags and ids within the limits', () => {
  assert.deepEqual(
    parseGroup('web', [
      { Key: 'tag:role', Values: ['web', 'proxy'] },
      { Key: 'tag-key', Values: ['env'] },
    ]),
    {
      ok: true,
      value: {
        name: 'web',
        targets: [
          { kind: 'tag', key: 'role', values: ['web', 'proxy'] },
          { kind: 'tag-key', keys: ['env'] },
        ],
      },
    },
  );
  assert.ok(parseGroup('ids', [{ Key: 'InstanceIds', Values: [MI] }]).ok);
});

for (const c of [
  {
    name: 'a group inside',
    raw: [{ Key: 'resource-groups:Name', Values: ['a'] }],
    want: 'target-group-nested',
  },
  { name: 'every node', raw: [{ Key: 'InstanceIds', Values: ['*'] }], want: 'target-group-all' },
  { name: 'a tag without values', raw: [{ Key: 'tag:role' }], want: 'target-no-values' },
  {
    name: 'six values',
    raw: [{ Key: 'tag:role', Values: many(6) }],
    want: 'target-too-many-values',
  },
  {
    name: 'six keys',
    raw: many(6).map((key) => ({ Key: `tag:${key}`, Values: ['x'] })),
    want: 'target-too-many',
  },
  {
    name: 'an empty value',
    raw: [{ Key: 'tag:role', Values: ['a', ''] }],
    want: 'target-empty-value',
  },
]) {
  test(`parseGroup refuses ${c.name}`, () => {
    const parsed = parseGroup('g', c.raw);
    assert.ok(!parsed.ok);
    assert.deepEqual(
      parsed.error.map((mistake) => mistake.code),
      [c.want],
    );
  });
}
