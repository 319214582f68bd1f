import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { referencesMet, storeReferences } from '../../../src/core/document/store.ts';
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
