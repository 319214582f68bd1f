/** Order on a node, and what is taken away (spec/state-manager.md §1.7, §1.10). */
import assert from 'node:assert/strict';
import test from 'node:test';
import { MINUTE, node } from '../../fakes/fleet.ts';
import { anAssociation, DOCUMENT, MergingFleet } from '../../fakes/merging-fleet.ts';

const HOUR = 60 * MINUTE;
const RATE = 'ScheduleExpression: rate(1 hour)';
const association = (name: string, ...lines: readonly string[]) =>
  anAssociation(...lines).replace('motd', name);
const byId = `Targets: [{ Key: InstanceIds, Values: [${node(1)}] }]`;
const byTag = 'Targets: [{ Key: "tag:role", Values: [web] }]';
const web = { 1: { role: 'web' } };

test('bound by id runs before bound by tag, then by name', () => {
  const fleet = new MergingFleet().withNodes(web).merge({
    'associations/a.yaml': association('aaa', byTag),
    'associations/b.yaml': association('bbb', byTag),
    'associations/y.yaml': association('yyy', byId),
    'associations/z.yaml': association('zzz', byId),
  });
  assert.deepEqual(fleet.connect(1).runAll(), ['yyy@1', 'zzz@1', 'aaa@1', 'bbb@1']);
});

test('what came due first runs first, however it is bound', () => {
  const fleet = new MergingFleet().withNodes(web);
  fleet.merge({ 'associations/a.yaml': association('zzz', byTag) }).after(MINUTE);
  fleet.merge({ 'associations/b.yaml': association('aaa', byId) });
  assert.deepEqual(fleet.connect(1).runAll(), ['zzz@1', 'aaa@1']);
});

test('the same document with two sets of parameters runs for each of them', () => {
  const fleet = new MergingFleet().withNodes(web).merge({
    'associations/a.yaml': association('aaa', byTag, 'Parameters: { text: [one] }'),
    'associations/b.yaml': association('bbb', byTag, 'Parameters: { text: [two] }'),
  });
  assert.deepEqual(fleet.connect(1).runAll(), ['aaa@1', 'bbb@1']);
});

test('an association that is removed starts nothing more; what runs finishes and is accounted', () => {
  const fleet = new MergingFleet().edit(RATE, 'MaxConcurrency: "1"').connect(1, 2);
  const [job] = fleet.takeJobs();
  assert.ok(job);
  fleet.start(job).merge({ 'associations/motd.yaml': null });
  assert.deepEqual(fleet.takeJobs(), []);
  fleet.finish(job);
  assert.deepEqual(fleet.runAll(), []);
  assert.deepEqual(fleet.after(2 * HOUR).runAll(), []);
  const [execution] = fleet.executions();
  assert.equal(execution?.statuses.Success, 1);
  assert.equal(execution.closed?.reason, 'removed');
});

test('a job that is handed over and not started is taken back from a node that is a target no more', () => {
  const fleet = new MergingFleet().withNodes(web).edit(byTag).connect(1);
  const [job] = fleet.takeJobs();
  assert.ok(job);
  fleet.withNodes({ 1: { role: 'db' } });
  assert.deepEqual(
    fleet.effects.flatMap((effect) => (effect.kind === 'revoke-job' ? [effect.run] : [])),
    [job.run],
  );
  fleet.happen({ kind: 'revoked-job', node: job.node, run: job.run });
  assert.deepEqual(fleet.runAll(), []);
  assert.equal(fleet.executions()[0]?.statuses.Skipped, 1);
});

test('a removed association that comes back is new: it runs, and its number begins again', () => {
  const fleet = new MergingFleet().edit().connect(1, 2, 3);
  fleet.runAll();
  fleet.merge({ 'associations/motd.yaml': null }).edit();
  assert.equal(fleet.runAll().length, 3);
  const [association] = fleet.world.state.associations.values();
  assert.equal(association?.version, 1);
});

test('a node without a tag any more is disassociated, and nothing is undone there', () => {
  const fleet = new MergingFleet().withNodes(web).edit(byTag, RATE).connect(1);
  fleet.runAll();
  fleet.withNodes({ 1: { role: 'db' } });
  assert.equal(fleet.world.state.nodes.get(node(1))?.assignments.size, 0);
  assert.deepEqual(fleet.after(HOUR).runAll(), []);
});

test('a group that is removed while it is a target keeps its members, and says so', () => {
  const group = 'Name: web\nTargets: [{ Key: "tag:role", Values: [web] }]\n';
  const fleet = new MergingFleet().withNodes(web).merge({ 'groups/web.yaml': group });
  fleet.edit('Targets: [{ Key: "resource-groups:Name", Values: [web] }]', RATE).connect(1);
  fleet.runAll();
  fleet.merge({ 'groups/web.yaml': null });
  assert.ok(fleet.problems().includes('removed-but-needed'));
  assert.deepEqual(fleet.after(HOUR).runAll(), ['motd@1']);
});

test('new content of a document while its association runs: the started run finishes, all run the new one', () => {
  const fleet = new MergingFleet().edit('MaxConcurrency: "1"').connect(1, 2);
  const [job] = fleet.takeJobs();
  assert.ok(job);
  fleet.start(job).merge({ 'documents/Doc.yaml': DOCUMENT('v2') });
  assert.deepEqual(fleet.takeJobs(), [], 'the started run holds the only place');
  fleet.finish(job);
  assert.deepEqual(fleet.runAll(), ['motd@2', 'motd@1']);
});
