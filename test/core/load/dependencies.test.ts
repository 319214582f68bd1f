import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { DependencyNode } from '../../../src/core/load/dependencies.ts';
import { dependencyCircles } from '../../../src/core/load/dependencies.ts';
import { codesOf, history, load, repository, SAY, says } from './repository.ts';

/** `a: b c` is "a depends on b and c". */
const graph = (...lines: readonly string[]): readonly DependencyNode[] =>
  lines.map((line) => {
    const [name = '', rest = ''] = line.split(': ');
    return { name, dependsOn: rest.split(' ').filter((text) => text !== '') };
  });

for (const { name, nodes, want } of [
  { name: 'a chain has none', nodes: graph('a: b', 'b: c', 'c: '), want: {} },
  { name: 'a diamond has none', nodes: graph('a: b c', 'b: d', 'c: d', 'd: '), want: {} },
  { name: 'one that names itself', nodes: graph('a: a'), want: { a: 'a a' } },
  {
    name: 'two that name each other',
    nodes: graph('a: b', 'b: a'),
    want: { a: 'a b a', b: 'b a b' },
  },
  {
    name: 'who only leads to a circle is not on it',
    nodes: graph('a: b', 'b: c', 'c: b'),
    want: { b: 'b c b', c: 'c b c' },
  },
  {
    name: 'the shortest way is told',
    nodes: graph('a: b', 'b: c a', 'c: a'),
    want: { a: 'a b a', b: 'b a b', c: 'c a b c' },
  },
  { name: 'names of nothing are no way', nodes: graph('a: ghost'), want: {} },
]) {
  test(`dependencyCircles: ${name}`, () => {
    const circles = [...dependencyCircles(nodes)].map(([at, path]) => [at, path.join(' ')]);
    assert.deepEqual(Object.fromEntries(circles), want);
  });
}

test('a name is on a circle exactly when it reaches itself', () => {
  const node = fc.integer({ min: 0, max: 7 });
  fc.assert(
    fc.property(fc.array(fc.tuple(node, node), { maxLength: 20 }), (edges) => {
      const nodes = [...new Array(8).keys()].map((from) => ({
        name: `n${from}`,
        dependsOn: edges.filter(([a]) => a === from).map(([, b]) => `n${b}`),
      }));
      const reaches = (from: string, goal: string, seen = new Set<string>()): boolean =>
        (nodes.find(({ name }) => name === from)?.dependsOn ?? []).some((to) => {
          if (to === goal) return true;
          if (seen.has(to)) return false;
          seen.add(to);
          return reaches(to, goal, seen);
        });
      const want = nodes.map(({ name }) => name).filter((name) => reaches(name, name));
      assert.deepEqual([...dependencyCircles(nodes).keys()].sort(), want.sort());
    }),
  );
});

test('a chain of 10,000 takes no stack, and a circle of 10,000 no time', () => {
  const chain = [...new Array(10_000).keys()].map((n) => ({
    name: `n${n}`,
    dependsOn: [`n${n + 1}`],
  }));
  assert.equal(dependencyCircles(chain).size, 0);
  const circle = [...chain, { name: 'n10000', dependsOn: ['n0'] }];
  assert.equal(dependencyCircles(circle).size, 10_001);
});
const DEPENDS = (name: string): string => `Reconciled: { DependsOn: [${name}] }\n`;
const FILES = { 'documents/Say.yaml': SAY };

test('every association on a circle is told, with the way round', () => {
  const { catalog } = load(
    repository({
      ...FILES,
      'associations/a.yaml': says('one', DEPENDS('two')),
      'associations/b.yaml': says('two', DEPENDS('one')),
      'associations/c.yaml': says('three', DEPENDS('three')),
    }),
  );
  const circles = catalog.problems.filter(({ code }) => code === 'dependency-circle');
  assert.deepEqual(
    circles.map(({ file, message }) => `${file}: ${message}`),
    [
      'associations/a.yaml: "one" waits for itself: one → two → one',
      'associations/b.yaml: "two" waits for itself: two → one → two',
      'associations/c.yaml: "three" waits for itself: three → three',
    ],
  );
  assert.equal(catalog.associations.size, 0);
});

test('an edit that closes a circle is held back; what was in force stays', () => {
  const revise = history();
  revise({ ...FILES, 'associations/a.yaml': says('one'), 'associations/b.yaml': says('two') });
  const catalog = revise({
    ...FILES,
    'associations/a.yaml': says('one', DEPENDS('two')),
    'associations/b.yaml': says('two', DEPENDS('one')),
  });
  assert.deepEqual([...catalog.associations.keys()].sort(), ['one', 'two']);
  for (const { dependsOn } of catalog.associations.values()) assert.deepEqual(dependsOn, []);
});

test('a name that nothing defines gets the nearest one as a hint', () => {
  const { catalog } = load(
    repository({
      ...FILES,
      'associations/a.yaml': says('base-tools'),
      'associations/b.yaml': says('web', DEPENDS('base-tool')),
    }),
  );
  assert.deepEqual(
    catalog.problems.flatMap(({ code, hint }) => (code === 'unknown-dependency' ? [hint] : [])),
    ['Did you mean "base-tools"?'],
  );
});

test('a dependency that was removed stays, and says so', () => {
  const revise = history();
  const dependent = says('two', DEPENDS('one'));
  const whole = { ...FILES, 'associations/a.yaml': says('one'), 'associations/b.yaml': dependent };
  revise(whole);
  const catalog = revise({ ...FILES, 'associations/b.yaml': dependent });
  assert.deepEqual([...catalog.associations.keys()].sort(), ['one', 'two']);
  assert.ok(codesOf(catalog).some((code) => code.startsWith('removed-but-needed')));
});

test('a dependency in a file that cannot be read is that file’s problem', () => {
  const { catalog } = load(
    repository({
      ...FILES,
      'associations/a.yaml': says('one').replace('Targets', ' Targets: ['),
      'associations/b.yaml': says('two', DEPENDS('one')),
    }),
  );
  assert.equal(codesOf(catalog).filter((code) => code.startsWith('unknown-dependency')).length, 0);
});
