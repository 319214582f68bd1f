import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { constraintViolations } from '../../../src/core/document/constraints.ts';
import { scriptTimeoutSeconds } from '../../../src/core/document/inputs.ts';
import { effectiveParameters, typeParameters } from '../../../src/core/document/parameters.ts';
import type { StoreLookup } from '../../../src/core/document/prepared.ts';
import type { Json, JsonObject } from '../../../src/core/model/json.ts';
import { documentWith } from './build.ts';

const document = documentWith({
  parameters: {
    text: { type: 'String', default: 'x' },
    list: { type: 'StringList', default: [] },
    int: { type: 'Integer', default: 1 },
    bool: { type: 'Boolean', default: true },
    map: { type: 'StringMap', default: {} },
    maps: { type: 'MapList', default: [] },
  },
});

const taken: readonly (readonly [string, string, readonly string[], Json])[] = [
  ['a text', 'text', ['one'], 'one'],
  ['an empty text', 'text', [''], ''],
  ['a list', 'list', ['a', 'b'], ['a', 'b']],
  ['a whole number', 'int', ['-5'], -5],
  ['a boolean', 'bool', ['false'], false],
  ['a map as text', 'map', ['{"k":"v"}'], '{"k":"v"}'],
  ['a list of maps as one text', 'maps', ['[{"a":"b"}]'], [{ a: 'b' }]],
  ['a list of maps as texts', 'maps', ['{"a":"b"}', '{}'], [{ a: 'b' }, {}]],
];
for (const [name, parameter, texts, value] of taken)
  test(`parameters: takes ${name}`, () => {
    const typed = typeParameters(document, { [parameter]: texts });
    assert.deepEqual(typed, { values: { [parameter]: value }, problems: [] });
  });

const refusedTypes: readonly (readonly [string, string, readonly string[]])[] = [
  ['two texts for a String', 'text', ['a', 'b']],
  ['a fraction for an Integer', 'int', ['1.5']],
  ['a number beyond 32 bits', 'int', ['2147483648']],
  ['a word for an Integer', 'int', ['one']],
  ['True for a Boolean', 'bool', ['True']],
  ['a list for a StringMap', 'map', ['[1]']],
  ['no JSON for a MapList', 'maps', ['a=b']],
  ['a MapList nested without end', 'maps', [`[{"a":${'['.repeat(9_000)}${']'.repeat(9_000)}}]`]],
];
for (const [name, parameter, texts] of refusedTypes)
  test(`parameters: refuses ${name}`, () => {
    const { values, problems } = typeParameters(document, { [parameter]: texts });
    assert.deepEqual(values, {});
    assert.deepEqual(
      problems.map(({ code, parameter: of }) => [code, of]),
      [['parameter-type', parameter]],
    );
  });

test('parameters: an undeclared name is told with the nearest one', () => {
  const { problems } = typeParameters(document, { txet: ['a'] });
  assert.deepEqual(problems, [
    {
      code: 'parameter-undeclared',
      parameter: 'txet',
      message: 'Parameter "txet" is not defined in the document.',
      hint: 'Did you mean text?',
      nearest: 'text',
    },
  ]);
});

const strict = documentWith({
  parameters: {
    need: { type: 'String' },
    color: { type: 'String', default: 'red', allowedValues: ['red', 'green'] },
    name: { type: 'String', default: 'abc', allowedPattern: '^[a-z]+$', minChars: 2, maxChars: 4 },
    many: { type: 'StringList', default: ['a'], minItems: 1, maxItems: 2 },
    port: { type: 'Integer', default: 80, allowedValues: [80, 443] },
  },
});

const broken: readonly (readonly [string, readonly string[], string])[] = [
  ['color', ['gren'], 'parameter-not-allowed'],
  ['name', ['AB'], 'parameter-pattern'],
  ['name', ['a'], 'parameter-length'],
  ['name', ['abcde'], 'parameter-length'],
  ['many', ['a', 'b', 'c'], 'parameter-items'],
  ['port', ['81'], 'parameter-not-allowed'],
];
for (const [parameter, texts, code] of broken)
  test(`parameters: ${parameter} = ${texts.join()} is ${code}`, () => {
    const { problems } = typeParameters(strict, { need: ['x'], [parameter]: texts });
    assert.deepEqual(
      problems.map((problem) => problem.code),
      [code],
    );
  });

test('parameters: what is missing is told, an empty list counts as missing', () => {
  for (const supplied of [{}, { need: [] }]) {
    const { problems } = typeParameters(strict, supplied);
    assert.deepEqual(
      problems.map(({ code, message }) => [code, message]),
      [['parameter-missing', 'Parameter "need" requires a value.']],
    );
  }
});

const store: StoreLookup = (reference) =>
  (
    ({
      color: { type: 'String', value: 'green' },
      black: { type: 'String', value: 'black' },
      secret: { type: 'SecureString', value: 'x' },
    }) as const
  )[reference] ?? null;

test('parameters: references are judged as resolved and travel as written', () => {
  const supplied = (color: string) => ({ need: ['x'], color: [color] });
  assert.deepEqual(typeParameters(strict, supplied('{{ssm:color}}'), { store }), {
    values: { need: 'x', color: '{{ssm:color}}' },
    problems: [],
  });
  assert.deepEqual(typeParameters(strict, supplied('{{ssm:black}}')).problems, []);
  const codes = (reference: string) =>
    typeParameters(strict, supplied(reference), { store }).problems.map(({ code }) => code);
  assert.deepEqual(codes('{{ssm:black}}'), ['parameter-not-allowed']);
  assert.deepEqual(codes('{{ssm:nowhere}}'), ['parameter-reference']);
  assert.deepEqual(codes('{{ssm:secret}}'), ['parameter-reference']);
});

test('parameters: a default that holds a reference is judged too', () => {
  const referring = documentWith({
    parameters: { p: { type: 'String', default: '{{ssm:nowhere}}' } },
  });
  assert.deepEqual(typeParameters(referring, {}).problems, []);
  assert.deepEqual(
    typeParameters(referring, {}, { store }).problems.map(({ code }) => code),
    ['parameter-reference'],
  );
});

test('parameters: defaults fill what is missing, undeclared names are dropped', () => {
  const filled = effectiveParameters(strict, { need: 'x', nobody: 'y', name: 'abcd' });
  assert.deepEqual(filled, {
    ok: true,
    value: { need: 'x', color: 'red', name: 'abcd', many: ['a'], port: 80 },
  });
  assert.deepEqual(effectiveParameters(strict, {}), {
    ok: false,
    error: ['Parameter "need" requires a value.'],
  });
});

test('parameters: whatever is supplied, values are declared and fit, and nothing throws', () => {
  const name = fc.oneof(fc.constantFrom(...document.parameters.keys()), fc.string());
  const texts = fc.array(fc.oneof(fc.string(), fc.json(), fc.integer().map(String)), {
    maxLength: 3,
  });
  fc.assert(
    fc.property(fc.array(fc.tuple(name, texts), { maxLength: 4 }), (pairs) => {
      const supplied = Object.fromEntries(pairs);
      const { values, problems } = typeParameters(document, supplied);
      const blamed = new Set(problems.map(({ parameter }) => parameter));
      for (const key of Object.keys(values))
        assert.ok(document.parameters.has(key) && !blamed.has(key));
      const filled = effectiveParameters(document, values);
      assert.ok(
        filled.ok && Object.keys(filled.value as JsonObject).length === document.parameters.size,
      );
    }),
    { numRuns: 300 },
  );
});

const violations = (parts: { readonly [key: string]: Json }, value: Json): readonly string[] => {
  const document = documentWith({ parameters: { p: { type: 'StringList', ...parts } } });
  const definition = document.parameters.get('p');
  return definition === undefined
    ? []
    : constraintViolations(definition, value).map(({ message }) => message);
};

for (const [name, parts, value, messages] of [
  [
    'maps, lists and numbers are printed as nodes print them',
    { type: 'StringMap', allowedPattern: 'x' },
    { b: [1, 'y'], a: null, n: 1000000, f: 0.00001, t: true },
    [
      'parameter value /map[a:<nil> b:[1 y] f:1e-05 n:1e+06 t:true]/ does not match the allowed pattern /x/',
    ],
  ],
  [
    'an element of another kind',
    { allowedPattern: '^[0-9]+$' },
    ['1', 22, { k: 'v' }],
    ['parameter value /map[k:v]/ does not match the allowed pattern /^[0-9]+$/'],
  ],
  [
    'a large number where a text is wanted',
    { type: 'String', maxChars: 3 },
    123456789,
    ['invalid parameter type String with parameter value 1.23456789e+08'],
  ],
  [
    'a number where a list is counted',
    { minItems: 1 },
    -1,
    ['invalid parameter type StringList with parameter value -1'],
  ],
  ['items of a String are not counted', { type: 'String', minItems: 3 }, ['a'], []],
  ['a limit that cannot be is the widest', { minItems: -5, maxItems: 1.5 }, ['a', 'b'], []],
] as const)
  test(`constraints: ${name}`, () => {
    assert.deepEqual(violations(parts as { readonly [key: string]: Json }, value), messages);
  });

for (const [written, seconds] of [
  ['1_000', 1000],
  ['1_0.5_0e1', 105],
  ['1__0', 3600],
  ['_10', 3600],
  ['10_', 3600],
  ['0x10', 3600],
] as const)
  test(`timeoutSeconds: ${written}`, () => {
    assert.equal(scriptTimeoutSeconds(written), seconds);
  });
