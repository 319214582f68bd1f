/** A rollout that is under way is foretold from where it is: running, soaking, halted, or through. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Ring } from '../../../src/core/model/association.ts';
import type { RunStatus } from '../../../src/core/model/run.ts';
import { parseRateLimit } from '../../../src/core/rollout/limits.ts';
import type { AssociationSpec } from '../../fakes/fleet.ts';
import { MINUTE, revision, TestFleet } from '../../fakes/fleet.ts';
import { foretell, shownRuns } from './worlds.ts';

const ring = (tag: string, soakMinutes: number): Ring => ({
  name: tag,
  targets: [{ kind: 'tag', key: 'ring', values: [tag] }],
  soakMs: soakMinutes * MINUTE,
  maxErrors: parseRateLimit('0'),
});
const FLEET = { 1: { ring: 'canary' }, 2: { ring: 'canary' }, 3: { ring: 'early' }, 4: {}, 5: {} };
const motd: AssociationSpec = {
  rings: [ring('canary', 30), ring('early', 10)],
  schedule: 'cron(0 * * * ? *)',
};
const loaded = (n: number, more: Partial<AssociationSpec> = {}) =>
  revision(n, { motd: { ...motd, ...more } }, FLEET);

/** Since noon, with everybody connected. */
const begun = (): TestFleet => new TestFleet().accept(loaded(1)).connect(1, 2, 3, 4, 5);

for (const { name, fleet, revised, want } of [
  {
    name: 'the first ring runs: the next comes after its soak, were it over now',
    fleet: () => begun().after(5 * MINUTE),
    want: [
      '2026-03-01T12:35 document motd on 1',
      '2026-03-01T12:45 document motd on 2',
      '2026-03-01T13:00 schedule motd on 5',
    ],
  },
  {
    name: 'the first ring soaks since noon',
    fleet: () => {
      const fleet = begun();
      fleet.runAll();
      return fleet.after(20 * MINUTE);
    },
    want: [
      '2026-03-01T12:30 document motd on 1',
      '2026-03-01T12:40 document motd on 2',
      '2026-03-01T13:00 schedule motd on 5',
    ],
  },
  {
    name: 'the second ring soaks',
    fleet: () => {
      const fleet = begun();
      fleet.runAll();
      fleet.after(30 * MINUTE).runAll();
      return fleet.after(5 * MINUTE);
    },
    want: ['2026-03-01T12:40 document motd on 2', '2026-03-01T13:00 schedule motd on 5'],
  },
  {
    name: 'halted: later rings never come, slots run where the generation is',
    fleet: () => {
      const fleet = begun();
      fleet.runAll((): RunStatus => 'Failed');
      return fleet.after(MINUTE);
    },
    want: ['2026-03-01T13:00 schedule motd on 2'],
  },
  {
    name: 'halted, and a commit that edits it: it goes on',
    fleet: () => {
      const fleet = begun();
      fleet.runAll((): RunStatus => 'Failed');
      return fleet.after(MINUTE);
    },
    revised: { severity: 'HIGH' } as const,
    want: [
      '2026-03-01T12:31 document motd on 1',
      '2026-03-01T12:41 document motd on 2',
      '2026-03-01T13:00 schedule motd on 5',
    ],
  },
  {
    name: 'the first ring soaks, and is another one by a commit: it soaks anew',
    fleet: () => {
      const fleet = begun();
      fleet.runAll();
      return fleet.after(20 * MINUTE);
    },
    revised: { rings: [{ ...ring('canary', 25), name: 'first' }, ring('early', 10)] },
    want: [
      '2026-03-01T12:45 document motd on 1',
      '2026-03-01T12:55 document motd on 2',
      '2026-03-01T13:00 schedule motd on 5',
    ],
  },
  {
    name: 'the first ring soaks, and one without nodes is put before it: it goes on',
    fleet: () => {
      const fleet = begun();
      fleet.runAll();
      return fleet.after(20 * MINUTE);
    },
    revised: { rings: [ring('nobody', 60), ...(motd.rings ?? [])] },
    want: [
      '2026-03-01T12:30 document motd on 1',
      '2026-03-01T12:40 document motd on 2',
      '2026-03-01T13:00 schedule motd on 5',
    ],
  },
  {
    name: 'through: a schedule that is edited runs everywhere at once',
    fleet: () => {
      const fleet = begun();
      fleet.runAll();
      fleet.after(30 * MINUTE).runAll();
      fleet.after(10 * MINUTE).runAll();
      return fleet.after(10 * MINUTE);
    },
    revised: { schedule: 'cron(0 14 * * ? *)' },
    want: ['2026-03-01T12:50 edit motd on 5'],
  },
  {
    name: 'soaking, and a schedule that is edited: rings that have it at once, the others when they come',
    fleet: () => {
      const fleet = begun();
      fleet.runAll();
      return fleet.after(20 * MINUTE);
    },
    revised: { schedule: 'cron(0 14 * * ? *)' },
    want: [
      '2026-03-01T12:20 edit motd on 2',
      '2026-03-01T12:30 document motd on 1',
      '2026-03-01T12:40 document motd on 2',
    ],
  },
] as readonly {
  readonly name: string;
  readonly fleet: () => TestFleet;
  readonly revised?: Partial<AssociationSpec>;
  readonly want: readonly string[];
}[]) {
  test(`forecast of a rollout under way: ${name}`, () => {
    const told = foretell(fleet(), loaded(2, revised ?? {}), 1);
    assert.deepEqual(shownRuns(told), want);
  });
}

test('forecast of a halted rollout names what halted it', () => {
  const fleet = begun();
  fleet.runAll((): RunStatus => 'Failed');
  const { skipped } = foretell(fleet.after(MINUTE), loaded(2), 1);
  assert.deepEqual(
    skipped.map(({ reason, detail }) => [reason, detail]),
    [['rollout', 'halted: 1 failed in ring 1']],
  );
});
