/** The law of the forecast: it says what the world does when it is advanced minute by minute and nothing fails. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { instant } from '../../../src/core/model/brand.ts';
import type { LoadedRevision } from '../../../src/core/world/events.ts';
import type { AssociationSpec } from '../../fakes/fleet.ts';
import { MINUTE, node, revision, TestFleet } from '../../fakes/fleet.ts';
import { foretell, shownRuns } from './worlds.ts';

const NODES = 4;
const NAMES = ['aaa', 'bbb', 'ccc'];

const timing: fc.Arbitrary<AssociationSpec> = fc.constantFrom<AssociationSpec>(
  {},
  { schedule: 'rate(1 minute)' },
  { schedule: 'rate(7 minutes)' },
  { schedule: 'rate(2 hours)' },
  { schedule: 'cron(*/20 * * * ? *)', timezone: 'Europe/Berlin' },
  { schedule: 'cron(30 1-3 ? * * *)', timezone: 'Europe/Berlin', flag: true },
  { schedule: 'cron(15 2 ? * SUN *)', timezone: 'America/New_York' },
  { schedule: 'cron(0 1 ? * SUN#1 *)', timezone: 'Europe/Berlin', offsetDays: 1, flag: true },
  { schedule: 'at(2026-03-29T01:10:00)', flag: true },
  { schedule: 'at(2026-10-25T00:40:00)', flag: true },
);
const spec: fc.Arbitrary<AssociationSpec> = fc
  .tuple(
    timing,
    fc.record({
      document: fc.constantFrom('v1', 'v2'),
      severity: fc.constantFrom('LOW' as const, 'HIGH' as const),
      targets: fc.constantFrom(
        [{ kind: 'all' as const }],
        [{ kind: 'tag' as const, key: 'role', values: ['web'] }],
        [{ kind: 'tag' as const, key: 'role', values: ['nobody'] }],
        [{ kind: 'ids' as const, ids: [node(1), node(4)] }],
      ),
    }),
  )
  .map(([when, what]) => ({ ...what, ...when }));

const roles = fc.array(fc.constantFrom('web', 'db'), { minLength: NODES, maxLength: NODES });
const wish = fc.record({
  specs: fc.array(spec, { minLength: 1, maxLength: NAMES.length }),
  roles,
});

function revisionOf(
  n: number,
  { specs, roles: given }: typeof wish extends fc.Arbitrary<infer W> ? W : never,
): LoadedRevision {
  return revision(
    n,
    Object.fromEntries(specs.map((each, i) => [NAMES[i] ?? '', each])),
    Object.fromEntries(given.map((role, i) => [i + 1, { role }])),
  );
}

/** What opened, and on how many nodes it started at once: `2026-03-01T12:00 create aaa on 3`. */
function openedIn(fleet: TestFleet, seen: Set<string>): readonly string[] {
  return fleet.executions().flatMap((execution) => {
    if (seen.has(execution.id)) return [];
    seen.add(execution.id);
    const { openedAt, trigger, association, runs } = execution;
    return [
      `${new Date(openedAt).toISOString().slice(0, 16)} ${trigger} ${association} on ${runs.size}`,
    ];
  });
}

test('law: a forecast is what the world opens when it is advanced through the window', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('2026-03-01T12:00', '2026-03-28T22:00', '2026-10-24T20:00'),
      wish,
      wish,
      fc.nat({ max: 90 }),
      fc.constantFrom('awake' as const, 'asleep' as const),
      (start, first, second, minutes, meanwhile) => {
        const fleet = new TestFleet();
        fleet.now = instant(Date.parse(`${start}Z`));
        fleet.accept(revisionOf(1, first), 100);
        fleet.connect(1, 2, 3, 4);
        fleet.runAll();
        // Asleep: slots of these minutes are missed, and owed when the window begins.
        if (meanwhile === 'asleep') fleet.now = instant(fleet.now + minutes * MINUTE);
        else for (let i = 0; i < minutes; i++) fleet.after(MINUTE).runAll();
        const loaded = revisionOf(2, second);
        const hours = 8;
        const told = foretell(fleet, loaded, hours);

        const seen = new Set(fleet.executions().map(({ id }): string => id));
        const opened: string[] = [];
        fleet.accept(loaded, 100).runAll();
        opened.push(...openedIn(fleet, seen));
        for (let i = 1; i < hours * 60; i++) {
          fleet.after(MINUTE).runAll();
          opened.push(...openedIn(fleet, seen));
        }
        // An execution of nobody is told, so that an author sees it, and never opened.
        const wanted = shownRuns(told).filter((line) => !line.endsWith(' on 0'));
        assert.deepEqual(opened.sort(), [...wanted].sort());
      },
    ),
    { numRuns: 60 },
  );
});
