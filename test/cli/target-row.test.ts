/** What `executions show` says of one node. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { asAnswer } from '../../src/cli/answers.ts';
import { targetRow } from '../../src/cli/executions/target-row.ts';
import { isJsonObject } from '../../src/core/model/json.ts';
import type { Execution } from '../../src/core/model/state.ts';
import { executionTargetJson, readExecutionLine } from '../../src/core/report/execution-json.ts';
import { withExecutions } from '../../src/core/report/execution-lines.ts';
import { MINUTE, node, revision, TestFleet } from '../fakes/fleet.ts';

/** A run that was cut off, and the next one, which ends so. */
function cutOff(status: 'Success' | 'Failed'): { readonly cut: string; readonly found: Execution } {
  const fleet = new TestFleet()
    .accept(revision(1, { motd: { onInterrupted: 'Retry', maxErrors: '9' } }, { 1: {} }))
    .connect(1);
  const [first] = fleet.takeJobs();
  assert.ok(first);
  fleet.start(first).happen({ kind: 'disconnected', node: first.node });
  const [second] = fleet
    .connect(1)
    .after(2 * MINUTE)
    .disown()
    .takeJobs();
  assert.ok(second);
  fleet.start(second).finish(second, status);
  const [found] = fleet.executions();
  assert.ok(found);
  return { cut: first.run, found };
}

function rowsOf(runs: readonly object[]): readonly (readonly string[])[] {
  return runs.map((run) => {
    const answer = asAnswer(run);
    assert.ok(isJsonObject(answer));
    return targetRow(answer);
  });
}

test('executions show: a Success of a second try is told as one', () => {
  const { cut, found } = cutOff('Success');
  const [row = []] = rowsOf([...found.runs.values()].map((run) => executionTargetJson(run, null)));
  const [who, status, , what] = row;
  assert.deepEqual([who, status], [node(1), 'Success']);
  assert.match(what ?? '', new RegExp(`^retry 1 of run ${cut.slice(0, 8)}`));
});

test('executions show: on the status branch too, where a second try failed', () => {
  const { cut, found } = cutOff('Failed');
  const line = withExecutions(null, [found], 'test').trimEnd();
  const runs = readExecutionLine(line, found.association)?.runs ?? [];
  assert.deepEqual(
    rowsOf(runs).map((row) => row[3]),
    [`retry 1 of run ${cut.slice(0, 8)}`],
  );
});

test('executions show: whatever else a node runs for is told by its summary, or by what it waits for', () => {
  const run = { node: 'mi-1', detailedStatus: 'Success', occasion: 'slot:2027-01-31T12:00:00Z' };
  const told = rowsOf([run, { ...run, summary: 'all of it' }, { ...run, waiting: 'offline' }]);
  assert.deepEqual(
    told.map((row) => row[3]),
    ['-', 'all of it', 'offline'],
  );
});
