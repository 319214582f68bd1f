import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { kindOf } from '../../../src/core/load/kinds.ts';
import {
  DEPTH_MAX,
  FILE_BYTES_MAX,
  FILES_MAX,
  NODES_MAX,
  PROBLEMS_PER_FILE_MAX,
  SCALAR_CHARS_MAX,
  SETTINGS_BYTES_MAX,
  TOTAL_BYTES_MAX,
} from '../../../src/core/load/limits.ts';
import { parseFile } from '../../../src/core/load/parse-file.ts';
import { runs } from '../../fakes/runs.ts';
import { file, load, repository, SAY, says } from './repository.ts';

const parse = (path: string, text: string) => {
  const { blob, bytes } = file(path, text);
  assert.ok(bytes !== null);
  return parseFile({ path, blob, bytes }, { builtActions: null });
};
const codes = (path: string, text: string) => [
  ...new Set(parse(path, text).problems.map(({ code }) => code)),
];
const padded = (text: string, bytes: number) => `${text}#${' '.repeat(bytes - text.length - 2)}\n`;
const node = (i: number) => `InstanceId: mi-${i.toString(16).padStart(17, '0')}\n`;
/** As deep as `depth`: the root is at depth 0, each list one more. */
const nested = (depth: number) =>
  `Name: /x\nValue: ${'['.repeat(depth - 1)}1${']'.repeat(depth - 1)}\n`;

for (const { name, path, at, over, code } of [
  {
    name: 'bytes of a file',
    path: 'nodes/a.yaml',
    at: padded(node(1), FILE_BYTES_MAX),
    over: padded(node(1), FILE_BYTES_MAX + 1),
    code: 'too-large',
  },
  {
    name: 'bytes of reconciled.yaml',
    path: 'reconciled.yaml',
    at: padded('', SETTINGS_BYTES_MAX),
    over: padded('', SETTINGS_BYTES_MAX + 1),
    code: 'too-large',
  },
  {
    name: 'depth',
    path: 'parameters/a.yaml',
    at: nested(DEPTH_MAX),
    over: nested(DEPTH_MAX + 1),
    code: 'too-deep',
  },
  {
    name: 'values, YAML',
    path: 'nodes/a.yaml',
    at: `[${'1,'.repeat(NODES_MAX - 1)}]`,
    over: `[${'1,'.repeat(NODES_MAX)}]`,
    code: 'too-many-nodes',
  },
  {
    name: 'values, JSON',
    path: 'nodes/a.json',
    at: `[${'1,'.repeat(NODES_MAX - 2)}1]`,
    over: `[${'1,'.repeat(NODES_MAX - 1)}1]`,
    code: 'too-many-nodes',
  },
  {
    name: 'characters of a text',
    path: 'parameters/a.yaml',
    at: `Name: "${'a'.repeat(SCALAR_CHARS_MAX)}"`,
    over: `Name: "${'a'.repeat(SCALAR_CHARS_MAX + 1)}"`,
    code: 'too-large',
  },
])
  test(`limit: ${name}`, () => {
    assert.ok(!codes(path, at).includes(code), 'at the limit');
    assert.deepEqual(codes(path, over), [code], 'one beyond');
  });

test('limit: problems of a file', () => {
  const wrong = (count: number) => Array.from({ length: count }, (_, i) => `k${i}: 1\n`).join('');
  assert.equal(
    parse('nodes/a.yaml', node(1) + wrong(PROBLEMS_PER_FILE_MAX)).problems.length,
    PROBLEMS_PER_FILE_MAX,
  );
  const beyond = parse('nodes/a.yaml', node(1) + wrong(PROBLEMS_PER_FILE_MAX + 1)).problems;
  assert.equal(beyond.length, PROBLEMS_PER_FILE_MAX + 1);
  assert.equal(beyond.at(-1)?.code, 'more-problems');
});

test('limit: files of a repository', () => {
  const one = file('nodes/x.yaml', '');
  const many = (count: number) =>
    Array.from({ length: count }, (_, i) => ({
      ...file(`nodes/${String(i).padStart(6, '0')}.yaml`, node(i)),
    }));
  assert.ok(one.bytes !== null);
  assert.deepEqual(load(many(FILES_MAX)).catalog.problems, []);
  const { problems, nodes } = load(many(FILES_MAX + 2)).catalog;
  assert.deepEqual(
    problems.map(({ code }) => code),
    ['too-many-files'],
  );
  assert.equal(nodes.size, FILES_MAX);
});

test('limit: bytes of a repository', () => {
  const big = (i: number) =>
    file(`nodes/${String(i).padStart(6, '0')}.yaml`, padded(node(i), FILE_BYTES_MAX));
  const count = TOTAL_BYTES_MAX / FILE_BYTES_MAX;
  const files = Array.from({ length: count + 2 }, (_, i) => big(i));
  assert.deepEqual(load(files.slice(0, count)).catalog.problems, []);
  const { problems, nodes } = load(files).catalog;
  assert.deepEqual(
    problems.map(({ code }) => code),
    ['too-large'],
  );
  assert.equal(nodes.size, count);
});

const flood = 256 * 1024;
for (const [name, text] of Object.entries({
  'open lists': '['.repeat(flood),
  'open maps': '{a: '.repeat(flood / 4),
  dashes: '- '.repeat(flood / 2),
  commas: `[${','.repeat(flood - 1)}`,
  anchors: '&a '.repeat(flood / 3),
  aliases: '*a '.repeat(flood / 3),
  tags: '!a '.repeat(flood / 3),
  questions: '? '.repeat(flood / 2),
  documents: '---\n'.repeat(flood / 4),
  'empty lines': '\n'.repeat(flood),
  comments: '#\n'.repeat(flood / 2),
  keys: Array.from({ length: 20_000 }, (_, i) => `k${i}: 1`).join('\n'),
  'one key': 'k: 1\n'.repeat(flood / 5),
  directives: '%YAML 1.2\n'.repeat(flood / 10),
  'an alias bomb': `a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nd: [*c,*c]\n`,
  claims: '"AssociationName":'.repeat(flood / 20),
}))
  test(`hostile: ${name} end within a second, as a problem`, () => {
    for (const path of [
      'associations/a.yaml',
      'nodes/a.yaml',
      'reconciled.yaml',
      '.reconciledignore',
      'nodes/a.json',
    ]) {
      const start = performance.now();
      const { problems } = parse(path, text);
      // A second on a quiet machine; here others work too.
      assert.ok(performance.now() - start < 5_000, path);
      if (path.startsWith('associations')) assert.ok(problems.length > 0);
    }
  });

const paths = fc.constantFrom(
  'associations/a.yaml',
  'nodes/a.json',
  'groups/a.yml',
  'parameters/a.yaml',
  'activations/a.json',
  'documents/Say.yaml',
  'documents/Say/metadata.yaml',
  'reconciled.yaml',
  '.reconciledignore',
  'baselines/x.yaml',
  'calendars/night.ics',
);
const fragment = fc.constantFrom(
  'AssociationName: one',
  'Name: Say',
  'BEGIN:VCALENDAR\n',
  'X-CALENDAR-TYPE:DEFAULT_OPEN\n',
  'BEGIN:VEVENT\n',
  'DTSTART:20260101T000000Z\n',
  'END:VEVENT\nEND:VCALENDAR\n',
  '- ',
  '  ',
  '\n',
  '{',
  '}',
  '[',
  ']',
  '"',
  "'",
  ': ',
  '&a ',
  '*a',
  '!x ',
  '|',
  '>',
  '---\n',
  '...\n',
  '<<: ',
  '# ',
  '\t',
  '\u0000',
  '\u2028',
  '\ud83d\ude00',
  'Targets:',
  'Key: tag:a',
  'Values: [',
  '? ',
  '%YAML 1.1\n',
  '__proto__: ',
  'constructor: ',
  'toString: ',
  '{{ssm:a}}',
  '0x1F',
  '.inf',
  '1e999',
);

test('hostile: no text and no bytes make a parse or a load throw', () => {
  fc.assert(
    fc.property(
      paths,
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.array(fragment, { maxLength: 40 }).map((parts) => parts.join('')),
        fc.json(),
      ),
      (path, text) => {
        const { content, problems } = parse(path, text);
        assert.equal(
          content === null,
          kindOf(path).kind === 'not-built-yet' ||
            problems.some(({ severity }) => severity === 'error'),
        );
        for (const { line, column } of problems) assert.ok(line >= 1 && column >= 1);
        load(repository({ [path]: text, 'associations/z.yaml': says('one') }));
      },
    ),
    { numRuns: runs(400) },
  );
  fc.assert(
    fc.property(paths, fc.uint8Array({ maxLength: 64 }), (path, bytes) => {
      parseFile({ path, blob: file('x', '').blob, bytes }, { builtActions: null });
    }),
    { numRuns: runs(200) },
  );
});

test('a document is bounded by its own limits', () => {
  assert.deepEqual(codes('documents/Say.yaml', padded(SAY, 70_000)), ['too-large']);
});
