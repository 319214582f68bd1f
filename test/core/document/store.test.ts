import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { StoreValue } from '../../../src/core/document/prepared.ts';
import {
  isSecretReference,
  mentionsSecureStore,
  mentionsStore,
  referencesMet,
  resolveReferences,
  storeReferences,
} from '../../../src/core/document/store.ts';
import { substitute } from '../../../src/core/document/substitute.ts';
import type { Step } from '../../../src/core/model/document.ts';
import type { Json } from '../../../src/core/model/json.ts';

const pieces = [
  '{',
  '{{',
  '}}',
  '{{ p }}',
  '{{p}}',
  '{{q}}',
  'ssm:',
  'ssm',
  ' ',
  'a/b',
  ':1',
  '}',
] as const;
const text = fc.array(fc.constantFrom(...pieces), { maxLength: 8 }).map((parts) => parts.join(''));
const value: fc.Arbitrary<Json> = fc.oneof(
  text,
  fc.array(text, { maxLength: 2 }),
  fc.dictionary(text, text, { maxKeys: 2 }),
  fc.constantFrom(7, true),
);

const stepOf = (inputs: Json): Step => ({
  name: 'step',
  action: 'aws:runShellScript',
  inputs,
  precondition: null,
  place: { line: 1, column: 1, pointer: '' },
});

test('the references that a run meets are those of its texts with every value in place', () => {
  fc.assert(
    fc.property(fc.array(text, { maxLength: 4 }), value, value, (lines, p, q) => {
      const inputs = { runCommand: lines };
      const steps = [stepOf(inputs)];
      const content = { mainSteps: [{ inputs }] };
      const parameters = { p, q };
      assert.deepEqual(
        referencesMet({ content, steps }, parameters),
        storeReferences([content, parameters, substitute(inputs, parameters)]),
      );
    }),
    { numRuns: 3_000 },
  );
});

test('a value completes a reference, and a brace that it brings along begins one', () => {
  const met = (line: string, p: string): readonly string[] => {
    const inputs = { runCommand: [line] };
    return referencesMet({ content: { inputs }, steps: [stepOf(inputs)] }, { p });
  };
  assert.deepEqual(met('{{ssm:{{ p }}-port}}', 'prod'), ['prod-port']);
  assert.deepEqual(met('{{{p}}ssm:port}}', ''), []);
  assert.deepEqual(met('{{ p }}ssm:port}}', '{{'), ['port']);
  assert.deepEqual(met('{{ p }}', 'nothing'), []);
});

const ofStore: { readonly [reference: string]: StoreValue } = {
  text: { type: 'String', value: 'v' },
  list: { type: 'StringList', value: 'a,b' },
  'list:2': { type: 'StringList', value: 'a,b' },
  'key:7': { type: 'SecureString', value: 'k' },
};

const nodes = 'Encountered error while parsing input - internal error';
const asText = 'Parameter list of type StringList cannot be used as a String';

for (const { name, value, becomes } of [
  { name: 'white space around it', value: [' {{ssm:list}}\n', 'x'], becomes: ['a', 'b', 'x'] },
  { name: 'null in a list of texts', value: ['{{ssm:text}}', null], becomes: ['v', ''] },
  { name: 'a number in a list of texts', value: ['{{ssm:text}}', 5], becomes: nodes },
  { name: 'a number behind a list as text', value: ['x {{ssm:list}}', 5], becomes: nodes },
  { name: 'a list that begins otherwise', value: [null, '{{ssm:list}}'], becomes: asText },
  { name: 'a list of lists', value: [['{{ssm:list}}'], 'x'], becomes: [['a', 'b'], 'x'] },
  { name: 'a version in a text', value: 'x {{ssm:list:2}}', becomes: asText },
  {
    name: 'a secret of a version',
    value: '{{ssm:key:7}}',
    becomes: 'Parameters [key] of type SecureString are not supported',
  },
] as const satisfies readonly { name: string; value: Json; becomes: Json }[])
  test(`references resolve as on nodes: ${name}`, () => {
    const resolved = resolveReferences(value, (reference) => ofStore[reference] ?? null);
    assert.deepEqual(resolved.ok ? resolved.value : resolved.error, becomes);
  });

for (const [text, plain, secure, secret] of [
  ['{{\tssm:a/b-c}}', true, false, true],
  ['{{ssm:a.b}}', false, false, true],
  ['{{ssm:a:3}}', false, false, false],
  ['{{\u00a0ssm:a}}', false, false, false],
  ['{{\n ssm-secure:a }}', false, true, true],
  ['{{ssm-secure:a.b}}', false, false, true],
] as const)
  test(`what is a reference to a precondition, and to a credential: ${JSON.stringify(text)}`, () => {
    assert.deepEqual(
      [mentionsStore(text), mentionsSecureStore(text), isSecretReference(text)],
      [plain, secure, secret],
    );
  });
