import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { DependencyNode } from '../../../src/core/load/dependencies.ts';
import { dependencyCircles } from '../../../src/core/load/dependencies.ts';

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
