import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AGENTS_LIMITS } from '../../../src/io/agents/limits.ts';
import { makeTwins } from '../../../src/io/agents/twins.ts';
import { node } from '../../fakes/fleet.ts';

const MINUTE = 60_000;

/** Who comes when (minute), by its boot; a capital letter: while a session of the node is live. */
type Coming = readonly [boot: string, minute: number, answer: 'in' | 'wait'];

/** Two machines have come, and the first one again: from here on both are known. */
const foundOut: readonly Coming[] = [
  ['a', 0, 'in'],
  ['B', 1, 'in'],
  ['A', 1, 'in'],
];

const stories: readonly {
  readonly name: string;
  readonly comes: readonly Coming[];
  readonly twin: boolean;
}[] = [
  {
    name: 'one machine that reboots and reconnects is alone',
    comes: [
      ['a', 0, 'in'],
      ['a', 1, 'in'],
      ['b', 2, 'in'],
      ['B', 3, 'in'],
      ['c', 4, 'in'],
    ],
    twin: false,
  },
  {
    name: 'an earlier boot that comes back proves a second machine, which waits',
    comes: [...foundOut, ['B', 1, 'wait'], ['B', 2, 'wait']],
    twin: true,
  },
  {
    name: 'the first one is asleep for a moment: the second waits all the same',
    comes: [...foundOut, ['b', 5, 'wait']],
    twin: true,
  },
  {
    name: 'the first one has gone for good: the second is the machine, until the first is back',
    comes: [...foundOut, ['b', 20, 'in'], ['b', 21, 'in'], ['A', 22, 'in'], ['B', 22, 'wait']],
    twin: true,
  },
  {
    name: 'the first one stays connected for hours: the second waits for as long',
    comes: [...foundOut, ['B', 300, 'wait']],
    twin: true,
  },
  {
    name: 'a second machine that boots anew is found out again',
    comes: [...foundOut, ['C', 2, 'in'], ['A', 2, 'in'], ['C', 2, 'wait']],
    twin: true,
  },
];

for (const { name, comes, twin } of stories) {
  test(`twins: ${name}`, () => {
    const twins = makeTwins(AGENTS_LIMITS.twins);
    let nowMs = 0;
    for (const [boot, minute, answer] of comes) {
      nowMs = minute * MINUTE;
      const isConnected = boot !== boot.toLowerCase();
      const waitMs = twins.waitMs(node(1), boot.toLowerCase(), { nowMs, isConnected });
      assert.equal(waitMs === null ? 'in' : 'wait', answer, `${boot} at minute ${minute}`);
    }
    assert.deepEqual(twins.seen(nowMs), twin ? [node(1)] : []);
    assert.deepEqual(twins.seen(nowMs + 20 * MINUTE), []);
  });
}

test('twins: nodes that were not here for long are forgotten first', () => {
  const twins = makeTwins({ ...AGENTS_LIMITS.twins, nodesMax: 2 });
  const at = { nowMs: 0, isConnected: true };
  for (const boot of ['a', 'b', 'a']) twins.waitMs(node(1), boot, at);
  assert.deepEqual(twins.seen(0), [node(1)]);
  twins.waitMs(node(2), 'x', at);
  twins.waitMs(node(3), 'x', at);
  assert.deepEqual(twins.seen(0), []);
});
