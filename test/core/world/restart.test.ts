/** A daemon that starts again takes up what it had in hand, whichever revision it reads first. */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { Ring } from '../../../src/core/model/association.ts';
import type { LoadedRevision } from '../../../src/core/world/events.ts';
import { aCalendar, anEvent, minutesAfter } from '../../fakes/builders.ts';
import { MINUTE, NOON, node, revision, TestFleet } from '../../fakes/fleet.ts';

const HOUR = 60 * MINUTE;

/** Summaries of what one node was skipped for. */
const skipped = (fleet: TestFleet, n: number): readonly string[] =>
  fleet.executions().flatMap(({ runs }) => {
    const outcome = runs.get(node(n))?.outcome;
    return outcome?.status === 'Skipped' ? [outcome.summary] : [];
  });

const flagged = { schedule: 'cron(0 13 * * ? *)', flag: true, maxConcurrency: '1' };

/** At 13:20 the first of three runs; the others wait for its place, though their slot is 20 minutes old. */
function slowSlot(): TestFleet {
  const fleet = new TestFleet().accept(revision(1, { motd: flagged })).connect(1, 2, 3);
  const [job] = fleet.after(HOUR).takeJobs();
  assert.ok(job);
  return fleet.start(job).after(20 * MINUTE);
}

test('with the flag, who waits for a place is not skipped by a restart', () => {
  const fleet = slowSlot().restarted();
  fleet.happen({ kind: 'restored', revision: revision(1, { motd: flagged }) }).after(2_000);
  fleet.connect(2, 3).after(HOUR);
  assert.deepEqual([...skipped(fleet, 2), ...skipped(fleet, 3)], []);
});

test('with the flag, who does not come back to a daemon that has restarted is skipped', () => {
  const fleet = slowSlot().restarted();
  fleet.happen({ kind: 'restored', revision: revision(1, { motd: flagged }) });
  fleet.connect(1, 2).after(3 * MINUTE);
  assert.deepEqual(skipped(fleet, 2), []);
  assert.equal(skipped(fleet, 3).length, 1);
});

test('with the flag, who waits for a place is not skipped when the clock is set back a little', () => {
  const fleet = slowSlot().happen({ kind: 'disconnected', node: node(3) });
  fleet.after(-1).after(HOUR);
  assert.deepEqual(skipped(fleet, 3), []);
});

test('with the flag, a clock that is set back across the deadline asks again who is there', () => {
  const fleet = new TestFleet().accept(revision(1, { motd: flagged })).connect(1, 2, 3);
  fleet.after(HOUR).happen({ kind: 'disconnected', node: node(3) });
  fleet.after(-5 * MINUTE).after(16 * MINUTE);
  assert.equal(skipped(fleet, 3).length, 1);
});

// --- an operator's word comes before the accepted revision was read -----------------------------------------------

const sorted = (texts: readonly string[]): readonly string[] => [...texts].sort();

const rings: readonly Ring[] = [
  { name: 'canary', targets: [{ kind: 'ids', ids: [node(1)] }], soakMs: HOUR, maxErrors: null },
];
const specs = {
  motd: { schedule: 'rate(30 minutes)' },
  slow: { rings },
  held: { calendarNames: ['freeze'] },
};
const freeze = aCalendar('freeze', { events: [anEvent(NOON, minutesAfter(NOON, 120))] });

for (const { name, read } of [
  {
    name: 'the accepted revision is read',
    read: (loaded: LoadedRevision) => ({ kind: 'restored', revision: loaded }) as const,
  },
  {
    name: 'an operator accepts one before it could be read',
    read: (loaded: LoadedRevision) =>
      ({
        kind: 'revision',
        revision: loaded,
        ancestry: 'descendant',
        distance: 1,
        allowDelete: 0,
        acceptedBy: 'ops',
      }) as const,
  },
])
  test(`after a restart slots fire, rings open and gates open once ${name}`, () => {
    const before = new TestFleet().accept(revision(1, specs, undefined, [freeze]));
    assert.deepEqual(before.connect(1, 2).runAll(), ['motd@1', 'motd@2', 'slow@1']);
    const fleet = before.after(5 * MINUTE).restarted();
    fleet.happen(read(revision(2, specs, undefined, [freeze]))).connect(1, 2);
    assert.deepEqual(fleet.after(25 * MINUTE).runAll(), ['motd@1', 'motd@2']);
    assert.deepEqual(sorted(fleet.after(31 * MINUTE).runAll()), ['motd@1', 'motd@2', 'slow@2']);
    fleet.after(29 * MINUTE).runAll();
    assert.deepEqual(sorted(fleet.after(30 * MINUTE).runAll()), [
      'held@1',
      'held@2',
      'motd@1',
      'motd@2',
    ]);
  });

test('who comes back before any revision is read starts when an operator names one', () => {
  const before = new TestFleet().accept(revision(1, { motd: {} })).connect(1);
  assert.deepEqual(before.runAll(), ['motd@1']);
  const fleet = before.restarted().connect(1, 2);
  assert.deepEqual(fleet.runAll(), []);
  fleet.happen({
    kind: 'revision',
    revision: revision(2, { motd: {} }),
    ancestry: 'descendant',
    distance: 1,
    allowDelete: 0,
    acceptedBy: 'ops',
  });
  assert.deepEqual(fleet.runAll(), ['motd@2']);
});
