/** What a document that another runs takes as parameters: judged on the node, where nobody has judged them before (§2.4, §9). */
import assert from 'node:assert/strict';
import test from 'node:test';
import {
  documentOfContent,
  documentRequest,
  prepareIncluded,
} from '../../../src/core/document/run-document.ts';
import type { JsonObject } from '../../../src/core/model/json.ts';

const inner = documentOfContent({
  schemaVersion: '2.2',
  parameters: {
    count: { type: 'Integer', default: 1 },
    really: { type: 'Boolean', default: true },
    names: { type: 'StringList', default: ['a'] },
    map: { type: 'StringMap', default: {} },
    maps: { type: 'MapList', default: [] },
    word: { type: 'String', default: 'x', allowedPattern: '^[a-z]+$' },
  },
  mainSteps: [
    {
      action: 'aws:runShellScript',
      name: 'say',
      inputs: { runCommand: ['echo {{ count }} {{ really }} {{ names }} {{ word }}'] },
    },
  ],
});

const prepared = (parameters: JsonObject) => {
  assert.ok(inner.ok);
  return prepareIncluded(inner.value, parameters, {
    platformType: 'Linux',
    handlers: new Set(['aws:runShellScript']),
    store: (reference) =>
      reference === 'seven'
        ? { type: 'String', value: '7' }
        : reference === 'shell'
          ? { type: 'String', value: '7; id' }
          : null,
  });
};

for (const parameters of [
  {},
  { count: 7 },
  { count: '7' },
  { count: '{{ssm:seven}}' },
  { really: false },
  { really: 'false' },
  { names: ['a', 'b'] },
  { names: 'a' },
  { map: { a: 'b' } },
  { map: '{"a":"b"}' },
  { maps: [{ a: 'b' }] },
  { word: 'abc' },
]) {
  test(`an inner document takes ${JSON.stringify(parameters)}`, () => {
    const preparation = prepared(parameters);
    assert.ok(preparation.ok, preparation.ok ? '' : preparation.message);
  });
}

for (const [parameters, why] of [
  [{ count: '7; id' }, /count is of type Integer/],
  [{ count: '{{ssm:shell}}' }, /count is of type Integer/],
  [{ count: [7, 8] }, /count is of type Integer/],
  [{ really: 'maybe' }, /really is of type Boolean/],
  [{ names: { a: 'b' } }, /names is of type StringList/],
  [{ map: ['a', 'b'] }, /map is of type StringMap/],
  [{ maps: 'a' }, /maps is of type MapList/],
  [{ word: { a: 'b' } }, /word is of type String/],
  [{ word: 'A' }, /AllowedRegexParamValidator/],
  [{ other: 'x' }, /"other" is not defined/],
] as const) {
  test(`an inner document refuses ${JSON.stringify(parameters)}`, () => {
    const preparation = prepared(parameters);
    assert.ok(!preparation.ok);
    assert.match(preparation.message, why);
  });
}

for (const [documentParameters, parameters] of [
  [' ', {}],
  ['null', {}],
  ['~', {}],
  ['{"n":1,"word":null}', { n: 1 }],
  ['n: 1\n5: a', { n: 1, 5: 'a' }],
] as const) {
  test(`parameters from the text ${JSON.stringify(documentParameters)}`, () => {
    const inputs = { documentType: 'LocalPath', documentPath: 'x', documentParameters };
    const request = documentRequest(inputs);
    assert.deepEqual(request.ok && request.value.parameters, parameters);
  });
}
