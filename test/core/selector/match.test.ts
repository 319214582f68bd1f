import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { TargetExplanation } from '../../../src/core/selector/explain.ts';
import { explainTargets } from '../../../src/core/selector/explain.ts';
import { matches } from '../../../src/core/selector/match.ts';
import type { Groups, Target } from '../../../src/core/selector/target.ts';

const web = { id: 'mi-0123456789abcdef0', tags: { role: 'web', env: 'prod', note: '' } };
const groups: Groups = new Map([
  ['prod', { name: 'prod', targets: [{ kind: 'tag', key: 'env', values: ['prod'] }] }],
  ['test', { name: 'test', targets: [{ kind: 'tag', key: 'env', values: ['test'] }] }],
]);
const tag = (key: string, ...values: string[]): Target => ({ kind: 'tag', key, values });

const cases: { name: string; targets: Target[]; want: boolean; because: string }[] = [
  { name: 'no targets', targets: [], want: false, because: '' },
  {
    name: 'star',
    targets: [{ kind: 'all' }],
    want: true,
    because: '+InstanceIds=* (every node matches)',
  },
  {
    name: 'its id among others',
    targets: [{ kind: 'ids', ids: ['mi-x', web.id] }],
    want: true,
    because: `+InstanceIds=mi-x|${web.id} (it is named)`,
  },
  {
    name: 'other ids',
    targets: [{ kind: 'ids', ids: ['mi-x'] }],
    want: false,
    because: '-InstanceIds=mi-x (it is not named)',
  },
  {
    name: 'one of the values',
    targets: [tag('role', 'db', 'web')],
    want: true,
    because: '+tag:role=db|web (it has role=web)',
  },
  {
    name: 'another value',
    targets: [tag('role', 'db')],
    want: false,
    because: '-tag:role=db (it has role=web)',
  },
  {
    name: 'another letter case',
    targets: [tag('role', 'Web')],
    want: false,
    because: '-tag:role=Web (it has role=web)',
  },
  {
    name: 'the tag alone',
    targets: [tag('role')],
    want: true,
    because: '+tag:role (it has role=web)',
  },
  {
    name: 'the tag alone, its value empty',
    targets: [tag('note')],
    want: true,
    because: '+tag:note (it has note=)',
  },
  {
    name: 'a missing tag',
    targets: [tag('ring')],
    want: false,
    because: '-tag:ring (it has no tag ring)',
  },
  {
    name: 'a tag named like a method',
    targets: [tag('constructor')],
    want: false,
    because: '-tag:constructor (it has no tag constructor)',
  },
  {
    name: 'any of the keys',
    targets: [{ kind: 'tag-key', keys: ['ring', 'env'] }],
    want: true,
    because: '+tag-key=ring|env (it has env=prod)',
  },
  {
    name: 'none of the keys',
    targets: [{ kind: 'tag-key', keys: ['ring', 'zone'] }],
    want: false,
    because: '-tag-key=ring|zone (it has no tag ring or zone)',
  },
  {
    name: 'all entries',
    targets: [tag('role', 'web'), tag('env', 'prod')],
    want: true,
    because: '+tag:role=web (it has role=web); +tag:env=prod (it has env=prod)',
  },
  {
    name: 'one entry of two, and both are told',
    targets: [tag('role', 'web'), tag('env', 'test')],
    want: false,
    because: '+tag:role=web (it has role=web); -tag:env=test (it has env=prod)',
  },
  {
    name: 'a group',
    targets: [{ kind: 'group', name: 'prod' }],
    want: true,
    because: '+group prod (it is in the group) [+tag:env=prod (it has env=prod)]',
  },
  {
    name: 'a group that it is not in',
    targets: [{ kind: 'group', name: 'test' }],
    want: false,
    because: '-group test (it is not in the group) [-tag:env=test (it has env=prod)]',
  },
  {
    name: 'an unknown group',
    targets: [{ kind: 'group', name: 'x' }],
    want: false,
    because: '-group x (there is no such group)',
  },
];
for (const c of cases) {
  test(`matches: ${c.name}`, () => {
    const explained = explainTargets(c.targets, web, groups);
    assert.equal(matches(c.targets, web, groups), c.want);
    assert.equal(explained.matches, c.want);
    assert.equal(explained.targets.map(shown).join('; '), c.because);
  });
}

function shown({ target, matched, because, query }: TargetExplanation): string {
  const within = query.length === 0 ? '' : ` [${query.map(shown).join('; ')}]`;
  return `${matched ? '+' : '-'}${target} (${because})${within}`;
}

const key = fc.constantFrom('role', 'env', 'ring', '__proto__', 'constructor');
const value = fc.constantFrom('web', 'db', 'prod', '');
const ids = fc.uniqueArray(fc.constantFrom(web.id, 'mi-x', 'mi-y'), { maxLength: 3 });
const groupTarget = fc.oneof(
  fc.record({
    kind: fc.constant('tag' as const),
    key,
    values: fc.uniqueArray(value, { maxLength: 2 }),
  }),
  fc.record({
    kind: fc.constant('tag-key' as const),
    keys: fc.uniqueArray(key, { minLength: 1, maxLength: 2 }),
  }),
  fc.record({ kind: fc.constant('ids' as const), ids }),
);
const anyTarget = fc.oneof(
  groupTarget,
  fc.constant<Target>({ kind: 'all' }),
  fc.record({
    kind: fc.constant('group' as const),
    name: fc.constantFrom('one', 'two', 'unknown'),
  }),
);

test('law: the explanation says what matches says, and every entry says what it says alone', () => {
  fc.assert(
    fc.property(
      fc.array(anyTarget, { maxLength: 4 }),
      fc.uniqueArray(fc.tuple(key, value), { selector: ([name]) => name, maxLength: 4 }),
      fc.array(groupTarget, { maxLength: 3 }),
      fc.array(groupTarget, { maxLength: 3 }),
      (targets, tags, one, two) => {
        const node = { id: web.id, tags: new Map(tags) };
        const known: Groups = new Map([
          ['one', { name: 'one', targets: one }],
          ['two', { name: 'two', targets: two }],
        ]);
        const explained = explainTargets(targets, node, known);
        assert.equal(explained.matches, matches(targets, node, known));
        assert.deepEqual(
          explained.targets.map(({ matched }) => matched),
          targets.map((target) => matches([target], node, known)),
        );
      },
    ),
  );
});

test('matches: tags may be a Map', () => {
  const node = { id: web.id, tags: new Map([['role', 'web']]) };
  assert.ok(matches([tag('role', 'web')], node, groups));
  assert.ok(!matches([tag('env')], node, groups));
});
