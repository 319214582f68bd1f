import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readWholeJson } from '../../../src/core/document/read-json.ts';
import { readValidJson } from '../../../src/core/document/read-valid-json.ts';
import type { SourceNode } from '../../../src/core/document/source.ts';
import { toJson } from '../../../src/core/document/source.ts';
import { grown, mutations, seeds } from './fuzz.ts';

/** Whether it was for the short way; both ways must agree then, places too, and what comes with a node must be its content. */
function isValid(text: string): boolean {
  const valid = readValidJson(text);
  const { root, faults } = readWholeJson(text);
  assert.equal(valid === null, root === null || faults.length > 0, text);
  if (valid === null) return false;
  assert.deepEqual(withoutContent(valid), root, text);
  if (root !== null) assert.deepEqual(toJson(valid), toJson(root), text);
  return true;
}

function withoutContent(node: SourceNode): SourceNode {
  switch (node.kind) {
    case 'scalar':
      return node;
    case 'list':
      return { kind: 'list', at: node.at, items: node.items.map(withoutContent) };
    case 'map': {
      const entries = node.entries.map((entry) => ({
        ...entry,
        value: withoutContent(entry.value),
      }));
      return { kind: 'map', at: node.at, entries };
    }
  }
}

test('valid JSON: documents, real and grown, and their mutations are read alike by both ways', (t) => {
  const texts = [...seeds(), ...grown(3, 500)];
  const valid = texts.filter(isValid);
  assert.ok(valid.length >= 500, `${valid.length}`);
  const mutated = [...mutations(5, 4000, valid)].filter(isValid).length;
  t.diagnostic(
    `${valid.length} of ${texts.length} documents, ${mutated} of 4000 mutations are valid`,
  );
});

for (const [text, want] of [
  ['{}', true],
  [' [ ] ', true],
  ['\t{ "a" : [ 1 , "b" ] }\r\n', true],
  ['"x"', true],
  ['-0.5e+3', true],
  ['{"2":"second","1":"first"}', true],
  ['{"__proto__":{"a":1},"constructor":null}', true],
  ['{"a\\"b":"\\\\","\\u0061":"\\\\\\""}', true],
  ['"\\ud800"', true],
  ['{"a":1,"a":1}', false],
  ['{"a":1,"\\u0061":2}', false],
  ['{"a":[1,2],"a":[3]}', false],
  ['{"a":{"x":1},"a":"x","b":2}', false],
  ['[{"a":"x","b":1,"a":"y"}]', false],
  ['1e999', false],
  ['{"a":1,}', false],
  ['{"a":1} x', false],
  ['\ufeff{}', false],
  ['', false],
  [`${'['.repeat(33)}${']'.repeat(33)}`, true],
  [`${'['.repeat(34)}${']'.repeat(34)}`, false],
  [`[${'1,'.repeat(49_998)}1]`, true],
  [`[${'1,'.repeat(49_999)}1]`, false],
  ['['.repeat(60_000), false],
] as const) {
  test(`valid JSON: ${text.slice(0, 40)} ${want ? 'is' : 'is left to the whole reader'}`, () => {
    assert.equal(isValid(text), want);
  });
}
