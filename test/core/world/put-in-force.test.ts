/** A large revision comes into force over several passes: as one pass would have done it, whoever dies in between. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { Instant } from '../../../src/core/model/brand.ts';
import { instant } from '../../../src/core/model/brand.ts';
import { advance } from '../../../src/core/world/advance.ts';
import type { Event, LoadedRevision } from '../../../src/core/world/events.ts';
import { HISTORY_LIMITS } from '../../../src/core/world/history.ts';
import type { Record } from '../../../src/core/world/records.ts';
import { recordsOf } from '../../../src/core/world/snapshot.ts';
import { World } from '../../../src/core/world/world.ts';
import { createInbox } from '../../../src/reconcile/inbox.ts';
import { pass } from '../../../src/reconcile/pass.ts';
import { isSettled } from '../../../src/reconcile/settled.ts';
import type { AssociationSpec } from '../../fakes/fleet.ts';
import { hello, MINUTE, NOON, node, revision, TestFleet } from '../../fakes/fleet.ts';

const small = (perPass: number): World => new World(HISTORY_LIMITS, perPass);

const three = revision(1, { ant: {}, bee: {}, cat: {} });

const accepting = (loaded: LoadedRevision, ancestry: 'first' | 'descendant'): Event => ({
  kind: 'revision',
  revision: loaded,
  ancestry,
  distance: 1,
  allowDelete: 100,
  acceptedBy: null,
});

const kindsOf = (records: readonly Record[]): readonly string[] => records.map(({ kind }) => kind);

/** Each association is three runs, and each pass takes one association. */
function begun(): TestFleet {
  const fleet = new TestFleet(small(3));
  const { records } = advance(fleet.world, [accepting(three, 'first')], fleet.now);
  fleet.journal.push(...records);
  return fleet;
}

const ofOne = ['association', 'version', 'assigned', 'execution'];

test('it is accepted first; then each pass puts a part in force, and the last says that all of it is', () => {
  const { world, journal, now } = begun();
  assert.deepEqual(kindsOf(journal).slice(-1), ['accepted']);
  assert.equal(world.state.unfinished, true);
  const passes = [1, 2, 3, 4].map(() => advance(world, [], now));
  assert.deepEqual(
    passes.map(({ records }) => kindsOf(records)),
    [ofOne, ofOne, ofOne, ['in-force']],
  );
  assert.deepEqual(
    passes.map(({ more }) => more),
    [true, true, true, false],
  );
  assert.equal(world.state.unfinished, false);
});

test('a revision that fits into a pass says nothing of passes', () => {
  const fleet = new TestFleet(small(9)).accept(three);
  assert.equal(kindsOf(fleet.journal).includes('in-force'), false);
  const accepted = fleet.journal.find(({ kind }) => kind === 'accepted');
  assert.equal(accepted !== undefined && 'unfinished' in accepted, false);
});

test('nothing of it is settled before it is in force as a whole', () => {
  const { world, now } = begun();
  for (let n = 0; n < 4; n++) {
    assert.equal(isSettled(world), false);
    advance(world, [], now);
  }
  assert.equal(isSettled(world), true);
});

test('what happens meanwhile waits for the pass after the last', async () => {
  const { world, now } = begun();
  const inbox = createInbox(() => undefined);
  inbox.post({ kind: 'connected', node: node(1), hello: hello() });
  const appended: (readonly string[])[] = [];
  const ports = {
    clock: { now: () => now, monotonicMs: () => 0 },
    journal: {
      append: ({ records }: { readonly at: Instant; readonly records: readonly Record[] }) => {
        appended.push(kindsOf(records));
        return Promise.resolve();
      },
    },
  };
  const { signal } = new AbortController();
  for (let more = true; more; ) {
    ({ more } = await pass(world, inbox, ports, () => undefined, signal));
  }
  assert.deepEqual(appended.slice(0, 4), [ofOne, ofOne, ofOne, ['in-force']]);
  assert.deepEqual(appended[4]?.slice(0, 2), ['connected', 'offered']);
});

test('an event that is handed over meanwhile finds it in force', () => {
  const { world, now } = begun();
  const connected: Event = { kind: 'connected', node: node(1), hello: hello() };
  const { records } = advance(world, [connected], now);
  assert.deepEqual(kindsOf(records), [
    ...ofOne,
    ...ofOne,
    ...ofOne,
    'in-force',
    'connected',
    'offered',
  ]);
});

test('a commit that comes after a death in between goes on from what is recorded', () => {
  const fleet = begun();
  fleet.journal.push(...advance(fleet.world, [], fleet.now).records);
  const again = fleet.restarted();
  again
    .happen({ kind: 'restored', revision: three })
    .accept(revision(2, { bee: {}, cat: {}, dog: {} }), 9);
  const open = again.executions().filter(({ closed }) => closed === null);
  assert.deepEqual(open.map(({ association, runs }) => [association, runs.size]).sort(), [
    ['bee', 3],
    ['cat', 3],
    ['dog', 3],
  ]);
});

// --- laws ---------------------------------------------------------------------------------------------------------

const spec: fc.Arbitrary<AssociationSpec> = fc
  .record(
    {
      document: fc.constantFrom('v1', 'v2'),
      schedule: fc.constantFrom('rate(30 minutes)', 'cron(0 13 * * ? *)'),
      flag: fc.constant(true),
      maxConcurrency: fc.constantFrom('1', '100%'),
      targets: fc.constantFrom(
        [{ kind: 'all' as const }],
        [{ kind: 'ids' as const, ids: [node(2)] }],
      ),
    },
    { requiredKeys: [] },
  )
  .map(({ flag, ...rest }) =>
    flag === true && rest.schedule?.startsWith('cron') ? { ...rest, flag } : rest,
  );

const associations = fc.dictionary(fc.constantFrom('one', 'two', 'three', 'four'), spec);
const before = associations.filter((each) => Object.keys(each).length > 0);

/** A fleet in which the first revision has settled on nodes 1 and 2, and the third was never there. */
function settledOn(
  first: { readonly [name: string]: AssociationSpec },
  perPass: number,
): TestFleet {
  const fleet = new TestFleet(small(perPass)).accept(revision(1, first)).connect(1, 2);
  fleet.runAll();
  fleet.now = instant(fleet.now + 7 * MINUTE);
  return fleet;
}

/** All that a commit changes, in an order that no pass decides. */
function standing({ world: { state } }: TestFleet) {
  const byKey = <Value>(map: ReadonlyMap<string, Value>): readonly [string, Value][] =>
    [...map].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    accepted: state.accepted,
    unfinished: state.unfinished,
    associations: byKey(state.associations),
    versions: byKey(state.versions),
    executions: byKey(state.executions),
    assignments: byKey(state.nodes).map(([id, { assignments }]) => [id, byKey(assignments)]),
  };
}

test('law: several passes come to what one pass comes to', () => {
  fc.assert(
    fc.property(before, associations, fc.integer({ min: 1, max: 6 }), (first, second, perPass) => {
      const [whole, parts] = [settledOn(first, 1_000), settledOn(first, perPass)];
      for (const fleet of [whole, parts]) fleet.accept(revision(2, second), 100);
      assert.deepEqual(standing(parts), standing(whole));
    }),
  );
});

test('law: a daemon that dies after any pass goes on, and opens nothing twice', () => {
  const dies = fc.integer({ min: 0, max: 8 });
  fc.assert(
    fc.property(
      before,
      associations,
      fc.integer({ min: 1, max: 6 }),
      dies,
      (first, second, perPass, at) => {
        const next = revision(2, second);
        const whole = settledOn(first, 1_000).happen({ kind: 'disconnected', node: node(1) });
        whole.happen({ kind: 'disconnected', node: node(2) }).accept(next, 100);
        const dying = settledOn(first, perPass);
        dying.happen(
          { kind: 'disconnected', node: node(1) },
          { kind: 'disconnected', node: node(2) },
        );
        let { records, more } = advance(dying.world, [accepting(next, 'descendant')], dying.now);
        dying.journal.push(...records);
        for (let n = 0; n < at && more; n++) {
          ({ records, more } = advance(dying.world, [], dying.now));
          dying.journal.push(...records);
        }
        // From the records as they lie there, or from a snapshot of them.
        const snapshot = [...recordsOf(dying.world.state)];
        for (const journal of [dying.journal, snapshot]) {
          const world = small(perPass);
          for (const record of journal) world.apply(structuredClone(record));
          const again = new TestFleet(world, dying.now).happen({
            kind: 'restored',
            revision: next,
          });
          assert.deepEqual(standing(again), standing(whole));
        }
      },
    ),
  );
});

test('the rest of it is of the same occasion, so its runs have the names that they would have had', () => {
  const fleet = begun();
  const again = fleet.restarted();
  again.now = instant(NOON + 60 * MINUTE);
  again.happen({ kind: 'restored', revision: three });
  const whole = new TestFleet().accept(three);
  const idsOf = (of: TestFleet): readonly string[] =>
    of.executions().flatMap(({ runs }) => [...runs.values()].map(({ run }) => run));
  assert.deepEqual([...idsOf(again)].sort(), [...idsOf(whole)].sort());
});
