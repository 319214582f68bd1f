import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { readPlainYaml } from '../../../src/core/document/read-plain-yaml.ts';
import { readOwn, readWholeOwnYaml } from '../../../src/core/load/read-own.ts';
import { grown, mutations, seeds } from '../document/fuzz.ts';

const sample = fileURLToPath(new URL('../../../sample-repo', import.meta.url));

const ours = readdirSync(sample, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => readFileSync(path.join(sample, name), 'utf8'));

/** As people write files of our kinds: each line has what the short way could read otherwise. */
const written = [
  'Name: node-1\nPublicKey: ed25519:Zm9v/+8=\nTags:\n  - { Key: role, Value: web }\n  - { Key: env, Value: prod }\n',
  '# why\nAssociationName: nightly\nName: Keep-File\nParameters:\n  path: [/etc/motd]\n  port: ["{{ssm:/fleet/port}}"]\nTargets:\n- Key: tag:role\n  Values: [web, db]\nScheduleExpression: cron(0 2 ? * MON *)\nMaxConcurrency: "10%"\nMaxErrors: 5\n',
  '---\ndefaults:\n  maxErrors: 10%\n  timezone: Europe/Berlin\nstrict: aws\n',
  'Name: /fleet/port\nType: String\nValue: |\n  one\n\n   two\nTags: []\nLabels: {}\n',
  "ActivationId: a6f1c\nActivationCodeHash: sha256:00ff\nExpirationDate: '2030-01-31T12:00:00Z'\nRegistrationLimit: 10 # ten\nTags: [{Key: a, Value: ''}]\n",
  'a: -1\nb: 1.0\nc: 1e3\nd: 0o17\ne: 0x1f\nf: 012\ng: .5\nh: +1\ni: 1_000\nj: "x"\n',
  'a: yes\nb: No\nc: ON\nd: True\ne: NULL\nf: Null\ng: ~\nh: y\n',
  'a: 2001-01-01\nb: 1:20\nc: <<\nd: =\ne: .inf\nf: .NaN\ng: -.inf\n',
  'yes: a\non: b\n<<: c\n=: d\n1: e\ntrue: f\n',
  'a: b\n---\na: c\n',
  'a: b\n...\n',
  '--- a: b\n',
  '',
];

/** Whether it was for the short way; what it says must be what the whole parser says, places too. */
function isPlain(text: string): boolean {
  assert.deepEqual(readOwn(text, 'yaml'), readWholeOwnYaml(text), text);
  return readPlainYaml(text) !== null;
}

test('own kinds: files as people write them are read alike by both ways', () => {
  const texts = [...written, ...ours];
  const plain = texts.filter(isPlain);
  assert.ok(plain.length >= 10, `${plain.length}`);
  for (const text of written.slice(0, 5)) assert.ok(isPlain(text), text);
});

test('own kinds: their mutations are read alike by both ways', (t) => {
  const texts = [...written, ...ours, ...seeds()];
  const plain = [...mutations(23, 2000, texts)].filter(isPlain).length;
  assert.ok(plain > 100, `${plain}`);
  t.diagnostic(`${plain} of 2000 are plain`);
});

test('own kinds: every value as YAML 1.2 writes it is read alike by both ways', (t) => {
  const texts = [...grown(29, 300)].map((json) => stringify(JSON.parse(json)));
  t.diagnostic(`${texts.filter(isPlain).length} of ${texts.length} are plain`);
});

for (const { name, text } of [
  { name: 'a key longer than YAML allows', text: `${'k'.repeat(1_025)}: v\n` },
  { name: 'a key of a flow map that is longer', text: `a: {${'k'.repeat(1_025)}: v}\n` },
  { name: 'as many values as are allowed', text: `a:\n${'- 1\n'.repeat(49_998)}` },
  { name: 'one value too many', text: `a:\n${'- 1\n'.repeat(49_999)}` },
  { name: 'more tokens than are allowed', text: `a: [${'1,'.repeat(60_000)}1]\n` },
  {
    name: 'more keys than tokens are allowed',
    text: Array.from({ length: 31_000 }, (_, i) => `k${i}: 1\n`).join(''),
  },
  { name: 'a text at the limit', text: `a: ${'x'.repeat(128 * 1024)}\n` },
  { name: 'a text beyond it', text: `a: ${'x'.repeat(128 * 1024 + 1)}\n` },
  { name: 'as deep as is allowed', text: `a: ${'['.repeat(31)}1${']'.repeat(31)}\n` },
  { name: 'one level deeper', text: `a: ${'['.repeat(32)}1${']'.repeat(32)}\n` },
]) {
  test(`own kinds: ${name} is judged alike by both ways`, () => {
    isPlain(text);
  });
}
