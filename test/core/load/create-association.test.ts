/** Every field of CreateAssociation (spec/state-manager.md §2.1), and every error of appendix F that a file can cause. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { definitionsOf } from '../../../src/core/load/effective.ts';
import { libraryOf } from '../../../src/core/load/library.ts';
import { associationName } from '../../../src/core/model/brand.ts';
import { SHAPES } from '../../../src/core/model/schemas.gen.ts';
import { load, repository, SAY, says } from './repository.ts';

const library = libraryOf([{ name: 'AWS-Say', text: SAY }]);
const CALENDAR = `BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//AWS//Change Calendar 1.0//EN\r\nX-CALENDAR-TYPE:DEFAULT_OPEN\r\nEND:VCALENDAR\r\n`;
const OTHERS = {
  'documents/Say.yaml': SAY,
  'documents/Pinned/1.yaml': SAY,
  'documents/Pinned/2.yaml': SAY,
  'documents/Pinned/metadata.yaml':
    'DefaultVersion: "1"\nVersions: [{ DocumentVersion: "2", VersionName: blue }]\n',
  'groups/web.yaml': 'Name: web\nTargets: [{ Key: "tag:role", Values: [web] }]\n',
  'calendars/release.ics': CALENDAR,
};

function read(text: string, more: { readonly [path: string]: string } = {}) {
  const files = repository({ ...OTHERS, 'associations/a.yaml': text, ...more });
  const { catalog } = load(files, { library });
  return {
    association: catalog.associations.get(associationName('one')),
    definition: definitionsOf(catalog).get(associationName('one')),
    errors: catalog.problems.filter(({ severity }) => severity === 'error').map(({ code }) => code),
    warnings: catalog.problems.filter(
      ({ severity, file }) => severity === 'warning' && file === 'associations/a.yaml',
    ),
  };
}

const targeted = (targets: string, key = 'Targets') =>
  says('one').replace(/^Targets:.*$/m, `${key}: ${targets}`);
const ID = 'mi-0123456789abcdef0';

for (const { name, targets, key, want } of [
  { name: 'InstanceIds', targets: `[{ Key: InstanceIds, Values: [${ID}] }]`, want: 'ids' },
  { name: 'instanceids', targets: `[{ Key: instanceids, Values: [${ID}] }]`, want: 'ids' },
  { name: '*', targets: '[{ Key: InstanceIds, Values: ["*"] }]', want: 'all' },
  { name: 'tag:', targets: '[{ Key: "tag:role", Values: [web] }]', want: 'tag' },
  { name: 'tag: without values', targets: '[{ Key: "tag:role" }]', want: 'tag' },
  { name: 'tag-key', targets: '[{ Key: tag-key, Values: [role] }]', want: 'tag-key' },
  {
    name: 'resource-groups:Name',
    targets: '[{ Key: "resource-groups:Name", Values: [web] }]',
    want: 'group',
  },
  {
    name: 'resource-groups:ResourceTypeFilters',
    targets:
      '[{ Key: "resource-groups:Name", Values: [web] }, { Key: "resource-groups:ResourceTypeFilters", Values: ["AWS::SSM::ManagedInstance"] }]',
    want: 'group',
  },
  { name: 'TargetMaps', targets: `[{ InstanceIds: [${ID}] }]`, key: 'TargetMaps', want: 'ids' },
  { name: 'TargetMaps of *', targets: '[{ instanceids: ["*"] }]', key: 'TargetMaps', want: 'all' },
])
  test(`Targets: ${name}`, () => {
    const { association, errors } = read(targeted(targets, key));
    assert.deepEqual(errors, []);
    assert.deepEqual(
      association?.targets.map(({ kind }) => kind),
      [want],
    );
  });

for (const [key, hint] of [
  ['ResourceGroup', /resource-groups:Name/],
  ['ParameterValues', /Runbooks/],
  ['AWS::EC2::Instance', /InstanceIds/],
  ['aws:NoOpAutomationTag', /Runbooks/],
] as const)
  test(`Targets: ${key} is of runbooks, and refused with what to write`, () => {
    const files = repository({
      ...OTHERS,
      'associations/a.yaml': targeted(`[{ Key: "${key}", Values: [x] }]`),
    });
    const [problem] = load(files, { library }).catalog.problems;
    assert.equal(problem?.code, 'target-key');
    assert.match(problem.hint, hint);
  });

for (const { version, document, want } of [
  { version: '$DEFAULT', document: 'Pinned', want: 1 },
  { version: '$LATEST', document: 'Pinned', want: 2 },
  { version: '"1"', document: 'Pinned', want: 1 },
  { version: 'blue', document: 'Pinned', want: 2 },
  { version: '$LATEST', document: 'AWS-Say', want: null },
])
  test(`DocumentVersion: ${version} of ${document}`, () => {
    const { definition, errors } = read(
      says('one', `DocumentVersion: ${version}\n`).replace('Name: Say', `Name: ${document}`),
    );
    assert.deepEqual(errors, []);
    assert.equal(definition?.documentNumber, want);
  });

const cron = 'ScheduleExpression: cron(0 2 ? * SUN#2 *)\nApplyOnlyAtCronInterval: true\n';
for (const { lines, field, want } of [
  {
    lines: 'MaxConcurrency: 10%\n',
    field: 'maxConcurrency',
    want: { kind: 'percent', percent: 10 },
  },
  { lines: 'MaxErrors: "0"\n', field: 'maxErrors', want: { kind: 'count', count: 0 } },
  { lines: 'ComplianceSeverity: HIGH\n', field: 'complianceSeverity', want: 'HIGH' },
  { lines: 'SyncCompliance: AUTO\n', field: 'syncCompliance', want: 'AUTO' },
  { lines: cron, field: 'applyOnlyAtCronInterval', want: true },
  { lines: 'Tags: [{ Key: team, Value: ops }]\n', field: 'tags', want: { team: 'ops' } },
  {
    lines:
      'OutputLocation: { S3Location: { OutputS3Region: eu-central-1, OutputS3BucketName: logs, OutputS3KeyPrefix: sm } }\n',
    field: 'outputLocation',
    want: { bucket: 'logs', region: 'eu-central-1', keyPrefix: 'sm' },
  },
] as const)
  test(`a field that is read: ${lines.split(':')[0] ?? ''}`, () => {
    const { association, errors } = read(says('one', lines));
    assert.deepEqual(errors, []);
    assert.deepEqual(association?.[field], want);
  });

for (const { key, value } of [
  { key: 'AutomationTargetParameterName', value: 'InstanceId' },
  { key: 'AssociationDispatchAssumeRole', value: 'arn:aws:iam::123456789012:role/dispatch' },
  {
    key: 'TargetLocations',
    value: '[{ Accounts: ["123456789012"], Regions: [eu-central-1], ExecutionRoleName: run }]',
  },
  { key: 'OutputLocation', value: '{ S3Location: { OutputS3BucketName: logs } }' },
])
  test(`kept, warned about, and named in the status: ${key}`, () => {
    const { association, errors, warnings } = read(says('one', `${key}: ${value}\n`));
    assert.deepEqual(errors, []);
    assert.deepEqual(
      warnings.map(({ code, pointer }) => `${code} ${pointer}`),
      [`not-effective /${key}`],
    );
    assert.deepEqual(association?.notEffective, [key]);
  });

test('OutputLocation: where output goes is a part of what runs', () => {
  const generation = (bucket: string) =>
    read(says('one', `OutputLocation: { S3Location: { OutputS3BucketName: ${bucket} } }\n`))
      .definition?.digests.generation;
  assert.notEqual(generation('one-bucket'), generation('another-bucket'));
});

test('every key of CreateAssociation is known', () => {
  const keys = SHAPES.association['#']?.keys ?? [];
  for (const key of [
    'AlarmConfiguration ApplyOnlyAtCronInterval AssociationDispatchAssumeRole AssociationName',
    'AutomationTargetParameterName CalendarNames ComplianceSeverity DocumentVersion Duration InstanceId',
    'MaxConcurrency MaxErrors Name OutputLocation Parameters ScheduleExpression ScheduleOffset',
    'SyncCompliance Tags TargetLocations TargetMaps Targets',
  ].flatMap((line) => line.split(' ')))
    assert.ok(keys.includes(key), key);
});

const ANSWER = [
  'AssociationId: x',
  'AssociationVersion: "1"',
  'Date: x',
  'LastUpdateAssociationDate: x',
  'LastExecutionDate: x',
  'LastSuccessfulExecutionDate: x',
  'Overview: {}',
  'Status: {}',
  'TriggeredAlarms: []',
];
for (const line of ANSWER)
  test(`a key of answers only: ${line.split(':')[0] ?? ''}`, () => {
    const files = repository({ ...OTHERS, 'associations/a.yaml': says('one', `${line}\n`) });
    const [problem] = load(files, { library }).catalog.problems;
    assert.equal(problem?.code, 'output-only-key');
    assert.match(problem.hint, /import aws/);
  });

// --- appendix F -------------------------------------------------------------------------------------------------

const s3 = (inner: string) => says('one', `OutputLocation: { S3Location: { ${inner} } }\n`);
for (const { error, name, text, more, want } of [
  {
    error: 'AssociationAlreadyExists',
    text: `${says('one')}---\n${says('one')}`,
    want: ['duplicate-association', 'duplicate-association'],
  },
  {
    error: 'InvalidDocument',
    text: says('one').replace('Name: Say', 'Name: Nope'),
    want: ['unknown-document'],
  },
  {
    error: 'InvalidDocumentVersion',
    text: says('one', 'DocumentVersion: "3"\n').replace('Name: Say', 'Name: Pinned'),
    want: ['unknown-document-version'],
  },
  {
    error: 'InvalidDocumentContent',
    text: says('one'),
    more: { 'documents/Say.yaml': SAY.replace('mainSteps:', 'mainStep:') },
    want: ['no-steps'],
  },
  {
    error: 'InvalidDocumentSchemaVersion',
    text: says('one'),
    more: { 'documents/Say.yaml': SAY.replace('"2.2"', '"2.3"') },
    want: ['schema-version'],
  },
  {
    error: 'DuplicateDocumentVersionName',
    text: says('one'),
    more: {
      'documents/Pinned/metadata.yaml':
        'Versions: [{ DocumentVersion: "1", VersionName: blue }, { DocumentVersion: "2", VersionName: blue }]\n',
    },
    want: ['duplicate-name'],
  },
  {
    error: 'MaxDocumentSizeExceeded',
    text: says('one'),
    more: { 'documents/Say.yaml': `${SAY}# ${'x'.repeat(70_000)}\n` },
    want: ['too-large'],
  },
  {
    error: 'InvalidParameters',
    text: says('one').replace('text: [hello]', 'other: [hello]'),
    want: ['parameter-missing', 'parameter-undeclared'],
  },
  { error: 'InvalidTarget', text: targeted('[{ Key: role }]'), want: ['target-key'] },
  {
    error: 'InvalidTarget',
    name: 'a group with more than five values',
    text: says('one'),
    more: {
      'groups/web.yaml': 'Name: web\nTargets: [{ Key: "tag:role", Values: [a, b, c, d, e, f] }]\n',
    },
    want: ['target-too-many-values'],
  },
  {
    error: 'InvalidTarget',
    name: 'a group with more than five keys',
    text: says('one'),
    more: {
      'groups/web.yaml': `Name: web\nTargets: [${[...'abcdef'].map((key) => `{ Key: "tag:${key}", Values: [x] }`).join(', ')}]\n`,
    },
    want: ['out-of-range'],
  },
  {
    error: 'InvalidTargetMaps',
    text: targeted('[{ text: [a] }]', 'TargetMaps'),
    want: ['target-map'],
  },
  {
    error: 'InvalidSchedule',
    text: says('one', 'ScheduleExpression: soon\n'),
    want: ['schedule-expression'],
  },
  { error: 'InvalidOutputLocation', text: s3('OutputS3BucketName: a/b'), want: ['bad-format'] },
  {
    error: 'InvalidOutputLocation',
    name: 'no bucket',
    text: s3('OutputS3KeyPrefix: a'),
    want: ['missing-key'],
  },
  {
    error: 'InvalidInstanceId',
    text: targeted('[{ Key: InstanceIds, Values: [web-1] }]'),
    want: ['target-node-id'],
  },
  {
    error: 'InvalidTag',
    text: says('one', 'Tags: [{ Key: "", Value: x }]\n'),
    want: ['out-of-range'],
  },
  {
    error: 'ValidationException',
    text: says('one', 'MaxConcurrency: "0"\nMaxErrors: 101%\n'),
    want: ['bad-format', 'bad-format'],
  },
] as const)
  test(`appendix F: ${error}${name === undefined ? '' : `, ${name}`}`, () => {
    assert.deepEqual([...read(text, more).errors].sort(), want);
  });

for (const [key, value] of [
  ['ScheduleOffset', '7'],
  ['Duration', '25'],
  ['AlarmConfiguration', '{ Alarms: [{ Name: a }, { Name: b }] }'],
  ['AlarmConfiguration', '{ Alarms: [] }'],
  ['MaxConcurrency', '"00000001"'],
] as const)
  test(`out of AWS's bounds: ${key}: ${value}`, () => {
    assert.ok(read(says('one', `${key}: ${value}\n`)).errors.length > 0);
  });
