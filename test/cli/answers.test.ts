import assert from 'node:assert/strict';
import test from 'node:test';
import { runsOf } from '../../src/cli/answers.ts';

const phases = { Pending: 1, Offered: 0, Started: 2, Unreachable: 0, Done: 3 };
const statuses = { Success: 2, Failed: 1, TimedOut: 0, Skipped: 0, Cancelled: 0 };
const open = { phases, statuses, endedTime: null, skipped: null };

for (const [said, execution] of [
  ['1 Pending, 2 Started, 2 Success, 1 Failed', open],
  ['2 Success, 1 Failed', { ...open, endedTime: '2026-07-01T00:00:00Z' }],
  ['none: missed', { ...open, endedTime: '2026-07-01T00:00:00Z', skipped: 'missed' }],
  ['-', { statuses: {}, endedTime: '2026-07-01T00:00:00Z' }],
] as const)
  test(`runs are told by how they ended, and where they have not, by how far they are: ${said}`, () => {
    assert.equal(runsOf(execution), said);
  });
