/** What documents report of a node: who may say what, in which order, and what is left of it. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { associationId } from '../../../src/core/canonical/identity.ts';
import { assess } from '../../../src/core/compliance/assess.ts';
import { bytesOfItems } from '../../../src/core/document/put-compliance.ts';
import type {
  ComplianceItem,
  CompliancePut,
  ComplianceReport,
} from '../../../src/core/model/compliance.ts';
import { countItems, NODE_ITEMS_BYTES_MAX } from '../../../src/core/model/compliance.ts';
import { emptyState } from '../../../src/core/model/state.ts';
import { apply } from '../../../src/core/world/apply.ts';
import { recordsOf } from '../../../src/core/world/snapshot.ts';
import { boundWaiting, waitingOf } from '../../../src/core/world/waiting.ts';
import { MINUTE, NOON, named, node, revision, TestFleet } from '../../fakes/fleet.ts';

const idOf = (name: string): string => associationId('test', name);

const item = (
  id: string,
  status: ComplianceItem['status'],
  of: Partial<ComplianceItem> = {},
): ComplianceItem => ({ id, status, severity: 'HIGH', title: '', details: {}, ...of });

const put = (
  complianceType: string,
  items: readonly ComplianceItem[],
  of: Partial<CompliancePut> = {},
): CompliancePut => ({
  complianceType,
  uploadType: 'COMPLETE',
  executionSummary: { executionTime: NOON, executionId: '', executionType: '' },
  itemContentHash: '',
  items,
  counts: countItems(items),
  ...of,
});
const says = (...puts: readonly CompliancePut[]): ComplianceReport => ({ puts, refused: [] });
const partial = (name: string, status: ComplianceItem['status']): CompliancePut =>
  put('Association', [item(idOf(name), status)], { uploadType: 'PARTIAL' });

const one = { 1: {} };
const manual = { syncCompliance: 'MANUAL', severity: 'LOW' } as const;

function open(specs: Parameters<typeof revision>[1] = { scan: manual, plain: {} }) {
  const fleet = new TestFleet().accept(revision(1, specs, one)).connect(1);
  let requests = 0;
  return {
    fleet,
    /** Runs an association now, and its run ends with this report. */
    run(name: string, report: ComplianceReport | null, status: 'Success' | 'Failed' = 'Success') {
      const request = { kind: 'run', associations: [named(name)], nodes: null } as const;
      fleet.happen({ kind: 'operator', id: `r${++requests}`, by: 'ada', request });
      fleet.after(MINUTE);
      const job = fleet.takeJobs().find(({ association }) => association === name);
      assert(job !== undefined, `${name} runs`);
      fleet.start(job).finish(job, status, null, report);
      return job;
    },
    types: () => [...(fleet.world.state.nodes.get(node(1))?.compliance.types.keys() ?? [])],
    refused: () =>
      (fleet.world.state.nodes.get(node(1))?.compliance.refused ?? []).map(({ code }) => code),
    standing: (name: string) =>
      standingsOf(fleet)
        .of(node(1))
        .find(({ association }) => association === name),
    node: () => standingsOf(fleet).nodes.get(node(1)),
    fleetStanding: () => standingsOf(fleet).fleet,
  };
}

const standingsOf = ({ world, now }: TestFleet) =>
  assess({
    now,
    state: world.state,
    definitions: world.revision?.definitions ?? new Map(),
    nodes: world.fleet.nodes,
    boundWaiting: (name) => boundWaiting(world, name),
    waitingOf: (execution, run) => waitingOf(world, execution, run),
  });

const begun = () => {
  const it = open();
  it.fleet.runAll();
  return it;
};

test('MANUAL: a run that succeeds says nothing; the item that carries the id decides, with its severity', () => {
  const it = begun();
  assert.deepEqual(
    [it.standing('scan')?.status, it.standing('scan')?.compliance, it.standing('scan')?.rating],
    ['Success', null, 'waiting'],
  );
  it.run('scan', says(partial('scan', 'NON_COMPLIANT')));
  const scan = it.standing('scan');
  assert.deepEqual(
    [scan?.status, scan?.compliance, scan?.severity, scan?.rating],
    ['Success', 'NON_COMPLIANT', 'HIGH', 'failing'],
  );
  assert.equal(it.fleetStanding().verdict, 'failing');
  it.run('scan', says(partial('scan', 'COMPLIANT')));
  assert.equal(it.standing('scan')?.compliance, 'COMPLIANT');
  assert.equal(it.fleetStanding().verdict, 'compliant');
});

test('MANUAL: a run that reports nothing leaves the item; one that fails is Failed, and the item stays', () => {
  const it = begun();
  it.run('scan', says(partial('scan', 'COMPLIANT')));
  it.run('scan', null);
  assert.equal(it.standing('scan')?.compliance, 'COMPLIANT');
  it.run('scan', null, 'Failed');
  assert.deepEqual(
    [it.standing('scan')?.status, it.standing('scan')?.compliance],
    ['Failed', 'COMPLIANT'],
  );
});

test('nobody reports for an AUTO association, nor for one of another node', () => {
  const it = begun();
  const items = [item(idOf('plain'), 'NON_COMPLIANT'), item(idOf('elsewhere'), 'COMPLIANT')];
  it.run('scan', says(put('Association', items, { uploadType: 'PARTIAL' })));
  assert.equal(it.standing('plain')?.compliance, 'COMPLIANT', 'AUTO is how its run ended');
  assert.deepEqual(it.refused(), ['InvalidItemContentException', 'InvalidItemContentException']);
});

test('PARTIAL leaves other associations alone, COMPLETE replaces them all, an empty PARTIAL takes its own back', () => {
  const it = open({ one: manual, two: manual });
  it.fleet.runAll();
  it.run('one', says(partial('one', 'NON_COMPLIANT'), partial('two', 'COMPLIANT')));
  it.run('two', says(partial('two', 'NON_COMPLIANT')));
  assert.deepEqual(
    ['one', 'two'].map((name) => it.standing(name)?.compliance),
    ['NON_COMPLIANT', 'NON_COMPLIANT'],
  );
  it.run('one', says(put('Association', [item(idOf('one'), 'COMPLIANT')])));
  assert.deepEqual(
    ['one', 'two'].map((name) => it.standing(name)?.compliance),
    ['COMPLIANT', null],
  );
  it.run('one', says(put('Association', [], { uploadType: 'PARTIAL' })));
  assert.equal(it.standing('one')?.compliance, null);
});

test('a custom type of any association makes the node non-compliant; an empty COMPLETE takes it away', () => {
  const it = begun();
  it.run('scan', says(partial('scan', 'COMPLIANT')));
  it.run(
    'plain',
    says(
      put('Custom:Ssh', [
        item('a', 'COMPLIANT'),
        item('b', 'NON_COMPLIANT', { severity: 'CRITICAL' }),
      ]),
    ),
  );
  const { category, compliance, severity, types } = it.node() ?? {};
  assert.deepEqual([category, compliance, severity], ['failing', 'NON_COMPLIANT', 'CRITICAL']);
  assert.deepEqual(
    types?.map(({ complianceType, status, overallSeverity }) => [
      complianceType,
      status,
      overallSeverity,
    ]),
    [
      ['Association', 'COMPLIANT', 'UNSPECIFIED'],
      ['Custom:Ssh', 'NON_COMPLIANT', 'CRITICAL'],
    ],
  );
  assert.deepEqual(
    it
      .fleetStanding()
      .compliance.map(({ complianceType, counts }) => [
        complianceType,
        counts.COMPLIANT.UNSPECIFIED,
        counts.NON_COMPLIANT.CRITICAL,
      ]),
    [
      ['Association', 1, 0],
      ['Custom:Ssh', 0, 1],
    ],
    'the fleet counts nodes, not items',
  );
  it.run('plain', says(put('Custom:Ssh', [])));
  assert.deepEqual(it.types(), []);
  assert.equal(it.node()?.category, 'compliant');
});

test('ten custom types, and no eleventh until one is empty; Patch is none of them', () => {
  const it = begun();
  const typed = (n: number) => put(`Custom:T${n}x`, [item('a', 'COMPLIANT')]);
  it.run(
    'plain',
    says(...Array.from({ length: 11 }, (_, n) => typed(n)), put('Patch', [item('p', 'COMPLIANT')])),
  );
  assert.deepEqual(it.refused(), ['ComplianceTypeCountLimitExceededException']);
  assert.equal(it.types().length, 11);
  it.run('plain', says(put('Custom:T0x', []), typed(10)));
  assert.deepEqual(it.refused(), []);
  assert.equal(it.types().includes('Custom:T10x'), true);
});

test('what all types of a node hold is bounded; what does not fit is counted', () => {
  const it = begun();
  const many = Array.from({ length: 60 }, (_, n) =>
    item(`i${n}`, 'COMPLIANT', { title: 't'.repeat(480) }),
  );
  for (const n of [1, 2, 3, 4]) it.run('plain', says(put(`Custom:T${n}x`, many)));
  const types = [...(it.fleet.world.state.nodes.get(node(1))?.compliance.types.values() ?? [])];
  assert.ok(types.reduce((sum, type) => sum + bytesOfItems(type.items), 0) <= NODE_ITEMS_BYTES_MAX);
  assert.deepEqual(
    types.map(({ counts }) => counts.COMPLIANT.HIGH),
    [60, 60, 60, 60],
  );
});

test('the same items again change nothing but what they are known to be as of; an equal hash is not even read', () => {
  const it = begun();
  const content = put('Custom:Ssh', [item('a', 'COMPLIANT')], { itemContentHash: 'h1' });
  const later = { executionTime: (NOON + MINUTE) as never, executionId: '', executionType: '' };
  it.run('plain', says(content));
  const first = it.fleet.world.state.nodes.get(node(1))?.compliance.types.get('Custom:Ssh');
  it.run('plain', says({ ...content, executionSummary: later, itemContentHash: 'h1', items: [] }));
  assert.equal(it.fleet.world.state.nodes.get(node(1))?.compliance.types.get('Custom:Ssh'), first);
  const emitted = it.fleet.last?.records.find(({ kind }) => kind === 'complied');
  assert.deepEqual(emitted?.kind === 'complied' && emitted.types, []);
});

test('a late result does not bring older items back; the same result twice does nothing', () => {
  const it = begun();
  const late = it.run('scan', says(partial('scan', 'COMPLIANT')));
  // The node went away during a run, the daemon gave it up, and newer runs have reported since.
  const request = { kind: 'run', associations: [named('scan')], nodes: null } as const;
  it.fleet.happen({ kind: 'operator', id: 'lost', by: 'ada', request });
  const lost = it.fleet.takeJobs()[0];
  assert(lost !== undefined);
  it.fleet.start(lost);
  const lostAt = it.fleet.now;
  it.fleet.happen({ kind: 'revoked-job', node: lost.node, run: lost.run });
  it.run(
    'scan',
    says(partial('scan', 'NON_COMPLIANT'), put('Custom:Ssh', [item('a', 'NON_COMPLIANT')])),
  );
  const now = it.fleet.now;
  it.fleet.now = lostAt;
  it.fleet.finish(lost, 'Success', null, says(partial('scan', 'COMPLIANT'), put('Custom:Ssh', [])));
  it.fleet.finish(late, 'Success', null, says(partial('scan', 'COMPLIANT')));
  it.fleet.now = now;
  assert.equal(it.standing('scan')?.compliance, 'NON_COMPLIANT');
  assert.deepEqual(it.types(), ['Custom:Ssh']);
});

test('an owed run is the newest, whatever the clock of its node says', () => {
  const it = begun();
  it.run('scan', says(partial('scan', 'COMPLIANT')));
  it.fleet.now = (it.fleet.now - 60 * MINUTE) as never;
  it.run('scan', says(partial('scan', 'NON_COMPLIANT')));
  assert.equal(it.standing('scan')?.compliance, 'NON_COMPLIANT');
});

test('what an association reported goes with it', () => {
  const it = begun();
  it.run('plain', says(put('Custom:Ssh', [item('a', 'NON_COMPLIANT')])));
  it.fleet.accept(revision(2, { scan: manual }, one), 1);
  assert.deepEqual(it.types(), []);
});

test('any order of reports: the journal, and its snapshot, are the state', () => {
  const aPut = fc
    .tuple(
      fc.constantFrom('Custom:One', 'Custom:Two', 'Patch'),
      fc.array(fc.constantFrom<ComplianceItem['status']>('COMPLIANT', 'NON_COMPLIANT'), {
        maxLength: 3,
      }),
    )
    .map(([type, statuses]) =>
      put(
        type,
        statuses.map((status, n) => item(`i${n}`, status)),
      ),
    );
  const aReport = fc
    .tuple(
      fc.array(aPut, { maxLength: 3 }),
      fc.constantFrom(null, partial('scan', 'COMPLIANT'), partial('scan', 'NON_COMPLIANT')),
    )
    .map(([puts, own]) => says(...puts, ...(own === null ? [] : [own])));
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom('scan', 'plain'), fc.option(aReport)), { maxLength: 6 }),
      (rounds) => {
        const it = begun();
        for (const [name, report] of rounds) it.run(name, report);
        const replayed = emptyState();
        for (const record of it.fleet.journal) apply(replayed, record);
        assert.deepEqual(replayed, it.fleet.world.state);
        const again = emptyState();
        for (const record of recordsOf(replayed)) apply(again, record);
        assert.deepEqual(again.nodes, replayed.nodes);
      },
    ),
    { numRuns: 60 },
  );
});
