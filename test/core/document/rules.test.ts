import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { nearest } from '../../../src/core/document/nearest.ts';
import { compilePattern } from '../../../src/core/document/pattern.ts';
import { documentProblemsForPlatformActions } from '../../../src/core/document/platform-actions.ts';
import { readJson } from '../../../src/core/document/read-json.ts';
import { readYaml } from '../../../src/core/document/read-yaml.ts';
import { placeFinder, toJson } from '../../../src/core/document/source.ts';
import { resolveReferences, storeReferences } from '../../../src/core/document/store.ts';
import { substitute, tokenNames } from '../../../src/core/document/substitute.ts';
import type { Json, JsonObject } from '../../../src/core/model/json.ts';
import { runs } from '../../fakes/runs.ts';
import { documentWith } from './build.ts';

const json = fc.jsonValue({ maxDepth: 4 });

test('read: our JSON reader agrees with JSON.parse', () => {
  fc.assert(
    fc.property(json, fc.constantFrom(0, 2), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      const { root, faults } = readJson(text);
      assert.deepEqual(faults, []);
      assert.ok(root !== null);
      assert.equal(JSON.stringify(toJson(root)), JSON.stringify(JSON.parse(text)));
    }),
    { numRuns: runs(500) },
  );
});

test('read: a place is the same in whatever order places are asked for', () => {
  const texts = fc.string({ unit: fc.constantFrom('a', '\n', 'é'), maxLength: 20 });
  fc.assert(
    fc.property(texts, fc.array(fc.nat(22), { maxLength: 12 }), (text, offsets) => {
      const find = placeFinder(text);
      for (const at of offsets) {
        const lines = text.slice(0, at).split('\n');
        const start = text.lastIndexOf('\n', at - 1) + (at === 0 ? 0 : 1);
        assert.deepEqual(find(at), {
          line: lines.length,
          column: at - (lines.length === 1 ? 0 : start) + 1,
        });
      }
    }),
    { numRuns: runs(500) },
  );
});

test('read: our JSON reader refuses what JSON.parse refuses', () => {
  const piece = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    '"a"',
    ':',
    ',',
    '1',
    '-',
    '0',
    '.5',
    'e1',
    'true',
    'nul',
    ' ',
    '\\',
    '\n',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const text = pieces.join('');
      let valid = true;
      try {
        JSON.parse(text);
      } catch {
        valid = false; // the oracle's way to say no
      }
      assert.equal(readJson(text).root !== null, valid, text);
    }),
    { numRuns: runs(500) },
  );
});

test('read: JSON read as YAML is the same value', () => {
  const plain = fc.dictionary(
    fc.constantFrom('aa', 'bb', 'c d'),
    fc.oneof(fc.integer(), fc.boolean(), fc.string({ unit: 'grapheme-ascii' })),
  );
  fc.assert(
    fc.property(plain, (value) => {
      const { root } = readYaml(JSON.stringify(value));
      assert.ok(root !== null);
      assert.equal(JSON.stringify(toJson(root)), JSON.stringify(value));
    }),
  );
});

test('substitution: without tokens everything stays, and values are never scanned', () => {
  const parameters: JsonObject = { a: '{{ b }}', b: 'x$$y', n: null };
  assert.equal(substitute('{{ a }}', parameters), '{{ b }}');
  assert.equal(substitute('-{{ b }}', parameters), '-x$y');
  assert.equal(substitute('{{\t b\n}}', parameters), 'x$$y');
  // The reference's blanks are those of ASCII: what was pasted with another one stays text.
  assert.equal(substitute('{{\u00a0b\u00a0}}', parameters), '{{\u00a0b\u00a0}}');
  assert.equal(substitute('{{ n }}', parameters), null);
  assert.deepEqual(tokenNames('{{a}} {{ a }} {{ssm:a}} {{ a.b }}'), ['a', 'a']);
  fc.assert(
    fc.property(json, (value) => {
      const given = JSON.parse(JSON.stringify(value).replaceAll('{{', '')) as JsonObject;
      assert.deepEqual(substitute(given, parameters), given);
    }),
  );
});

test('substitution: JSON inside a longer text is written as nodes write it', () => {
  const written = (value: Json) => substitute('{{ p }} ', { p: value });
  assert.equal(written(['\b\f\n']), String.raw`["\u0008\u000c\n"] `);
  assert.equal(written([String.raw`\b<`]), String.raw`["\\b\u003c"] `);
  assert.equal(written(['a\ud800b\u2028']), '["a\ufffdb\\u2028"] ');
});

test('store: every reference is found once and resolving leaves the rest alone', () => {
  const value = {
    a: ['{{ssm:x}}', '{{ ssm:x }} {{ssm:/p/q:3}}'],
    '{{ssm:key}}': 1,
    b: '{{ssm-secure:s}}',
  };
  assert.deepEqual(storeReferences(value), ['x', '/p/q:3']);
  assert.deepEqual(
    resolveReferences(value, (name) => ({ type: 'String', value: `<${name}>` })),
    {
      ok: true,
      value: { a: ['<x>', '<x> </p/q:3>'], '{{ssm:key}}': 1, b: '{{ssm-secure:s}}' },
    },
  );
});

test('pattern: searches in linear time and knows what only Java has', () => {
  const kindOf = (source: string) => compilePattern(source).kind;
  assert.equal(kindOf('^(a|b)+$'), 'pattern');
  for (const source of ['(?=a)', '(?!a)', '(?<=a)b', '(a)\\1', 'a++', '(?>a)', 'a{1,2000}', '\\h'])
    assert.equal(kindOf(source), 'unsupported', source);
  for (const source of ['[', '(', 'a**', 'a'.repeat(1025)])
    assert.equal(kindOf(source), 'invalid', source);
  const evil = compilePattern('^(a+)+$');
  assert.ok(evil.kind === 'pattern' && !evil.finds(`${'a'.repeat(50_000)}!`));
});

const classes = fc.array(
  fc.constantFrom('a-z', 'A-z', '0-9', 'Z-a', 'b', '_', ' ', '.', '/', ':', '+', ',', '=', '@'),
  {
    minLength: 1,
    maxLength: 4,
  },
);
const repeats = fc.constantFrom(
  '',
  '+',
  '*',
  '{3}',
  '{0}',
  '{2,}',
  '{1,4}',
  '{4,1}',
  '?',
  '+?',
  '{1,2000}',
);

test('pattern: one class of characters is matched alike by either engine', () => {
  fc.assert(
    fc.property(
      fc.tuple(classes, fc.constantFrom('', '-', '^', ']', '-a'), repeats),
      fc.string({ unit: fc.constantFrom(...'azAZ09_ -./:@,=+^[]\n\r\u00e9\ud83d'), maxLength: 6 }),
      ([inside, end, repeat], text) => {
        const source = `^[${inside.join('')}${end}]${repeat}$`;
        const pattern = compilePattern(source);
        const searched = compilePattern(`(?:${source})`); // this is for RE2 in any case
        assert.equal(pattern.kind, searched.kind, source);
        if (pattern.kind !== 'pattern' || searched.kind !== 'pattern') return;
        assert.equal(pattern.finds(text), searched.finds(text), source);
      },
    ),
    { numRuns: runs(500) },
  );
});

const nearestTo: readonly (readonly [string, string | null])[] = [
  ['runComand', 'runCommand'],
  ['RUNCOMMAND', 'runCommand'],
  ['workingDirectroy', 'workingDirectory'],
  ['banana', null],
  ['', null],
];
for (const [wanted, found] of nearestTo)
  test(`nearest: "${wanted}" is ${found ?? 'near nothing'}`, () => {
    assert.equal(nearest(wanted, ['runCommand', 'workingDirectory']), found);
  });

test('actions: what is not built is an error, unless the step is for elsewhere', () => {
  const step = (name: string, action: string, more: JsonObject = {}) => ({
    action,
    name,
    inputs: {},
    ...more,
  });
  const on = (platform: string) => ({ precondition: { StringEquals: ['platformType', platform] } });
  const document = documentWith({
    mainSteps: [
      step('built', 'aws:runShellScript', { inputs: { runCommand: [] } }),
      step('missing', 'aws:configurePackage'),
      step('onWindows', 'aws:configurePackage', on('Windows')),
      step('onLinux', 'aws:configurePackage', on('Linux')),
      step('neverLinux', 'aws:psModule', { inputs: { runCommand: [] } }),
      step('strange', 'aws:runShelScript'),
    ],
  });
  const problems = documentProblemsForPlatformActions(document, {
    file: 'd.json',
    builtActions: ['aws:runShellScript'],
  });
  assert.deepEqual(
    problems.map(({ code, severity, pointer }) => [code, severity, pointer]),
    [
      ['action-not-built', 'error', '/mainSteps/1'],
      ['action-not-built', 'error', '/mainSteps/3'],
      ['unknown-action', 'warning', '/mainSteps/5'],
    ],
  );
  assert.equal(problems[2]?.hint, 'Did you mean aws:runShellScript?');
});
