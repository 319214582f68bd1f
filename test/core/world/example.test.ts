/** Appendix I.4 of the fact sheet: an association as AWS's API takes it, put into a repository as it is. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { definitionsOf } from '../../../src/core/load/effective.ts';
import { libraryOf } from '../../../src/core/load/library.ts';
import { formatInstant } from '../../../src/core/model/brand.ts';
import { commit, MINUTE, named, revision, TestFleet } from '../../fakes/fleet.ts';
import { load, repository } from '../load/repository.ts';

const shell = new URL('../../../src/library/AWS-RunShellScript.yaml', import.meta.url);
const library = libraryOf([{ name: 'AWS-RunShellScript', text: readFileSync(shell, 'utf8') }]);
const CALENDAR = [
  'BEGIN:VCALENDAR',
  'VERSION:2.0',
  'PRODID:-//AWS//Change Calendar 1.0//EN',
  'X-CALENDAR-TYPE:DEFAULT_OPEN',
  'END:VCALENDAR',
  '',
].join('\r\n');
const EXAMPLE = {
  Name: 'AWS-RunShellScript',
  AssociationName: 'harden-ssh',
  DocumentVersion: '$DEFAULT',
  Parameters: { commands: ['sshd -t && systemctl reload sshd'], executionTimeout: ['600'] },
  Targets: [
    { Key: 'tag:Role', Values: ['web', 'api'] },
    { Key: 'tag:Env', Values: ['prod'] },
  ],
  ScheduleExpression: 'cron(0 2 ? * SUN#2 *)',
  ScheduleOffset: 2,
  ApplyOnlyAtCronInterval: true,
  MaxConcurrency: '10%',
  MaxErrors: '1',
  ComplianceSeverity: 'HIGH',
  SyncCompliance: 'AUTO',
  CalendarNames: ['release-calendar'],
  Duration: 4,
  OutputLocation: { S3Location: { OutputS3BucketName: 'logs-example', OutputS3KeyPrefix: 'sm' } },
};
const NODES = {
  1: { Role: 'web', Env: 'prod' },
  2: { Role: 'api', Env: 'prod' },
  3: { Role: 'web', Env: 'test' },
  4: { Role: 'db', Env: 'prod' },
  5: { Env: 'prod' },
};
const ran = (fleet: TestFleet) => fleet.runAll().map((each) => each.replace('harden-ssh@', ''));

test('I.4: the example loads, is planned, and runs as it says', () => {
  const { catalog } = load(
    repository({
      'associations/harden-ssh.json': JSON.stringify(EXAMPLE),
      'calendars/release-calendar.ics': CALENDAR,
    }),
    { library },
  );
  const own = catalog.problems.filter(({ file }) => file.startsWith('associations/'));
  assert.deepEqual(
    own.map(({ severity, code, pointer }) => `${severity} ${code} ${pointer}`),
    ['warning not-effective /OutputLocation'],
  );
  const whole = { ...catalog, commit: commit(1), nodes: revision(1, {}, NODES).catalog.nodes };
  const fleet = new TestFleet().accept({
    commit: commit(1),
    catalog: whole,
    definitions: definitionsOf(whole),
  });
  fleet.connect(1, 2, 3, 4, 5);
  const plan = fleet.world.lastPlan?.plan.get(named('harden-ssh'));
  assert.equal(plan?.change, 'create');
  assert.equal(plan.joins.length, 2);
  assert.equal(plan.start, null, 'the flag: nothing runs before the schedule does');
  assert.deepEqual(ran(fleet), []);
  const next = fleet.world.nextSlotOf(named('harden-ssh'));
  assert.ok(next !== null);
  assert.equal(formatInstant(next), '2026-03-10T02:00:00Z', 'the second Sunday and two days');
  fleet.after(next - fleet.now - MINUTE);
  assert.deepEqual(ran(fleet), []);
  fleet.after(MINUTE);
  assert.equal(fleet.takeJobs().length, 1, 'ten percent of two, which is one at least');
});
