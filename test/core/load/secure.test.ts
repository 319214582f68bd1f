import assert from 'node:assert/strict';
import { test } from 'node:test';
import { definitionsOf } from '../../../src/core/load/effective.ts';
import { encryptFor, makeIdentityText, recipientOf } from '../../../src/secrets/age.ts';
import { load, repository } from './repository.ts';

const recipient = await recipientOf(await makeIdentityText());
const PLAIN = 'correct horse battery';
const cipher = await encryptFor([recipient], PLAIN);
const again = await encryptFor([recipient], PLAIN);

const entry = (name: string, rest: { readonly [key: string]: unknown }): string =>
  JSON.stringify({ Name: name, ...rest });
const secure = (value: string, more = {}): string =>
  entry('/db/password', { Type: 'SecureString', Value: value, ...more });

const steps = (inputs: unknown, action = 'aws:runShellScript') => [{ action, name: 'one', inputs }];
const document = (parameter: unknown, mainSteps: unknown): string =>
  JSON.stringify({ schemaVersion: '2.2', parameters: { pw: parameter }, mainSteps });
const ENV_VAR = { type: 'String', interpolationType: 'ENV_VAR' };
const INNER = JSON.stringify({
  schemaVersion: '2.2',
  parameters: { commands: { type: 'StringList' } },
  mainSteps: steps({ runCommand: '{{ commands }}' }),
});
const ECHO = steps({ runCommand: ['use {{ pw }}'] });

function run(
  parameter: unknown,
  mainSteps: unknown,
  given: readonly string[] | null = ['{{ssm-secure:/db/password}}'],
  value = secure(cipher),
) {
  const parameters = given === null ? {} : { Parameters: { pw: given } };
  const { catalog } = load(
    repository({
      'documents/Doc.json': document(parameter, mainSteps),
      'documents/Inner.json': INNER,
      'parameters/pw.json': value,
      'parameters/plain.json': entry('/plain', { Value: 'text' }),
      'associations/a.json': JSON.stringify({
        AssociationName: 'with-secret',
        Name: 'Doc',
        Targets: [{ Key: 'InstanceIds', Values: ['*'] }],
        ...parameters,
      }),
    }),
  );
  const [definition] = definitionsOf(catalog).values();
  return { problems: catalog.problems.filter(({ severity }) => severity === 'error'), definition };
}

test('a secret travels as ciphertext, in its one spelling, and its digest is in the generation', () => {
  const { problems, definition } = run({ ...ENV_VAR, allowedPattern: '^[0-9]$' }, ECHO);
  assert.deepEqual(problems, []);
  assert.deepEqual(definition?.parameterStore, {
    '/db/password': { type: 'SecureString', value: cipher },
  });
  const rewrapped = secure(cipher.replaceAll('\n', '\r\n'));
  const same = run({ ...ENV_VAR, allowedPattern: '^[0-9]$' }, ECHO, undefined, rewrapped);
  assert.equal(same.definition?.digests.generation, definition.digests.generation);
  // The same plain text, encrypted again: nobody here can know that, so it is a change.
  const other = run({ ...ENV_VAR, allowedPattern: '^[0-9]$' }, ECHO, undefined, secure(again));
  assert.notEqual(other.definition?.digests.generation, definition.digests.generation);
  assert.notEqual(other.definition?.digests.parameters, definition.digests.parameters);
  assert.equal(other.definition?.digests.document, definition.digests.document);
});

for (const { name, parameter, mainSteps, given } of [
  {
    name: 'in a longer value',
    parameter: ENV_VAR,
    mainSteps: ECHO,
    given: ['db://u:{{ ssm-secure:/db/password }}@h/{{ssm:/plain}}'],
  },
  {
    name: 'as a default',
    parameter: { ...ENV_VAR, default: '{{ssm-secure:/db/password}}' },
    mainSteps: ECHO,
    given: null,
  },
])
  test(`a secret may stand ${name}`, () => {
    const { problems, definition } = run(parameter, mainSteps, given);
    assert.deepEqual(problems, []);
    assert.equal(definition?.parameterStore['/db/password']?.value, cipher);
  });

for (const { name, parameter, mainSteps, given, want } of [
  {
    name: 'as text of a script',
    parameter: { type: 'String' },
    mainSteps: ECHO,
    given: ['{{ssm-secure:/db/password}}'],
    want: /would be text of a step through pw/,
  },
  {
    name: 'as text of a script, by default',
    parameter: { type: 'String', default: '{{ssm-secure:/db/password}}' },
    mainSteps: ECHO,
    given: null,
    want: /would be text of a step through pw/,
  },
  {
    name: 'in another input of a script, where a variable is text',
    parameter: ENV_VAR,
    mainSteps: steps({ runCommand: ['use {{ pw }}'], environment: { COPY: '{{ pw }}' } }),
    given: ['{{ssm-secure:/db/password}}'],
    want: /would be text of a step through pw/,
  },
  {
    name: 'in a step that is no script',
    parameter: ENV_VAR,
    mainSteps: steps({ action: 'Run', image: 'x', env: 'PW={{ pw }}' }, 'aws:runDockerAction'),
    given: ['{{ssm-secure:/db/password}}'],
    want: /would be text of a step through pw/,
  },
  {
    name: 'in a list',
    parameter: { type: 'StringList', interpolationType: 'ENV_VAR' },
    mainSteps: ECHO,
    given: ['{{ssm-secure:/db/password}}'],
    want: /would be text/,
  },
  {
    name: 'by a plain reference',
    parameter: ENV_VAR,
    mainSteps: ECHO,
    given: ['{{ssm:/db/password}}'],
    want: /of type SecureString are not supported/,
  },
  {
    name: 'by a plain reference in the script',
    parameter: { type: 'String', default: 'x' },
    mainSteps: steps({ runCommand: ['use {{ssm:/db/password}}'] }),
    given: null,
    want: /is a SecureString, which \{\{ssm:…\}\} does not give/,
  },
  {
    name: 'with a version',
    parameter: ENV_VAR,
    mainSteps: ECHO,
    given: ['{{ssm-secure:/db/password:1}}'],
    want: /neither a version|would stay text/,
  },
  {
    name: 'that is none',
    parameter: ENV_VAR,
    mainSteps: ECHO,
    given: ['{{ssm-secure:/plain}}'],
    want: /secure prefix ssm-secure: is used for a non-secure type String/,
  },
  {
    name: 'that is nowhere',
    parameter: ENV_VAR,
    mainSteps: ECHO,
    given: ['{{ssm-secure:/db/passwort}}'],
    want: /\{\{ssm-secure:\/db\/passwort\}\} is not in parameters/,
  },
  {
    name: 'in the URL of a download',
    parameter: { type: 'String', default: 'x' },
    mainSteps: steps(
      { sourceType: 'HTTP', sourceInfo: { url: 'https://x/{{ssm-secure:/db/password}}' } },
      'aws:downloadContent',
    ),
    given: null,
    want: /is no credential of aws:downloadContent where it stands/,
  },
  {
    name: 'under a name built by a parameter',
    parameter: { type: 'String', default: 'x' },
    mainSteps: steps({ runCommand: ['{{ssm:{{ pw }}-port}}'] }),
    given: ['/web'],
    want: /\{\{ssm:\/web-port\}\}, which document "Doc" builds/,
  },
  {
    name: 'that another document takes for text, once it has run it without',
    parameter: { type: 'String', default: 'x' },
    mainSteps: [
      '"true"',
      'use {{ssm-secure:/db/password}}',
      'again {{ssm-secure:/db/password}}',
    ].map((line, at) => ({
      action: 'aws:runDocument',
      name: `step${at}`,
      inputs: {
        documentType: 'SSMDocument',
        documentPath: 'Inner',
        documentParameters: { commands: [line] },
      },
    })),
    given: null,
    want: /would be text of a step through commands/,
  },
])
  test(`refused: a secret ${name}`, () => {
    const { problems, definition } = run(parameter, mainSteps, given);
    assert.equal(definition, undefined);
    assert.equal(problems.length, 1, JSON.stringify(problems));
    assert.match(problems[0]?.message ?? '', want);
    assert.ok(problems[0]?.hint !== undefined && !JSON.stringify(problems).includes(PLAIN));
  });

for (const { name, parameter, sourceInfo, given } of [
  {
    name: 'given as a value',
    parameter: { type: 'StringMap' },
    sourceInfo: '{{ pw }}',
    given: ['{"owner":"o","repository":"r","tokenInfo":"{{ssm-secure:/db/password}}"}'],
  },
  {
    name: 'in a text of the document',
    parameter: { type: 'String' },
    sourceInfo: '{"owner":"o","repository":"r","tokenInfo":"{{ pw }}"}',
    given: ['{{ssm-secure:/db/password}}'],
  },
  {
    name: 'written into the document',
    parameter: { type: 'String', default: 'x' },
    sourceInfo: { owner: 'o', repository: 'r', tokenInfo: '{{ssm-secure:/db/password}}' },
    given: null,
  },
])
  test(`a credential of a download travels as ciphertext: ${name}`, () => {
    const mainSteps = steps({ sourceType: 'GitHub', sourceInfo }, 'aws:downloadContent');
    const { problems, definition } = run(parameter, mainSteps, given);
    assert.deepEqual(problems, []);
    assert.equal(definition?.parameterStore['/db/password']?.type, 'SecureString');
    assert.ok(!JSON.stringify(definition).includes(PLAIN));
  });

const long = (bytes: number): string => 'x'.repeat(bytes);
const short = await encryptFor([recipient], 'abc');
const large = await encryptFor([recipient], long(4_097));

for (const { name, file, want } of [
  { name: 'a plain SecureString', file: secure('hunter2-hunter2'), want: ['secure-plain'] },
  { name: 'a broken ciphertext', file: secure(cipher.slice(0, -80)), want: ['secure-ciphertext'] },
  { name: 'a secret too short to mask', file: secure(short), want: ['secure-ciphertext'] },
  { name: 'a secret beyond its tier', file: secure(large), want: ['out-of-range'] },
  { name: 'the same in a larger tier', file: secure(large, { Tier: 'Advanced' }), want: [] },
  {
    name: 'a pattern for a secret',
    file: secure(cipher, { AllowedPattern: '^.*$' }),
    want: ['secure-ciphertext'],
  },
  {
    name: 'a value beyond its tier',
    file: entry('a', { Value: long(4_097) }),
    want: ['out-of-range'],
  },
  {
    name: 'a value in a larger tier',
    file: entry('a', { Value: long(8_192), Tier: 'Advanced' }),
    want: [],
  },
  {
    name: 'bytes, not characters',
    file: entry('a', { Value: 'é'.repeat(2_049) }),
    want: ['out-of-range'],
  },
  {
    name: 'an unknown tier',
    file: entry('a', { Value: 'x', Tier: 'Gold' }),
    want: ['not-allowed'],
  },
  {
    name: 'a hierarchy of 15 levels',
    file: entry('/1/2/3/4/5/6/7/8/9/a/b/c/d/e/f', { Value: 'x' }),
    want: [],
  },
  {
    name: 'a hierarchy of 16 levels',
    file: entry('/1/2/3/4/5/6/7/8/9/a/b/c/d/e/f/g', { Value: 'x' }),
    want: ['bad-format'],
  },
  { name: 'a name of AWS', file: entry('Aws-thing', { Value: 'x' }), want: ['bad-format'] },
  {
    name: 'an image',
    file: entry('a', { Value: 'ami-0123456789abcdef0', DataType: 'aws:ec2:image' }),
    want: [],
  },
  {
    name: 'no image',
    file: entry('a', { Value: 'ami-1', DataType: 'aws:ec2:image' }),
    want: ['bad-format'],
  },
  {
    name: 'a secret image',
    file: secure(cipher, { DataType: 'aws:ec2:image' }),
    want: ['exclusive-keys'],
  },
  {
    name: 'a label twice',
    file: entry('a', {
      Value: 'x',
      Reconciled: {
        Version: 2,
        Labels: ['l'],
        History: [{ Version: 1, Value: 'w', Labels: ['l'] }],
      },
    }),
    want: ['duplicate-name'],
  },
  {
    name: 'a reserved label',
    file: entry('a', { Value: 'x', Reconciled: { Labels: ['aws-l'] } }),
    want: ['bad-format'],
  },
  {
    name: 'a version twice',
    file: entry('a', {
      Value: 'x',
      Reconciled: {
        Version: 2,
        History: [
          { Version: 1, Value: 'w' },
          { Version: 1, Value: 'v' },
        ],
      },
    }),
    want: ['duplicate-name'],
  },
  {
    name: 'a later version in the history',
    file: entry('a', {
      Value: 'x',
      Reconciled: { Version: 2, History: [{ Version: 2, Value: 'w' }] },
    }),
    want: ['duplicate-name'],
  },
  {
    name: 'a plain secret in the history',
    file: secure(cipher, {
      Reconciled: { Version: 2, History: [{ Version: 1, Value: 'hunter2-hunter2' }] },
    }),
    want: ['secure-plain'],
  },
])
  test(`a parameter file: ${name}`, () => {
    const { problems } = load(repository({ 'parameters/a.json': file })).catalog;
    assert.deepEqual(
      problems.map(({ code }) => code),
      want,
      JSON.stringify(problems),
    );
    assert.ok(!JSON.stringify(problems).includes('hunter2'), 'a secret is repeated');
  });

for (const [reference, want] of [
  ['/p', 'three'],
  ['/p:3', 'three'],
  ['/p:new', 'three'],
  ['/p:2', 'two'],
  ['/p:old', 'two'],
  ['/p:1', null],
  ['/p:gone', null],
] as const)
  test(`{{ssm:${reference}}} gives ${want ?? 'nothing, and says so'}`, () => {
    const value = entry('/p', {
      Value: 'three',
      Reconciled: {
        Version: 3,
        Labels: ['new'],
        History: [{ Version: 2, Value: 'two', Labels: ['old'] }],
      },
    });
    const { problems, definition } = run({ type: 'String' }, ECHO, [`{{ssm:${reference}}}`], value);
    if (want !== null) assert.equal(definition?.parameterStore[reference]?.value, want);
    else assert.match(problems[0]?.message ?? '', /is not in parameters/);
  });
