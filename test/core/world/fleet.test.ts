import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Group } from '../../../src/core/model/association.ts';
import { nodeId } from '../../../src/core/model/brand.ts';
import type { Node } from '../../../src/core/model/node.ts';
import type { Target } from '../../../src/core/selector/target.ts';
import { createFleet } from '../../../src/core/world/fleet.ts';

const node = (digit: string, role: string): Node => ({
  id: nodeId(`mi-${digit.repeat(17)}`),
  name: `node-${digit}`,
  publicKey: 'ed25519:',
  tags: { role },
  registration: null,
  file: null,
});

test('a fleet that is asked again tells what its nodes are now', () => {
  const [a, b, c] = [node('a', 'web'), node('b', 'db'), node('c', 'web')];
  const fleet = createFleet(new Map([a, b].map((each) => [each.id, each])));
  const targets: readonly Target[] = [{ kind: 'group', name: 'web' }];
  const web = new Map([['web', { name: 'web', targets: tagged('web'), file: '' }]]);
  const db = new Map([['web', { name: 'web', targets: tagged('db'), file: '' }]]);
  const matched = (groups = web) => fleet.resolve(targets, groups);

  assert.deepEqual(matched(), [a.id]);
  assert.deepEqual(matched(), [a.id]);
  assert.deepEqual(matched(db), [b.id], 'the group means others now');
  fleet.put(c);
  assert.deepEqual(matched(), [a.id, c.id]);
  fleet.put({ ...a, tags: { role: 'db' } });
  assert.deepEqual(matched(), [c.id]);
  fleet.remove(c.id);
  assert.deepEqual(matched(), []);
});

const tagged = (value: string): Group['targets'] => [{ kind: 'tag', key: 'role', values: [value] }];
