/**
 * Stories from seeds: 40 by default, 500 in the full tier, SEEDS=n for more. Each must keep every promise; together they must
 * have seen every situation below; and mistakes planted on purpose must be found by the seeds that are recorded with them.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { plants } from './simulation/plants.ts';
import { play } from './simulation/play.ts';

const isFull = process.env['RECONCILED_TEST_TIER'] === 'full';
const seeds = Number(process.env['SEEDS'] ?? (isFull ? 500 : 40));
/** One in so many is played twice. */
const TWICE_EVERY = 20;
/** Fewer seeds than this cannot be asked to have seen everything. */
const SEEDS_FOR_ALL = 200;

const mustHappen = [
  'all second tries used up',
  'an older program refuses newer state',
  'backup restored',
  'MANUAL and nothing reported yet',
  'a commit of calendars alone',
  'a file broken',
  'a revision in force over several passes',
  'accepted by ancestry',
  'accepted by operator',
  'accepted by trailer',
  'accepted with a broken file',
  'agent could not start at once',
  'agent died between a start and its record',
  'agent died in the middle of a write',
  'all restarts used up',
  'an execution condensed',
  'anchored again: the clock was ahead',
  'an old host speaks',
  'answer to a push lost',
  'at MaxConcurrency',
  'cancellation reached a run',
  'connection cut',
  'daemon clock set',
  'daemon could not start at once',
  'daemon died in the middle of a write',
  'daemon died over a revision',
  'dependency met',
  'execution on the branch for good',
  'held: EmptyTree',
  'held: SourceDiverged',
  'held: SourceGone',
  'history of before thirty days left the tip',
  'item reported: COMPLIANT',
  'item reported: NON_COMPLIANT',
  'epoch announced',
  'job given back',
  'job of an old host',
  'job offered again',
  'journal compacted',
  'ledger compacted',
  'node back after more than thirty days',
  'node back with an empty ledger',
  'node clock set',
  'node off for long',
  'node has seen more than its daemon',
  'node rebooted during a step',
  'node set up anew',
  'old state goes on while held',
  'operator: cancel',
  'operator: pause',
  'operator: run',
  'owed in the form that another program gives it',
  'partition',
  'program taken back',
  'program upgraded',
  'push lost a race',
  'result acked twice',
  'reverted',
  'ring soaks',
  'rollout ended',
  'rollout halted',
  'run again after an interruption',
  'run cancelled',
  'run interrupted',
  'run timed out',
  'run unreachable',
  'runs join an open execution',
  'silent past the deadline',
  'slot after a month',
  'slot after an offset',
  'slot at the end of a gap',
  'slot fired',
  'slot that a clock ahead had passed over',
  'slot in an hour that comes twice',
  'slot skipped: calendar',
  'slot skipped: suspended',
  'source branch deleted',
  'source rewritten',
  'state directory rebuilt from the branch',
  'state lost while the branch was behind',
  'start in doubt after a restart',
  'status branch deleted',
  'status branch edited by hand',
  'step ended while its agent was dead',
  'step goes on after a restart',
  'stopped at the error threshold',
] as const;

test(`${seeds} stories keep every promise`, async (t) => {
  const seen = new Map<string, number>();
  for (let seed = 1n; seed <= seeds; seed++) {
    const played = await play(seed);
    const replay = `node --import tsx test/simulation/replay.ts --seed ${seed} --steps ${played.events}`;
    assert.equal(played.failure, null, `${played.failure?.message ?? ''}\nreplay: ${replay}`);
    for (const [name, times] of played.situations) seen.set(name, (seen.get(name) ?? 0) + times);
    if (Number(seed) % TWICE_EVERY !== 0) continue;
    const again = await play(seed);
    assert.equal(again.hash, played.hash, `seed ${seed} tells the same story twice`);
  }
  if (seeds < SEEDS_FOR_ALL) return t.diagnostic('too few seeds to have seen everything');
  assert.deepEqual(
    mustHappen.filter((name) => !seen.has(name)),
    [],
    'situations that no seed has seen',
  );
});

for (const { name, plant, found } of plants.values()) {
  test(`planted and found: ${name}`, async () => {
    const { failure } = await play(found, { plant });
    assert.notEqual(failure, null, `seed ${found} finds it no more: look with planted.ts`);
  });
}
