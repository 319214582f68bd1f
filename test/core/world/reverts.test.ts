/** The same commit in force again is a new change: it runs, under ids that no node has seen. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { changeCommitOf, formatOccasion } from '../../../src/core/canonical/occasion.ts';
import { instant } from '../../../src/core/model/brand.ts';
import type { LoadedRevision } from '../../../src/core/world/events.ts';
import { commit, MINUTE, named, node, revision, TestFleet } from '../../fakes/fleet.ts';
import { statusFilesOf } from '../../fakes/status-files.ts';

const first = revision(1, { motd: { document: 'v1' } }, { 1: {} });
const second = revision(2, { motd: { document: 'v2' } }, { 1: {} });

const verdictOf = (fleet: TestFleet): unknown =>
  (JSON.parse(statusFilesOf(fleet).get('summary.json') ?? '{}') as { verdict?: unknown }).verdict;

const acceptAgain = (fleet: TestFleet, loaded: LoadedRevision, distance = 1): TestFleet =>
  fleet.happen({
    kind: 'revision',
    revision: loaded,
    ancestry: 'descendant',
    distance,
    allowDelete: 0,
    acceptedBy: 'me',
  });

test('an operator who accepts an older commit makes it run, under an id of its own', () => {
  const fleet = new TestFleet().accept(first).connect(1);
  const ids: string[] = [];
  for (const next of [second, first, second, first]) {
    for (const job of fleet.takeJobs()) {
      ids.push(job.run);
      fleet.start(job).finish(job);
    }
    acceptAgain(fleet, next);
  }
  ids.push(...fleet.takeJobs().map(({ run }) => run));
  assert.equal(ids.length, 5);
  assert.equal(new Set(ids).size, 5, 'no id twice');
});

test('whoever becomes a target again by such a commit runs again', () => {
  const on = (n: number, tag: string) =>
    revision(
      n,
      { motd: { targets: [{ kind: 'tag', key: 'role', values: ['web'] }] } },
      { 1: { role: tag }, 2: { role: 'web' } },
    );
  const fleet = new TestFleet().accept(on(1, 'db')).connect(1, 2);
  fleet.runAll();
  const ids: string[] = [];
  for (const [n, tag] of [
    [2, 'web'],
    [1, 'db'],
    [2, 'web'],
  ] as const) {
    acceptAgain(fleet, on(n, tag));
    for (const job of fleet.takeJobs()) {
      ids.push(job.run);
      fleet.start(job).finish(job);
    }
  }
  assert.equal(new Set(ids).size, 2);
});

test('the position grows with every commit, whatever the distance is said to be', () => {
  const fleet = new TestFleet().accept(first);
  acceptAgain(fleet, second, 0);
  assert.equal(fleet.world.state.accepted?.position, 2);
});

test('the same commit reached again from the same state has the same ids: nothing runs twice after a loss', () => {
  const ids = [1, 2].map(() => {
    const fleet = new TestFleet().accept(first).connect(1);
    fleet.runAll();
    return fleet.accept(second).takeJobs()[0]?.run;
  });
  assert.ok(ids[0] !== undefined);
  assert.equal(ids[0], ids[1]);
});

test('a node that was told not to start a run gets it under another id, not the same without end', () => {
  const fleet = new TestFleet().accept(first).connect(1);
  const seen: string[] = [];
  for (let jobs = fleet.takeJobs(); jobs.length > 0; jobs = fleet.takeJobs()) {
    for (const { node: at, run } of jobs) {
      seen.push(run);
      fleet.happen({ kind: 'revoked-job', node: at, run });
    }
  }
  assert.equal(new Set(seen).size, seen.length, 'never the same id again');
  assert.equal(seen.length, 16);
  const run = fleet.executions()[0]?.runs.get(node(1));
  assert.deepEqual([run?.phase, run?.outcome?.detailedStatus], ['Done', 'Undeliverable']);
});

test('a run that was taken back and is owed again by an operator runs', () => {
  const fleet = new TestFleet().accept(first).connect(1);
  const [job] = fleet.takeJobs();
  assert.ok(job !== undefined);
  fleet.accept(second).happen({ kind: 'revoked-job', node: job.node, run: job.run });
  fleet.runAll();
  fleet.now = instant(fleet.now + MINUTE);
  acceptAgain(fleet, first);
  assert.deepEqual(fleet.runAll(), ['motd@1']);
});

test('a program that is upgraded and taken back owes again under an id that its node has not seen', () => {
  const withDocument = (document: string) =>
    revision(1, { motd: { document, schedule: 'rate(30 minutes)' } }, { 1: {} });
  let fleet = new TestFleet().accept(withDocument('v1')).connect(1);
  const seen = fleet.takeJobs().map((job) => {
    fleet.start(job).finish(job);
    return job.run;
  });
  fleet.happen({ kind: 'disconnected', node: node(1) }).after(30 * MINUTE);
  for (const document of ['v2', 'v1', 'v2', 'v1']) {
    fleet = fleet.restarted().happen({ kind: 'restored', revision: withDocument(document) });
    const open = fleet.world.state.associations.get(named('motd'))?.open ?? null;
    const run = open === null ? null : fleet.world.state.executions.get(open)?.runs.get(node(1));
    assert.equal(run?.phase, 'Pending');
    seen.push(run.run);
  }
  assert.equal(new Set(seen).size, 5);
});

for (const { name, occasion, want } of [
  {
    name: 'a change',
    occasion: formatOccasion({ kind: 'change', commit: commit(7), position: 12 }),
    want: commit(7),
  },
  {
    name: 'a change that came with the program',
    occasion: formatOccasion({ kind: 'change', commit: commit(7), position: 12, version: 3 }),
    want: commit(7),
  },
  {
    name: 'a change of before there were positions',
    occasion: `change:${commit(7)}`,
    want: commit(7),
  },
  { name: 'no position', occasion: `change:${commit(7)}@`, want: null },
  { name: 'no commit', occasion: 'change:@1', want: null },
  { name: 'a target', occasion: `target:${commit(7)}@3`, want: null },
  { name: 'a slot', occasion: 'slot:2026-01-31T12:00:00Z', want: null },
]) {
  test(`the commit of an occasion: ${name}`, () => {
    assert.equal(changeCommitOf(occasion), want);
  });
}

for (const { name, spec } of [
  { name: 'at once', spec: {} },
  { name: 'at its slots', spec: { schedule: 'cron(0 0 1 1 ? *)', flag: true } },
])
  test(`a revert of an association that runs ${name} is not compliant while what it takes back still runs`, () => {
    const fleet = new TestFleet();
    const motd = (n: number, document: string) =>
      fleet.accept(revision(n, { motd: { document, ...spec } }, { 1: {} }));
    const start = () => {
      const request = { kind: 'run', associations: [named('motd')], nodes: null } as const;
      fleet.after(MINUTE).happen({ kind: 'operator', id: `${fleet.now}`, by: 'ada', request });
    };
    motd(1, 'v1').connect(1);
    start();
    fleet.runAll();
    assert.equal(verdictOf(fleet), 'compliant');
    start();
    const [again] = fleet.takeJobs();
    assert.ok(again !== undefined);
    fleet.start(again);
    assert.equal(verdictOf(fleet), 'compliant', 'a repetition');
    fleet.finish(again);
    motd(2, 'v2');
    start();
    const [job] = fleet.takeJobs();
    assert.ok(job !== undefined);
    fleet.start(job);
    motd(3, 'v1');
    assert.equal(verdictOf(fleet), 'pending', 'the second one is being applied');
    fleet.happen({ kind: 'disconnected', node: job.node }).after(10 * MINUTE);
    assert.equal(verdictOf(fleet), 'pending', 'and nobody knows how far it came');
    fleet.connect(1).finish(job);
    start();
    fleet.runAll();
    assert.equal(verdictOf(fleet), 'compliant');
  });
