import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { definitionsOf } from '../../../src/core/load/effective.ts';
import { libraryOf } from '../../../src/core/load/library.ts';
import { PROBLEM_CODES } from '../../../src/core/load/problem-codes.ts';
import type { Problem } from '../../../src/core/model/problem.ts';
import { load, repository, SAY, says } from './repository.ts';

const library = libraryOf([{ name: 'AWS-Say', text: SAY }]);
const LEGACY = JSON.stringify({
  schemaVersion: '1.2',
  description: 'legacy',
  runtimeConfig: {
    'aws:runShellScript': { properties: [{ id: '0.aws:runShellScript', runCommand: ['true'] }] },
  },
});

/** Problems of one association file beside the usual documents. */
function problemsOf(
  text: string,
  more: { readonly [path: string]: string } = {},
): readonly Problem[] {
  const files = repository({
    'documents/Say.yaml': SAY,
    'documents/Old.json': LEGACY,
    'documents/Pinned/1.yaml': SAY,
    'documents/Pinned/2.yaml': SAY,
    'associations/a.yaml': text,
    ...more,
  });
  return load(files, { library, builtActions: ['aws:runShellScript'] }).catalog.problems;
}

const at = ({ code, line, column, pointer }: Problem) => `${code} ${line}:${column} ${pointer}`;
const without = (key: string) => says('one').replace(new RegExp(`^${key}:.*\n`, 'm'), '');

/** spec/state-manager.md, appendix G: the same input, the same words. */
const observed = [
  {
    name: 'neither targets nor instance id',
    text: without('Targets'),
    place: 'target-missing 1:1 ',
    says: 'Instance ID or targets must be specified',
  },
  {
    name: 'bad target key',
    text: says('one').replace('Key: InstanceIds', 'Key: role'),
    place: 'target-key 4:18 /Targets/0/Key',
    says: 'Unsupported target key: role, can either be InstanceIds',
  },
  {
    name: 'empty value',
    text: says('one').replace('["*"]', '[""]'),
    says: 'Tag or InstanceIds values cannot contain null or empty string.',
  },
  {
    name: 'bad node id',
    text: says('one').replace('"*"', 'web-1'),
    says: 'Invalid InstanceId format: web-1',
  },
  {
    name: 'version on a preconfigured document',
    text: says('one', 'DocumentVersion: "1"\n').replace('Name: Say', 'Name: AWS-Say'),
    says: 'Document version can not be used with Amazon document',
  },
  {
    name: 'ARN of another Region, unknown name',
    text: says('one').replace(
      'Name: Say',
      'Name: arn:aws:ssm:us-west-2:123456789012:document/Unknown',
    ),
    place: 'unknown-document 2:7 /Name',
    says: 'Document does not exist',
  },
  {
    name: 'MANUAL without parameter',
    text: says('one', 'SyncCompliance: MANUAL\n'),
    place: 'parameter-undeclared 5:17 /SyncCompliance',
    says: 'Parameter "AssociationId" is not defined in the document.',
  },
  {
    name: 'version above the newest',
    text: says('one', 'DocumentVersion: "7"\n').replace('Name: Say', 'Name: Pinned'),
    says: 'Document version: 7 is invalid, latest version is 2',
  },
  {
    name: 'unknown parameter',
    text: says('one').replace('text:', 'txet:'),
    place: 'parameter-undeclared 3:15 /Parameters/txet',
    says: 'Parameter "txet" is not defined in the document.',
  },
  {
    name: 'missing required parameter',
    text: without('Parameters'),
    place: 'parameter-missing 1:1 ',
    says: 'Parameter "text" requires a value.',
  },
  {
    name: 'schedule type',
    text: says('one', 'ScheduleExpression: daily\n'),
    place: 'schedule-expression 5:21 /ScheduleExpression',
    says: 'Only schedule expressions of type rate, cron, and at are supported.',
  },
  {
    name: 'cron with too few fields',
    text: says('one', 'ScheduleExpression: cron(0 2 * * *)\n'),
    says: 'is not a valid cron expression.',
  },
  {
    name: 'cron outside the subset',
    text: says('one', 'ScheduleExpression: cron(0/15 * * * ? *)\n'),
    settings: 'strict: aws',
    says: 'is currently not accepted. Supported expressions are',
  },
  {
    name: 'rate grammar',
    text: says('one', 'ScheduleExpression: rate(often)\n'),
    says: 'is not a valid rate expression. Supported examples are',
  },
  {
    name: 'rate too short',
    text: says('one', 'ScheduleExpression: rate(5 minutes)\n'),
    settings: 'strict: aws',
    says: 'Minimum interval for rate based association is 30 minutes.',
  },
  {
    name: 'flag and rate',
    text: says('one', 'ScheduleExpression: rate(1 hour)\nApplyOnlyAtCronInterval: true\n'),
    place: 'schedule-flag-with-rate 6:26 /ApplyOnlyAtCronInterval',
    says: 'ApplyOnlyAtCronInterval is not supported for Rate Schedule associations.',
  },
  {
    name: 'flag and no schedule',
    text: says('one', 'ApplyOnlyAtCronInterval: true\n'),
    says: 'ApplyOnlyAtCronInterval is not supported for No Schedule associations.',
  },
  {
    name: 'at without flag',
    text: says('one', 'ScheduleExpression: at(2030-01-01T00:00:00)\n'),
    says: 'At Schedule Expression must be used with ApplyOnlyAtCronInterval = true',
  },
  {
    name: 'at malformed',
    text: says('one', 'ScheduleExpression: at(tomorrow)\nApplyOnlyAtCronInterval: true\n'),
    says: 'Invalid schedule at DateTime expression',
  },
  {
    name: 'offset on another cron',
    text: says(
      'one',
      'ScheduleExpression: cron(0 2 ? * MON *)\nScheduleOffset: 2\nApplyOnlyAtCronInterval: true\n',
    ),
    says: 'ScheduleOffset is valid with nth day of the week in the month cron expression only.',
  },
];
for (const { name, text, place, says: words, settings } of observed)
  test(`appendix G: ${name}`, () => {
    const problems = problemsOf(
      text,
      settings === undefined ? {} : { 'reconciled.yaml': settings },
    );
    const found = problems.find(({ message }) => message.includes(words));
    assert.ok(found !== undefined, JSON.stringify(problems));
    if (place !== undefined) assert.equal(at(found), place);
  });

const cases = [
  {
    name: 'an unknown document, with the nearest',
    text: says('one').replace('Name: Say', 'Name: Sya'),
    want: ['unknown-document 2:7 /Name'],
    hint: 'Did you mean "Say"?',
  },
  {
    name: 'a document of another account',
    text: says('one').replace(
      'Name: Say',
      'Name: arn:aws:ssm:eu-central-1:123456789012:document/X',
    ),
    want: ['unknown-document 2:7 /Name'],
    hint: 'copy it into documents/',
  },
  {
    name: 'a document of this repository by an ARN',
    text: says('one').replace(
      'Name: Say',
      'Name: arn:aws:ssm:eu-central-1:123456789012:document/Say',
    ),
    want: ['unknown-document 2:7 /Name'],
    hint: 'write Name: Say.',
  },
  {
    name: 'Duration without the flag',
    text: says('one', 'Duration: 4\nScheduleExpression: cron(0 2 * * ? *)\n'),
    want: ['duration-without-flag 5:1 /Duration'],
    hint: 'ApplyOnlyAtCronInterval: true',
  },
  {
    name: 'TargetMaps that fan out a parameter',
    text: without('Targets') + 'TargetMaps: [{ InstanceIds: [x] }, { text: [a] }, {}]\n',
    want: [
      'target-node-id 4:30 /TargetMaps/0/InstanceIds/0',
      'target-map 4:44 /TargetMaps/1/text',
      'target-map 4:51 /TargetMaps/2',
    ],
  },
  {
    name: 'Targets beside TargetMaps',
    text: says('one', 'TargetMaps: [{ InstanceIds: ["*"] }]\n'),
    want: ['exclusive-keys 5:1 /TargetMaps'],
  },
  {
    name: 'TargetMaps without a map',
    text: without('Targets') + 'TargetMaps: []\n',
    want: ['target-missing 4:13 /TargetMaps'],
  },
  {
    name: 'a bucket without its upload',
    text: says('one', 'OutputLocation: { S3Location: { OutputS3BucketName: fleet-output } }\n'),
    want: ['not-effective 5:1 /OutputLocation'],
  },

  {
    name: 'a version of a single file',
    text: says('one', 'DocumentVersion: "3"\n'),
    want: ['unknown-document-version 5:18 /DocumentVersion'],
    hint: 'documents/Say/1.yaml',
  },
  {
    name: 'a wrong type',
    text: says('one').replace('[hello]', '[hello], times: [many]'),
    want: ['parameter-type 3:37 /Parameters/times'],
  },
  {
    name: 'a value outside allowedValues',
    text: says('one').replace('[hello]', '[hello], how: [laud]'),
    want: ['parameter-not-allowed 3:35 /Parameters/how'],
    hint: 'loud',
  },
  {
    name: 'a value outside allowedPattern',
    text: says('one').replace('[hello]', '[HELLO]'),
    want: ['parameter-pattern 3:21 /Parameters/text'],
  },
  {
    name: 'an unknown group, with the nearest',
    text: says('one').replace(
      'InstanceIds, Values: ["*"]',
      '"resource-groups:Name", Values: [wbe]',
    ),
    more: { 'groups/g.yaml': 'Name: web\nTargets: [{ Key: tag-key, Values: [role] }]\n' },
    want: ['unknown-group 4:51 /Targets/0/Values/0'],
    hint: 'Did you mean "web"?',
  },
  {
    name: 'an unknown calendar, with the nearest',
    text: says('one', 'CalendarNames: [nights]\n'),
    more: {
      'calendars/night.ics':
        'BEGIN:VCALENDAR\nX-CALENDAR-TYPE:DEFAULT_OPEN\nVERSION:2.0\nEND:VCALENDAR\n',
    },
    want: ['unknown-calendar 5:17 /CalendarNames/0', 'calendar-no-events 1:1 '],
    hint: 'Did you mean "night"?',
  },
  {
    name: 'a calendar of another account',
    text: says('one', "CalendarNames: ['arn:aws:ssm:eu-west-1:111122223333:document/nights']\n"),
    want: ['unknown-calendar 5:17 /CalendarNames/0'],
    hint: 'copy it into calendars/',
  },
  {
    name: 'a calendar of this repository by an ARN',
    text: says('one', "CalendarNames: ['arn:aws:ssm:eu-west-1:111122223333:document/night']\n"),
    more: {
      'calendars/night.ics':
        'BEGIN:VCALENDAR\nX-CALENDAR-TYPE:DEFAULT_OPEN\nVERSION:2.0\nEND:VCALENDAR\n',
    },
    want: ['unknown-calendar 5:17 /CalendarNames/0', 'calendar-no-events 1:1 '],
    hint: 'write night.',
  },
  {
    name: 'a flag that is missing, at the schedule that demands it',
    text: says('one', 'ScheduleExpression: at(2030-01-01T00:00:00)\n'),
    want: ['schedule-at-without-flag 5:21 /ScheduleExpression'],
  },
  {
    name: 'an element of a cron pattern, with what it takes',
    text: says('one', 'ScheduleExpression: cron(0 0 L-3 * ? *)\n'),
    want: ['schedule-cron 5:21 /ScheduleExpression'],
    hint: 'there is no L-3',
  },
  {
    name: 'a suspend until a day that does not exist, and of nobody',
    text: says(
      'one',
      'Reconciled: { Suspend: { Reason: x, Owner: ops, Until: "2026-02-30T00:00:00Z" } }\n',
    ),
    want: ['bad-format 5:56 /Reconciled/Suspend/Until'],
  },
  {
    name: 'a suspend whose owner is a blank',
    text: says(
      'one',
      'Reconciled: { Suspend: { Reason: x, Owner: " ", Until: "2026-02-28T00:00:00Z" } }\n',
    ),
    want: ['bad-format 5:44 /Reconciled/Suspend/Owner'],
  },
  {
    name: 'two rings of one name',
    text: says(
      'one',
      'Reconciled: { Rollout: { Rings: [{ Name: a, Targets: [{ Key: tag-key, Values: [x] }] }, { Name: a, Targets: [{ Key: tag-key, Values: [y] }] }] } }\n',
    ),
    want: ['duplicate-name 5:89 /Reconciled/Rollout/Rings/1/Name'],
  },
  {
    name: 'keys of ours that say nothing without a schedule and its flag',
    text: says('one', 'Reconciled: { Timezone: Europe/Berlin, StartingDeadline: 1h }\n'),
    want: [
      'not-effective 5:15 /Reconciled/Timezone',
      'not-effective 5:40 /Reconciled/StartingDeadline',
    ],
  },
  {
    name: 'a zone beside a rate',
    text: says(
      'one',
      'ScheduleExpression: rate(1 hour)\nReconciled: { Timezone: Europe/Berlin }\n',
    ),
    want: ['not-effective 6:15 /Reconciled/Timezone'],
  },
  {
    name: 'a second value beside a reference: it would be lost',
    text: says('one').replace('hello', '"{{ssm:/a/b}}", more'),
    more: { 'parameters/p.yaml': 'Name: /a/b\nValue: hello\n' },
    want: ['parameter-type 3:21 /Parameters/text'],
    hint: 'Write a text',
  },
  {
    name: 'keys that exclude each other although their values are wrong, too',
    text: says('one', 'InstanceId: web-1\nMaxErrors: x\n'),
    want: [
      'exclusive-keys 5:1 /InstanceId',
      'bad-format 5:13 /InstanceId',
      'exclusive-keys 6:1 /MaxErrors',
      'bad-format 6:12 /MaxErrors',
    ],
  },
  {
    name: 'too many targets, and what is wrong with the first of them',
    text: says('one').replace(
      /^Targets:.*$/m,
      `Targets: [{ Key: role }, ${'abcde'.replace(/./g, '{ Key: "tag:$&" }, ').slice(0, -2)}]`,
    ),
    want: ['out-of-range 4:10 /Targets', 'target-key 4:18 /Targets/0/Key'],
  },
  {
    name: 'one key of ours that does not fit hides no other',
    text: says('one', 'Reconciled: { TimeoutSeconds: 0, DependsOn: [nobody], Foo: 1 }\n'),
    want: [
      'out-of-range 5:31 /Reconciled/TimeoutSeconds',
      'unknown-dependency 5:46 /Reconciled/DependsOn/0',
      'unknown-key 5:55 /Reconciled/Foo',
    ],
  },
  {
    name: 'tags and names are judged beside values that do not fit',
    text: says('trunk.lock', 'MaxErrors: x\nTags: [{ Key: a, Value: b }, { Key: a, Value: c }]\n'),
    want: [
      'unsafe-name 1:18 /AssociationName',
      'bad-format 5:12 /MaxErrors',
      'duplicate-tag 6:37 /Tags/1/Key',
    ],
  },
  {
    name: 'a name that is no file name hides nothing',
    text: says('trunk.lock').replace('Name: Say', 'Name: Sya'),
    want: ['unsafe-name 1:18 /AssociationName', 'unknown-document 2:7 /Name'],
  },
  {
    name: 'an unknown entry of the Parameter Store',
    text: says('one').replace('hello', '"{{ssm:/a/b}}"'),
    want: ['unknown-parameter 3:21 /Parameters/text'],
  },
  {
    name: 'another version of an entry',
    text: says('one').replace('hello', '"{{ssm:/a/b:2}}"'),
    more: { 'parameters/p.yaml': 'Name: /a/b\nValue: hello\n' },
    want: ['unknown-parameter 3:21 /Parameters/text'],
  },
  {
    name: 'InstanceId beside Targets and with a 2.2 document',
    text: says('one', 'InstanceId: mi-0123456789abcdef0\n'),
    want: ['exclusive-keys 5:1 /InstanceId', 'legacy-instance-id 5:1 /InstanceId'],
  },
  {
    name: 'InstanceId with a 1.2 document is right',
    text: 'AssociationName: one\nName: Old\nInstanceId: mi-0123456789abcdef0\n',
    want: [],
  },
  {
    name: 'InstanceId with what it excludes',
    text: 'AssociationName: one\nName: Old\nInstanceId: mi-0123456789abcdef0\nMaxErrors: "1"\nScheduleExpression: rate(1 hour)\n',
    want: ['exclusive-keys 4:1 /MaxErrors', 'exclusive-keys 5:1 /ScheduleExpression'],
  },
  {
    name: 'a key of an answer of AWS',
    text: says('one', 'LastExecutionDate: 2024\n'),
    want: ['output-only-key 5:1 /LastExecutionDate'],
    hint: 'import aws',
  },
  {
    name: 'what an answer of AWS is wrapped in',
    text: 'AssociationDescription:\n  AssociationName: one\n  Name: Say\n',
    want: ['missing-key 1:1 ', 'missing-key 1:1 ', 'unknown-key 1:1 /AssociationDescription'],
    hint: 'stands at the top of its file',
  },
  {
    name: 'a mistyped key',
    text: says('one', 'MaxError: "1"\n'),
    want: ['unknown-key 5:1 /MaxError'],
    hint: 'Did you mean "MaxErrors"?',
  },
  {
    name: 'a key of ours beside those of AWS',
    text: says('one', 'OnInterrupted: Retry\n'),
    want: ['unknown-key 5:1 /OnInterrupted'],
    hint: 'Write it below Reconciled.',
  },
  {
    name: 'a key of AWS below ours',
    text: says('one', 'Reconciled: { MaxErrors: "1" }\n'),
    want: ['unknown-key 5:15 /Reconciled/MaxErrors'],
    hint: 'MaxErrors stands at the top.',
  },
  {
    name: 'a number where a text belongs',
    text: says('one', 'MaxErrors: 5\n'),
    want: ['wrong-type 5:12 /MaxErrors'],
    hint: '"5"',
  },
  {
    name: 'a severity in the wrong case',
    text: says('one', 'ComplianceSeverity: High\n'),
    want: ['not-allowed 5:21 /ComplianceSeverity'],
    hint: 'Did you mean "HIGH"?',
  },
  {
    name: 'a name that is no file name',
    text: says('trunk.lock'),
    want: ['unsafe-name 1:18 /AssociationName'],
  },
  {
    name: 'fields that are not built yet',
    text: says('one', 'Duration: 4\nReconciled: { Mode: Audit, DependsOn: [two] }\n'),
    want: [
      'duration-without-flag 5:1 /Duration',
      'not-built-yet 6:21 /Reconciled/Mode',
      'unknown-dependency 6:40 /Reconciled/DependsOn/0',
    ],
  },
  {
    name: 'MANUAL compliance with a document that has nowhere to put the id (appendix G)',
    text: says('one', 'SyncCompliance: MANUAL\n'),
    want: ['parameter-undeclared 5:17 /SyncCompliance'],
  },
  {
    name: 'fields that mean something to AWS only',
    text: says('one', 'AssociationDispatchAssumeRole: arn:aws:iam::123456789012:role/x\n'),
    want: ['not-effective 5:1 /AssociationDispatchAssumeRole'],
  },
  {
    name: 'two mistakes in two definitions of one file',
    text: `${says('one', 'MaxErrors: 5\n')}---\n${says('two').replace('Name: Say', 'Name: Sya')}`,
    want: ['wrong-type 5:12 /MaxErrors', 'unknown-document 8:7 /Name'],
  },
  {
    name: 'mistakes of shape and of reference in one definition',
    text: says('one', 'Nonsense: 1\nScheduleExpression: rate(0 hours)\n').replace(
      'Name: Say',
      'Name: Sya',
    ),
    want: [
      'unknown-document 2:7 /Name',
      'unknown-key 5:1 /Nonsense',
      'schedule-rate 6:21 /ScheduleExpression',
    ],
  },
  {
    name: 'names that differ only by case',
    text: `${says('one-name')}---\n${says('One-Name')}`,
    want: ['name-case 1:18 /AssociationName', 'name-case 6:18 /AssociationName'],
  },
  {
    name: 'an alias',
    text: says('one').replace('[hello]', '&a [hello]') + 'Tags: *a\n',
    want: ['yaml-alias 5:7 /Tags'],
  },
  { name: 'a repeated key', text: says('one', 'Name: Say\n'), want: ['duplicate-key 5:1 /Name'] },
  { name: 'a tag', text: says('one', 'MaxErrors: !secret "1"\n'), want: ['yaml-tag 5:12 '] },
  {
    name: 'a merge key is an unknown key',
    text: says('one', '<<: { MaxErrors: "1" }\n'),
    want: ['unknown-key 5:1 /<<'],
  },
  { name: 'an older YAML', text: `%YAML 1.1\n---\n${says('one')}`, want: ['yaml-version 1:1 '] },
  {
    name: 'a key that is no text',
    text: says('one').replace('text: [hello]', 'text: [hello], 1: [x]'),
    want: ['key-not-text 3:30 /Parameters'],
  },
  {
    name: 'a prototype as a key',
    text: '{"AssociationName":"one","Name":"Say","__proto__":{"x":1},"Parameters":{"text":["hi"]},"Targets":[{"Key":"InstanceIds","Values":["*"]}]}',
    want: ['unknown-key 1:39 /__proto__'],
  },
  { name: 'a tab', text: 'AssociationName: one\n\tName: Say\n', want: ['yaml-syntax 2:1 '] },
  { name: 'an empty file', text: '# nothing\n', want: ['empty-file 1:1 '] },
];
for (const { name, text, want, hint, more } of cases)
  test(`validate names ${name}`, () => {
    const problems = problemsOf(text, more);
    assert.deepEqual(problems.map(at), want);
    if (hint !== undefined)
      assert.ok(
        problems.some((one) => one.hint.includes(hint)),
        JSON.stringify(problems),
      );
  });

const elsewhere = [
  {
    name: 'a document that has a file and a folder',
    files: { 'documents/Two.yaml': SAY, 'documents/Two/1.yaml': SAY },
    want: ['duplicate-document documents/Two.yaml', 'duplicate-document documents/Two/1.yaml'],
  },
  {
    name: 'metadata that names no number',
    files: { 'documents/Two/1.yaml': SAY, 'documents/Two/metadata.yaml': 'DefaultVersion: "3"\n' },
    want: ['unknown-document-version documents/Two/metadata.yaml'],
  },
  {
    name: 'metadata alone',
    files: { 'documents/Two/metadata.yaml': 'DefaultVersion: "3"\n' },
    want: ['metadata-without-document documents/Two/metadata.yaml'],
  },
  {
    name: 'a file in a folder too deep',
    files: { 'documents/a/b/c.yaml': SAY },
    want: ['misplaced documents/a/b/c.yaml'],
  },
  {
    name: 'a calendar in a folder too deep, or in capitals',
    files: { 'calendars/a/b.ics': 'x', 'calendars/c.ICS': 'x', 'calendars/README.md': 'x' },
    want: ['misplaced calendars/a/b.ics', 'misplaced calendars/c.ICS'],
  },
  {
    name: 'endings in capitals, and other names for the settings; what is not data is nobody’s business',
    files: {
      'associations/a.YAML': 'x',
      'documents/B.Yml': 'x',
      'nodes/c.JSON': 'x',
      'reconciled.yml': 'x',
      'RECONCILED.JSON': 'x',
      'associations/README.md': 'x',
      'elsewhere/d.YAML': 'x',
    },
    want: [
      'misplaced RECONCILED.JSON',
      'misplaced associations/a.YAML',
      'misplaced documents/B.Yml',
      'misplaced nodes/c.JSON',
      'misplaced reconciled.yml',
    ],
  },
  {
    name: 'an unsafe calendar name',
    files: { 'calendars/.hidden.ics': 'x' },
    want: ['calendar-syntax calendars/.hidden.ics', 'unsafe-name calendars/.hidden.ics'],
  },
  {
    name: 'an unsafe document name',
    files: { 'documents/.hidden.yaml': SAY },
    want: ['unsafe-name documents/.hidden.yaml'],
  },
  {
    name: 'an action that is not built',
    files: { 'documents/Two.yaml': SAY.replace('aws:runShellScript', 'aws:runDocument') },
    want: ['action-not-built documents/Two.yaml'],
    only: 'action-not-built',
  },
  {
    name: 'baselines and packages',
    files: { 'baselines/b.yaml': 'x: 1', 'packages/p/1/manifest.json': '{}' },
    want: ['not-built-yet baselines/b.yaml', 'not-built-yet packages/p/1/manifest.json'],
  },
  {
    name: 'two files about one node',
    files: {
      'nodes/a.yaml': 'InstanceId: mi-0123456789abcdef0\n',
      'nodes/b.yaml': 'InstanceId: mi-0123456789abcdef0\n',
    },
    want: ['duplicate-node nodes/a.yaml', 'duplicate-node nodes/b.yaml'],
  },
  {
    name: 'a node id that is not of the key',
    files: {
      'nodes/a.yaml':
        'InstanceId: mi-0123456789abcdef0\nPublicKey: ed25519:11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n',
    },
    want: ['node-id-mismatch nodes/a.yaml'],
  },
  {
    name: 'a node without id and key',
    files: { 'nodes/a.yaml': 'Name: web\n' },
    want: ['missing-key nodes/a.yaml'],
  },
  {
    name: 'a secret among the parameters',
    files: { 'parameters/p.yaml': 'Name: /a\nType: SecureString\nValue: x\n' },
    want: ['secure-plain parameters/p.yaml'],
  },
  {
    name: 'a reserved parameter name',
    files: { 'parameters/p.yaml': 'Name: /aws/x\nValue: x\n' },
    want: ['bad-format parameters/p.yaml'],
  },
  {
    name: 'an activation without an end',
    files: {
      'activations/a.yaml': `ActivationId: 6f1c2f0e-4f5a-4d53-9a52-0d8e6f3b7c11\nActivationCodeHash: sha256:${'a'.repeat(64)}\n`,
    },
    want: ['activation-without-end activations/a.yaml'],
  },
  {
    name: 'an activation with the code itself',
    files: {
      'activations/a.yaml': `ActivationId: 6f1c2f0e-4f5a-4d53-9a52-0d8e6f3b7c11\nActivationCodeHash: sha256:${'a'.repeat(64)}\nActivationCode: secret\nExpirationDate: 2030-01-01T00:00:00Z\n`,
    },
    want: ['output-only-key activations/a.yaml'],
  },
  {
    name: 'a day that does not exist',
    files: {
      'activations/a.yaml': `ActivationId: 6f1c2f0e-4f5a-4d53-9a52-0d8e6f3b7c11\nActivationCodeHash: sha256:${'a'.repeat(64)}\nExpirationDate: 2030-13-01T00:00:00Z\n`,
    },
    want: ['bad-format activations/a.yaml'],
  },
  {
    name: 'a repository in an unknown zone',
    files: { 'reconciled.yaml': 'defaults: { timezone: Europe/Berln }\n' },
    want: ['schedule-timezone reconciled.yaml'],
  },
  {
    name: 'an ignore pattern that is too costly',
    files: { '.reconciledignore': 'a*b*c*d*e*f\n' },
    want: ['ignore-pattern .reconciledignore'],
  },
  {
    name: 'nothing in foreign folders and ignored ones',
    files: {
      '.reconciledignore': 'nodes/drafts/\n',
      'nodes/drafts/a.yaml': 'x',
      'scripts/a.yaml': ': [',
      'associations/README.md': '# x',
    },
    want: [],
  },
];
for (const { name, files, want, only } of elsewhere)
  test(`validate names ${name}`, () => {
    const { catalog } = load(repository(files), { builtActions: ['aws:runShellScript'] });
    const found = catalog.problems.filter(({ code }) => only === undefined || code === only);
    assert.deepEqual(
      found.map(({ code, file }) => `${code} ${file}`),
      want,
    );
  });

const OFTEN = `schemaVersion: "2.2"
parameters: { p: { type: String } }
mainSteps:
  - action: aws:runShellScript
    name: often
    inputs: { runCommand: ["${'{{p}}x'.repeat(6_000)}"] }
`;
const OUTER = `schemaVersion: "2.2"
parameters: { p: { type: String } }
mainSteps:
  - action: aws:runDocument
    name: inner
    inputs: { documentType: SSMDocument, documentPath: Often, documentParameters: { p: "{{ p }}" } }
`;

for (const { name, document, want } of [
  { name: 'itself', document: 'Often', want: ['too-large associations/a.yaml'] },
  { name: 'in a document that it runs, whose step will fail', document: 'Outer', want: [] },
]) {
  test(`a value that a document uses very often, ${name}, is never put in place`, () => {
    const files = repository({
      'documents/Often.yaml': OFTEN,
      'documents/Outer.yaml': OUTER,
      'associations/a.yaml': `AssociationName: often\nName: ${document}\nTargets: [{ Key: InstanceIds, Values: ["*"] }]\nParameters: { p: ["${'v'.repeat(30_000)}"] }\n`,
    });
    const { catalog } = load(files);
    const errors = catalog.problems.filter(({ severity }) => severity === 'error');
    assert.deepEqual(
      errors.map(({ code, file }) => `${code} ${file}`),
      want,
    );
    assert.equal(definitionsOf(catalog).size, want.length === 0 ? 1 : 0);
  });
}

test("symbolic links and submodules in our folders are errors, elsewhere they are nobody's business", () => {
  const [template] = repository({ x: '' });
  assert.ok(template !== undefined);
  const { catalog } = load([
    { ...template, path: 'nodes/link.yaml', kind: 'symlink', bytes: null },
    { ...template, path: 'associations', kind: 'submodule', bytes: null },
    { ...template, path: 'vendor', kind: 'submodule', bytes: null },
  ]);
  assert.deepEqual(
    catalog.problems.map(({ code, file }) => `${code} ${file}`),
    ['submodule associations', 'symlink nodes/link.yaml'],
  );
});

test('every code in the source of the rules is in the table', () => {
  const sources = ['load', 'document', 'schedule', 'selector'].flatMap((room) => {
    const folder = new URL(`../../../src/core/${room}/`, import.meta.url);
    return readdirSync(folder)
      .filter((name) => name.endsWith('.ts'))
      .map((name) => readFileSync(new URL(name, folder), 'utf8'));
  });
  const used = new Set(
    sources.flatMap((text) =>
      [
        ...text.matchAll(
          /(?:code: |\b(?:error|warn|errorAtKey|fault|warning|refuse|inExpression)\(\s*)'([a-z]+(?:-[a-z0-9]+)+)'/g,
        ),
      ].map(([, code = '']) => code),
    ),
  );
  assert.ok(used.size > 60);
  assert.deepEqual(
    [...used].filter((code) => !(code in PROBLEM_CODES)),
    [],
  );
});

test('every code has a meaning and a remedy that stands alone', () => {
  for (const [code, { meaning, remedy }] of Object.entries(PROBLEM_CODES)) {
    for (const words of [meaning, remedy]) assert.match(words, /\w{3}/, code);
    assert.doesNotMatch(remedy, /\bhint\b/, `${code}: it is the hint where a rule gives none`);
  }
});
