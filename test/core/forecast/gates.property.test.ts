/**
 * The law of the forecast where something holds runs back: suspends, change calendars and rings. What starts, minute by
 * minute, in a world where every run ends at once and well.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { Ring } from '../../../src/core/model/association.ts';
import type { Instant } from '../../../src/core/model/brand.ts';
import { instant } from '../../../src/core/model/brand.ts';
import type { Calendar } from '../../../src/core/model/calendar.ts';
import type { LoadedRevision } from '../../../src/core/world/events.ts';
import type { AssociationSpec } from '../../fakes/fleet.ts';
import { MINUTE, NOON, revision, TestFleet } from '../../fakes/fleet.ts';
import { foretell, HOUR } from './worlds.ts';

const NODES = 5;
const HOURS = 6;

const freezes = fc.array(
  fc.record({
    afterMinutes: fc.integer({ min: -60, max: HOURS * 60 }),
    minutes: fc.integer({ min: 1, max: 200 }),
  }),
  { maxLength: 3 },
);

const freeze = (
  name: string,
  kind: Calendar['kind'],
  events: readonly { afterMinutes: number; minutes: number }[],
): Calendar => ({
  name,
  kind,
  file: `calendars/${name}.ics`,
  unreadable: null,
  floatingZone: 'UTC',
  zones: [],
  events: events.map(({ afterMinutes, minutes }, i) => ({
    summary: name,
    line: i + 1,
    start: { local: NOON + afterMinutes * MINUTE, zone: 'UTC' },
    length: { clockMs: 0, ms: minutes * MINUTE },
    rule: null,
    further: [],
    except: [],
  })),
});

const ring = (role: string, soakMinutes: number): Ring => ({
  name: role,
  targets: [{ kind: 'tag', key: 'role', values: [role] }],
  soakMs: soakMinutes * MINUTE,
  maxErrors: null,
});

const spec: fc.Arbitrary<AssociationSpec> = fc
  .record({
    schedule: fc.constantFrom(
      undefined,
      'rate(20 minutes)',
      'cron(0/45 * * * ? *)',
      'cron(30 13,15 ? * * *)',
    ),
    document: fc.constantFrom('v1', 'v2'),
    calendarNames: fc.constantFrom([], ['open'], ['closed'], ['open', 'closed']),
    suspendedMinutes: fc.constantFrom(0, 0, 50, 150, 600),
    soaks: fc.constantFrom<readonly number[]>([], [], [0, 0], [30, 10], [60, 0]),
  })
  .map(({ schedule, document, calendarNames, suspendedMinutes, soaks }) => ({
    document,
    calendarNames,
    ...(schedule === undefined ? {} : { schedule }),
    ...(suspendedMinutes === 0
      ? {}
      : {
          suspend: {
            reason: 'migration',
            owner: 'ops',
            until: instant(NOON + suspendedMinutes * MINUTE),
          },
        }),
    ...(soaks.length === 0
      ? {}
      : { rings: soaks.map((soak, i) => ring(['canary', 'early'][i] ?? '', soak)) }),
  }));

const wish = fc.record({
  specs: fc.array(spec, { minLength: 1, maxLength: 2 }),
  open: freezes,
  closed: freezes,
  roles: fc.array(fc.constantFrom('canary', 'early', 'web'), {
    minLength: NODES,
    maxLength: NODES,
  }),
});
type Wish = typeof wish extends fc.Arbitrary<infer Value> ? Value : never;

const revisionOf = (n: number, { specs, roles, open, closed }: Wish): LoadedRevision =>
  revision(
    n,
    Object.fromEntries(specs.map((each, i) => [['aaa', 'bbb'][i] ?? '', each])),
    Object.fromEntries(roles.map((role, i) => [i + 1, { role }])),
    [freeze('open', 'DEFAULT_OPEN', open), freeze('closed', 'DEFAULT_CLOSED', closed)],
  );

const line = (at: Instant, association: string): string =>
  `${new Date(at).toISOString().slice(0, 16)} ${association}`;

/** Runs every job that is out, and those that follow from it, at this very minute; counts them by association. */
function runNow(fleet: TestFleet, starts: Map<string, number>): void {
  for (let jobs = fleet.takeJobs(); jobs.length > 0; jobs = fleet.takeJobs()) {
    for (const job of jobs) {
      const key = line(fleet.now, job.association);
      starts.set(key, (starts.get(key) ?? 0) + 1);
      fleet.start(job).finish(job);
    }
  }
}

test('law: with suspends, calendars and rings, a forecast is what starts', () => {
  fc.assert(
    fc.property(wish, (wanted) => {
      const fleet = new TestFleet();
      const loaded = revisionOf(1, wanted);
      fleet.accept(revision(9, {}, { 1: {}, 2: {}, 3: {}, 4: {}, 5: {} }), 100);
      fleet.connect(1, 2, 3, 4, 5);
      const told = foretell(fleet, loaded, HOURS);

      const starts = new Map<string, number>();
      fleet.accept(loaded, 100);
      runNow(fleet, starts);
      for (let i = 1; i < HOURS * 60; i++) {
        fleet.after(MINUTE);
        runNow(fleet, starts);
      }
      const wantedStarts = new Map<string, number>();
      for (const { at, association, nodes } of told.runs) {
        const key = line(at, association);
        if (nodes > 0) wantedStarts.set(key, (wantedStarts.get(key) ?? 0) + nodes);
      }
      assert.deepEqual([...starts].sort(), [...wantedStarts].sort());
      assert.equal(told.until, NOON + HOURS * HOUR);
    }),
    { numRuns: Number(process.env['RUNS'] ?? 60) },
  );
});
