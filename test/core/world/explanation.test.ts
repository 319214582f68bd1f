/** Explanations against the world that they speak of. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { readSchemas } from '../../../schemas/generate/source.ts';
import type { NodeExplanation } from '../../../src/core/explain/explain.ts';
import { formatInstant, instant, nodeId } from '../../../src/core/model/brand.ts';
import { present } from '../../../src/core/model/errors.ts';
import { explainIn, explainNamed } from '../../../src/core/world/explanation.ts';
import { waitingOf } from '../../../src/core/world/waiting.ts';
import { aCalendar, anEvent } from '../../fakes/builders.ts';
import type { AssociationSpec } from '../../fakes/fleet.ts';
import { commit, MINUTE, NOON, named, node, revision, TestFleet } from '../../fakes/fleet.ts';

const web = [{ kind: 'tag' as const, key: 'role', values: ['web'] }];
const specs: { readonly [name: string]: AssociationSpec } = {
  motd: { schedule: 'rate(30 minutes)', targets: web, maxConcurrency: '1' },
  'at-night': { schedule: 'cron(0 3 ? * * *)', flag: true },
  database: { targets: [{ kind: 'tag', key: 'role', values: ['db'] }] },
};
const tags = { 1: { role: 'web' }, 2: { role: 'web' }, 3: { role: 'db' } };

function explain({ world, now }: TestFleet, n: number): NodeExplanation {
  return explainIn(world, {
    node: present(world.fleet.nodes.get(node(n)), 'the node is known'),
    association: null,
    now,
    contact: 'live',
    waitingOf: (execution, run) => waitingOf(world, execution, run),
  });
}

const of = ({ associations }: NodeExplanation, name: string) =>
  present(
    associations.find(({ association }) => association === name),
    name,
  );

const accepted = (): TestFleet => new TestFleet().accept(revision(1, specs, tags));

test('targeted first, then the others, each with what decided', () => {
  const { associations } = explain(accepted(), 1);
  assert.deepEqual(
    associations.map(({ association, targeted, targets }) => [
      association,
      targeted,
      targets.map(({ because }) => because),
    ]),
    [
      ['at-night', true, ['every node matches']],
      ['motd', true, ['it has role=web']],
      ['database', false, ['it has role=web']],
    ],
  );
});

test('a node that never connected: its run is owed, and waits for the node', () => {
  const told = explain(accepted(), 1);
  assert.equal(told.node.connected, false);
  const { run, waiting, last, generation } = of(told, 'motd');
  assert.equal(run?.phase, 'Pending');
  assert.equal(run.reason, 'new association in 0000000');
  assert.deepEqual(waiting, { reason: 'offline', until: null, detail: null });
  assert.equal(last, null);
  assert.equal(generation?.isApplied, false);
  assert.equal(generation.since, commit(1));
});

test('what waits for its slot says until when', () => {
  const { waiting, run, next } = of(explain(accepted(), 1), 'at-night');
  assert.equal(run, null);
  assert.deepEqual(waiting, { reason: 'schedule', until: '2026-03-02T03:00:00Z', detail: null });
  assert.deepEqual(next?.at, '2026-03-02T03:00:00Z');
});

test('calendars: how they stand together, and when that changes next; none where it has none', () => {
  const event = anEvent(instant(NOON - MINUTE), instant(NOON + 60 * MINUTE));
  const calendars = [aCalendar('freeze', { events: [event] }), aCalendar('open')];
  const specs = { held: { calendarNames: ['freeze', 'open'] }, free: { calendarNames: ['open'] } };
  const fleet = new TestFleet().accept(revision(1, { ...specs, plain: {} }, { 1: {} }, calendars));
  const stands = (name: string) => of(explain(fleet, 1), name).calendar;
  assert.deepEqual(stands('held'), { state: 'CLOSED', nextTransition: '2026-03-01T13:00:00Z' });
  assert.deepEqual(stands('free'), { state: 'OPEN', nextTransition: null });
  assert.equal(stands('plain'), null);
});

test('MaxConcurrency: the second node waits for the first', () => {
  const fleet = accepted().connect(1, 2);
  const [out] = fleet.takeJobs();
  const waits = out?.node === node(1) ? 2 : 1;
  assert.equal(of(explain(fleet, waits), 'motd').waiting?.reason, 'concurrency');
  const runs = of(explain(fleet, 3 - waits), 'motd');
  assert.equal(runs.run?.phase, 'Offered');
  assert.equal(runs.waiting, null);
});

test('MaxConcurrency: a place that a silent node holds is named', () => {
  const fleet = accepted().connect(1, 2);
  const out = present(fleet.takeJobs()[0], 'one runs');
  fleet
    .start(out)
    .happen({ kind: 'disconnected', node: out.node })
    .after(5 * MINUTE);
  const waits = out.node === node(1) ? 2 : 1;
  assert.deepEqual(of(explain(fleet, waits), 'motd').waiting, {
    reason: 'concurrency',
    until: null,
    detail: '1 of 1 taken by nodes that are silent since they started',
  });
});

test('what ran last and why, the newest and not the first of its streak', () => {
  const fleet = accepted().connect(1, 2, 3);
  fleet.runAll();
  const first = of(explain(fleet, 1), 'motd');
  assert.deepEqual(
    [first.last?.status, first.last?.reason, first.last?.revision, first.generation?.isApplied],
    ['Success', 'new association in 0000000', commit(1), true],
  );
  fleet.after(31 * MINUTE).runAll();
  const { last, next, status } = of(explain(fleet, 1), 'motd');
  assert.equal(last?.occasion, 'slot:2026-03-01T12:30:00Z');
  assert.equal(last.finishedAt, formatInstant(fleet.now));
  assert.equal(next?.at, '2026-03-01T13:00:00Z');
  assert.equal(status?.compliance, 'COMPLIANT');
});

test('a new generation that a node has not got yet', () => {
  const fleet = accepted().connect(1, 2, 3);
  fleet.runAll();
  fleet.happen({ kind: 'disconnected', node: node(1) });
  fleet.accept(revision(2, { ...specs, motd: { ...specs['motd'], document: 'v2' } }, tags));
  const { generation, run, last } = of(explain(fleet, 1), 'motd');
  assert.equal(generation?.isApplied, false);
  assert.equal(generation.since, commit(2));
  assert.notEqual(generation.applied, null);
  assert.equal(run?.revision, commit(2));
  assert.equal(last?.revision, commit(1));
});

test('paused and held are told', () => {
  const fleet = accepted().connect(1, 2, 3);
  fleet.happen({ kind: 'operator', id: 'a', by: 'ada', request: { kind: 'pause' } });
  fleet.happen({ kind: 'source-stuck', tip: commit(9), ancestry: 'diverged' });
  const { source } = explain(fleet, 1);
  assert.equal(source.paused?.by, 'ada');
  assert.equal(source.held?.code, 'SourceDiverged');
});

test('an invalid file is told where it stands', () => {
  const loaded = revision(1, specs, tags);
  const invalidAssociations = new Map([[named('motd'), 'associations/motd.yaml has problems']]);
  const fleet = new TestFleet().accept({
    ...loaded,
    catalog: { ...loaded.catalog, invalidAssociations },
  });
  const { validity, invalid } = of(explain(fleet, 1), 'motd');
  assert.equal(validity, 'Invalid');
  assert.equal(invalid, 'associations/motd.yaml has problems');
});

test('by names: the nearest right thing, and why a known node is none any more', () => {
  const fleet = accepted();
  const ask = (who: string, what: string | null) => {
    const answer = explainNamed(fleet.world, {
      node: who,
      association: what,
      now: fleet.now,
      contact: 'live',
      waitingOf: (execution, run) => waitingOf(fleet.world, execution, run),
    });
    return answer.ok ? 'ok' : `${answer.error.code}: ${answer.error.message}`;
  };
  assert.equal(ask(node(1), 'motd'), 'ok');
  assert.equal(
    ask(node(1), 'mtod'),
    'UNKNOWN_ASSOCIATION: no association is called "mtod"; nearest is motd',
  );
  assert.match(ask('mi-00000000000000009', null), /^UNKNOWN_NODE: .*nearest is mi-/);
  fleet.happen({
    kind: 'operator',
    id: 'a',
    by: 'ada',
    request: { kind: 'revoke', node: node(2) },
  });
  fleet.accept(revision(2, specs, tags));
  assert.match(ask(node(2), null), /^UNKNOWN_NODE: .* was revoked by ada at /);
  assert.equal(nodeId('mi-00000000000000002'), node(2));
});

test('JSON has the shape of its schema', () => {
  const schema = present(
    readSchemas().find(({ kind }) => kind === 'explanation')?.schema,
    'the schema is there',
  );
  const validate = new Ajv2020({ strictRequired: false, allowUnionTypes: true }).compile(schema);
  const fleet = accepted().connect(1, 2, 3);
  fleet.runAll();
  for (const n of [1, 2, 3]) {
    assert.ok(validate(explain(fleet, n)), JSON.stringify(validate.errors));
  }
});

test('law: whatever happened, what is told of waiting is what the world says', () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('connect' as const), n: fc.integer({ min: 1, max: 3 }) }),
    fc.record({ do: fc.constant('disconnect' as const), n: fc.integer({ min: 1, max: 3 }) }),
    fc.record({ do: fc.constant('wait' as const), n: fc.integer({ min: 1, max: 40 }) }),
    fc.record({ do: fc.constantFrom('finish' as const, 'fail' as const), n: fc.nat(5) }),
    fc.record({ do: fc.constantFrom('pause' as const, 'resume' as const), n: fc.constant(0) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      const fleet = accepted();
      const jobs: ReturnType<TestFleet['takeJobs']>[number][] = [];
      for (const each of steps) {
        jobs.push(...fleet.takeJobs());
        act(fleet, each, jobs);
      }
      const { world } = fleet;
      for (const n of [1, 2, 3]) {
        for (const told of explain(fleet, n).associations) {
          const assignment = world.state.nodes
            .get(node(n))
            ?.assignments.get(named(told.association));
          assert.equal(told.targeted, assignment !== undefined);
          const execution = assignment?.execution
            ? world.state.executions.get(assignment.execution)
            : undefined;
          const run = execution?.runs.get(node(n));
          if (execution === undefined || run?.phase !== 'Pending') {
            assert.ok(told.waiting === null || told.waiting.reason === 'schedule');
            continue;
          }
          const { reason, until } = waitingOf(world, execution, run);
          assert.equal(told.waiting?.reason, reason);
          assert.equal(told.waiting.until, until === null ? null : formatInstant(until));
          assert.equal(told.run?.occasion, run.occasion);
        }
      }
    }),
    { numRuns: 80 },
  );
});

function act(
  fleet: TestFleet,
  step: { readonly do: string; readonly n: number },
  jobs: ReturnType<TestFleet['takeJobs']>[number][],
): void {
  switch (step.do) {
    case 'connect':
      fleet.connect(step.n);
      return;
    case 'disconnect':
      fleet.happen({ kind: 'disconnected', node: node(step.n) });
      return;
    case 'wait':
      fleet.after(step.n * MINUTE);
      return;
    case 'finish':
    case 'fail': {
      const [job] = jobs.splice(step.n % Math.max(jobs.length, 1), 1);
      if (job !== undefined) fleet.finish(job, step.do === 'fail' ? 'Failed' : 'Success');
      return;
    }
    case 'pause':
      fleet.happen({ kind: 'operator', id: 'a', by: 'ada', request: { kind: 'pause' } });
      return;
    default:
      fleet.happen({
        kind: 'operator',
        id: 'b',
        by: 'ada',
        request: { kind: 'resume', association: null },
      });
  }
}
