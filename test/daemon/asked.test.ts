import assert from 'node:assert/strict';
import test from 'node:test';
import { nodeIn, nodesIn } from '../../src/daemon/asked.ts';
import { node, revision, TestFleet } from '../fakes/fleet.ts';

const fleet = new TestFleet().accept(revision(1, { motd: {} })).connect(1, 2);
const { world } = fleet;
const [one, two] = [node(1), node(2)];
const nameOf = (id: typeof one): string => world.fleet.nodes.get(id)?.name ?? '';

test('a node is named by its id or by its name', () => {
  assert.deepEqual(nodesIn(world, { nodes: [one, nameOf(two)] }, 'nodes'), [one, two]);
  assert.equal(nodesIn(world, {}, 'nodes'), null, 'nobody was named');
  assert.equal(nodeIn(world, { node: nameOf(two) }), two);
});

test('a node that does not exist is an error with the nearest that does', () => {
  for (const asks of [
    () => nodesIn(world, { nodes: [`${nameOf(two)}x`] }, 'nodes'),
    () => nodeIn(world, { node: `${nameOf(two)}x` }),
  ]) {
    assert.throws(asks, { code: 'UNKNOWN_NODE', message: new RegExp(`nearest is ${nameOf(two)}`) });
  }
});

test('a name that several nodes have is an error that names them', () => {
  const nodes = new Map([...world.fleet.nodes].map(([id, each]) => [id, { ...each, name: 'web' }]));
  const twins = { state: world.state, fleet: { nodes } };
  assert.throws(() => nodeIn(twins, { node: 'web' }), {
    code: 'UNKNOWN_NODE',
    message: `3 nodes are called "web": name one of ${one}, ${two}, ${node(3)}`,
  });
});

test('a node that is shut out already is named by its id', () => {
  const before = new TestFleet().accept(revision(1, { motd: {} })).connect(1);
  before.happen({ kind: 'operator', id: 'x', by: 'ada', request: { kind: 'revoke', node: one } });
  assert.equal(nodeIn(before.world, { node: one }), one);
});
