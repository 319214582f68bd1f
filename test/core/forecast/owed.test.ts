/** Runs that are owed already: they start when what they wait for is over. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Forecast } from '../../../src/core/forecast/forecast.ts';
import { forecastCalendar } from '../../../src/core/forecast/ics.ts';
import type { Instant } from '../../../src/core/model/brand.ts';
import { instant } from '../../../src/core/model/brand.ts';
import type { RunStatus } from '../../../src/core/model/run.ts';
import type { AssociationSpec } from '../../fakes/fleet.ts';
import { MINUTE, NOON, revision, TestFleet } from '../../fakes/fleet.ts';
import { foretell, shownRuns } from './worlds.ts';

const loaded = (n: number, motd: AssociationSpec) => revision(n, { motd });
/** Accepted at noon; some of three nodes are there, and run what they may; five minutes later. */
function fleetOf(
  motd: AssociationSpec,
  connected: readonly number[],
  status: RunStatus = 'Success',
) {
  const fleet = new TestFleet().accept(loaded(1, motd)).connect(...connected);
  fleet.runAll(() => status);
  return fleet.after(5 * MINUTE);
}
const suspend = { reason: 'moving', owner: 'ops', until: instant(NOON + 60 * MINUTE) };
const localDay = (at: Instant): number => Math.floor(at / 86_400_000);
const hourly = 'cron(0 * * * ? *)';

for (const { name, motd, connected, status, edited, want } of [
  {
    name: 'a node that is offline is supposed to be there',
    motd: {},
    connected: [1, 2],
    want: ['2026-03-01T12:05 create motd on 1'],
  },
  {
    name: 'suspended: when that is over',
    motd: { suspend },
    connected: [1, 2, 3],
    want: ['2026-03-01T13:00 create motd on 3'],
  },
  {
    name: 'suspended until the instant of a slot: the slot takes them in',
    motd: { suspend, schedule: hourly },
    connected: [1, 2, 3],
    want: ['2026-03-01T13:00 schedule motd on 3'],
  },
  {
    name: 'stopped at the error threshold: the next slot takes them in',
    motd: { maxErrors: '0', maxConcurrency: '1', schedule: hourly },
    connected: [1, 2, 3],
    status: 'Failed',
    want: ['2026-03-01T13:00 schedule motd on 3'],
  },
  {
    name: 'stopped, and without a schedule: never',
    motd: { maxErrors: '0', maxConcurrency: '1' },
    connected: [1, 2, 3],
    status: 'Failed',
    want: [],
  },
  {
    name: 'a commit that runs everybody anew: once',
    motd: {},
    connected: [1, 2],
    edited: { document: 'v2' },
    want: ['2026-03-01T12:05 document motd on 3'],
  },
  {
    name: 'a commit that is of no run leaves them owed',
    motd: {},
    connected: [1, 2],
    edited: { severity: 'HIGH' },
    want: ['2026-03-01T12:05 create motd on 1'],
  },
] as readonly {
  readonly name: string;
  readonly motd: AssociationSpec;
  readonly connected: readonly number[];
  readonly status?: RunStatus;
  readonly edited?: AssociationSpec;
  readonly want: readonly string[];
}[]) {
  test(`forecast of what is owed: ${name}`, () => {
    const fleet = fleetOf(motd, connected, status);
    assert.deepEqual(shownRuns(foretell(fleet, loaded(2, { ...motd, ...edited }), 1)), want);
  });
}

test('forecast of what is owed: a stop without a schedule is held up', () => {
  const motd = { maxErrors: '0', maxConcurrency: '1' };
  const { skipped } = foretell(fleetOf(motd, [1, 2, 3], 'Failed'), loaded(2, motd), 1);
  assert.deepEqual(
    skipped.map(({ reason, until }) => [reason, until]),
    [['error-threshold', null]],
  );
});

test('forecast of what is owed: what depends on another is an estimate, and names it', () => {
  const specs = { base: { maxErrors: '0' }, motd: { dependsOn: ['base'] } };
  const fleet = new TestFleet().accept(revision(1, specs)).connect(1);
  fleet.runAll(() => 'Failed');
  const { runs } = foretell(fleet.after(5 * MINUTE), revision(2, specs), 1);
  assert.deepEqual(
    runs.map(({ association, estimated, reason }) => [association, estimated, reason]),
    [['motd', true, 'new association in 0000000, after base']],
  );
});

test('forecast of what is owed: a run of an earlier slot stands beside the slots of its day, one event each', () => {
  const often = { schedule: 'cron(*/5 * * * ? *)', flag: true };
  const fleet = fleetOf(often, [1, 2]); // the slot of 12:05 has opened
  fleet.runAll();
  const tell = (at: TestFleet) =>
    foretell(at, loaded(2, often), 1, { options: { dayOf: localDay } });
  const told = tell(fleet.after(MINUTE));
  assert.deepEqual(
    told.runs.map(({ reason, nodes, count }) => [reason, nodes, count]),
    [
      ['due at 2026-03-01T12:05:00Z', 1, 1],
      ['due', 3, 12],
    ],
  );
  const uidsOf = (of: Forecast) =>
    forecastCalendar(of, { instance: 'test', zone: 'UTC' }).match(/^UID:.*$/gm) ?? [];
  assert.equal(new Set(uidsOf(told)).size, 2);
  assert.deepEqual(
    uidsOf(tell(fleet.after(MINUTE))),
    uidsOf(told),
    'the same events a minute later',
  );
});

test('forecast of what is owed: of the nodes that are asked about alone', () => {
  const fleet = fleetOf({}, [1]);
  const [, two] = [...fleet.world.state.nodes.keys()];
  assert.ok(two !== undefined);
  const told = foretell(fleet, loaded(2, {}), 1, { asked: { nodes: new Set([two]) } });
  assert.deepEqual(shownRuns(told), ['2026-03-01T12:05 create motd on 1']);
});
