import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KNOWN_ACTIONS } from '../../../src/core/document/actions.ts';
import { typeParameters } from '../../../src/core/document/parameters.ts';
import { parseDocument } from '../../../src/core/document/parse.ts';
import { prepareRun } from '../../../src/core/document/prepare.ts';
import { DOCUMENT_BYTES_MAX } from '../../../src/core/document/source.ts';
import type { Json } from '../../../src/core/model/json.ts';
import { anyStep, documentWith, onLinux } from './build.ts';

const codesOf = (text: string): readonly string[] =>
  parseDocument(text, { file: 'd' })
    .problems.filter(({ severity }) => severity === 'error')
    .map(({ code }) => code);

const documentText = (parts: { readonly [key: string]: Json }): string =>
  JSON.stringify({ schemaVersion: '2.2', mainSteps: [anyStep], ...parts });

const bomb = (levels: number): string =>
  `a0: &a0 [x,x,x,x,x,x,x,x,x]\n${Array.from(
    { length: levels },
    (_, i) => `a${i + 1}: &a${i + 1} [${Array.from({ length: 9 }, () => `*a${i}`).join(',')}]\n`,
  ).join('')}`;

for (const { name, text, codes } of [
  { name: 'nine to the ninth by aliases', text: bomb(9), codes: ['too-many-nodes'] },
  {
    name: 'a wide alias',
    text: `a: &a ${'x'.repeat(20_000)}\nb: [${'*a,'.repeat(40)}]\n`,
    codes: ['too-large'],
  },
  { name: 'an alias inside its own anchor', text: 'a: &a [*a]\n', codes: ['unknown-anchor'] },
  { name: 'a megabyte of nested lists', text: '['.repeat(1 << 20), codes: ['too-large'] },
  { name: '30,000 nested lists, JSON', text: '['.repeat(30_000), codes: ['too-deep'] },
  { name: '15,000 nested lists, YAML', text: `a: ${'[ '.repeat(15_000)}`, codes: ['too-deep'] },
  {
    name: '10,000 nested sequences, YAML',
    text: `a:\n  ${'- '.repeat(10_000)}x\n`,
    codes: ['too-deep'],
  },
  { name: '30,000 values', text: documentText({ x: new Array(30_000).fill(0) }), codes: [] },
  {
    name: '10,000 parameters',
    text: documentText({
      parameters: Object.fromEntries(
        Array.from({ length: 10_000 }, (_, i) => [`p${i}`, { type: 'String' }]),
      ),
    }),
    codes: ['too-large'],
  },
  {
    name: 'steps without end',
    text: documentText({ mainSteps: new Array(1000).fill({ action: 'a', name: 'b' }) }),
    codes: ['too-many-steps'],
  },
]) {
  test(`hostile: ${name} is ${codes.length === 0 ? 'read' : 'refused'} within bounds`, () => {
    const begun = process.cpuUsage();
    const found = [...new Set(codesOf(text))].filter(
      (code) => code !== 'duplicate-step-name' && (code !== 'yaml-syntax' || codes.length === 0),
    );
    const { user } = process.cpuUsage(begun);
    assert.deepEqual(found, codes);
    assert.ok(user < 5_000_000, `${user} µs`);
  });
}

for (const name of [
  '../up',
  '..',
  '.',
  'a/b',
  'a\\b',
  'a b',
  '/etc/passwd',
  'a\0b',
  'a\nb',
  '{{ p }}',
  '\u202e',
  '',
  'x'.repeat(129),
  '~/x',
  'C:\\x',
  '-rf/..',
]) {
  test(`hostile: the step name ${JSON.stringify(name).slice(0, 24)} is refused`, () => {
    assert.deepEqual(codesOf(documentText({ mainSteps: [{ ...anyStep, name }] })), ['step-name']);
  });
}

const PROTOTYPE_KEYS = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'valueOf',
];

for (const key of PROTOTYPE_KEYS) {
  test(`hostile: ${key} is a key like any other`, () => {
    const own = (value: Json) =>
      JSON.parse(`{${JSON.stringify(key)}: ${JSON.stringify(value)}}`) as { [key: string]: Json };
    const document = documentWith({
      mainSteps: [
        {
          ...anyStep,
          inputs: {
            runCommand: ['true'],
            environment: own('{{ toString }}'),
            x: own({ polluted: true }),
          },
        },
      ],
    });
    const prepared = prepareRun(document, {}, onLinux);
    assert.ok(prepared.ok);
    assert.equal(
      JSON.stringify(prepared.steps[0]?.inputs),
      JSON.stringify({
        runCommand: ['true'],
        environment: own('{{ toString }}'),
        x: own({ polluted: true }),
      }),
    );
    assert.equal(({} as { polluted?: boolean }).polluted, undefined);
    // As a parameter: refused by its letters, or one like any other.
    const named = codesOf(documentText({ parameters: own({ type: 'String' }) }));
    assert.deepEqual(named, /^[a-zA-Z0-9]+$/.test(key) ? [] : ['parameter-name']);
    assert.deepEqual(
      typeParameters(document, own(['x'])).problems.map(({ code }) => code),
      ['parameter-undeclared'],
    );
    // In YAML, as a level of the document and as a step's key.
    const yaml = `schemaVersion: "2.2"\n${key}: {a: b}\nmainSteps:\n  - action: aws:runShellScript\n    name: say\n    ${key}: x\n    inputs: {runCommand: ["true"], ${key}: [y]}\n`;
    assert.deepEqual(codesOf(yaml), []);
  });
}

test('hostile: a parameter named constructor or toString is absent until it is given', () => {
  const document = documentWith({
    parameters: { constructor: { type: 'String' }, toString: { type: 'String', default: 'd' } },
    mainSteps: [{ ...anyStep, inputs: { runCommand: ['{{ constructor }} {{ toString }}'] } }],
  });
  assert.equal(prepareRun(document, {}, onLinux).ok, false);
  const prepared = prepareRun(document, { constructor: 'c' }, onLinux);
  assert.deepEqual(prepared.ok && prepared.steps[0]?.inputs, { runCommand: ['c d'] });
});

test('hostile: a pattern that takes for ever elsewhere is linear here', () => {
  const document = documentWith({
    parameters: {
      p: { type: 'String', allowedPattern: '^(a+)+$' },
      q: { type: 'String', default: '', allowedPattern: '(x*)*y?$' },
    },
  });
  const begun = process.cpuUsage();
  const { problems } = typeParameters(document, {
    p: [`${'a'.repeat(20_000)}!`],
    q: ['x'.repeat(20_000)],
  });
  assert.deepEqual(
    problems.map(({ code }) => code),
    ['parameter-pattern'],
  );
  assert.ok(process.cpuUsage(begun).user < 5_000_000);
});

test('hostile: 8,000 tokens in one script are told in time, and grow into no more than they are', () => {
  const runCommand = ['{{p}} '.repeat(8_000)];
  const text = documentText({
    parameters: { p: { type: 'String' } },
    mainSteps: [{ ...anyStep, inputs: { runCommand } }],
  });
  assert.ok(text.length < DOCUMENT_BYTES_MAX);
  const begun = process.cpuUsage();
  const { document, problems } = parseDocument(text, { file: 'd.json' });
  assert.ok(document !== null && problems.length > 0);
  const prepared = prepareRun(document, { p: 'v' }, { ...onLinux, handlers: KNOWN_ACTIONS });
  assert.ok(prepared.ok);
  assert.ok(process.cpuUsage(begun).user < 3_000_000, `${process.cpuUsage(begun).user} µs`);
});

const USES = 4_000;
const usedOften = (definition: Json, more: { readonly [key: string]: Json } = {}): string =>
  documentText({
    parameters: { p: definition },
    mainSteps: [{ ...anyStep, inputs: { runCommand: ['{{p}}x'.repeat(USES)] }, ...more }],
  });

test('hostile: a long default used very often is refused with the document', () => {
  assert.deepEqual(codesOf(usedOften({ type: 'String', default: 'v'.repeat(30_000) })), [
    'too-large',
  ]);
  assert.deepEqual(codesOf(usedOften({ type: 'String', default: 'v'.repeat(1_000) })), []);
});

for (const { name, definition, value } of [
  { name: 'a text', definition: { type: 'String' }, value: 'v'.repeat(200_000) },
  {
    name: 'a variable, which other inputs have as text',
    definition: { type: 'String', interpolationType: 'ENV_VAR' },
    value: 'v'.repeat(200_000),
  },
  {
    name: 'a list whose JSON is five times as long',
    definition: { type: 'StringList' },
    value: ['<'.repeat(40_000)],
  },
]) {
  test(`hostile: ${name} of 200,000 characters and ${USES} uses of it are refused, before and on the node`, () => {
    const { document } = parseDocument(usedOften(definition), { file: 'd.json' });
    assert.ok(document !== null);
    const begun = process.cpuUsage();
    const { problems } = typeParameters(document, { p: value });
    assert.deepEqual(
      problems.map(({ code, parameter }) => `${code} ${parameter}`),
      ['too-large p'],
    );
    const prepared = prepareRun(document, { p: value }, onLinux);
    assert.match(prepared.ok ? '' : prepared.message, /more than 4194304 characters/);
    assert.ok(process.cpuUsage(begun).user < 2_000_000);
  });
}

test('hostile: a precondition does not grow either', () => {
  const precondition = { StringEquals: ['{{p}}'.repeat(USES), 'x'] };
  const { document } = parseDocument(usedOften({ type: 'String' }, { precondition }), {
    file: 'd.json',
  });
  assert.ok(document !== null);
  assert.equal(prepareRun(document, { p: 'v'.repeat(2_000) }, onLinux).ok, false);
});

test('hostile: references that a value holds by the thousand are resolved within a bound', () => {
  const { document } = parseDocument(usedOften({ type: 'String' }), { file: 'd.json' });
  assert.ok(document !== null);
  const store = () => ({ type: 'String', value: 'v'.repeat(4_096) }) as const;
  const prepared = prepareRun(document, { p: '{{ssm:x}}' }, { ...onLinux, store });
  assert.match(prepared.ok ? '' : prepared.message, /more than 1048576 characters/);
});
