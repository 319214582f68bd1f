/** What holds runs back moves by a commit though no association is edited: calendars, groups, tags of nodes. */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { Group, Ring } from '../../../src/core/model/association.ts';
import type { Calendar } from '../../../src/core/model/calendar.ts';
import type { Tags } from '../../../src/core/model/node.ts';
import type { LoadedRevision } from '../../../src/core/world/events.ts';
import { waitingOf } from '../../../src/core/world/waiting.ts';
import { aCalendar, anEvent, minutesAfter } from '../../fakes/builders.ts';
import { MINUTE, NOON, named, node, revision, TestFleet } from '../../fakes/fleet.ts';

const HOUR = 60 * MINUTE;
const behind = { calendarNames: ['freeze'], maxConcurrency: '1' };

/** Closed for these minutes after noon. */
const freeze = (...spans: readonly (readonly [number, number])[]): Calendar =>
  aCalendar('freeze', {
    events: spans.map(([from, to]) => anEvent(minutesAfter(NOON, from), minutesAfter(NOON, to))),
  });

/** Why each of these nodes waits. */
const waits = ({ world }: TestFleet, ...nodes: readonly number[]): readonly string[] =>
  [...world.state.executions.values()].flatMap((execution) =>
    nodes.flatMap((n) => {
      const run = execution.runs.get(node(n));
      return run?.phase === 'Pending' ? [waitingOf(world, execution, run).reason] : [];
    }),
  );

const written = ({ dirty }: TestFleet['world']): void => {
  dirty.all = false;
  dirty.nodes.clear();
  dirty.associations.clear();
};

for (const { name, before } of [
  { name: 'lifted', before: freeze([-60, 47 * 60]) },
  { name: 'repaired', before: { ...freeze(), unreadable: 'line 3: no DTSTART' } },
])
  test(`a freeze is ${name} by a commit: who waited starts, and is reported`, () => {
    const fleet = new TestFleet().accept(revision(1, { motd: behind }, { 1: {} }, [before]));
    fleet.connect(1);
    assert.deepEqual(fleet.runAll(), []);
    written(fleet.world);
    fleet.accept(revision(2, { motd: behind }, { 1: {} }, [freeze([9_000, 9_060])]));
    assert.deepEqual([...fleet.world.dirty.nodes], [node(1)]);
    assert.ok(fleet.world.dirty.associations.has(named('motd')));
    assert.deepEqual(fleet.runAll(), ['motd@1']);
  });

for (const { name, from, to } of [
  {
    name: 'its calendar gets a freeze',
    from: revision(1, { motd: behind }, undefined, [freeze()]),
    to: revision(2, { motd: behind }, undefined, [freeze([10, 120])]),
  },
  {
    name: 'it gets a calendar',
    from: revision(1, { motd: { maxConcurrency: '1' } }, undefined, [freeze([10, 120])]),
    to: revision(2, { motd: behind }, undefined, [freeze([10, 120])]),
  },
])
  test(`${name} while it runs: the others start when that is over`, () => {
    const fleet = new TestFleet().accept(from).connect(1, 2, 3);
    const [job] = fleet.takeJobs();
    assert.ok(job);
    fleet
      .start(job)
      .accept(to)
      .after(20 * MINUTE)
      .finish(job);
    assert.deepEqual(fleet.runAll(), []);
    assert.deepEqual(waits(fleet, 2, 3), ['calendar', 'calendar']);
    fleet.after(100 * MINUTE);
    assert.deepEqual(fleet.runAll(), ['motd@2', 'motd@3']);
  });

test('however many commits move a calendar, one timer looks at it', () => {
  const fleet = new TestFleet().accept(revision(1, { motd: behind }, undefined, [freeze()]));
  const { timers } = fleet.world;
  const size = timers.size;
  for (let n = 2; n < 50; n++) {
    fleet.accept(revision(n, { motd: behind }, undefined, [freeze([600, 700 + n])]));
  }
  assert.equal(timers.size, size + 1);
});

test('a calendar read again from the same blob wakes nobody', () => {
  const calendar = freeze([-60, 60]);
  const fleet = new TestFleet().accept(revision(1, { motd: behind }, { 1: {} }, [calendar]));
  written(fleet.world);
  fleet.accept(revision(2, { motd: behind }, { 1: {} }, [{ ...calendar }]));
  assert.equal(fleet.world.dirty.nodes.size, 0);
});

const canary: Ring = {
  name: 'canary',
  targets: [{ kind: 'tag', key: 'ring', values: ['canary'] }],
  soakMs: HOUR,
  maxErrors: null,
};
const inRings = (n: number, nodes: { readonly [n: number]: Tags }) =>
  revision(n, { motd: { rings: [canary] } }, nodes);

test('a node retagged into the ring that runs starts at once', () => {
  const fleet = new TestFleet().accept(inRings(1, { 1: { ring: 'canary' }, 2: {}, 3: {} }));
  const [job] = fleet.connect(1, 2, 3).takeJobs();
  assert.ok(job);
  fleet.start(job).accept(inRings(2, { 1: { ring: 'canary' }, 2: { ring: 'canary' }, 3: {} }));
  assert.deepEqual(fleet.runAll(), ['motd@2']);
  fleet.finish(job).after(HOUR);
  assert.deepEqual(fleet.runAll(), ['motd@3']);
});

test('a group that takes a node into the ring that runs starts it at once', () => {
  const grouped = (n: number, ids: readonly string[]): LoadedRevision => {
    const ring: Ring = { ...canary, targets: [{ kind: 'group', name: 'early' }] };
    const plain = revision(n, { motd: { rings: [ring] } });
    const early: Group = { name: 'early', targets: [{ kind: 'ids', ids }], file: 'groups/e.yaml' };
    return { ...plain, catalog: { ...plain.catalog, groups: new Map([['early', early]]) } };
  };
  const fleet = new TestFleet().accept(grouped(1, [node(1)])).connect(1, 2, 3);
  const [job] = fleet.takeJobs();
  assert.ok(job);
  written(fleet.start(job).world);
  fleet.accept(grouped(2, [node(1), node(2)]));
  assert.ok(fleet.world.dirty.associations.has(named('motd')));
  assert.deepEqual(fleet.runAll(), ['motd@2']);
  fleet.finish(job).after(HOUR);
  assert.deepEqual(fleet.runAll(), ['motd@3']);
});
