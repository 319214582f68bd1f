import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeStep } from '../../../src/core/document/disposition.ts';
import { prepareRun } from '../../../src/core/document/prepare.ts';
import type { PreparedStep, RunContext, StoreLookup } from '../../../src/core/document/prepared.ts';
import type { Document } from '../../../src/core/model/document.ts';
import type { Json, JsonObject } from '../../../src/core/model/json.ts';
import { documentWith, onLinux, scriptWith } from './build.ts';

function prepared(
  document: Document,
  parameters: JsonObject = {},
  context: RunContext = onLinux,
): readonly PreparedStep[] {
  const result = prepareRun(document, parameters, context);
  assert.ok(result.ok, result.ok ? '' : result.message);
  return result.steps;
}

function onlyStep(
  document: Document,
  parameters: JsonObject = {},
  context: RunContext = onLinux,
): PreparedStep {
  const [step] = prepared(document, parameters, context);
  assert.ok(step !== undefined);
  return step;
}

const list = { parameters: { list: { type: 'StringList', default: ['a', 'b'] } } };

const shapes: readonly (readonly [string, Json, Json])[] = [
  ['a list stays', ['ls'], ['ls']],
  ['a StringList takes the place of its token', '{{ list }}', ['a', 'b']],
  ['a StringList inside a list is flattened one level', ['x', '{{ list }}'], ['x', 'a', 'b']],
  ['a bare text is a list of one', 'ls', ['ls']],
];
for (const [name, runCommand, lines] of shapes)
  test(`prepare: runCommand: ${name}`, () => {
    assert.deepEqual(onlyStep(scriptWith({ runCommand }, list)).inputs, { runCommand: lines });
  });

test('prepare: a list of inputs is prepared element by element', () => {
  const document = documentWith({
    schemaVersion: '1.2',
    runtimeConfig: {
      'aws:runShellScript': {
        properties: [{ runCommand: 'a' }, { id: 'x', runCommand: ['{{ list }}'] }],
      },
    },
    ...list,
  });
  assert.deepEqual(onlyStep(document).inputs, [
    { runCommand: ['a'] },
    { id: 'x', runCommand: ['a', 'b'] },
  ]);
});

test('prepare: ENV_VAR goes through the environment and never into the script', () => {
  const parameters = {
    who: { type: 'String', interpolationType: 'ENV_VAR' },
    dir: { type: 'String', default: '/tmp' },
  };
  const document = scriptWith(
    { RunCommand: ['echo {{ who }} in {{dir}}'], workingDirectory: '{{ who }}' },
    { parameters },
  );
  const evil = '"; rm -rf / $(x) `y`';
  const step = onlyStep(document, { who: evil });
  assert.deepEqual(step.inputs, {
    RunCommand: ['echo ${SSM_who} in /tmp'],
    workingDirectory: evil,
  });
  assert.deepEqual(step.environment, { SSM_who: evil });
});

test('prepare: ENV_VAR is a variable of PowerShell there, and carries what a reference resolves to', () => {
  const document = documentWith({
    parameters: { who: { type: 'String', interpolationType: 'ENV_VAR', default: '{{ssm:name}}' } },
    mainSteps: [
      {
        action: 'aws:runPowerShellScript',
        name: 'one',
        inputs: { runCommand: ['echo {{ who }}'] },
      },
      { action: 'aws:downloadContent', name: 'two', inputs: { sourceInfo: '{{ who }}' } },
    ],
  });
  const store: StoreLookup = () => ({ type: 'String', value: 'ann' });
  const [script, download] = prepared(document, {}, { ...onLinux, store });
  assert.deepEqual(script?.inputs, { runCommand: ['echo ${env:SSM_who}'] });
  assert.deepEqual(script.environment, { SSM_who: 'ann' });
  assert.deepEqual(download?.inputs, { sourceInfo: 'ann' });
  assert.deepEqual(download.environment, {});
});

test('prepare: a document that lacks a value fails before its first step', () => {
  const document = scriptWith(
    { runCommand: ['{{ a }}'] },
    { parameters: { a: { type: 'String' }, b: { type: 'Integer' } } },
  );
  assert.deepEqual(prepareRun(document, {}, onLinux), {
    ok: false,
    message: 'Parameter "a" requires a value.\nParameter "b" requires a value.',
  });
});

test('prepare: patterns are checked once more, allowed values are not', () => {
  const parameters = {
    a: { type: 'String', allowedPattern: '^x$' },
    b: { type: 'String', allowedValues: ['x'] },
  };
  const document = scriptWith({ runCommand: ['{{ a }}{{ b }}'] }, { parameters });
  assert.equal(prepareRun(document, { a: 'x', b: 'y' }, onLinux).ok, true);
  assert.deepEqual(prepareRun(document, { a: 'y', b: 'y' }, onLinux), {
    ok: false,
    message:
      "all errors during param validation errors: error thrown in 'AllowedRegexParamValidator' while validating parameter /a/: parameter value /y/ does not match the allowed pattern /^x$/",
  });
});

test('prepare: shared inputs count with their exact words only, and may come from parameters', () => {
  const step = (name: string, inputs: JsonObject) => ({
    action: 'aws:runShellScript',
    name,
    inputs,
  });
  const document = documentWith({
    parameters: { stop: { type: 'String', default: 'exit' } },
    mainSteps: [
      step('one', { runCommand: [], onFailure: '{{ stop }}', finallyStep: true }),
      step('two', { runCommand: [], onFailure: 'Exit', onSuccess: 'exit' }),
      step('end', { runCommand: [], onFailure: 'successAndExit', finallyStep: 'true' }),
    ],
  });
  assert.deepEqual(
    prepared(document).map(({ onFailure, onSuccess, finallyStep }) => [
      onFailure,
      onSuccess,
      finallyStep,
    ]),
    [
      ['exit', null, false],
      [null, 'exit', false],
      ['successAndExit', null, true],
    ],
  );
});

const psModule = { action: 'aws:psModule', name: 'step', inputs: {} };
const shell = { action: 'aws:runShellScript', name: 'step', inputs: {} };
const unknown = { action: 'aws:foo', name: 'step', inputs: {} };
const windowsOnly = { precondition: { StringEquals: ['platformType', 'Windows'] } };
const odd = { precondition: { foo: ['a', 'b'] } };

type Row = readonly [string, string, JsonObject, Partial<RunContext>, string, string];
const dispositions: readonly Row[] = [
  ['a known action with a handler', '2.2', shell, {}, 'Run', ''],
  [
    'no handler',
    '2.2',
    shell,
    { handlers: new Set() },
    'Skip',
    'Step execution skipped due to unsupported plugin: aws:runShellScript. Step name: step',
  ],
  [
    'not of this platform',
    '2.2',
    psModule,
    {},
    'Skip',
    'Step execution skipped due to unsupported plugin: aws:psModule. Step name: step',
  ],
  [
    'unknown',
    '2.2',
    unknown,
    {},
    'Fail',
    'Plugin with name aws:foo is not supported by this version of ssm agent, please update to latest version. Step name: step',
  ],
  [
    'unknown, for Windows',
    '2.2',
    { ...unknown, ...windowsOnly },
    {},
    'Skip',
    'Step execution skipped due to unsupported plugin: aws:foo. Step name: step',
  ],
  [
    'for Windows',
    '2.2',
    { ...shell, ...windowsOnly },
    {},
    'Skip',
    `Step execution skipped due to unsatisfied preconditions: '"StringEquals": [platformType, Windows]'. Step name: step`,
  ],
  [
    'not of this platform, for Windows',
    '2.2',
    { ...psModule, ...windowsOnly },
    {},
    'Skip',
    'Step execution skipped due to unsupported plugin: aws:psModule. Step name: step',
  ],
  [
    'a strange precondition',
    '2.2',
    { ...shell, ...odd },
    {},
    'Fail',
    `Unrecognized precondition(s): 'unrecognized operator: "foo"', please update agent to latest version. Step name: step`,
  ],
  [
    'unmet and strange at once',
    '2.2',
    { ...shell, precondition: { ...odd.precondition, ...windowsOnly.precondition } },
    {},
    'Skip',
    `Step execution skipped due to unsatisfied preconditions: 'unrecognized operator: "foo", "StringEquals": [platformType, Windows]'. Step name: step`,
  ],
  [
    '2.0: unknown',
    '2.0',
    unknown,
    {},
    'Fail',
    'Plugin with name aws:foo is not supported by this version of ssm agent, please update to latest version. Step name: step',
  ],
  [
    '2.0: not of Linux',
    '2.0',
    psModule,
    {},
    'Fail',
    'Plugin with name aws:psModule not found. Step name: step',
  ],
  [
    '2.0: not of Windows',
    '2.0',
    shell,
    { platformType: 'Windows' },
    'Fail',
    'Plugin with name aws:runShellScript is not supported in current platform. Step name: step',
  ],
  [
    '2.0: a precondition',
    '2.0',
    { ...shell, ...windowsOnly },
    {},
    'Fail',
    'Precondition is not supported for document schema version prior to 2.2. Step name: step',
  ],
  [
    '2.0: no handler',
    '2.0',
    shell,
    { handlers: new Set() },
    'Fail',
    'Plugin with name aws:runShellScript not found. Step name: step',
  ],
  ['2.0.1: runs', '2.0.1', shell, {}, 'Run', ''],
];
for (const [name, schemaVersion, step, context, disposition, reason] of dispositions)
  test(`prepare: ${name}: ${disposition}`, () => {
    const document = documentWith({ schemaVersion, mainSteps: [step] });
    const found = onlyStep(document, {}, { ...onLinux, ...context });
    assert.deepEqual([found.disposition, found.reason], [disposition, reason]);
  });

test('prepare: a precondition over a list fails the step with a text', () => {
  const document = documentWith({
    ...list,
    mainSteps: [{ ...shell, precondition: { StringEquals: ['{{ list }}', 'a'] } }],
  });
  const { disposition, reason } = onlyStep(document);
  assert.equal(disposition, 'Fail');
  assert.match(reason, /parameters that are lists or maps/);
});

test('prepare: keys named __proto__ are plain data', () => {
  const text =
    '{"schemaVersion":"2.2","mainSteps":[{"action":"aws:runShellScript","name":"one","inputs":{"runCommand":["x"],"environment":{"__proto__":"y"}}}]}';
  const document = documentWith(JSON.parse(text) as JsonObject);
  assert.equal(
    JSON.stringify(onlyStep(document).inputs),
    '{"runCommand":["x"],"environment":{"__proto__":"y"}}',
  );
});

test('prepare: a line of a script that is nothing is an empty line, as on the reference', () => {
  const run = prepareRun(scriptWith({ runCommand: ['one', null, ['two', null]] }), {}, onLinux);
  assert.ok(run.ok);
  assert.deepEqual(run.steps[0]?.inputs, { runCommand: ['one', '', 'two', ''] });
});

for (const [name, operands, params, disposition] of [
  ['a list inside a longer text is its JSON', ['x{{ l }}', 'x["a"]'], { l: ['a'] }, 'Run'],
  ['a parameter whose value is its own token', ['{{ p }}', 'a'], { p: '{{ p }}' }, 'Fail'],
  ['a reference with a dot is a text', ['{{ssm:a.b}}', '{{ p }}'], { p: 'x' }, 'Skip'],
  ['a reference behind a tab', ['{{\tssm:a}}', '{{ p }}'], { p: 'x' }, 'Fail'],
] as const)
  test(`prepare: a precondition with ${name}`, () => {
    const step = {
      name: 'step',
      action: 'aws:runShellScript',
      inputs: {},
      precondition: { StringEquals: operands },
      place: { line: 1, column: 1, pointer: '' },
    };
    assert.equal(judgeStep(step, '2.2', params, onLinux).disposition, disposition);
  });
