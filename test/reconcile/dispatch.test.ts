import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runId } from '../../src/core/model/brand.ts';
import type { Effect } from '../../src/core/world/effects.ts';
import { perform } from '../../src/reconcile/dispatch.ts';
import { createInbox } from '../../src/reconcile/inbox.ts';
import { node, TestFleet } from '../fakes/fleet.ts';

const run = runId('0'.repeat(26));
const effects: readonly Effect[] = [
  { kind: 'ack', node: node(1), run },
  { kind: 'revoke-job', node: node(1), run },
  { kind: 'cancel-run', node: node(1), run, reason: '' },
  { kind: 'drop-node', node: node(2), reason: 'not in the registry' },
];

for (const [name, branchEpoch, want] of [
  ['a daemon in its epoch', 1, ['ack', 'revoke', 'cancel', 'drop']],
  ['one that has been succeeded leaves results and runs to its successor:', 2, ['drop']],
] as const) {
  test(`${name} says ${want.join(', ')}`, () => {
    const { world } = new TestFleet();
    const instance = { name: 'test', epoch: 1, branchEpoch, daemonKey: 'key' };
    world.apply({ kind: 'instance', ...instance });
    const said: string[] = [];
    const agents = {
      send: (_: unknown, { kind }: { readonly kind: string }) => said.push(kind) > 0,
      drop: () => void said.push('drop'),
    };
    const clock = { now: () => world.seenAt, monotonicMs: () => 0 };
    const never = () => assert.fail('nobody asked');
    const desk = { sign: never, wrap: never, crash: never, answer: never, admit: never };
    perform(effects, world, { agents, clock }, createInbox(never), desk);
    assert.deepEqual(said, want);
  });
}
