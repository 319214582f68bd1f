/** Laws of the world under any order of events: the incremental index and the simple twin agree, counters count. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { nodesOf } from '../../../src/core/enrol/nodes.ts';
import type { Group, Ring } from '../../../src/core/model/association.ts';
import { instant } from '../../../src/core/model/brand.ts';
import type { Calendar } from '../../../src/core/model/calendar.ts';
import type { Execution } from '../../../src/core/model/state.ts';
import { emptyState } from '../../../src/core/model/state.ts';
import { planFull } from '../../../src/core/plan/full.ts';
import { concurrencyMax } from '../../../src/core/rollout/limits.ts';
import type { Target } from '../../../src/core/selector/target.ts';
import { apply } from '../../../src/core/world/apply.ts';
import type { Effect } from '../../../src/core/world/effects.ts';
import { createFleet } from '../../../src/core/world/fleet.ts';
import { planRevision } from '../../../src/core/world/plan-revision.ts';
import { recordsOf } from '../../../src/core/world/snapshot.ts';
import { aCalendar, anEvent, minutesAfter } from '../../fakes/builders.ts';
import type { AssociationSpec } from '../../fakes/fleet.ts';
import { hello, MINUTE, NOON, named, node, revision, TestFleet } from '../../fakes/fleet.ts';
import { Reported } from '../../fakes/reported.ts';
import { runs } from '../../fakes/runs.ts';

type Job = Effect & { kind: 'send-job' };
/** What a commit says beside its associations. */
type Surroundings = {
  /** Nodes of the first ring, by tag and by group. */
  readonly canaries: readonly number[];
  readonly early: readonly number[];
  /** Its calendar is closed for these minutes from now; null: never. */
  readonly freeze: readonly [number, number] | null;
};
type Commit = Surroundings & {
  readonly do: 'commit';
  readonly specs: readonly AssociationSpec[];
  readonly roles: readonly string[];
  /** Its file is broken: the last good version stays in force. */
  readonly broken: string | null;
};
type Action =
  | Commit
  /** Edits no association. */
  | (Surroundings & { readonly do: 'move' })
  | { readonly do: 'connect' | 'disconnect'; readonly node: number }
  | { readonly do: 'start' | 'finish' | 'fail' | 'busy' | 'refuse'; readonly pick: number }
  | { readonly do: 'wait'; readonly minutes: number }
  | { readonly do: 'pause' | 'resume' | 'restart' }
  | { readonly do: 'run' | 'cancel'; readonly pick: number };

const NODES = 5;
/** Rendering costs more than all other laws together; marks gather, so none is missed in between. */
const REPORTED_EVERY = 4;
const NAMES = ['aaa', 'bbb', 'ccc'];

const SUSPENDED_UNTIL = instant(NOON + 90 * MINUTE);

const ring = (target: Target): Ring => ({
  name: null,
  targets: [target],
  soakMs: 20 * MINUTE,
  maxErrors: null,
});

const someNodes = fc.subarray(Array.from({ length: NODES }, (_, at) => at + 1));

const spec: fc.Arbitrary<AssociationSpec> = fc.record(
  {
    document: fc.constantFrom('v1', 'v2'),
    schedule: fc.constantFrom('rate(30 minutes)', 'cron(0 * * * ? *)'),
    targets: fc.constantFrom(
      [{ kind: 'all' as const }],
      [{ kind: 'tag' as const, key: 'role', values: ['web'] }],
      [{ kind: 'ids' as const, ids: [node(1), node(4)] }],
    ),
    maxConcurrency: fc.constantFrom('1', '2', '50%'),
    maxErrors: fc.constantFrom('0', '1', '100%'),
    calendarNames: fc.constant(['freeze']),
    suspend: fc.constant({ reason: 'migration', owner: 'ops', until: SUSPENDED_UNTIL }),
    rings: fc.constantFrom(
      [ring({ kind: 'tag', key: 'ring', values: ['canary'] })],
      [ring({ kind: 'group', name: 'early' }), ring({ kind: 'tag-key', keys: ['ring'] })],
    ),
  },
  { requiredKeys: [] },
);

const surroundings = {
  canaries: someNodes,
  early: someNodes,
  freeze: fc.constantFrom(null, [-30, 45] as const, [5, 100] as const, [-60, 200] as const),
};

const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('commit' as const),
      specs: fc.array(spec, { maxLength: NAMES.length }),
      roles: fc.array(fc.constantFrom('web', 'db'), { minLength: NODES, maxLength: NODES }),
      ...surroundings,
      broken: fc.option(fc.constantFrom(...NAMES), { freq: 3 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('move' as const), ...surroundings }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('connect' as const, 'connect' as const, 'disconnect' as const),
      node: fc.integer({ min: 1, max: NODES }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'start' as const,
        'start' as const,
        'finish' as const,
        'finish' as const,
        'fail' as const,
        'busy' as const,
        'refuse' as const,
        'run' as const,
        'cancel' as const,
      ),
      pick: fc.nat(20),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      minutes: fc.constantFrom(1, 3, 31, 70, -20),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom('pause' as const, 'resume' as const, 'restart' as const),
    }),
  },
);

/** Plays actions and checks every law after each. */
class Play {
  fleet = new TestFleet();
  readonly jobs: Job[] = [];
  readonly reported = new Reported();
  steps = 0;
  commits = 0;
  requests = 0;
  loaded: ReturnType<typeof revision> | null = null;
  committed: Commit | null = null;

  do(step: Action): void {
    const { fleet } = this;
    switch (step.do) {
      case 'commit':
        this.commit(step);
        break;
      case 'move':
        if (this.committed !== null) this.commit({ ...this.committed, ...step, do: 'commit' });
        break;
      case 'connect':
        fleet.connect(step.node);
        break;
      case 'disconnect':
        fleet.happen({ kind: 'disconnected', node: node(step.node) });
        break;
      case 'wait':
        fleet.after(step.minutes * MINUTE);
        break;
      case 'pause':
        fleet.happen({ kind: 'operator', id: 'p', by: 'root', request: { kind: 'pause' } });
        break;
      case 'resume':
        fleet.happen({
          kind: 'operator',
          id: 'r',
          by: 'root',
          request: { kind: 'resume', association: null },
        });
        break;
      case 'restart':
        this.restart();
        break;
      case 'run': {
        const associations = [named(NAMES[step.pick % NAMES.length] ?? 'aaa')];
        const request = { kind: 'run', associations, nodes: null } as const;
        fleet.happen({ kind: 'operator', id: `m${++this.requests}`, by: 'root', request });
        break;
      }
      case 'cancel': {
        const execution = fleet.executions()[step.pick % Math.max(1, fleet.executions().length)];
        if (execution === undefined) break;
        const request = { kind: 'cancel', execution: execution.id } as const;
        fleet.happen({ kind: 'operator', id: 'c', by: 'root', request });
        break;
      }
      default:
        this.answer(step.do, step.pick);
    }
    this.jobs.push(...this.fleet.takeJobs());
    this.check();
  }

  commit(step: Commit): void {
    const { fleet } = this;
    this.committed = step;
    const associations = Object.fromEntries(step.specs.map((each, at) => [NAMES[at] ?? '', each]));
    const nodes = Object.fromEntries(
      step.roles.map((role, at) => [
        at + 1,
        { role, ...(step.canaries.includes(at + 1) ? { ring: 'canary' } : {}) },
      ]),
    );
    const plain = revision(++this.commits, associations, nodes, [this.calendar(step.freeze)]);
    const broken = new Map(
      step.broken === null ? [] : [[named(step.broken), 'associations/broken.yaml']],
    );
    const early: Group = {
      name: 'early',
      targets: [{ kind: 'ids', ids: step.early.map(node) }],
      file: 'groups/early.yaml',
    };
    const groups = new Map([['early', early]]);
    const loaded = {
      ...plain,
      catalog: { ...plain.catalog, groups, invalidAssociations: broken },
    };
    this.agree(loaded);
    fleet.accept(loaded, 100);
    this.loaded = loaded;
  }

  calendar(freeze: readonly [number, number] | null): Calendar {
    const events = freeze?.map((minutes) => minutesAfter(this.fleet.now, minutes));
    const [from, until] = events ?? [];
    return aCalendar('freeze', {
      events: from === undefined || until === undefined ? [] : [anEvent(from, until)],
    });
  }

  answer(what: 'start' | 'finish' | 'fail' | 'busy' | 'refuse', pick: number): void {
    const job = this.jobs[pick % Math.max(1, this.jobs.length)];
    if (job === undefined) return;
    const { fleet } = this;
    const ref = { node: job.node, run: job.run };
    if (what === 'start') fleet.start(job);
    if (what === 'finish') fleet.finish(job);
    if (what === 'fail') fleet.finish(job, 'Failed');
    if (what === 'busy') fleet.happen({ kind: 'busy', ...ref, with: job.run });
    if (what === 'refuse') {
      fleet.happen({ kind: 'refused', ...ref, code: 'DiskFull', message: '', clock: null });
    }
  }

  /** A new process: state from the journal, the revision read again, agents reconnect as they like. */
  restart(): void {
    const again = new TestFleet();
    again.journal.length = 0;
    const { now, journal } = this.fleet;
    again.now = now;
    Object.assign(again.world.state, emptyState());
    for (const record of journal) apply(again.world.state, record);
    again.journal.push(...journal);
    again.happen({ kind: 'boot', instance: 'test', daemonKey: 'key' });
    if (this.loaded !== null) again.happen({ kind: 'restored', revision: this.loaded });
    this.fleet = again;
  }

  agree(loaded: ReturnType<typeof revision>): void {
    const { world } = this.fleet;
    const nodes = nodesOf(loaded.catalog, world.state);
    const incremental = planRevision(world, loaded, createFleet(nodes));
    const { catalog, definitions } = loaded;
    assert.deepEqual(incremental, planFull({ state: world.state, catalog, definitions, nodes }));
  }

  check(): void {
    const { world, journal } = this.fleet;
    const { state } = world;
    if (this.loaded !== null) {
      const { catalog, definitions } = this.loaded;
      const nodes = nodesOf(catalog, state);
      for (const [name, plan] of planFull({ state, catalog, definitions, nodes })) {
        assert.deepEqual(
          [plan.change, plan.joins, plan.leaves],
          ['unchanged', [], []],
          `after a pass the plan of ${name} is empty`,
        );
      }
    }
    for (const association of state.associations.values()) {
      const runs = [...state.executions.values()]
        .filter((each) => each.association === association.name)
        .flatMap((each) => [...each.runs.values()]);
      const out = runs.filter((run) => ['Offered', 'Started', 'Unreachable'].includes(run.phase));
      assert.equal(association.inFlight, out.length, 'inFlight counts what is out');
    }
    const offered = [...state.executions.values()]
      .flatMap((each) => [...each.runs.values()])
      .filter((run) => run.phase === 'Offered');
    assert.equal(
      new Set(offered.map((run) => run.node)).size,
      offered.length,
      'one offer per node',
    );
    for (const execution of state.executions.values()) {
      const phases = { Pending: 0, Offered: 0, Started: 0, Unreachable: 0, Done: 0 };
      for (const run of execution.runs.values()) phases[run.phase]++;
      assert.deepEqual(execution.phases, phases, 'phases are counted');
      if (execution.endedAt !== null) assert.equal(phases.Done, execution.runs.size);
    }
    for (const each of state.nodes.values()) {
      if (each.job === null) continue;
      const run = state.executions.get(each.job.execution)?.runs.get(each.id);
      assert.equal(run?.run, each.job.run, 'a job is a run that is out');
    }
    const replayed = emptyState();
    for (const record of journal) apply(replayed, record);
    assert.deepEqual(replayed, state, 'state is the fold of the journal');
    const restored = emptyState();
    for (const record of recordsOf(state)) apply(restored, record);
    assert.deepEqual(restored, state, 'a snapshot is the state');
    this.checkStarts();
    if (++this.steps % REPORTED_EVERY === 0) this.reported.write(world, this.fleet.now);
  }

  /** Work conserving: who could start has been offered; nobody beyond the limit has. */
  checkStarts(): void {
    const { world } = this.fleet;
    if (world.state.paused !== null) return;
    for (const execution of world.state.executions.values()) {
      const definition = world.definition(execution.association);
      const open = world.state.associations.get(execution.association)?.open === execution.id;
      if (!open || definition === undefined || execution.stopped !== null) continue;
      if (!world.hasCapacity(execution.association)) continue;
      if (world.gateOf(execution.association).waiting !== null) continue;
      for (const run of execution.runs.values()) {
        const target = world.state.nodes.get(run.node);
        const idle = run.phase === 'Pending' && target !== undefined && world.isFree(target);
        assert.equal(
          idle && world.mayRunOn(execution, target),
          false,
          `${execution.association} on ${run.node} waits for nothing`,
        );
      }
    }
    for (const record of this.fleet.last?.records ?? []) {
      if (record.kind !== 'offered') continue;
      const execution = world.state.executions.get(record.execution);
      const definition = execution && world.definition(execution.association);
      if (definition === undefined) continue;
      const limit = concurrencyMax(
        definition.association.maxConcurrency,
        world.assigned.get(definition.association.name)?.size ?? 0,
      );
      const out = world.state.associations.get(definition.association.name)?.inFlight ?? 0;
      assert.ok(out <= limit, 'an offer never exceeds MaxConcurrency');
    }
  }
}

test('any order of events: plans agree, counters count, the journal is the state', () => {
  fc.assert(
    fc.property(fc.array(action, { minLength: 5, maxLength: 60 }), (actions) => {
      const play = new Play();
      for (const step of actions) play.do(step);
    }),
    { numRuns: runs(250), includeErrorInReport: true },
  );
});

const wasCancelled = ({ closed }: Execution): boolean =>
  closed?.reason === 'cancelled' || closed?.reason === 'duration';

test('when everything heals, every owed run ends', () => {
  fc.assert(
    fc.property(fc.array(action, { minLength: 5, maxLength: 40 }), (actions) => {
      const play = new Play();
      for (const step of actions) play.do(step);
      const { fleet } = play;
      fleet.happen({
        kind: 'operator',
        id: 'r',
        by: 'root',
        request: { kind: 'resume', association: null },
      });
      for (let n = 1; n <= NODES; n++) fleet.happen({ kind: 'disconnected', node: node(n) });
      for (let n = 1; n <= NODES; n++)
        fleet.happen({ kind: 'connected', node: node(n), hello: hello() });
      fleet.after(Math.max(0, SUSPENDED_UNTIL - fleet.now));
      const calm = (): void => {
        for (let round = 0; round < 12; round++) {
          fleet.runAll();
          fleet.after(61 * MINUTE).disown();
        }
        fleet.runAll();
      };
      calm();
      // Who cancelled a ring's run has to ask for another one: a cancelled run proves nothing, and no slot may be to come.
      const held = fleet.executions().filter(({ endedAt, association }) => {
        const { rollout } = fleet.world.state.associations.get(association) ?? {};
        return endedAt === null && (rollout ?? null) !== null && rollout?.halted === null;
      });
      for (const { association, stopped } of held) {
        if (stopped !== null) continue;
        const cancelled = fleet
          .executions()
          .some((each) => each.association === association && wasCancelled(each));
        assert.ok(cancelled, `${association} is held by a run that somebody cancelled`);
        const request = { kind: 'run', associations: [association], nodes: null } as const;
        fleet.happen({ kind: 'operator', id: `again ${association}`, by: 'root', request });
      }
      calm();
      for (const execution of fleet.executions()) {
        if (execution.stopped !== null && execution.closed === null) continue;
        const { rollout } = fleet.world.state.associations.get(execution.association) ?? {};
        if ((rollout?.halted ?? null) !== null) continue;
        assert.notEqual(execution.endedAt, null, `${execution.association} ends`);
      }
    }),
    { numRuns: runs(200), includeErrorInReport: true },
  );
});
