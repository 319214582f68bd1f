import assert from 'node:assert/strict';
import { test } from 'node:test';
import { instant } from '../../../src/core/model/brand.ts';
import { executionStatus } from '../../../src/core/model/execution-status.ts';
import type { ExecutionFilter } from '../../../src/core/world/execution-query.ts';
import { matchingExecutions } from '../../../src/core/world/execution-query.ts';
import { MINUTE, NOON, named, revision, TestFleet } from '../../fakes/fleet.ts';

const everything: ExecutionFilter = {
  association: null,
  status: null,
  createdAfter: null,
  createdBefore: null,
};
const suspend = { reason: 'x', owner: 'ops', until: instant(NOON + 45 * MINUTE) };

/** At noon: `bad` failed, `late` runs, `well` waits; half an hour later the slot of `held` is skipped. */
function fleetOfAll(): TestFleet {
  const fleet = new TestFleet().accept(
    revision(1, { bad: {}, held: { schedule: 'rate(30 minutes)' }, late: {}, well: {} }, { 1: {} }),
  );
  fleet.connect(1);
  const jobs = ['bad', 'held', 'late'].map((name) => {
    const [job] = fleet.takeJobs();
    assert.equal(job?.association, name);
    fleet.start(job);
    if (name !== 'late') fleet.finish(job, name === 'bad' ? 'Failed' : 'Success');
    return job;
  });
  assert.equal(jobs.length, 3);
  fleet.accept(
    revision(
      2,
      { bad: {}, held: { schedule: 'rate(30 minutes)', suspend }, late: {}, well: {} },
      { 1: {} },
    ),
  );
  return fleet.after(30 * MINUTE);
}

for (const { name, filter, want } of [
  {
    name: 'everything, newest first',
    filter: {},
    want: ['held Skipped', 'bad Failed', 'held Success', 'late Pending', 'well Pending'],
  },
  { name: 'by status', filter: { status: 'Failed' }, want: ['bad Failed'] },
  { name: 'skipped slots', filter: { status: 'Skipped' }, want: ['held Skipped'] },
  {
    name: 'of one association',
    filter: { association: named('held') },
    want: ['held Skipped', 'held Success'],
  },
  { name: 'later than, strictly', filter: { createdAfter: NOON }, want: ['held Skipped'] },
  { name: 'earlier than, strictly', filter: { createdBefore: NOON }, want: [] },
] as const) {
  test(`executions: ${name}`, () => {
    const found = matchingExecutions(fleetOfAll().executions(), { ...everything, ...filter });
    assert.deepEqual(
      found.map((each) => `${each.association} ${executionStatus(each)}`).sort(),
      [...want].sort(),
    );
    const instants = found.map(({ openedAt }) => openedAt);
    assert.deepEqual(
      instants,
      instants.toSorted((a, b) => b - a),
    );
  });
}
