/** Slots of one instant, opened over more than one pass: what depends on another still comes after it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MINUTE, named, node, revision, TestFleet } from '../../fakes/fleet.ts';

const HOUR = 60 * MINUTE;
/** More nodes than a pass opens runs for. */
const MANY = 220;
const everybody = Array.from({ length: MANY }, (_, i) => i + 1);
const nodes = Object.fromEntries(everybody.map((n) => [n, {}]));

const at13 = { schedule: 'cron(0 13 * * ? *)' } as const;

for (const [base, app] of [
  ['aaa', 'zzz'],
  ['zzz', 'aaa'],
] as const) {
  test(`${app} waits for ${base}, whichever of the two slots opens first`, () => {
    const loaded = revision(1, { [app]: { ...at13, dependsOn: [base] }, [base]: at13 }, nodes);
    const fleet = new TestFleet().accept(loaded).connect(...everybody);
    fleet.runAll();
    fleet.after(HOUR);
    const jobs = fleet.takeJobs();
    assert.equal(jobs.length, MANY);
    assert.deepEqual([...new Set(jobs.map(({ association }) => association))], [base]);
    for (const job of jobs) fleet.start(job).finish(job);
    assert.deepEqual(new Set(fleet.runAll()), new Set(everybody.map((n) => `${app}@${n}`)));
  });
}

test('a slot that is skipped is not waited for any longer', () => {
  const suspended = { reason: 'move', owner: 'ops', until: Date.parse('2026-03-01T18:00:00Z') };
  const base = { ...at13, suspend: suspended as never };
  const app = { ...at13, dependsOn: ['base'] };
  const fleet = new TestFleet().accept(revision(1, { base: at13, app }, nodes));
  fleet.connect(...everybody).runAll();
  fleet.accept(revision(2, { base, app }, nodes));
  fleet.after(HOUR);
  assert.equal(fleet.runAll().filter((run) => run.startsWith('app@')).length, MANY);
  assert.equal(
    fleet.world.state.nodes.get(node(1))?.assignments.get(named('base'))?.execution,
    null,
  );
});
