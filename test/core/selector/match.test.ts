import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decidingSelector, matches } from '../../../src/core/selector/match.ts';
import type { Groups, Target } from '../../../src/core/selector/target.ts';

const web = { id: 'mi-0123456789abcdef0', tags: { role: 'web', env: 'prod', note: '' } };
const groups: Groups = new Map([
  ['prod', { name: 'prod', targets: [{ kind: 'tag', key: 'env', values: ['prod'] }] }],
]);
const tag = (key: string, ...values: string[]): Target => ({ kind: 'tag', key, values });

const cases: { name: string; targets: Target[]; want: boolean; because: string }[] = [
  { name: 'no targets', targets: [], want: false, because: 'no targets' },
  { name: 'star', targets: [{ kind: 'all' }], want: true, because: 'InstanceIds=*' },
  {
    name: 'its id among others',
    targets: [{ kind: 'ids', ids: ['mi-x', web.id] }],
    want: true,
    because: `InstanceIds=${web.id}`,
  },
  {
    name: 'other ids',
    targets: [{ kind: 'ids', ids: ['mi-x'] }],
    want: false,
    because: 'InstanceIds=mi-x',
  },
  {
    name: 'one of the values',
    targets: [tag('role', 'db', 'web')],
    want: true,
    because: 'tag:role=db|web',
  },
  { name: 'another value', targets: [tag('role', 'db')], want: false, because: 'tag:role=db' },
  {
    name: 'another letter case',
    targets: [tag('role', 'Web')],
    want: false,
    because: 'tag:role=Web',
  },
  { name: 'the tag alone', targets: [tag('role')], want: true, because: 'tag:role' },
  {
    name: 'the tag alone, its value empty',
    targets: [tag('note')],
    want: true,
    because: 'tag:note',
  },
  { name: 'a missing tag', targets: [tag('ring')], want: false, because: 'tag:ring' },
  {
    name: 'a tag named like a method',
    targets: [tag('constructor')],
    want: false,
    because: 'tag:constructor',
  },
  {
    name: 'any of the keys',
    targets: [{ kind: 'tag-key', keys: ['ring', 'env'] }],
    want: true,
    because: 'tag-key=ring|env',
  },
  {
    name: 'all entries',
    targets: [tag('role', 'web'), tag('env', 'prod')],
    want: true,
    because: 'tag:role=web, tag:env=prod',
  },
  {
    name: 'one entry of two',
    targets: [tag('role', 'web'), tag('env', 'test')],
    want: false,
    because: 'tag:env=test',
  },
  {
    name: 'a group',
    targets: [{ kind: 'group', name: 'prod' }],
    want: true,
    because: 'group prod: tag:env=prod',
  },
  {
    name: 'an unknown group',
    targets: [{ kind: 'group', name: 'x' }],
    want: false,
    because: 'group x (unknown)',
  },
];
for (const c of cases) {
  test(`matches: ${c.name}`, () => {
    const decision = decidingSelector(c.targets, web, groups);
    assert.equal(matches(c.targets, web, groups), c.want);
    assert.equal(decision.matches, c.want);
    assert.equal(decision.matches ? decision.selectors.join(', ') : decision.selector, c.because);
  });
}

test('matches: tags may be a Map', () => {
  const node = { id: web.id, tags: new Map([['role', 'web']]) };
  assert.ok(matches([tag('role', 'web')], node, groups));
  assert.ok(!matches([tag('env')], node, groups));
});
