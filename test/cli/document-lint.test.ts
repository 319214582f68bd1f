import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import type { Problem } from '../../src/core/model/problem.ts';
import { corpusFolder, corpusMissing, readCorpus } from '../core/document/vectors.ts';
import { assertRemedy } from '../core/load/repository.ts';
import { call, sampleRepo, tempFolder } from './cli.ts';

type Verdicts = {
  readonly files: readonly {
    readonly file: string;
    readonly valid: boolean;
    readonly problems: readonly Problem[];
  }[];
};

async function lint(argv: readonly string[], input = '') {
  const { code, stdout } = await call(['document', 'lint', ...argv, '--format', 'json'], {}, input);
  const { files } = JSON.parse(stdout) as Verdicts;
  for (const problem of files.flatMap(({ problems }) => problems)) assertRemedy(problem);
  return { code, files };
}

const script = (line: string, rest = ''): string =>
  `schemaVersion: "2.2"\n${rest}mainSteps:\n  - action: aws:runShellScript\n    name: say\n    inputs:\n      runCommand:\n        - ${line}\n`;

const WHO = 'parameters:\n  who: { type: String }\n';

test('document lint: the corpus is judged as its sources say, and what is lenient has a warning', {
  skip: corpusMissing,
}, async (t) => {
  const { code, files } = await lint([corpusFolder('documents')]);
  const rows = [
    ...readCorpus('documents/SOURCES.md').matchAll(/^\| `([^`]+)` .*\*\*(\w+)\*\* .* \|$/gm),
  ];
  const counts: { [verdict: string]: number } = {};
  for (const [, name = '', verdict = ''] of rows) {
    const found = files.find(({ file }) => file.endsWith(`/${name}`));
    assert.equal(found?.valid, verdict !== 'invalid', name);
    if (verdict === 'lenient')
      assert.ok(
        found.problems.some(({ severity }) => severity === 'warning'),
        name,
      );
    if (verdict === 'invalid')
      assert.ok(
        found.problems.some((each) => each.severity === 'error' && each.message !== ''),
        name,
      );
    counts[verdict] = (counts[verdict] ?? 0) + 1;
  }
  assert.equal(code, 3);
  assert.equal(files.length, rows.length);
  t.diagnostic(`documents judged as their sources say: ${JSON.stringify(counts)}`);
});

test('document lint: a warning leaves a file valid, an error does not, and the exit code says it', async (t) => {
  const dir = await tempFolder(t);
  const good = join(dir, 'good.yaml');
  const bad = join(dir, 'bad.json');
  await writeFile(good, script('"true"', 'colour: red\n'));
  await writeFile(bad, '{"schemaVersion": "2.2",\n "mainSteps": []}');
  const warned = await lint([good]);
  assert.equal(warned.code, 0);
  assert.deepEqual(
    warned.files.map(({ valid, problems }) => [valid, problems.map(({ code }) => code)]),
    [[true, ['unknown-key']]],
  );
  const both = await lint([good, bad]);
  assert.equal(both.code, 3);
  assert.deepEqual(
    both.files.map(({ file, valid }) => [file, valid]),
    [
      [good, true],
      [bad, false],
    ],
  );
  const [problem] = both.files[1]?.problems ?? [];
  assert.deepEqual([problem?.file, problem?.line, problem?.column], [bad, 2, 15]);
});

test('document lint: a folder is what lies in it, metadata apart; - is standard input', async (t) => {
  const dir = await tempFolder(t);
  await mkdir(join(dir, 'documents', 'Say'), { recursive: true });
  await writeFile(join(dir, 'documents', 'Say', '1.yaml'), script('"true"'));
  await writeFile(join(dir, 'documents', 'Say', 'metadata.yaml'), 'DefaultVersion: 1\n');
  await writeFile(join(dir, 'documents', 'README.md'), 'no document');
  const { files } = await lint([join(dir, 'documents')]);
  assert.deepEqual(
    files.map(({ file }) => file),
    [join(dir, 'documents', 'Say', '1.yaml')],
  );
  const piped = await lint(['-'], script('"true"'));
  assert.deepEqual(piped.files, [{ file: '-', valid: true, problems: [] }]);
});

for (const { name, line, hint, column } of [
  { name: 'bare', line: '"echo {{ who }}"', hint: 'write "${SSM_who}" for {{ who }}', column: 17 },
  {
    name: 'in double quotes',
    line: `'echo "a {{who}}"'`,
    hint: 'write ${SSM_who} for {{who}}',
    column: 20,
  },
  {
    name: 'in single quotes',
    line: `"echo 'a {{ who }}'"`,
    hint: `write '"\${SSM_who}"' for {{ who }}`,
    column: 20,
  },
]) {
  test(`document lint: a token ${name} in a script is named with its place and what to write there`, async () => {
    const { code, files } = await lint(['-'], script(line, WHO));
    const [problem] = files[0]?.problems ?? [];
    assert.deepEqual(
      [code, problem?.code, problem?.line, problem?.column],
      [0, 'text-in-script', 9, column],
    );
    assert.ok(problem?.hint.includes(`interpolationType: ENV_VAR and ${hint};`), problem?.hint);
  });
}

test('document lint: every place of a token is told, checked parameters are not', async () => {
  const lines = '|\n          echo {{ who }} {{ who }}\n          ls {{ who }} {{ ok }}';
  const parameters = `${WHO}  ok: { type: String, allowedPattern: "^[a-z]+$" }\n`;
  const { files } = await lint(['-'], script(lines, parameters));
  assert.deepEqual(
    files[0]?.problems.map(({ code, line, column }) => `${code} ${line}:${column}`),
    ['text-in-script 11:16', 'text-in-script 11:26', 'text-in-script 12:14'],
  );
});

test('document lint: ENV_VAR in single quotes is warned about, since no shell reads it there', async () => {
  const parameters = 'parameters:\n  who: { type: String, interpolationType: ENV_VAR }\n';
  const { files } = await lint(['-'], script(`"echo '{{ who }}' {{ who }}"`, parameters));
  assert.deepEqual(
    files[0]?.problems.map(({ code }) => code),
    ['env-var-quoted'],
  );
});

for (const { operands, hint = '' } of [
  { operands: '[a, b]' },
  { operands: '[platformtype, Linux]', hint: 'platformType, bare' },
  { operands: '["{{ platformType }}", Linux]', hint: 'platformType, bare' },
  { operands: '[platformType, "{{ who }}"]', hint: 'platformType, bare' },
  { operands: '[platformType, platformType]' },
  { operands: '["{{ who }}", "{{ who }}"]' },
  { operands: '["{{ who }}", "{{ssm:x}}"]' },
  { operands: '["{{ list }}", a]' },
  { operands: '["{{ nobody }}", a]' },
  { operands: '[platformType, Linux, Windows]' },
]) {
  test(`document lint: the precondition ${operands} is said to fail, which it does wherever the action runs`, async () => {
    const parameters =
      'parameters:\n  who: { type: String, default: "7" }\n  list: { type: StringList, default: [a] }\n';
    const precondition = `    precondition: { StringEquals: ${operands} }\n    inputs:`;
    const text = script('"true"', parameters).replace('    inputs:', precondition);
    const { code, files } = await lint(['-'], text);
    const told = files[0]?.problems.filter((problem) => problem.code === 'precondition') ?? [];
    assert.deepEqual([code, told.length], [0, 1]);
    assert.match(told[0]?.message ?? '', /the step will fail$/);
    assert.ok(told[0]?.hint.includes(hint));
    for (const platform of ['Linux', 'MacOS']) {
      const argv = ['document', 'render', '-', '--platform', platform, '--format', 'json'];
      assert.match((await call(argv, {}, text)).stdout, /"disposition": "Fail"/);
    }
  });
}

test('document lint: a secret that stays text in a step is named with its place and the remedy', async () => {
  const text = script('"use {{ssm-secure:/db/pw}}"').replace(
    '    inputs:',
    '    inputs:\n      environment: { PW: "{{ ssm-secure:/db/pw }}" }',
  );
  const { code, files } = await lint(['-'], text);
  const told = files[0]?.problems.filter((problem) => problem.code === 'secret-stays-text') ?? [];
  assert.deepEqual([code, told.length], [0, 2], JSON.stringify(files));
  for (const { line, column, message, hint } of told) {
    assert.ok(
      text
        .split('\n')
        [line - 1]?.slice(column - 1)
        .startsWith('{{'),
      `${line}:${column}`,
    );
    assert.match(message, /^\{\{ssm-secure:\/db\/pw\}\} stays this very text/);
    assert.match(hint, /interpolationType: ENV_VAR/);
  }
  const download = text
    .replace('aws:runShellScript', 'aws:downloadContent')
    .replace(/environment: .*/, 'sourceInfo: { tokenInfo: "{{ssm-secure:/db/pw}}" }');
  const { files: others } = await lint(['-'], download);
  assert.ok(!JSON.stringify(others).includes('secret-stays-text'), 'a credential is none');
});

for (const { name, documentPath, documentParameters, want } of [
  {
    name: 'commands of AWS-RunShellScript',
    documentPath: 'AWS-RunShellScript:1',
    documentParameters: '{ commands: ["rm {{ who }} {{ ok }}"] }',
    want: ['text-in-script 9'],
  },
  {
    name: 'the command line of AWS-RunRemoteScript',
    documentPath: 'AWS-RunRemoteScript',
    documentParameters: '{ commandLine: "./x {{ who }} {{ ok }}" }',
    want: ['text-in-script 9'],
  },
  {
    name: 'a secret in commands or beside them',
    documentPath: 'AWS-RunShellScript',
    documentParameters:
      '{ commands: ["use {{ssm-secure:/db/pw}}"], workingDirectory: "{{ ssm-secure:/dir }}", executionTimeout: "{{ ok }}" }',
    want: ['secret-stays-text 9', 'secret-stays-text 9'],
  },
  {
    name: 'a secret for a document that may have a variable for it',
    documentPath: 'Own',
    documentParameters: '{ password: "{{ssm-secure:/db/pw}}", port: "{{ ok }}" }',
    want: [],
  },
  {
    name: 'a value that is the script, or a parameter of another document',
    documentPath: 'AWS-RunShellScript',
    documentParameters: '{ commands: ["{{ who }}"], workingDirectory: "/srv/{{ who }}{{ ok }}" }',
    want: [],
  },
]) {
  test(`document lint: ${name} through aws:runDocument`, async () => {
    const text = `schemaVersion: "2.2"
parameters: { who: { type: String, interpolationType: ENV_VAR }, ok: { type: String, allowedPattern: "^a$" } }
mainSteps:
  - action: aws:runDocument
    name: inner
    inputs:
      documentType: SSMDocument
      documentPath: ${documentPath}
      documentParameters: ${documentParameters}
`;
    const { files } = await lint(['-'], text);
    assert.deepEqual(
      files[0]?.problems.map(({ code, line }) => `${code} ${line}`),
      want,
    );
  });
}

for (const { token, hint } of [
  { token: 'global:DATE', hint: 'Ask for it in the script' },
  { token: 'automation:EXECUTION_ID', hint: 'Ask for it in the script' },
  { token: 'platformType', hint: 'AWS_SSM_PLATFORM_NAME' },
  { token: 'my_param', hint: 'letters and digits only' },
  { token: 'whom', hint: 'Did you mean {{ who }}?' },
  { token: 'other', hint: 'Declare other under parameters' },
]) {
  test(`document lint: {{ ${token} }} stays as it is, and the remedy is one that works`, async () => {
    const { files } = await lint(['-'], script(`"echo {{ ${token} }} {{ who }}"`, WHO));
    const told = files[0]?.problems.find((problem) => problem.code === 'undeclared-token');
    assert.ok(told?.hint.includes(hint), told?.hint);
  });
}

test('document lint: --parameters are judged against the document', async () => {
  const { code, files } = await lint(
    ['-', '--parameters', 'woh=x'],
    script('"echo {{ who }}"', 'parameters:\n  who: { type: String, allowedPattern: x }\n'),
  );
  assert.equal(code, 3);
  const undeclared = files[0]?.problems.find((problem) => problem.code === 'parameter-undeclared');
  assert.equal(undeclared?.hint, 'Did you mean who?');
});

test('document lint: people see place, code, message and hint, and a verdict last', async () => {
  const { stdout } = await call(['document', 'lint', '-'], {}, script('"echo {{ who }}"', WHO));
  assert.match(stdout, /^ {2}-:9:17: warning text-in-script: the value of who/m);
  assert.match(stdout, /^ {6}hint: Give parameter who interpolationType: ENV_VAR/m);
  assert.match(stdout, /\nvalid: 1 document; 0 errors, 1 warning\n$/);
});

test('document lint: the sample repository has nothing to say about', async () => {
  const { code, files } = await lint([join(sampleRepo, 'documents')]);
  assert.equal(code, 0);
  assert.ok(files.length > 0);
  assert.deepEqual(
    files.flatMap(({ problems }) => problems),
    [],
  );
});

for (const { name, argv, want } of [
  { name: 'no file', argv: [], want: 64 },
  { name: 'a file that is not there', argv: ['/nowhere/x.yaml'], want: 1 },
  { name: 'a platform that is none', argv: ['-', '--platform', 'BeOS'], want: 64 },
  { name: 'standard input twice', argv: ['-', '-'], want: 64 },
]) {
  test(`document lint: ${name} is exit code ${want}`, async () => {
    const { code, stderr } = await call(['document', 'lint', ...argv]);
    assert.equal(code, want);
    assert.match(stderr, /^error [A-Z_]+: .+\n$/);
  });
}

test('document lint: a file of another encoding, or far too large, is a problem and not a crash', async (t) => {
  const dir = await tempFolder(t);
  await writeFile(join(dir, 'latin.yaml'), Buffer.from([0x61, 0xff, 0x62]));
  await writeFile(join(dir, 'large.yaml'), 'a'.repeat(3_000_000));
  const { files } = await lint([dir]);
  assert.deepEqual(
    files.map(({ problems }) => problems.map(({ code }) => code)),
    [['too-large'], ['not-utf-8']],
  );
  // It is not read to its end, so its size is not known.
  assert.match(files[0]?.problems[0]?.message ?? '', /has more than 262144 bytes; at most 65536/);
});
