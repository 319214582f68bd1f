/**
 * What the pages tell people to write is right: every block of YAML is a document, an association, a configuration or a part
 * of one, and is judged as the program judges it; every command line has a command and flags that exist.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { parse, parseAllDocuments } from 'yaml';
import { commands } from '../src/cli/commands.ts';
import { BUILT_ACTIONS } from '../src/core/document/built-actions.ts';
import { parseDocument } from '../src/core/document/parse.ts';
import { documentProblemsForPlatformActions } from '../src/core/document/platform-actions.ts';
import { readDaemonConfig } from '../src/core/load/read-config.ts';
import { readLibrary } from '../src/io/library.ts';
import { encryptFor } from '../src/secrets/age.ts';
import { loadOrCreateIdentityFile } from '../src/secrets/identity-file.ts';
import { load, readFolder, repository } from './core/load/repository.ts';
import { tempDir } from './fakes/git-repo.ts';

const root = new URL('../', import.meta.url);
const pages = [
  ...['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'sample-repo/README.md', 'systemd/README.md'],
  ...readdirSync(new URL('docs/', root)).map((name) => `docs/${name}`),
];

type Block = {
  readonly page: string;
  readonly line: number;
  readonly language: string;
  readonly text: string;
};

function blocksOf(page: string): readonly Block[] {
  const blocks: Block[] = [];
  let open: { readonly line: number; readonly language: string; readonly lines: string[] } | null =
    null;
  for (const [i, line] of readFileSync(new URL(page, root), 'utf8').split('\n').entries()) {
    const fence = /^```(\w*)$/.exec(line);
    if (fence === null) open?.lines.push(line);
    else if (open === null) open = { line: i + 1, language: fence[1] ?? '', lines: [] };
    else {
      blocks.push({
        page,
        line: open.line,
        language: open.language,
        text: `${open.lines.join('\n')}\n`,
      });
      open = null;
    }
  }
  assert.equal(open, null, `${page}: a fence stays open`);
  return blocks;
}

const blocks = pages.flatMap(blocksOf);
const isYaml = ({ language }: Block): boolean => language === 'yaml';

// --- YAML --------------------------------------------------------------------------------------------------------

/** `# documents/CheckSsh.yaml` as its first line. */
const pathOf = ({ text }: Block): string | null => /^# ([\w./-]+\.ya?ml)$/m.exec(text)?.[1] ?? null;

/** The sample repository with these files beside its own, whatever they are called. */
async function problemsWith(files: {
  readonly [path: string]: string;
}): Promise<readonly string[]> {
  const sample = await readFolder(new URL('sample-repo/', root));
  const kept = sample.filter(({ path }) => !Object.hasOwn(files, path));
  const { catalog } = load([...kept, ...repository(files)], {
    library: await readLibrary(),
    builtActions: BUILT_ACTIONS,
  });
  return catalog.problems.map(
    ({ file, line, code, message }) => `${file}:${line} ${code}: ${message}`,
  );
}

function documentProblems(text: string): readonly string[] {
  const { document, problems } = parseDocument(text, { file: 'd.yaml' });
  const ofActions =
    document === null
      ? []
      : documentProblemsForPlatformActions(document, {
          file: 'd.yaml',
          builtActions: BUILT_ACTIONS,
        });
  return [...problems, ...ofActions].map(
    ({ line, code, message }) => `${line} ${code}: ${message}`,
  );
}

/** Where a page shows no more than the frame of one. */
async function ciphertext(): Promise<string> {
  const dir = tempDir('docs-');
  try {
    const { recipient } = await loadOrCreateIdentityFile(join(dir, 'age.key'));
    return (await encryptFor([recipient], 'hunter2')).replace(/^/gm, '  ');
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** As the rest of a file that it is a part of. */
const association = `AssociationName: example
Name: AWS-RunShellScript
Parameters: { commands: ["true"] }
Targets: [{ Key: "tag:role", Values: [web] }]
`;
const daemon = `instance: prod
source: { url: https://git.example.org/ops/fleet.git }
stateDir: /var/lib/reconciled
`;

/** What a block is, by its keys; null: no test knows such a block. */
async function judge(block: Block): Promise<readonly string[] | null> {
  const { text } = block;
  const keys = parseAllDocuments(text).flatMap((each) => Object.keys(each.toJS() as object));
  if (keys.includes('schemaVersion')) return documentProblems(text);
  if (keys.includes('AssociationName')) {
    const page = blocks.filter((other) => other.page === block.page && isYaml(other));
    const named = page.flatMap((other) => {
      const path = pathOf(other);
      return path === null || path.startsWith('/') ? [] : [[path, other.text] as const];
    });
    return problemsWith(Object.fromEntries(named));
  }
  if (keys.includes('Reconciled')) {
    const other = association.replace('example', 'base-packages');
    return problemsWith({
      'associations/x.yaml': association + text,
      'associations/y.yaml': other,
    });
  }
  if (
    keys.every((key) =>
      [
        'instance',
        'source',
        'stateDir',
        'agents',
        'control',
        'http',
        'webhooks',
        'alarms',
      ].includes(key),
    )
  ) {
    const whole = keys.includes('instance') ? text : daemon + text;
    const read = readDaemonConfig({ file: 'daemon.yaml', text: whole });
    return read.ok ? [] : read.error.map(({ message }) => message);
  }
  if (keys.includes('parameters') && keys.includes('Parameters')) {
    const { parameters, Parameters } = parse(text) as { readonly [key: string]: unknown };
    const mainSteps = [
      { action: 'aws:runShellScript', name: 'use', inputs: { runCommand: ['true'] } },
    ];
    return problemsWith({
      'documents/Use.yaml': JSON.stringify({ schemaVersion: '2.2', parameters, mainSteps }),
      'associations/x.yaml': `${association.replace('AWS-RunShellScript', 'Use').replace(/^Parameters.*\n/m, '')}Parameters: ${JSON.stringify(Parameters)}\n`,
      'parameters/password.yaml': `Name: /db/password\nType: SecureString\nValue: |\n${await ciphertext()}\n`,
    });
  }
  if (keys.includes('Type'))
    return problemsWith({
      'parameters/x.yaml': text.replace(
        '  -----BEGIN AGE ENCRYPTED FILE-----\n  …\n',
        `${await ciphertext()}\n`,
      ),
    });
  return null;
}

for (const block of blocks.filter(isYaml)) {
  test(`${block.page}:${block.line}: the YAML is as the program wants it`, async () => {
    const problems = await judge(block);
    assert.ok(problems !== null, 'a kind of block that this test does not know');
    assert.deepEqual(problems, []);
  });
}

// --- commands ----------------------------------------------------------------------------------------------------

/** Said to be missing where it is named. */
const NOT_BUILT = ['import aws'];

type Line = { readonly page: string; readonly text: string };

const inShell: readonly Line[] = blocks
  .filter(({ language }) => language === 'sh' || language === '')
  .flatMap(({ page, text }) => text.split('\n').map((line) => ({ page, text: line })));
/** In prose the program's name may be left out: `document run --repo .`. */
const inProse: readonly Line[] = pages.flatMap((page) =>
  Array.from(
    readFileSync(new URL(page, root), 'utf8').matchAll(/`([^`\n]+)`/g),
    ([, span = '']) => {
      const [first = '', second = ''] = span.split(' ');
      const isCall = Object.hasOwn(commands, `${first} ${second}`) && span.includes(' --');
      return { page, text: isCall ? `reconciled ${span}` : span };
    },
  ),
);
const calls = [...inShell, ...inProse].flatMap(({ page, text }) =>
  Array.from(text.matchAll(/(?:^|[|;&] ?|npx )reconciled ((?:"[^"]*"|[^#>|;&])+)/g), (match) => ({
    page,
    words: (match[1] ?? '').trim().split(/\s+/),
  })),
);

test('the pages name many commands', () => assert.ok(calls.length > 50, String(calls.length)));

test('every command that the pages name exists, with its flags', async () => {
  assert.deepEqual(await wrongIn(calls), []);
});

/** What the program itself tells people to type: examples, remedies, pages of the status branch. */
const hints = readdirSync(new URL('src/', root), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .flatMap((name) =>
    readFileSync(new URL(`src/${name}`, root), 'utf8')
      .split('\n')
      .filter((line) => !/^\s*(\/?\*|\/\/)/.test(line))
      .flatMap((line) =>
        Array.from(
          line.matchAll(/(?<=['"`(> ])reconciled ([a-z]+(?: [^'"`#>|;&,)$\\]*)?)/g),
          (match) => ({
            page: `src/${name}`,
            words: (match[1] ?? '').trim().replace(/\.$/, '').split(/\s+/),
          }),
        ),
      ),
  )
  // What is signed begins with the name of the program, too.
  .filter(({ words }) => words[1]?.startsWith('v') !== true);

test('every command that the program names exists, with its flags', async () => {
  assert.ok(hints.length > 80, String(hints.length));
  assert.deepEqual(await wrongIn(hints), []);
});

function isFlag(word: string): boolean {
  return word.startsWith('--');
}

async function wrongIn(
  named: readonly { readonly page: string; readonly words: readonly string[] }[],
): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (const { page, words } of named) {
    const [first = '', second = ''] = words;
    const name = [`${first} ${second}`, first].find((each) => Object.hasOwn(commands, each));
    if (name === undefined) {
      if (!NOT_BUILT.includes(`${first} ${second}`)) wrong.push(`${page}: ${words.join(' ')}`);
      continue;
    }
    const { command } = (await commands[name]?.load()) ?? {};
    for (const flag of words.filter(isFlag))
      if (command?.flags.some(({ syntax }) => syntax.split(' ')[0] === flag.split('=')[0]) !== true)
        wrong.push(`${page}: ${words.join(' ')}: no ${flag}`);
  }
  return wrong;
}
