/**
 * One test for each row of the conflict table (spec/state-manager.md, appendix H), by its id: what was chosen where AWS's own
 * texts disagree. Rows without a test here are named in docs/state-manager-parity.md, with the reason.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { assess } from '../../../src/core/compliance/assess.ts';
import { cutBytes, STREAM_BYTES_MAX, TRUNCATION_MARK } from '../../../src/core/document/output.ts';
import { libraryOf } from '../../../src/core/load/library.ts';
import type { Standings } from '../../../src/core/model/standing.ts';
import { crowdedNodes } from '../../../src/core/plan/crowded.ts';
import { concurrencyMax, errorsAllowed, parseRateLimit } from '../../../src/core/rollout/limits.ts';
import { boundWaiting, waitingOf } from '../../../src/core/world/waiting.ts';
import { MINUTE, named, node } from '../../fakes/fleet.ts';
import { anAssociation, DOCUMENT, MergingFleet } from '../../fakes/merging-fleet.ts';
import { load, repository } from '../load/repository.ts';

const HOUR = 60 * MINUTE;
const CRON = 'ScheduleExpression: cron(0 * * * ? *)';
const RATE = 'ScheduleExpression: rate(1 hour)';
const FLAG = 'ApplyOnlyAtCronInterval: true';

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i + 1);
const tagged = (count: number) => Object.fromEntries(numbers(count).map((n) => [n, {}]));
const many = (count: number) =>
  new MergingFleet().withNodes(tagged(count)).connect(...numbers(count));

/** Codes of the errors in one association. */
const refusals = (...lines: readonly string[]) => new MergingFleet().edit(...lines).problems();

function standingsOf({ world, now }: MergingFleet): Standings {
  return assess({
    now,
    state: world.state,
    definitions: world.revision?.definitions ?? new Map(),
    nodes: world.fleet.nodes,
    boundWaiting: (name) => boundWaiting(world, name),
    waitingOf: (execution, run) => waitingOf(world, execution, run),
  });
}

test('H-1: MaxConcurrency is 50 where nothing is said, and a setting of the repository', () => {
  assert.equal(many(60).edit().takeJobs().length, 50);
  const settings = { 'reconciled.yaml': 'defaults: { maxConcurrency: 100% }\n' };
  assert.equal(many(60).merge(settings).edit().takeJobs().length, 60);
});

test('H-1: MaxErrors is 100% where nothing is said, and a setting of the repository', () => {
  const fail = () => 'Failed' as const;
  assert.equal(many(60).edit().runAll(fail).length, 60);
  const settings = { 'reconciled.yaml': 'defaults: { maxConcurrency: "1", maxErrors: "2" }\n' };
  assert.equal(many(60).merge(settings).edit().runAll(fail).length, 3);
});

test('H-2: a node that appears while the limit is used up never exceeds it', () => {
  const fleet = many(2).edit(RATE, 'MaxConcurrency: "1"');
  const [out] = fleet.takeJobs();
  assert.ok(out);
  fleet.start(out).withNodes(tagged(3)).connect(3);
  assert.deepEqual(fleet.takeJobs(), []);
  fleet.after(HOUR);
  assert.match(fleet.statusOf(3), /^Skipped: did not get its turn before the next slot/);
  fleet.finish(out);
  assert.deepEqual(fleet.runAll(), ['motd@2', 'motd@3', 'motd@1'], 'and goes first then');
});

test('H-2: a node that appears while the limit is not reached runs in this interval', () => {
  const fleet = many(2).edit(RATE, 'MaxConcurrency: "2"');
  fleet.runAll();
  fleet.after(MINUTE).withNodes(tagged(3)).connect(3);
  assert.deepEqual(fleet.runAll(), ['motd@3']);
});

test('H-2: a place that gets free in the interval is given to the node that waits for it', () => {
  const fleet = many(1).edit(RATE, 'MaxConcurrency: "1"');
  const [out] = fleet.takeJobs();
  assert.ok(out);
  fleet.start(out).withNodes(tagged(2)).connect(2).finish(out);
  assert.deepEqual(fleet.runAll(), ['motd@2']);
});

test('H-3: the four fields and the targets run nodes, other edits do not; the plan says which', () => {
  const fleet = many(2).edit(CRON);
  fleet.runAll();
  const planned = () => {
    const plan = fleet.world.lastPlan?.plan.get(named('motd'));
    return [plan?.edits.join(), plan?.start?.reason ?? 'nothing runs'];
  };
  fleet.edit(CRON, 'ComplianceSeverity: HIGH', 'MaxErrors: "1"');
  assert.deepEqual(planned(), ['settings', 'nothing runs']);
  fleet.edit(CRON, 'ComplianceSeverity: HIGH', 'Parameters: { text: [x] }');
  assert.deepEqual(planned(), ['parameters', 'parameters changed']);
});

test('H-4: a changed parameter value is a trigger, on unless it is switched off', () => {
  const value = (text: string) => ({ 'parameters/p.yaml': `Name: /p\nValue: ${text}\n` });
  for (const { setting, runs } of [
    { setting: '{}\n', runs: 1 },
    { setting: 'triggers: { parameterValues: false }\n', runs: 0 },
  ]) {
    const fleet = many(1).merge({ ...value('one'), 'reconciled.yaml': setting });
    fleet.edit('Parameters: { text: ["{{ssm:/p}}"] }').runAll();
    assert.equal(fleet.merge(value('two')).runAll().length, runs);
  }
});

test('H-5: preconfigured documents take $DEFAULT and $LATEST, and no number', () => {
  const library = libraryOf([{ name: 'AWS-Say', text: DOCUMENT() }]);
  const codes = (version: string) =>
    load(repository({ 'associations/a.yaml': anAssociation('Name: AWS-Say', version) }), {
      library,
    })
      .catalog.problems.filter(({ severity }) => severity === 'error')
      .map(({ code }) => code);
  assert.deepEqual(codes('DocumentVersion: $DEFAULT'), []);
  assert.deepEqual(codes('DocumentVersion: $LATEST'), []);
  assert.deepEqual(codes('DocumentVersion: "1"'), ['unknown-document-version']);
});

test('H-6: more than 20 associations on a node are a warning, and all of them run', () => {
  const all = Object.fromEntries(
    numbers(21).map((n) => [`associations/${n}.yaml`, anAssociation().replace('motd', `a-${n}`)]),
  );
  const fleet = many(2).merge(all);
  assert.equal(fleet.runAll().length, 42);
  const planned = [...(fleet.catalog?.associations.values() ?? [])].map((association) => ({
    association,
    nodes: [node(1), node(2)],
  }));
  const [warning, ...others] = crowdedNodes(planned);
  assert.deepEqual(others, []);
  assert.equal(warning?.severity, 'warning');
  assert.match(warning.message, /^2 nodes have more than 20 associations, the most 21 /);
  assert.deepEqual(crowdedNodes(planned.slice(1)), []);
});

test('H-7: a document is not deleted while something refers to it; forced, by removing both', () => {
  const fleet = many(1).edit(CRON);
  fleet.runAll();
  fleet.merge({ 'documents/Doc.yaml': null });
  assert.ok(fleet.problems().includes('removed-but-needed'));
  assert.deepEqual(fleet.after(HOUR).runAll(), ['motd@1']);
  fleet.merge({ 'associations/motd.yaml': null });
  assert.deepEqual(fleet.problems(), []);
  assert.deepEqual(fleet.after(HOUR).runAll(), []);
});

test('H-8: 10% of 50 stops at the sixth error', () => {
  const fleet = many(50).edit('MaxConcurrency: "1"', 'MaxErrors: 10%');
  assert.equal(fleet.runAll(() => 'Failed').length, 6);
});

test('H-9: at() needs the flag', () => {
  const at = 'ScheduleExpression: at(2030-01-01T00:00:00)';
  assert.deepEqual(refusals(at), ['schedule-at-without-flag']);
  assert.deepEqual(refusals(at, FLAG), []);
});

test('H-10: six fields of cron are written; five are refused', () => {
  assert.deepEqual(refusals('ScheduleExpression: cron(0 2 ? * SUN *)'), []);
  assert.deepEqual(refusals('ScheduleExpression: cron(0 2 ? * SUN)'), ['schedule-cron']);
});

test('H-11: the unit of a rate is singular for 1, and plural for more', () => {
  assert.deepEqual(refusals('ScheduleExpression: rate(1 hour)'), []);
  assert.deepEqual(refusals('ScheduleExpression: rate(1 hours)'), ['schedule-rate-unit']);
  assert.deepEqual(refusals('ScheduleExpression: rate(2 hour)'), ['schedule-rate-unit']);
});

test('H-13: five tag keys, all of which must match; a sixth is refused', () => {
  const entries = (count: number) =>
    `Targets: [${numbers(count)
      .map((n) => `{ Key: "tag:k${n}", Values: [a, b] }`)
      .join(', ')}]`;
  const tags = { k1: 'a', k2: 'b', k3: 'a', k4: 'b', k5: 'a' };
  const fleet = new MergingFleet().withNodes({ 1: tags, 2: { ...tags, k5: 'c' } });
  assert.deepEqual(fleet.edit(entries(5)).connect(1, 2).runAll(), ['motd@1']);
  assert.ok(refusals(entries(6)).length > 0);
});

test('H-14: associations of one node run one after the other; a slot that comes due cuts nothing off', () => {
  const files = {
    'associations/a.yaml': anAssociation(RATE).replace('motd', 'aaa'),
    'associations/b.yaml': anAssociation(RATE).replace('motd', 'bbb'),
  };
  const fleet = many(1).merge(files);
  const [first, ...others] = fleet.takeJobs();
  assert.ok(first);
  assert.deepEqual(others, []);
  fleet.start(first).after(HOUR);
  assert.deepEqual(fleet.takeJobs(), []);
  assert.deepEqual(
    fleet.effects.filter(({ kind }) => kind === 'cancel-run'),
    [],
  );
  fleet.finish(first);
  assert.deepEqual(fleet.runAll(), ['aaa@1', 'bbb@1']);
});

test('H-15: percentages are floored; one at least runs, and no error is given away', () => {
  assert.equal(concurrencyMax(parseRateLimit('10%'), 19), 1);
  assert.equal(concurrencyMax(parseRateLimit('10%'), 5), 1);
  assert.equal(errorsAllowed(parseRateLimit('10%'), 19), 1);
  assert.equal(errorsAllowed(parseRateLimit('10%'), 5), 0);
});

test('H-18: different kinds of targets in one association are refused', () => {
  const id = '{ Key: InstanceIds, Values: [mi-00000000000000001] }';
  const tag = '{ Key: "tag:role", Values: [web] }';
  const group = '{ Key: "resource-groups:Name", Values: [web] }';
  for (const pair of [`${id}, ${tag}`, `${tag}, ${group}`, `${id}, ${group}`])
    assert.ok(refusals(`Targets: [${pair}]`).includes('target-mixed'), pair);
});

test('H-19: ids that no node has are waited for; an empty selector has nobody to wait for', () => {
  const of = (...lines: readonly string[]) => {
    const standings = standingsOf(many(1).edit(...lines));
    const one = standings.associations.get(named('motd'));
    return { targets: one?.targets, status: one?.status, verdict: standings.fleet.verdict };
  };
  const ids = 'Targets: [{ Key: InstanceIds, Values: [mi-0000000000000000f] }]';
  const nobody = 'Targets: [{ Key: "tag:role", Values: [nobody] }]';
  assert.deepEqual(of(ids), { targets: 0, status: 'Pending', verdict: 'pending' });
  assert.deepEqual(of(nobody), { targets: 0, status: 'Success', verdict: 'compliant' });
});

test('H-20: a reference by label is resolved', () => {
  const parameter = 'Name: /p\nValue: labelled\nReconciled: { Version: 3, Labels: [stable] }\n';
  const fleet = many(1).merge({ 'parameters/p.yaml': parameter });
  fleet.edit('Parameters: { text: ["{{ssm:/p:stable}}"] }');
  assert.deepEqual(fleet.problems(), []);
  const store = fleet.world.definition(named('motd'))?.parameterStore;
  assert.equal(store?.['/p:stable']?.value, 'labelled');
});

test('H-21: what an AUTO association reports has the severity of the association', () => {
  const fleet = many(1).edit('ComplianceSeverity: CRITICAL');
  fleet.runAll(() => 'Failed');
  const [standing] = standingsOf(fleet).of(node(1));
  assert.equal(standing?.severity, 'CRITICAL');
  assert.equal(standing.compliance, 'NON_COMPLIANT');
});

test('H-22: a stream is kept up to 24,000 bytes, the marker among them', () => {
  assert.equal(STREAM_BYTES_MAX, 24_000);
  const cut = cutBytes(Buffer.from('x'.repeat(50_000)), STREAM_BYTES_MAX);
  assert.ok(String(cut).endsWith(TRUNCATION_MARK));
});
