/** One test for each row of the trigger table (spec/state-manager.md §1.3), by its number; then what is no trigger. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { MINUTE } from '../../fakes/fleet.ts';
import { anAssociation, DOCUMENT, MergingFleet } from '../../fakes/merging-fleet.ts';

const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const HOURLY = 'ScheduleExpression: cron(0 * * * ? *)';
const RATE = 'ScheduleExpression: rate(1 hour)';
const FLAG = 'ApplyOnlyAtCronInterval: true';
const ALL = ['motd@1', 'motd@2', 'motd@3'];
const PARAMETER = (value: string) => `Name: /ops/text\nValue: ${value}\n`;
const REFERS = 'Parameters: { text: ["{{ssm:/ops/text}}"] }';

/** Three connected nodes that have run what `lines` say; a flag makes that the hour's slot. */
function settled(...lines: readonly string[]): MergingFleet {
  const fleet = new MergingFleet().edit(...lines).connect(1, 2, 3);
  fleet.runAll();
  fleet.after(HOUR).runAll();
  return fleet.after(MINUTE);
}

/** The same event without the flag and with it: what runs at once, and at the next hour. */
function table(
  id: string,
  arrange: readonly string[],
  act: (fleet: MergingFleet, flag: boolean) => void,
) {
  test(`${id}: at once on all targets`, () => {
    const fleet = settled(HOURLY, ...arrange);
    act(fleet, false);
    assert.deepEqual(fleet.problems(), []);
    assert.deepEqual(fleet.runAll(), ALL);
  });
  test(`${id}: with the flag, at the next occurrence`, () => {
    const fleet = settled(HOURLY, FLAG, ...arrange);
    act(fleet, true);
    assert.deepEqual(fleet.problems(), []);
    assert.deepEqual(fleet.runAll(), []);
    assert.deepEqual(fleet.after(HOUR).runAll(), ALL);
  });
}

test('T1: created, runs on all current targets', () => {
  const fleet = new MergingFleet().connect(1, 2, 3).edit();
  assert.deepEqual(fleet.runAll(), ALL);
  assert.match(fleet.reasons()[0] ?? '', /^new association in /);
});

test('T1: created with the flag, waits for the schedule', () => {
  const fleet = new MergingFleet().connect(1, 2, 3).edit(HOURLY, FLAG);
  assert.deepEqual(fleet.runAll(), []);
  assert.deepEqual(fleet.after(HOUR).runAll(), ALL);
});

for (const [name, lines] of [
  ['cron', [HOURLY]],
  ['rate', [RATE]],
  ['at', ['ScheduleExpression: at(2026-03-01T14:00:00)', FLAG]],
] as const)
  test(`T2: ${name} comes due, runs on all targets`, () => {
    const fleet = new MergingFleet().edit(...lines).connect(1, 2, 3);
    fleet.runAll();
    fleet.after(HOUR + 59 * MINUTE).runAll();
    assert.deepEqual(fleet.after(MINUTE).runAll(), ALL);
    assert.equal(fleet.executions().at(-1)?.trigger, 'schedule');
    const later = fleet.after(HOUR).runAll();
    assert.deepEqual(later, name === 'at' ? [] : ALL);
  });

const output = 'OutputLocation: { S3Location: { OutputS3BucketName: fleet-output } }';
for (const [field, line] of [
  ['DOCUMENT_VERSION', 'DocumentVersion: "2"'],
  ['PARAMETERS', 'Parameters: { text: [other] }'],
  ['OUTPUT_S3_LOCATION', output],
] as const) {
  const pinned = {
    'documents/Pinned/1.yaml': DOCUMENT('one'),
    'documents/Pinned/2.yaml': DOCUMENT('two'),
    'documents/Pinned/metadata.yaml': 'DefaultVersion: "1"\n',
  };
  for (const flag of [[], [FLAG]]) {
    const suffix = flag.length === 0 ? 'at once' : 'with the flag, at the next occurrence';
    test(`T3: ${field} edited: ${suffix}`, () => {
      const base = ['Name: Pinned', HOURLY, ...flag];
      const fleet = new MergingFleet()
        .merge(pinned)
        .edit(...base)
        .connect(1, 2, 3);
      fleet.runAll();
      fleet.after(HOUR).runAll();
      fleet.after(MINUTE).edit(...base, line);
      assert.deepEqual(fleet.problems(), []);
      assert.deepEqual(fleet.runAll(), flag.length === 0 ? ALL : []);
      assert.deepEqual(fleet.after(HOUR).runAll(), ALL);
    });
  }
}

test('T3: DOCUMENT_VERSION edited to a version of the same content: the same is executed, and nobody runs', () => {
  const pinned = {
    'documents/Pinned/1.yaml': DOCUMENT('one'),
    'documents/Pinned/2.yaml': DOCUMENT('one'),
    'documents/Pinned/metadata.yaml': 'DefaultVersion: "1"\n',
  };
  const base = ['Name: Pinned', HOURLY];
  const fleet = new MergingFleet()
    .merge(pinned)
    .edit(...base)
    .connect(1, 2, 3);
  fleet.runAll();
  fleet.after(HOUR).runAll();
  fleet.after(MINUTE).edit(...base, 'DocumentVersion: "2"');
  assert.deepEqual(fleet.problems(), []);
  assert.deepEqual(fleet.runAll(), []);
  assert.deepEqual(fleet.after(HOUR).runAll(), ALL);
});

test('T3: SCHEDULE_EXPRESSION edited: runs once on all targets, then as the new one says', () => {
  const fleet = settled(HOURLY).edit('ScheduleExpression: cron(30 * * * ? *)');
  assert.deepEqual(fleet.runAll(), ALL);
  assert.deepEqual(fleet.after(28 * MINUTE).runAll(), []);
  assert.deepEqual(fleet.after(MINUTE).runAll(), ALL);
});

test('T3: SCHEDULE_EXPRESSION edited with the flag: runs as the new one says only', () => {
  const fleet = settled(HOURLY, FLAG).edit('ScheduleExpression: cron(30 * * * ? *)', FLAG);
  assert.deepEqual(fleet.runAll(), []);
  assert.deepEqual(fleet.after(29 * MINUTE).runAll(), ALL);
});

const pinnedBy = (version: string) => ['Name: Pinned', `DocumentVersion: ${version}`];
const two = {
  'documents/Pinned/1.yaml': DOCUMENT('one'),
  'documents/Pinned/2.yaml': DOCUMENT('two'),
  'documents/Pinned/metadata.yaml': 'DefaultVersion: "1"\n',
};
/** Which of three associations run at once: one pins $DEFAULT, one $LATEST, one number 1. */
function runsAfter(change: { readonly [path: string]: string }, ...flag: readonly string[]) {
  const of = (name: string, version: string) =>
    anAssociation(HOURLY, ...flag, ...pinnedBy(version)).replace('motd', name);
  const fleet = new MergingFleet().withNodes({ 1: {} }).merge({
    ...two,
    'associations/a.yaml': of('default', '$DEFAULT'),
    'associations/b.yaml': of('latest', '$LATEST'),
    'associations/c.yaml': of('number', '"1"'),
  });
  fleet.connect(1).runAll();
  fleet.after(HOUR).runAll();
  fleet.after(MINUTE).merge(change);
  assert.deepEqual(fleet.problems(), []);
  return [...fleet.runAll()].sort();
}
const defaultTwo = { 'documents/Pinned/metadata.yaml': 'DefaultVersion: "2"\n' };
const third = { 'documents/Pinned/3.yaml': DOCUMENT('three') };

test('T4: a new default version runs what pins $DEFAULT, and nothing else', () => {
  assert.deepEqual(runsAfter(defaultTwo), ['default@1']);
  assert.deepEqual(runsAfter(defaultTwo, FLAG), []);
});

test('T5: a new latest version runs what pins $LATEST, and nothing else', () => {
  assert.deepEqual(runsAfter(third), ['latest@1']);
  assert.deepEqual(runsAfter(third, FLAG), []);
});

test('T6: the document is deleted: it stays in force for what needs it, is a problem, and runs nothing', () => {
  const fleet = settled(HOURLY).merge({ 'documents/Doc.yaml': null });
  assert.deepEqual(fleet.problems(), ['unknown-document', 'removed-but-needed']);
  assert.deepEqual(fleet.runAll(), []);
  assert.deepEqual(fleet.after(HOUR).runAll(), ALL, 'invalid is not absent');
});

function referring(...lines: readonly string[]): MergingFleet {
  const fleet = new MergingFleet().merge({ 'parameters/text.yaml': PARAMETER('one') });
  fleet
    .edit(REFERS, ...lines)
    .connect(1, 2, 3)
    .runAll();
  fleet.after(HOUR).runAll();
  return fleet.after(MINUTE);
}

test('T7: a referenced parameter has a new value: at once on all targets', () => {
  const fleet = referring(HOURLY).merge({ 'parameters/text.yaml': PARAMETER('two') });
  assert.deepEqual(fleet.runAll(), ALL);
  const last = fleet.executions().at(-1);
  assert.equal(last?.trigger, 'parameter');
  assert.match(last.reason, /^parameter values changed in /);
});

test('T7: with the flag, at the next occurrence', () => {
  const fleet = referring(HOURLY, FLAG).merge({ 'parameters/text.yaml': PARAMETER('two') });
  assert.deepEqual(fleet.runAll(), []);
  assert.deepEqual(fleet.after(HOUR).runAll(), ALL);
});

test('T7: a parameter that nothing refers to runs nothing', () => {
  const fleet = referring(HOURLY).merge({ 'parameters/b.yaml': 'Name: /ops/b\nValue: b\n' });
  assert.deepEqual(fleet.runAll(), []);
});

test('T7: switched off, the new value waits for the next run, also where one is owed', () => {
  const off = { 'reconciled.yaml': 'triggers: { parameterValues: false }\n' };
  const fleet = referring().merge(off).withNodes({ 1: {}, 2: {}, 3: {}, 4: {} });
  fleet.merge({ 'parameters/text.yaml': PARAMETER('two') });
  assert.deepEqual(fleet.runAll(), []);
  fleet.connect(4);
  assert.deepEqual(
    fleet.runAll(),
    ['motd@4'],
    'node 4 was owed its first run, and gets the new value',
  );
  const { generation } = fleet.executions().at(-1) ?? {};
  assert.equal(
    generation,
    fleet.world.state.associations.values().next().value?.digests.generation,
  );
  fleet.edit('Parameters: { text: [plain] }');
  assert.deepEqual(
    fleet.runAll(),
    [...ALL, 'motd@4'],
    'an edit of the association runs all the same',
  );
});

test('T7: switched off, values that come more often than a rate do not starve it', () => {
  const off = { 'reconciled.yaml': 'triggers: { parameterValues: false }\n' };
  const fleet = referring(RATE).merge(off);
  let runs = 0;
  for (let half = 1; half <= 48; half++) {
    runs += fleet.after(HOUR / 2).runAll().length;
    fleet.merge({ 'parameters/text.yaml': PARAMETER(`value ${half}`) });
  }
  assert.equal(runs, 24 * ALL.length);
});

test('T8: a manual start runs all targets, or the node named, whatever the flag says', () => {
  const fleet = settled(HOURLY, FLAG);
  assert.deepEqual(fleet.manual().runAll(), ALL);
  assert.deepEqual(fleet.manual(2).runAll(), ['motd@2']);
  assert.equal(fleet.executions().at(-1)?.trigger, 'manual');
});

test('T9: a node comes online for the first time: that node runs', () => {
  const fleet = new MergingFleet().edit(HOURLY).connect(1, 2);
  fleet.runAll();
  assert.deepEqual(
    fleet
      .after(10 * MINUTE)
      .connect(3)
      .runAll(),
    ['motd@3'],
  );
});

test('T9: with the flag, at the next occurrence', () => {
  const fleet = new MergingFleet().edit(HOURLY, FLAG).connect(1, 2);
  fleet.after(HOUR).runAll();
  assert.deepEqual(
    fleet
      .after(11 * MINUTE)
      .connect(3)
      .runAll(),
    [],
  );
  assert.deepEqual(fleet.after(49 * MINUTE).runAll(), ['motd@3', 'motd@1', 'motd@2']);
});

test('T10: a node that missed a run, back in the same interval: one run', () => {
  const fleet = settled(RATE).leave(3);
  assert.deepEqual(fleet.after(59 * MINUTE).runAll(), ['motd@1', 'motd@2']);
  assert.deepEqual(
    fleet
      .after(5 * MINUTE)
      .connect(3)
      .runAll(),
    ['motd@3'],
  );
  assert.deepEqual(fleet.leave(3).connect(3).runAll(), []);
});

test('T10: away for many intervals, each closed by the next: one run, not one for each', () => {
  const fleet = settled(RATE).leave(3);
  for (let slot = 0; slot < 5; slot++) {
    assert.deepEqual(fleet.after(HOUR).runAll(), ['motd@1', 'motd@2']);
  }
  assert.match(fleet.statusOf(3), /^Skipped: did not get its turn before the next slot/);
  assert.deepEqual(fleet.connect(3).runAll(), ['motd@3']);
  assert.deepEqual(fleet.leave(3).connect(3).runAll(), []);
});

test('T10: nobody was there, not even the daemon: one run, then as scheduled', () => {
  const fleet = settled(RATE)
    .leave(1, 2, 3)
    .after(5 * DAY);
  assert.deepEqual(fleet.connect(1, 2, 3).runAll(), ALL);
  assert.deepEqual(fleet.after(58 * MINUTE).runAll(), []);
  assert.deepEqual(fleet.after(MINUTE).runAll(), ALL);
});

test('T10: with the flag, a slot that was missed is not run late', () => {
  const fleet = settled(HOURLY, FLAG).leave(3);
  assert.deepEqual(fleet.after(HOUR).runAll(), ['motd@1', 'motd@2']);
  assert.deepEqual(
    fleet
      .after(20 * MINUTE)
      .connect(3)
      .runAll(),
    [],
  );
  assert.match(fleet.statusOf(3), /^Skipped: slot missed by more than the starting deadline/);
});

for (const { days, flag, want } of [
  { days: 31, flag: [], want: ['motd@3'] },
  { days: 29, flag: [], want: [] },
  { days: 31, flag: ['ScheduleExpression: cron(0 0 1 1 ? *)', FLAG], want: [] },
])
  test(`T11: back after ${days} days${flag.length > 0 ? ' with the flag' : ''}: ${want.length} runs`, () => {
    const fleet = settled(...flag)
      .leave(3)
      .after(days * DAY);
    assert.deepEqual(fleet.connect(3).runAll(), want);
  });

for (const { flag, want } of [
  { flag: [], want: ['motd@3'] },
  { flag: ['ScheduleExpression: cron(0 0 1 1 ? *)', FLAG], want: [] },
])
  test(`a node set up anew${flag.length > 0 ? ', with the flag' : ''}: ${want.length} runs`, () => {
    const fleet = settled(...flag).leave(3);
    assert.deepEqual(fleet.after(MINUTE).connectAnew(3).runAll(), want);
    assert.deepEqual(fleet.leave(3).connect(3).runAll(), []);
  });

test('a node set up anew that comes twice before it has its job runs once, and one that never ran as ever', () => {
  const fleet = settled().leave(3).connectAnew(3);
  assert.equal(fleet.takeJobs().length, 1);
  assert.deepEqual(fleet.leave(3).connectAnew(3).runAll(), ['motd@3']);
  const fresh = new MergingFleet().edit().connectAnew(1);
  assert.deepEqual(fresh.runAll(), ['motd@1']);
  assert.deepEqual(fresh.connectAnew(1).runAll(), ['motd@1']);
});

const web = 'Targets: [{ Key: "tag:role", Values: [web] }]';
const group = { 'groups/web.yaml': 'Name: web\nTargets: [{ Key: "tag:role", Values: [web] }]\n' };
const wider = {
  'groups/web.yaml': 'Name: web\nTargets: [{ Key: "tag:role", Values: [web, db] }]\n',
};
const byGroup = 'Targets: [{ Key: "resource-groups:Name", Values: [web] }]';
const roles = (three: string) => ({ 1: { role: 'web' }, 2: { role: 'web' }, 3: { role: three } });
for (const { name, target, act } of [
  {
    name: 'a tag is added',
    target: web,
    act: (fleet: MergingFleet) => fleet.withNodes(roles('web')),
  },
  { name: 'its group grows', target: byGroup, act: (fleet: MergingFleet) => fleet.merge(wider) },
])
  for (const flag of [[], [FLAG]])
    test(`T12: ${name}${flag.length > 0 ? ', with the flag' : ''}: that node, then on schedule`, () => {
      const fleet = new MergingFleet().withNodes(roles('db')).merge(group);
      fleet
        .edit(target, HOURLY, ...flag)
        .connect(1, 2, 3)
        .runAll();
      fleet.after(HOUR).runAll();
      act(fleet.after(MINUTE));
      assert.deepEqual(fleet.runAll(), flag.length > 0 ? [] : ['motd@3']);
      assert.deepEqual([...fleet.after(HOUR).runAll()].sort(), ALL);
    });

test('T12: a new node is matched by *: that node', () => {
  const fleet = settled(HOURLY).withNodes({ 1: {}, 2: {}, 3: {}, 4: {} });
  assert.deepEqual(fleet.connect(4).runAll(), ['motd@4']);
});

test('T13: the flag is taken away: at once on all targets, and it is cleared', () => {
  const fleet = settled(HOURLY, FLAG).edit(HOURLY, 'ApplyOnlyAtCronInterval: false');
  assert.deepEqual(fleet.runAll(), ALL);
  assert.deepEqual(fleet.edit(HOURLY, 'Parameters: { text: [x] }').runAll(), ALL);
});

table('edits under the flag take effect later: Parameters', [], (fleet, flag) => {
  fleet.edit(HOURLY, ...(flag ? [FLAG] : []), 'Parameters: { text: [again] }');
});

table('new content of a single-file document', [], (fleet) => {
  fleet.merge({ 'documents/Doc.yaml': DOCUMENT('v2') });
});

for (const [name, line] of [
  ['rate control', 'MaxConcurrency: "7"\nMaxErrors: "3"'],
  ['severity', 'ComplianceSeverity: HIGH'],
  ['tags of the association', 'Tags: [{ Key: team, Value: ops }]'],
  ['a field without effect', 'AutomationTargetParameterName: InstanceId'],
] as const)
  test(`no trigger: an edit of ${name}`, () => {
    assert.deepEqual(settled(HOURLY).edit(HOURLY, line).runAll(), []);
  });

test('no trigger: a node that reboots or loses its connection', () => {
  assert.deepEqual(settled(HOURLY).leave(1).after(MINUTE).connect(1).runAll(), []);
});

test('no trigger: a tag that is taken away; nothing runs there any more', () => {
  const fleet = new MergingFleet().withNodes(roles('web')).edit(web, HOURLY).connect(1, 2, 3);
  fleet.runAll();
  assert.deepEqual(fleet.withNodes(roles('db')).runAll(), []);
  assert.deepEqual(fleet.after(HOUR).runAll(), ['motd@1', 'motd@2']);
});
