import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseDocument } from '../../../src/core/document/parse.ts';
import type { Json } from '../../../src/core/model/json.ts';
import { runs } from '../../fakes/runs.ts';
import { anyStep, documentWith } from './build.ts';

/** `errors` and `warnings` as `code line:column`, in order. */
function judged(text: string, file = 'd.yaml') {
  const { document, problems } = parseDocument(text, { file });
  const of = (wanted: string) =>
    problems
      .filter(({ severity }) => severity === wanted)
      .map(({ code, line, column }) => `${code} ${line}:${column}`);
  return { valid: document !== null, errors: of('error'), warnings: of('warning') };
}

const head = 'schemaVersion: "2.2"\n';
const step =
  'mainSteps:\n- action: aws:runShellScript\n  name: one\n  inputs: {runCommand: [ls]}\n';

/** A script step with these lines under `runCommand`. */
const commands = (...lines: readonly string[]) =>
  `${head}mainSteps:\n- action: aws:runShellScript\n  name: one\n  inputs:\n    runCommand:\n${lines.map((line) => `    ${line}\n`).join('')}`;

const refused: readonly (readonly [string, string, readonly string[]])[] = [
  ['an empty text', '', ['not-a-map 1:1']],
  ['a list', '- a\n', ['not-a-map 1:1']],
  ['no version', step, ['schema-version-missing 1:1']],
  ['a version nobody has', `schemaVersion: "2.3"\n${step}`, ['schema-version 1:16']],
  ['a version with a blank', `schemaVersion: " 2.2"\n${step}`, ['schema-version 1:16']],
  [
    'a wrong version, with the problems of the body',
    'schemaVersion: "2"\nmainSteps:\n- {action: aws:x, name: a/b}\n',
    ['schema-version 1:16', 'step-name 3:25'],
  ],
  ['a runbook', `schemaVersion: "0.3"\n${step}`, ['schema-version-not-executable 1:16']],
  ['a session', 'schemaVersion: "1.0"\ninputs: {}\n', ['schema-version-not-executable 1:16']],
  [
    'version 1.0 with steps',
    `schemaVersion: "1.0"\n${step}`,
    ['schema-version-not-executable 1:16'],
  ],
  ['no steps', head, ['no-steps 1:1']],
  ['an empty list of steps', `${head}mainSteps: []\n`, ['no-steps 2:12']],
  ['steps that are no list', `${head}mainSteps: x\n`, ['not-a-list 2:12']],
  ['an empty step', `${head}mainSteps:\n-\n`, ['null-entry 3:2']],
  ['a step without action', `${head}mainSteps:\n- name: one\n`, ['step-action-missing 3:3']],
  ['a step without name', `${head}mainSteps:\n- action: aws:x\n`, ['step-name 3:3']],
  [
    'a name that leads out of its folder',
    `${head}mainSteps:\n- {action: aws:x, name: ../up}\n`,
    ['step-name 3:25'],
  ],
  ['a name of dots', `${head}mainSteps:\n- {action: aws:x, name: ..}\n`, ['step-name 3:25']],
  [
    'a name with a blank',
    `${head}mainSteps:\n- {action: aws:x, name: a b c}\n`,
    ['step-name 3:25'],
  ],
  [
    'two steps with one name',
    `${head}mainSteps:\n- {action: aws:x, name: one}\n- {action: aws:x, name: one}\n`,
    ['duplicate-step-name 4:25'],
  ],
  ['a null parameter', `${head}parameters:\n  p:\n${step}`, ['null-entry 3:5']],
  [
    'a parameter under a name with a dash',
    `${head}parameters:\n  a-b: {type: String}\n${step}`,
    ['parameter-name 3:3'],
  ],
  [
    'a parameter without type',
    `${head}parameters:\n  p: {default: x}\n${step}`,
    ['parameter-type-missing 3:6'],
  ],
  [
    'a broken pattern',
    `${head}parameters:\n  p: {type: String, default: x, allowedPattern: "["}\n${step}`,
    ['pattern-invalid 3:49'],
  ],
  ['a key written twice', `${head}${head}${step}`, ['duplicate-key 2:1']],
  [
    'a key written twice, behind one without a value',
    `${head}parameters:\n    a:\n    type: String\n    b:\n    type: String\n${step}`,
    ['duplicate-key 6:5'],
  ],
  ['an anchor whose name YAML does not allow', commands('- && ls'), ['yaml-syntax 7:7']],
  ['runtimeConfig in 2.x', `${head}runtimeConfig: {aws:x: {}}\n${step}`, ['runtime-config 2:16']],
  ['a token without quotes', `${head}description: {{ p }}\n${step}`, ['unquoted-token 2:14']],
  [
    'a token without quotes, and text',
    `${head}description: {{ p }} x\n${step}`,
    ['yaml-syntax 2:22'],
  ],
  ['a map as description', `${head}description: {a: b}\n${step}`, ['not-text 2:14']],
  [
    'inputs that are a text',
    `${head}mainSteps:\n- {action: aws:x, name: one, inputs: x}\n`,
    ['inputs 3:38'],
  ],
  [
    'a precondition that is a list',
    `${head}mainSteps:\n- {action: aws:x, name: one, precondition: []}\n`,
    ['precondition 3:44'],
  ],
  ['an alias without anchor', `${head}description: *a\n${step}`, ['unknown-anchor 2:14']],
  ['an alias inside its own anchor', `${head}x: &a [*a]\n${step}`, ['unknown-anchor 2:8']],
  ['tabs as indent', `${head}mainSteps:\n\t- x\n`, ['yaml-syntax 3:1']],
];
for (const [name, text, errors] of refused)
  test(`parse: refuses ${name}`, () => {
    const { valid, ...found } = judged(text);
    assert.deepEqual({ valid, errors: found.errors }, { valid: false, errors });
  });

const refusedJson: readonly (readonly [string, string, string])[] = [
  ['a comma before the end', '{"a":1,}', 'json-syntax 1:8'],
  ['a comma before the end of a list', '[1,]', 'json-syntax 1:4'],
  ['a comment', '{ // no\n}', 'json-syntax 1:3'],
  ['text behind the value', '{} x', 'json-syntax 1:4'],
  ['a byte-order mark', '\ufeff{}', 'json-syntax 1:1'],
  ['an end too early', '{"a":', 'json-syntax 1:6'],
  ['an open text', '{"a": "x', 'json-syntax 1:7'],
  ['a raw newline in a text', '{"a": "x\ny"}', 'json-syntax 1:9'],
  ['an escape that JSON does not have', '{"a": "x\\\\d\\d"}', 'json-syntax 1:12'],
  ['a number with a leading zero', '{"a": 01}', 'json-syntax 1:7'],
  ['a number beyond all bounds', '{"a": 1e999}', 'json-syntax 1:7'],
  ['a number as version', '{"schemaVersion": 2.2}', 'schema-version 1:19'],
  [
    'a quoted timeoutSeconds on a step',
    '{"schemaVersion":"2.2","mainSteps":[{"action":"aws:x","name":"one","timeoutSeconds":"5"}]}',
    'not-an-integer 1:85',
  ],
];
for (const [name, text, error] of refusedJson)
  test(`parse: refuses JSON with ${name}`, () => {
    assert.deepEqual(judged(text, 'd.json').errors, [error]);
  });

const scripts = (inputs: string, more = '') =>
  `${head}${more}mainSteps:\n- action: aws:runShellScript\n  name: one\n  inputs:\n${inputs}`;
const declared = (attributes = '') => `parameters:\n  p: {type: String, default: x${attributes}}\n`;

const warned: readonly (readonly [string, string, readonly string[]])[] = [
  ['nothing about a good document', scripts('    runCommand: [ls]\n'), []],
  ['an unknown key', `${head}descripton: x\n${step}`, ['unknown-key 2:1']],
  ['what belongs to runbooks', `${head}assumeRole: x\n${step}`, ['no-effect 2:1']],
  ['onFailure on the step', `${head}${step}  onFailure: exit\n`, ['no-effect 6:3']],
  ['timeoutSeconds on the step', `${head}${step}  timeoutSeconds: 9\n`, ['no-effect 6:3']],
  ['a short name', `${head}mainSteps:\n- {action: aws:x, name: a}\n`, ['step-name-short 3:25']],
  [
    'a time-out out of bounds',
    scripts('    runCommand: [ls]\n    timeoutSeconds: 3\n'),
    ['timeout-ignored 7:21'],
  ],
  [
    'onFailure with other words',
    scripts('    runCommand: [ls]\n    onFailure: Abort\n'),
    ['ignored-input 7:16'],
  ],
  [
    'an input nobody reads',
    scripts('    runCommand: [ls]\n    runComand: [ls]\n'),
    ['unknown-input 7:5'],
  ],
  ['no script at all', scripts('    id: x\n'), ['empty-script 6:5']],
  [
    'a line of a script and a variable that are no texts',
    scripts('    runCommand: [ls, 42]\n    environment: {PORT: 8080, OK: "1"}\n'),
    ['not-text 6:22', 'not-text 7:25'],
  ],
  ['a bare text as script', scripts('    runCommand: ls\n'), ['script-shape 6:17']],
  [
    'nothing about the shape of what psModule runs, which nodes flatten',
    `${head}mainSteps:\n- {action: aws:psModule, name: one, inputs: {source: a, runCommand: ls}}\n- {action: aws:psModule, name: two, inputs: {source: a, runCommand: [[ls]]}}\n`,
    [],
  ],
  [
    'a token that names nothing',
    scripts('    runCommand: ["ls {{ q }}"]\n'),
    ['undeclared-token 6:18'],
  ],
  [
    'text put into a script',
    scripts('    runCommand: ["ls {{ p }}"]\n', declared()),
    ['text-in-script 8:22'],
  ],
  [
    'nothing about a checked text',
    scripts('    runCommand: ["ls {{ p }}"]\n', declared(', allowedPattern: "^x$"')),
    [],
  ],
  [
    'nothing about ENV_VAR',
    scripts('    runCommand: ["ls {{ p }}"]\n', declared(', interpolationType: ENV_VAR')),
    [],
  ],
  ['an unused parameter', scripts('    runCommand: [ls]\n', declared()), ['unused-parameter 3:3']],
  [
    'a default of another kind',
    scripts('    runCommand: ["{{ p }}"]\n', 'parameters:\n  p: {type: String, default: 5}\n'),
    ['default-type 3:30'],
  ],
  [
    'a list as default of a text',
    scripts('    runCommand: ["{{ p }}"]\n', 'parameters:\n  p: {type: String, default: [x]}\n'),
    ['default-type 3:30'],
  ],
  [
    'a text as default of a list',
    scripts('    runCommand: "{{ p }}"\n', 'parameters:\n  p: {type: StringList, default: ""}\n'),
    ['default-type 3:34'],
  ],
  [
    'a Command document from before 1.2',
    'schemaVersion: "1.0"\nruntimeConfig: {"aws:runShellScript": {properties: [{runCommand: [ls]}]}}\n',
    ['schema-version-old 1:16'],
  ],
  [
    'a list in a list that nobody put there by a parameter',
    commands('- cat <<EOF', '- [Unit]', '- EOF'),
    ['script-shape 8:7'],
  ],
  ['a line of a script that is a comment', commands('- ls', '- # done'), ['empty-line 8:7']],
  [
    'a precondition in 1.2',
    'schemaVersion: "1.2"\nruntimeConfig: {"aws:runShellScript": {precondition: {StringEquals: [platformType, Linux]}, properties: [{runCommand: [ls]}]}}\n',
    ['precondition 2:54'],
  ],
  [
    'nothing about a parameter that only settings of 1.2 use',
    `schemaVersion: "1.2"\n${declared()}runtimeConfig: {"aws:runShellScript": {settings: {a: "{{ p }}"}, properties: [{runCommand: [ls]}]}}\n`,
    [],
  ],
  [
    'no effect of what says nothing',
    `${head}mainSteps:\n- {action: aws:x, name: one, inputs: {}, onFailure: "", timeoutSeconds: 0, maxAttempts: 0, isEnd: false}\n`,
    [],
  ],
  [
    'a default that is not allowed',
    scripts('    runCommand: ["{{ p }}"]\n', declared(', allowedValues: [z]')),
    ['default-not-allowed 3:30'],
  ],
  [
    'an unknown type',
    scripts('    runCommand: ["{{ p }}"]\n', 'parameters:\n  p: {type: Strin, default: x}\n'),
    ['parameter-type-unknown 3:13'],
  ],
  [
    'a pattern with look-ahead',
    scripts(
      '    runCommand: ["{{ p }}"]\n',
      'parameters:\n  p: {type: String, allowedPattern: "(?=x)"}\n',
    ),
    ['pattern-unsupported 3:37'],
  ],
  [
    'a limit that limits nothing',
    scripts('    runCommand: ["{{ p }}"]\n', 'parameters:\n  p: {type: String, maxChars: -1}\n'),
    ['limit-ignored 3:31'],
  ],
  [
    'a list in a list',
    scripts('    runCommand: ["{{ p }}"]\n', 'parameters:\n  p: {type: StringList}\n'),
    ['script-shape 8:18'],
  ],
  ['a key that is no text', scripts('    runCommand: [ls]\n    y: 1\n'), ['key-not-text 7:5']],
  ['a word that YAML takes for a tag', commands('- !grep x y'), ['yaml-tag 7:7']],
  ['a mark that YAML takes for a tag', commands('- ! grep x y'), ['yaml-tag 7:7']],
  [
    'a line that is a map unless it is given',
    scripts('    runCommand: ["{{ m }}"]\n', 'parameters:\n  m: {type: StringMap, default: {}}\n'),
    ['not-text 8:18'],
  ],
  [
    'nothing about a line that is a map given as text',
    scripts(
      '    runCommand: ["{{ m }}"]\n',
      'parameters:\n  m: {type: StringMap, default: "{}"}\n',
    ),
    [],
  ],
  ['a second YAML document', `${head}${step}---\na: b\n`, ['further-documents 6:1']],
  [
    'a precondition nobody knows',
    `${head}mainSteps:\n- {action: aws:x, name: one, precondition: {foo: [a, b]}}\n`,
    ['precondition 3:44'],
  ],
  [
    'a precondition before 2.2',
    `schemaVersion: "2.0"\nmainSteps:\n- {action: aws:x, name: one, precondition: {StringEquals: [platformType, Linux]}}\n`,
    ['precondition 3:44'],
  ],
  [
    'a finally step that is not the last',
    `${head}mainSteps:\n- {action: aws:x, name: one, inputs: {finallyStep: true}}\n- {action: aws:x, name: two}\n`,
    ['ignored-input 3:52'],
  ],
  [
    'onFailure in a list of inputs',
    `${head}mainSteps:\n- {action: aws:x, name: one, inputs: [{onFailure: exit}, {onSuccess: exit}]}\n`,
    ['ignored-input 3:51', 'ignored-input 3:70'],
  ],
  [
    'a token with a blank that is none',
    `${head}parameters: {p: {type: String, default: x}}\nmainSteps:\n- {action: aws:x, name: one, inputs: {a: "{{\u00a0p }}"}}\n`,
    ['undeclared-token 4:42'],
  ],
];
for (const [name, text, warnings] of warned)
  test(`parse: warns about ${name}`, () => {
    const { valid, ...found } = judged(text);
    assert.deepEqual({ valid, warnings: found.warnings }, { valid: true, warnings });
  });

test('parse: a problem says where, what and the nearest right thing', () => {
  const { problems } = parseDocument(
    '{\n "schemaVersion": "2.2",\n "parameters": {"p/q~": {"type": "String"}}, "mainSteps": [{"action": "aws:x", "name": "one", "inputs": {}, "inptus": {}}]\n}',
    { file: 'documents/X.json' },
  );
  assert.deepEqual(problems, [
    {
      code: 'parameter-name',
      severity: 'error',
      file: 'documents/X.json',
      line: 3,
      column: 17,
      pointer: '/parameters/p~1q~0',
      message: '"p/q~" is no name of a parameter',
      hint: 'Use letters and digits only.',
    },
    {
      code: 'unknown-key',
      severity: 'warning',
      file: 'documents/X.json',
      line: 3,
      column: 109,
      pointer: '/mainSteps/0/inptus',
      message: 'inptus is no key of a step and has no effect',
      hint: 'Did you mean inputs?',
    },
  ]);
});

const inJson = (text: string) => {
  const { document, problems } = parseDocument(text, { file: 'd.json' });
  const errors = problems.filter(({ severity }) => severity === 'error');
  return { isAccepted: document !== null, codes: errors.map(({ code }) => code) };
};

const step22 = '"mainSteps":[{"action":"aws:x","name":"one","inputs":{}}]';
const defined = (rest: string): string =>
  `{"schemaVersion":"2.2","parameters":{"p":{"default":"d",${rest}}},${step22}}`;

for (const [name, text, code] of [
  ['a type that is no text', defined('"type":5'), 'not-text'],
  ['a limit that is a boolean', defined('"type":"String","maxChars":true'), 'not-an-integer'],
  ['a limit in words', defined('"type":"String","maxChars":"many"'), 'not-an-integer'],
  ['a limit with a leading zero', defined('"type":"String","minChars":"05"'), 'not-an-integer'],
  ['a list among allowed values', defined('"type":"String","allowedValues":["d",[]]'), 'not-text'],
  [
    'runtimeConfig that is no map',
    `{"schemaVersion":"2.2","runtimeConfig":"x",${step22}}`,
    'not-a-map',
  ],
  [
    'a description of 1.2 that is no text',
    '{"schemaVersion":"1.2","runtimeConfig":{"aws:x":{"description":5,"properties":[]}}}',
    'not-text',
  ],
  [
    'one key in two cases',
    '{"schemaVersion":"2.2","mainSteps":[{"action":"aws:x","name":"one","Name":"two"}]}',
    'duplicate-key',
  ],
] as const)
  test(`parse: refuses in JSON what nodes cannot read: ${name}`, () => {
    assert.deepEqual(inJson(text), { isAccepted: false, codes: [code] });
  });

test('parse: a limit may be a number of any form, or its text', () => {
  for (const limit of ['12', '"12"', '1.5', '"1e3"', '-1'])
    assert.ok(inJson(defined(`"type":"String","minItems":${limit}`)).isAccepted, limit);
});

test('parse: names of parameters that YAML has other kinds for are names', () => {
  const { document } = parseDocument(
    `${head}parameters:\n  y: {type: String, default: a}\n  5: {type: String, default: b}\n${step}`,
    { file: 'd.yaml' },
  );
  assert.deepEqual([...(document?.parameters.keys() ?? [])], ['y', '5']);
});

test('parse: a key without effect may hold an anchor', () => {
  const { document } = parseDocument(
    `${head}y: &kept {a: b}\nmainSteps:\n- {action: aws:x, name: one, inputs: *kept}\n`,
    { file: 'd.yaml' },
  );
  assert.deepEqual(document?.steps[0]?.inputs, { a: 'b' });
});

for (const [name, text] of [
  ['a list as a key', `${head}${step}x: {[a]: b}\n`],
  ['a text to be merged', `${head}${step}x:\n  <<: a\n`],
  ['a control character', `${head}description: "a\u0007b"\n${step}`],
] as const)
  test(`parse: refuses in YAML what nodes cannot read: ${name}`, () => {
    const { document, problems } = parseDocument(text, { file: 'd.yaml' });
    assert.equal(document, null);
    assert.deepEqual(
      problems.filter(({ severity }) => severity === 'error').map(({ code }) => code),
      ['yaml-syntax'],
    );
  });

test('parse: every prefix of a number that nodes know', () => {
  const text = `${head}${step}x: {a: 0o14, b: -0o14, c: 0X1F, d: 0b101, e: 0o8, f: "0o14"}\n`;
  const { document } = parseDocument(text, { file: 'd.yaml' });
  const { x } = document?.content as { readonly x: Json };
  assert.deepEqual(x, { a: 12, b: -12, c: 31, d: 5, e: '0o8', f: '0o14' });
});

test('parse: YAML 1.1 scalars, but times and dates stay text', () => {
  const text = `${head}${step}x: {a: yes, b: 012, c: 1:30, d: 2020-01-01, e: 0x1F, f: .inf, g: ~, h: "no", i: 1_0, j: 1e3}\n`;
  const { document } = parseDocument(text, { file: 'd.yaml' });
  assert.deepEqual(document?.content['x'], {
    a: true,
    b: 10,
    c: '1:30',
    d: '2020-01-01',
    e: 31,
    f: '.inf',
    g: null,
    h: 'no',
    i: 10,
    j: 1000,
  });
});

test('parse: typed texts take what was written', () => {
  const { document } = parseDocument(
    'schemaVersion: 2.2\ndescription: 012\nmainSteps:\n- {action: aws:x, name: yes}\n',
    { file: 'd.yaml' },
  );
  assert.equal(document?.schemaVersion, '2.2');
  assert.equal(document.description, '012');
  assert.equal(document.steps[0]?.name, 'yes');
});

test('parse: anchors and merge keys work, the own key wins', () => {
  const text = `${head}mainSteps:\n- &s {action: aws:x, name: one, inputs: {a: 1}}\n- {<<: *s, name: two}\n`;
  const { document } = parseDocument(text, { file: 'd.yaml' });
  assert.deepEqual(
    document?.steps.map(({ action, name, inputs }) => ({ action, name, inputs })),
    [
      { action: 'aws:x', name: 'one', inputs: { a: 1 } },
      { action: 'aws:x', name: 'two', inputs: { a: 1 } },
    ],
  );
});

test('parse: keys of JSON match whatever their case, those of YAML exactly', () => {
  const content = {
    SchemaVersion: '2.2',
    MAINSTEPS: [{ Action: 'aws:runShellScript', NAME: 'step', Inputs: { runCommand: ['ls'] } }],
  };
  assert.ok(parseDocument(JSON.stringify(content), { file: 'd.json' }).document);
  assert.deepEqual(judged('schemaversion: "2.2"\n').errors, ['schema-version-missing 1:1']);
});

test('parse: 1.x steps come in written order, named by their action', () => {
  const { document } = parseDocument(
    '{"schemaVersion":"1.2","runtimeConfig":{"aws:z":{"properties":[{"a":1}]},"aws:a":{"Properties":{"b":2}}}}',
    { file: 'd.json' },
  );
  assert.deepEqual(
    document?.steps.map(({ action, name, inputs }) => ({ action, name, inputs })),
    [
      { action: 'aws:z', name: 'aws:z', inputs: [{ a: 1 }] },
      { action: 'aws:a', name: 'aws:a', inputs: { b: 2 } },
    ],
  );
});

test('parse: JSON and YAML of one content have one digest', () => {
  const json = documentWith({ description: 'x' });
  const yaml = parseDocument(
    'description: x\nschemaVersion: "2.2"\nmainSteps:\n- {name: step, action: "aws:runShellScript", inputs: {runCommand: ["true"]}}\n',
    { file: 'd.yaml' },
  );
  assert.equal(yaml.document?.digest, json.digest);
});

test('parse: a message saved from an agent is read by its DocumentContent', () => {
  const content = { DocumentContent: { schemaVersion: '2.2', mainSteps: [anyStep] } };
  assert.deepEqual(judged(JSON.stringify(content), 'd.json').warnings, ['wrapped-document 1:20']);
});

const nested = (levels: number) =>
  `{"schemaVersion":"2.2","mainSteps":[${JSON.stringify(anyStep)}],"x":${'['.repeat(levels)}${']'.repeat(levels)}}`;
const aliases = (count: number) =>
  `${head}${step}x: &a 1\nz: [${Array.from({ length: count }, () => '*a').join(', ')}]\n`;
const steps = (count: number) =>
  `${head}mainSteps:\n${Array.from({ length: count }, (_, i) => `- {action: aws:x, name: step${i}}\n`).join('')}`;
const padded = (bytes: number) =>
  `${head}${step}# ${'x'.repeat(bytes - head.length - step.length - 2)}`;
const limits: readonly (readonly [string, (size: number) => string, number, string])[] = [
  ['bytes', padded, 64 * 1024, 'too-large'],
  ['levels', nested, 32, 'too-deep'],
  ['aliases', aliases, 50, 'too-many-aliases'],
  ['steps', steps, 64, 'too-many-steps'],
];
for (const [name, make, limit, code] of limits)
  test(`parse: ${limit} ${name} are read, one more is refused`, () => {
    assert.deepEqual(judged(make(limit)).errors, []);
    assert.equal(judged(make(limit + 1)).errors[0]?.split(' ')[0], code);
  });

test('parse: bombs are refused', () => {
  const doubling = ['a: &a0 [x, x, x, x, x, x, x]'];
  for (let i = 1; i <= 7; i++) doubling.push(`b${i}: &a${i} [${`*a${i - 1}, `.repeat(7)}]`);
  assert.deepEqual(
    judged(doubling.join('\n')).errors.map((error) => error.split(' ')[0]),
    ['too-many-nodes'],
  );
  const wide = [`a: &a0 ${'x'.repeat(30_000)}`];
  for (let i = 1; i <= 3; i++) wide.push(`b${i}: &a${i} [${`*a${i - 1}, `.repeat(7)}]`);
  assert.deepEqual(
    judged(wide.join('\n')).errors.map((error) => error.split(' ')[0]),
    ['too-large'],
  );
  const deep = ['a: &a0 [[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]'];
  for (let i = 1; i <= 3; i++) deep.push(`b${i}: &a${i} [[[[[[[[[[[[[[*a${i - 1}]]]]]]]]]]]]]]`);
  assert.deepEqual(
    judged(deep.join('\n')).errors.map((error) => error.split(' ')[0]),
    ['too-deep'],
  );
  for (const text of ['['.repeat(60_000), '- '.repeat(30_000), '{a: '.repeat(10_000)])
    assert.equal(judged(text).valid, false);
});

test('parse: never throws, and is null exactly when there is an error', () => {
  const seeds = [
    scripts('    runCommand: ["ls {{ p }}", "{{ssm:x}}"]\n', declared(', allowedPattern: "^x$"')),
    nested(3),
    aliases(3),
    '{"schemaVersion":"1.2","runtimeConfig":{"aws:z":{"properties":[{"a":1}]}}}',
  ];
  const bit = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    '"',
    ':',
    ',',
    '\n',
    '  ',
    '- ',
    '{{ p }}',
    '&a ',
    '*a',
    '<<: ',
    '!!x ',
    '|',
    '>',
    '~',
    '\t',
    '\\u',
    '\u2028',
    '\ud800',
    '__proto__',
    'null',
    '1e9',
    '---\n',
    '%',
    '?',
    '#',
  );
  const edit = fc.record({
    at: fc.nat(400),
    cut: fc.nat(6),
    put: fc.oneof(bit, fc.string({ maxLength: 3 })),
  });
  fc.assert(
    fc.property(
      fc.constantFrom(...seeds),
      fc.array(edit, { minLength: 1, maxLength: 5 }),
      (seed, edits) => {
        let text = seed;
        for (const { at, cut, put } of edits) text = text.slice(0, at) + put + text.slice(at + cut);
        const { document, problems } = parseDocument(text, { file: 'd.yaml' });
        assert.equal(
          document === null,
          problems.some(({ severity }) => severity === 'error'),
        );
        for (const { line, column } of problems) assert.ok(line >= 1 && column >= 1);
      },
    ),
    { numRuns: runs(5_000) },
  );
});

test('parse: what YAML has another kind for travels as the text that was read, so nodes read the same', () => {
  const text = `schemaVersion: 2.2
description: 5
parameters:
  p: { type: String, default: 5, allowedPattern: 5, description: yes }
  q: { type: true, default: x }
mainSteps:
  - action: aws:runShellScript
    name: on
    precondition: { StringEquals: [platformType, yes] }
    inputs: { runCommand: ["{{ p }}"], count: 2.2 }
`;
  const { document } = parseDocument(text, { file: 'd.yaml' });
  assert.ok(document !== null);
  const again = parseDocument(JSON.stringify(document.content), { file: 'd.json' });
  assert.equal(again.document?.digest, document.digest, JSON.stringify(again.problems));
  assert.equal(again.document.schemaVersion, '2.2');
  assert.deepEqual(
    again.document.steps.map(({ name, precondition, inputs }) => [name, precondition, inputs]),
    [['on', { StringEquals: ['platformType', 'yes'] }, { runCommand: ['{{ p }}'], count: 2.2 }]],
  );
  assert.equal(again.document.parameters.get('p')?.default, 5);
});

/** What one mistake is told as: a parser stumbles over many things behind it. */
const mistakes: readonly (readonly [string, string, string, RegExp])[] = [
  [
    'a colon in a text',
    `${head}description: a: b\n${step}`,
    '2:14 a text with ": " in it',
    /quotes/,
  ],
  ['quotes in quotes', commands('- "echo "x" y"'), '7:14 something stands behind', /write \\"/],
  [
    'single quotes in single ones',
    commands("- 'it's'"),
    '7:11 something stands behind',
    /write ''/,
  ],
  [
    'a test without quotes',
    commands('- [ -f /x ] && ls'),
    '7:17 something stands',
    /with \[ is a list/,
  ],
  [
    'a test of bash',
    commands('- [[ -f /x ]] || ls'),
    '7:17 a list in brackets',
    /with \[ is a list/,
  ],
  ['an escape', commands(String.raw`- "^\d+$"`), String.raw`7:9 \d is no escape`, /single quotes/],
  ['a tick', commands('- `ls`'), '7:7 no text begins with `', /quotes/],
  ['a percent sign', commands('- %x'), '7:7 no text begins with %', /quotes/],
  ['a redirection', commands('- >out ls'), '7:8 behind > or |', /quotes/],
  ['a pipe', commands('- | sort'), '7:9 behind > or |', /quotes/],
  ['an open quote', commands('- "ls', '- b'), '7:7 this text has no closing quote', /quote/],
  [
    'a script that stands too far left',
    `${commands('- |')}  a b\n  c d\n`,
    '8:3 this is neither',
    /indented below/,
  ],
  [
    'a pattern that goes on in the next line',
    `${head}parameters:\n  p:\n    type: String\n    allowedPattern: ^[^|\n]*$\n${step}`,
    '6:1 ] closes nothing',
    /quotes/,
  ],
  ['a brace that closes nothing', commands('- } && x'), '7:7 } closes nothing', /quotes/],
  ['an open bracket', commands('- [ -f x', '- y'), '7:7 the list in brackets', /quotes/],
  ['an open bracket at the end', commands('- if x', '- [[ -f x'), '8:7 the list in br', /quotes/],
  ['an open brace', commands('- {', '- y', '- }'), '7:7 the map in braces', /quotes/],
  ['an item out of line', commands('  - a', '- c'), '8:5 this line begins in no column', /column/],
  [
    'a list behind its key',
    `${head}mainSteps: - action: x\n`,
    '2:12 a list begins in a line of its own',
    /next line/,
  ],
  ['a single ampersand', commands('- & x'), '7:7 & has no name behind it', /quotes/],
  ['a fence of Markdown', `\`\`\`yaml\n${head}${step}\`\`\`\n`, '1:1 this is neither', /```/],
  ['a blank that is none', commands('-\u00a0ls'), '7:5 this is neither', /U\+00A0/],
  ['a directive', `%{ if x }\n${head}${step}`, '1:1 % at the beginning', /template/],
  ['a text behind ---', `--- ${head}${step}`, '1:5 a map begins in a line of its own', /next line/],
  ['an alias that is a pattern', commands('- *.txt'), '7:7 there is no anchor ".txt"', /quotes/],
  [
    'a list that is out of line',
    `${head}mainSteps:\n  - action: aws:x\n  name: one\n`,
    '4:3 ',
    /column/,
  ],
  [
    'a step that is out of line',
    `${head}mainSteps:\n- action: aws:x\n   name: one\n`,
    '3:11 ',
    /column/,
  ],
];
for (const [name, text, begins, hint] of mistakes)
  test(`parse: ${name} is one problem, with what to do`, () => {
    const { document, problems } = parseDocument(text, { file: 'd.yaml' });
    assert.equal(document, null);
    const told = problems.map(({ line, column, message }) => `${line}:${column} ${message}`);
    assert.equal(told.length, 1, told.join('\n'));
    assert.ok(told[0]?.startsWith(begins), told[0]);
    assert.match(problems[0]?.hint ?? '', hint);
  });

/** Hints that name what was meant. */
const meant: readonly (readonly [string, string, RegExp])[] = [
  [
    'a line with a colon',
    commands('- echo "Status: OK"'),
    /not-text .*quotes: .*": " in it is a map/,
  ],
  ['a line in braces', commands('- { ls; }'), /not-text .*begins with \{/],
  ['a tag of CloudFormation', commands('- !Sub "${x}"'), /yaml-tag !Sub .*CloudFormation/],
  ['a word that is a tag', commands('- !grep x'), /yaml-tag !grep .*quotes/],
  ['a mark that is a tag', commands('- ! grep x'), /yaml-tag ! .*quotes/],
  [
    'a time limit of a step whose inputs have none',
    `${head}mainSteps:\n- {action: aws:runDocument, name: one, timeoutSeconds: 9, inputs: {documentType: SSMDocument, documentPath: a}}\n`,
    /no-effect timeoutSeconds .*Remove it/,
  ],
  [
    'a time limit of a step whose inputs have one',
    `${head}${step}  timeoutSeconds: 9\n`,
    /no-effect timeoutSeconds .*under inputs/,
  ],
  ['an input called Command', scripts('    Command: [ls]\n'), /unknown-input .*runCommand\?/],
  ['an input called command', scripts('    command: [ls]\n'), /unknown-input .*runCommand\?/],
  [
    'interpolationType of a step',
    scripts('    runCommand: [ls]\n    interpolationType: ENV_VAR\n'),
    /unknown-input .*definition of a parameter/,
  ],
  [
    'a variable of a parameter that is none',
    scripts('    runCommand: ["ls \\"$SSM_p\\""]\n', declared()),
    /unused-parameter .*\$SSM_p.*interpolationType: ENV_VAR/,
  ],
  [
    'a broken range in a pattern',
    scripts('    runCommand: ["{{ p }}"]\n', declared(', allowedPattern: "[a-z_-.]"')),
    /pattern-invalid .*\\- /,
  ],
];
for (const [name, text, wanted] of meant)
  test(`parse: the hint about ${name} says what was meant`, () => {
    const { problems } = parseDocument(text, { file: 'd.yaml' });
    const told = problems.map(({ code, message, hint }) => `${code} ${message} => ${hint}`);
    assert.ok(
      told.some((line) => wanted.test(line)),
      told.join('\n'),
    );
    assert.ok(!told.some((line) => line.startsWith('default-not-allowed')), told.join('\n'));
  });
