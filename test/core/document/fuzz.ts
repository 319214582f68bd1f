/** Hostile and accidental documents by the thousand: mutations of real ones, and ones grown from a grammar. */
import { deepStrictEqual } from 'node:assert';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { stringify } from 'yaml';
import { KNOWN_ACTIONS } from '../../../src/core/document/actions.ts';
import { parseDocument } from '../../../src/core/document/parse.ts';
import { documentProblemsForPlatformActions } from '../../../src/core/document/platform-actions.ts';
import { prepareRun } from '../../../src/core/document/prepare.ts';
import { readPlainYaml } from '../../../src/core/document/read-plain-yaml.ts';
import { readWholeYaml } from '../../../src/core/document/read-yaml.ts';
import { corpusFolder, corpusMissing } from './vectors.ts';

/** A small generator with a seed (mulberry32), so that a failure can be repeated. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

type Random = (below: number) => number;

/** Real documents where the corpus is there, else a few of our own. */
export function seeds(): readonly string[] {
  const own = [
    'schemaVersion: "2.2"\nparameters:\n  p: { type: String, default: x }\nmainSteps:\n  - action: aws:runShellScript\n    name: say\n    precondition: { StringEquals: [platformType, Linux] }\n    inputs:\n      runCommand: ["echo {{ p }}"]\n',
    '{"schemaVersion":"1.2","parameters":{"c":{"type":"StringList"}},"runtimeConfig":{"aws:runShellScript":{"properties":[{"id":"0","runCommand":"{{ c }}"}]}}}',
  ];
  if (corpusMissing !== false) return own;
  const folder = corpusFolder('documents');
  const real = readdirSync(folder).filter((name) => name !== 'SOURCES.md');
  return [...own, ...real.map((name) => readFileSync(path.join(folder, name), 'utf8'))];
}

const SPICE = [
  '{{',
  '}}',
  '{{ p }}',
  '{{ssm:x}}',
  '{{ ssm-secure:x }}',
  '{{{ p }}}',
  '\0',
  '\u2028',
  '\ud800',
  '\ufeff',
  '"',
  "'",
  '\\',
  '\t',
  '- ',
  ': ',
  '? ',
  '&a ',
  '*a',
  '<<: *a',
  '!!binary ',
  '!!set ',
  '---\n',
  '...\n',
  '|\n',
  '>-\n',
  '[',
  ']',
  '{',
  '}',
  ',',
  '#',
  '%YAML 1.1\n',
  'null',
  'true',
  'yes',
  '012',
  '1e999',
  '-0',
  '.inf',
  '1:20',
  '2001-01-01',
  '__proto__',
  'constructor',
  'toString',
  '../',
  '/',
  '..',
  'schemaVersion',
  'mainSteps',
  'runtimeConfig',
  'parameters',
  'DocumentContent',
  'precondition',
  'StringEquals',
  'platformType',
  '$$',
  '$&',
  '${x}',
  '\r\n',
  '\n\n',
  '9'.repeat(40),
  'a'.repeat(300),
  '[['.repeat(20),
  '{"a":'.repeat(20),
  '(?=x)',
  '(a+)+$',
  '[a-',
];

function pick<Item>(random: Random, items: readonly Item[]): Item {
  return items[random(items.length)] as Item;
}

/** A few cuts, repeats, swaps and insertions. */
function mutate(text: string, random: Random): string {
  let mutated = text;
  for (let times = 1 + random(4); times > 0; times--) {
    const at = random(mutated.length + 1);
    const length = random(40);
    switch (random(6)) {
      case 0:
        mutated = mutated.slice(0, at) + mutated.slice(at + length);
        break;
      case 1:
        mutated =
          mutated.slice(0, at) +
          mutated.slice(at, at + length).repeat(2 + random(3)) +
          mutated.slice(at);
        break;
      case 2:
        mutated = mutated.slice(0, at) + String.fromCharCode(random(0x180)) + mutated.slice(at + 1);
        break;
      case 3: {
        const lines = mutated.split('\n');
        const [line = ''] = lines.splice(random(lines.length), 1);
        lines.splice(random(lines.length + 1), 0, ' '.repeat(random(5)) + line);
        mutated = lines.join('\n');
        break;
      }
      default:
        mutated = mutated.slice(0, at) + pick(random, SPICE) + mutated.slice(at);
    }
  }
  return mutated;
}

const KEYS = [
  'type',
  'default',
  'allowedValues',
  'allowedPattern',
  'minItems',
  'maxChars',
  'interpolationType',
  'action',
  'name',
  'inputs',
  'precondition',
  'runCommand',
  'timeoutSeconds',
  'onFailure',
  'finallyStep',
  'settings',
  'id',
  'p',
  '__proto__',
  'constructor',
];

function value(random: Random, depth: number): unknown {
  const kind = random(depth > 3 ? 6 : 9);
  if (kind === 6) return Array.from({ length: random(4) }, () => value(random, depth + 1));
  if (kind > 6) {
    const entries = Array.from({ length: random(4) }, () => [
      pick(random, KEYS),
      value(random, depth + 1),
    ]);
    return Object.fromEntries(entries) as unknown;
  }
  return pick(random, [
    null,
    true,
    random(100) - 50,
    random(1000) / 7,
    `${pick(random, SPICE)}${pick(random, SPICE)}`,
    'String',
    '{{ p }}',
    'x {{ p }}',
    'StringList',
    'exit',
    'ENV_VAR',
    '2.2',
  ]);
}

/** A document that is nearly right, as JSON. */
function grow(random: Random): string {
  const maybe = (right: unknown): unknown => (random(8) === 0 ? value(random, 0) : right);
  const step = () => ({
    action: maybe(pick(random, [...KNOWN_ACTIONS])),
    name: maybe(`step${random(100)}`),
    ...(random(3) === 0
      ? { precondition: maybe({ StringEquals: [maybe('platformType'), maybe('Linux')] }) }
      : {}),
    inputs: maybe({
      runCommand: maybe(['echo {{ p }} {{ q }}', maybe('{{ l }}')]),
      onFailure: maybe('exit'),
      [pick(random, KEYS)]: value(random, 1),
    }),
  });
  const steps = Array.from({ length: 1 + random(4) }, () => maybe(step()));
  return JSON.stringify({
    schemaVersion: maybe(pick(random, ['2.2', '2.0', '1.2'])),
    parameters: maybe({
      p: maybe({ type: 'String', default: maybe('v') }),
      q: maybe({ type: maybe('Integer'), default: maybe(3) }),
      l: maybe({
        type: 'StringList',
        default: maybe(['a']),
        [pick(random, KEYS)]: value(random, 2),
      }),
    }),
    ...(random(4) === 0
      ? {
          runtimeConfig: maybe({
            'aws:runShellScript': { properties: maybe([{ runCommand: ['x'] }]) },
          }),
        }
      : {}),
    mainSteps: maybe(steps),
    [pick(random, KEYS)]: value(random, 0),
  });
}

/** Where the short way through YAML takes a text, the whole parser reads the same tree, with the same places and no fault. */
function checkBothWays(text: string): 'plain' | 'whole' {
  const plain = readPlainYaml(text);
  if (plain === null) return 'whole';
  deepStrictEqual({ root: plain, faults: [] }, readWholeYaml(text));
  return 'plain';
}

/** All that happens to a document before anything runs; whatever it is, this must come back. */
function exercise(text: string): void {
  const { document, problems } = parseDocument(text, { file: 'fuzz' });
  for (const { line, column, message } of problems)
    if (!(line >= 1 && column >= 1) || message === '')
      throw new Error(`a problem without place: ${message}`);
  const refused = problems.some(({ severity }) => severity === 'error');
  if (refused !== (document === null)) throw new Error('null exactly when there is an error');
  if (document === null) return;
  documentProblemsForPlatformActions(document, { file: 'fuzz', builtActions: [] });
  for (const platformType of ['Linux', 'Windows', 'MacOS'] as const)
    prepareRun(
      document,
      { p: 'v', l: ['{{ p }}', '$$'] },
      { platformType, handlers: KNOWN_ACTIONS, store: () => ({ type: 'String', value: 's' }) },
    );
  // Nodes read what travels: it must be the same document to them.
  const again = parseDocument(JSON.stringify(document.content), {
    file: 'again.json',
    format: 'json',
  });
  if (again.document === null && !again.problems.every(({ code }) => code === 'too-large'))
    throw new Error(
      `a node refuses what the front took: ${again.problems.map(({ message }) => message).join('; ')}`,
    );
  if (again.document !== null && again.document.digest !== document.digest)
    throw new Error('the digest changed');
}

/** Mutations of some texts. */
export function* mutations(
  seed: number,
  count: number,
  texts: readonly string[],
): Iterable<string> {
  const random = randomFrom(seed);
  for (let i = 0; i < count; i++) yield mutate(pick(random, texts), random);
}

/** Nearly right documents, as JSON. */
export function* grown(seed: number, count: number): Iterable<string> {
  const random = randomFrom(seed);
  for (let i = 0; i < count; i++) yield grow(random);
}

export type Fuzzed = {
  /** The slowest document and its time. */
  readonly text: string;
  readonly ms: number;
  /** How many went the short way through YAML, and so were read twice. */
  readonly plain: number;
};

export function fuzz(seed: number, count: number): Fuzzed {
  let plain = 0;
  const random = randomFrom(seed);
  const texts = seeds();
  let slowest = { text: '', ms: 0 };
  for (let i = 0; i < count; i++) {
    const text = oneOf(random, texts);
    const begun = performance.now();
    try {
      exercise(text);
      if (checkBothWays(text) === 'plain') plain += 1;
    } catch (cause) {
      throw new Error(`seed ${seed}, document ${i}: ${String(cause)}\n${text.slice(0, 2000)}`, {
        cause,
      });
    }
    const ms = performance.now() - begun;
    if (ms > slowest.ms) slowest = { text, ms };
  }
  return { ...slowest, plain };
}

/** A mutation of a real document, or one that is nearly right: as JSON, as YAML writes it, or that mutated. */
function oneOf(random: Random, texts: readonly string[]): string {
  switch (random(6)) {
    case 0:
      return grow(random);
    case 1:
      return stringify(JSON.parse(grow(random)));
    case 2:
      return mutate(stringify(JSON.parse(grow(random))), random);
    default:
      return mutate(pick(random, texts), random);
  }
}
