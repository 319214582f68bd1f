import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { job, run } from '../protocol/messages.ts';
import type { FakeNode } from './fake-node.ts';
import { compacted, fakeNode, later, steps } from './fake-node.ts';

type Restart = 'process' | 'machine' | 'power';

/** What may befall an agent. Lost messages are those that are not said; late and doubled ones are said again. */
type Fate =
  | { readonly kind: 'offer' | 'revoke' | 'cancel' | 'ack'; readonly run: number }
  | { readonly kind: 'exit'; readonly code: number }
  | { readonly kind: 'deadline'; readonly step: number }
  | { readonly kind: 'die-after'; readonly steps: number }
  | { readonly kind: 'restart'; readonly how: Restart }
  | { readonly kind: 'hold' | 'answer' }
  | { readonly kind: 'compact' | 'erase' }
  | { readonly kind: 'sleep'; readonly ms: number };

const runs = 6;
const label = fc.integer({ min: 1, max: runs });
const fate: fc.Arbitrary<Fate> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('offer' as const), run: label }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom('revoke' as const, 'cancel' as const),
      run: label,
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('ack' as const), run: label }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('exit' as const),
      code: fc.constantFrom(0, 0, 0, 0, 1, 137, 168),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('deadline' as const), step: fc.nat(2) }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('die-after' as const), steps: fc.nat(5) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('restart' as const),
      how: fc.constantFrom<Restart>('process', 'process', 'process', 'machine', 'power'),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'compact' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'erase' as const }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom('hold' as const, 'answer' as const) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('sleep' as const),
      ms: fc.constantFrom(1_000, 400_000),
    }),
  },
);

/** Long enough for several runs: in short ones nothing gets far. */
const fates = fc.array(fate, { minLength: 20, maxLength: 80, size: 'max' });

/** Steps with a process, and some that the agent performs itself: those leave nothing behind, and may be done again. */
const documents = fc.array(
  fc.constantFrom('aws:runShellScript', 'aws:runShellScript', 'aws:refreshAssociation'),
  { minLength: 1, maxLength: 4 },
);

test('whatever happens, no task begins twice, every started run is accounted for once, and what began is told', () => {
  fc.assert(
    fc.property(fates, documents, (happens, actions) => {
      const plan = steps(actions.length);
      const node = fakeNode(() => ({
        ...plan,
        steps: plan.steps.map((step, at) => ({ ...step, action: actions[at] ?? '' })),
      }));
      for (const each of happens) {
        suffer(node, each);
        for (const [task, body] of node.bodies) {
          assert.ok(body.begun <= 1 || body.leavesNothing, `${task} began twice`);
        }
      }
      settle(node);

      for (const { kind } of node.durable) assert.ok(kind !== 'spooled');
      const started = new Set(node.durable.filter((r) => r.kind === 'started').map((r) => r.run));
      const results = node.durable.filter((r) => r.kind === 'finished').map((r) => r.result);
      const finished = results.map((result) => result.run);
      assert.equal(new Set(finished).size, finished.length, 'a run finished twice');
      for (const each of started) assert.ok(finished.includes(each), 'a started run is silent');
      for (const record of node.durable) {
        if (record.kind === 'revoked') assert.ok(!started.has(record.run), 'a revoked run started');
      }
      const acked = new Set(node.durable.filter((r) => r.kind === 'acked').map((r) => r.run));
      for (const each of finished) {
        assert.ok(acked.has(each) !== node.state.spool.has(each), 'unacked and not spooled');
      }
      for (const { run: id, steps: told } of results) {
        for (const [step, { startedAt, reason }] of told.entries()) {
          const began = node.bodies.get(`${id}/${step}.0`)?.leavesNothing === false;
          const isTold = startedAt !== null || /may have begun/.test(reason);
          assert.ok(isTold || !began, `step ${step} began, and is told as if it never had`);
        }
      }
      assert.equal(node.state.active, null);
    }),
    { numRuns: Number(process.env['RUNS'] ?? 800) },
  );
});

test('a ledger that was compacted is the ledger', () => {
  fc.assert(
    fc.property(fc.array(fate, { maxLength: 40 }), (fates) => {
      const node = fakeNode(() => steps(2));
      for (const each of fates) suffer(node, each);
      assert.deepEqual(withoutOld(compacted(node), node), withoutOld(node.state, node));
    }),
    { numRuns: Number(process.env['RUNS'] ?? 500) },
  );
});

test('a run whose first task was never born began when it began, compacted or not', () => {
  const node = fakeNode(() => steps(2));
  const died: readonly Fate[] = [
    { kind: 'die-after', steps: 5 },
    { kind: 'offer', run: 1 },
    { kind: 'sleep', ms: 1000 },
    { kind: 'restart', how: 'process' },
  ];
  for (const each of died) suffer(node, each);
  assert.notEqual(node.state.active?.startedAt, node.state.active?.history[0]?.startedAt);
  assert.deepEqual(compacted(node).active?.startedAt, node.state.active?.startedAt);
});

function suffer(node: FakeNode, each: Fate): void {
  switch (each.kind) {
    case 'offer':
      return node.offer(
        job({
          run: run(`${each.run}`),
          notBefore: node.now,
          notAfter: later(node.now, 300_000),
          fence: { epoch: 1, position: 10 },
        }),
      );
    case 'revoke':
    case 'ack':
      return node.say({ kind: each.kind, run: run(`${each.run}`) });
    case 'cancel':
      return node.say({ kind: 'cancel', run: run(`${each.run}`), reason: '' });
    case 'exit':
      return node.exit(each.code);
    case 'deadline':
      if (node.state.active === null) return;
      return node.handle({
        kind: 'task-deadline',
        run: node.state.active.job.run,
        task: { step: each.step, element: 0 },
      });
    case 'die-after':
      node.fuse = each.steps;
      return;
    case 'restart':
      return node.restart(each.how);
    case 'compact':
      node.state = compacted(node);
      return;
    case 'erase':
      return node.erase();
    case 'hold':
    case 'answer':
      node.hold = each.kind === 'hold';
      return;
    case 'sleep':
      node.now = later(node.now, each.ms);
  }
}

/** The process lives again and every task comes to its end. */
function settle(node: FakeNode): void {
  node.hold = false;
  node.restart();
  for (let round = 0; round < 10 && node.state.active !== null; round++) node.exit(0);
}

function withoutOld(state: FakeNode['state'], node: FakeNode) {
  const ended = [...state.ended].filter(([, { keepUntil }]) => keepUntil >= node.now);
  return { ...state, ended: new Map(ended) };
}
