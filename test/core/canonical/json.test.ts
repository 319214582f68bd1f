import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalJson, prettyCanonicalJson } from '../../../src/core/canonical/json.ts';

for (const c of [
  { name: 'keys in code-point order', value: { b: 1, a: 2, B: 3 }, want: '{"B":3,"a":2,"b":1}' },
  { name: 'integer-like keys as text', value: { 9: 1, 10: 2 }, want: '{"10":2,"9":1}' },
  {
    name: 'astral characters after U+FFFD',
    value: { '\u{1f600}': 1, '\ufffd': 2, a: 3 },
    want: '{"a":3,"\ufffd":2,"\u{1f600}":1}',
  },
  {
    name: 'a prefix before what it begins',
    value: { '\ufffdx': 1, '\ufffd': 2 },
    want: '{"\ufffd":2,"\ufffdx":1}',
  },
  { name: 'minus zero is zero', value: [-0], want: '[0]' },
  { name: 'empty containers', value: { a: [], b: {} }, want: '{"a":[],"b":{}}' },
  {
    name: 'a record without prototype',
    value: Object.assign(Object.create(null), { a: null }),
    want: '{"a":null}',
  },
  {
    name: 'the key __proto__ is data',
    value: JSON.parse('{"__proto__":1}'),
    want: '{"__proto__":1}',
  },
]) {
  test(`canonicalJson: ${c.name}`, () => {
    assert.equal(canonicalJson(c.value), c.want);
  });
}

const cycle: { self?: unknown } = {};
cycle.self = cycle;
for (const [name, value] of Object.entries({
  undefined: { a: undefined },
  'a hole': new Array(1),
  NaN: Number.NaN,
  Infinity: [Number.POSITIVE_INFINITY],
  'a function': { f: () => 1 },
  'a symbol': Symbol('s'),
  'a bigint': 1n,
  'a cycle': cycle,
  'a Date': new Date(0),
  'a Map': new Map(),
})) {
  test(`canonicalJson refuses ${name}`, () => {
    assert.throws(() => canonicalJson(value), /invariant broken: canonical JSON/);
  });
}

test('prettyCanonicalJson: two spaces a level, one trailing newline, empty containers on one line', () => {
  assert.equal(
    prettyCanonicalJson({ b: [1, { c: [] }], a: {} }),
    '{\n  "a": {},\n  "b": [\n    1,\n    {\n      "c": []\n    }\n  ]\n}\n',
  );
});

test('law: the text reads back as the value, and does not depend on the order of insertion', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
      const text = canonicalJson(value);
      const back: unknown = JSON.parse(text);
      assert.equal(canonicalJson(back), text);
      assert.deepEqual(back, JSON.parse(JSON.stringify(value)));
      assert.equal(canonicalJson(reversed(value)), text);
      assert.deepEqual(JSON.parse(prettyCanonicalJson(value)), back);
    }),
  );
});

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, inner]) => [key, reversed(inner)]),
  );
}

test('law: keys come in the order of their code points', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string({ unit: 'binary', maxLength: 4 })), (keys) => {
      const text = canonicalJson(Object.fromEntries(keys.map((key) => [key, 0])));
      const inText = [...text.matchAll(/"(?:[^"\\]|\\.)*"/g)].map((m) => String(JSON.parse(m[0])));
      const points = (key: string) => [...key].map((char) => char.codePointAt(0) ?? 0);
      for (let i = 1; i < inText.length; i++) {
        assert.ok(less(points(inText[i - 1] ?? ''), points(inText[i] ?? '')));
      }
    }),
  );
});

function less(a: readonly number[], b: readonly number[]): boolean {
  const at = a.findIndex((point, i) => point !== b[i]);
  return at === -1 ? a.length < b.length : (a[at] ?? 0) < (b[at] ?? -1);
}
