import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { readPlainYaml } from '../../../src/core/document/read-plain-yaml.ts';
import { readWholeYaml } from '../../../src/core/document/read-yaml.ts';
import { grown, mutations, seeds } from './fuzz.ts';

const library = fileURLToPath(new URL('../../../src/library', import.meta.url));

/** Whether it was for the short way; both ways must agree then, places too. */
function isPlain(text: string): boolean {
  const plain = readPlainYaml(text);
  if (plain === null) return false;
  const whole = readWholeYaml(text);
  assert.deepEqual({ root: plain, faults: [] }, whole, text);
  return true;
}

const preconfigured = readdirSync(library)
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => readFileSync(path.join(library, name), 'utf8'));

test('plain YAML: the preconfigured documents are read by the short way', () => {
  for (const text of preconfigured) assert.ok(isPlain(text), text);
});

test('plain YAML: real documents and their mutations are read alike by both ways', (t) => {
  const texts = [...seeds(), ...preconfigured];
  const plain = texts.filter(isPlain);
  const mutated = [...mutations(7, 4000, plain)].filter(isPlain).length;
  assert.ok(mutated > 400);
  t.diagnostic(
    `${plain.length} of ${texts.length} documents, ${mutated} of 4000 mutations are plain`,
  );
});

test('plain YAML: documents of every kind of value, as YAML writes them, are read alike', (t) => {
  const texts = [...grown(11, 1000)].map((json) => stringify(JSON.parse(json)));
  const plain = texts.filter(isPlain).length;
  assert.ok(plain > 20, `${plain}`);
  t.diagnostic(`${plain} of ${texts.length} are plain`);
});

for (const text of [
  'a: b\n',
  'a: b',
  'a: [b]',
  'a:\n- b\n- c: d\n  e: f\ng: [x, "y", \'z\', 5]\nh: {i: j, k: [l]}\n',
  'a: |\n  x\n\n   y\n\nb: |-\n  z\n# end\n',
  "a: \"x \\n y\" # comment\nb: 'it''s'\nc: x # y\n",
  'a: echo "b" {{ c }}\nd: ./run.sh\ne: -x /y\nf: 1.5 GB\ng: 10%\n',
  '---\na: true\nb: 0\nc: 3600\n',
  'a:\n    - b: c\n      d:\n        - e\n    - f\n',
  'aws:runShellScript:\n  x: aws:y\n',
]) {
  test(`plain YAML: ${JSON.stringify(text)} is`, () => {
    assert.ok(isPlain(text));
  });
}

for (const text of [
  'a: |\n  b',
  'a: &x b\n',
  'a: *x\n',
  'a: !!str b\n',
  'a: >\n  b\n',
  'a: |2\n  b\n',
  'a:\n',
  'a: b\n  c\n',
  'a: b\na: c\n',
  'on: x\n',
  'a: yes\n',
  'a: 012\n',
  'a: 1_000\n',
  'a: 0x1f\n',
  'a: 1.5\n',
  'a: ~\n',
  'a: 1:20\n',
  'a: {{ b }}\n',
  'a: [b,]\n',
  'a: [b: c]\n',
  '- a\n',
  'a:\tb\n',
  'a: b: c\n',
  '"a": b\n',
  '? a\n: b\n',
  'a: b\n---\nc: d\n',
  'a: "b\n  c"\n',
  'a: b\r\n',
  '<<: x\n',
  'a: |\n  b\n c\n',
  'a: 2001-01-01\n',
  'a: "\\x41"\n',
  'a: b #c\n d: e\n',
  '%YAML 1.1\n---\na: b\n',
]) {
  test(`plain YAML: ${JSON.stringify(text)} is left to the whole parser`, () => {
    assert.equal(readPlainYaml(text), null);
  });
}
