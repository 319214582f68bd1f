import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import type { Json, JsonObject } from '../../src/core/model/json.ts';
import type { Problem } from '../../src/core/model/problem.ts';
import { corpusFolder, corpusMissing, readVectors } from '../core/document/vectors.ts';
import { call, tempFolder } from './cli.ts';

type Step = {
  readonly name: string;
  readonly action: string;
  readonly inputs: Json;
  readonly disposition: string;
  readonly reason: string;
  readonly environment: JsonObject;
};
type Rendered = { readonly steps: readonly Step[]; readonly problems: readonly Problem[] };

async function render(argv: readonly string[], input = '') {
  const ended = await call(['document', 'render', ...argv, '--format', 'json'], {}, input);
  assert.ok(ended.stdout !== '', ended.stderr);
  return { code: ended.code, ...(JSON.parse(ended.stdout) as Rendered) };
}

const text = JSON.stringify({
  schemaVersion: '2.2',
  parameters: {
    text: { type: 'String', default: 'd' },
    list: { type: 'StringList', default: ['one'] },
    count: { type: 'Integer', default: 1 },
    flag: { type: 'Boolean', default: false },
    map: { type: 'StringMap', default: { a: 'b' } },
    maps: { type: 'MapList', default: [{ a: 'b' }] },
  },
  mainSteps: [
    {
      action: 'aws:runShellScript',
      name: 'all',
      inputs: {
        runCommand: '{{ list }}',
        environment: {
          t: '{{ text }}',
          c: '{{ count }}',
          f: '{{ flag }}',
          m: '{{ map }}',
          l: '{{ maps }}',
        },
      },
    },
  ],
});

const DEFAULTS = { t: 'd', c: 1, f: false, m: { a: 'b' }, l: [{ a: 'b' }] };

for (const { name, argv, file, runCommand = ['one'], environment = {} } of [
  { name: 'nothing: defaults, each of its own kind', argv: [] },
  {
    name: 'name=value',
    argv: ['text=x=y', 'count=5', 'flag=true'],
    environment: { t: 'x=y', c: 5, f: true },
  },
  { name: 'a list by repetition', argv: ['list=a', 'list=b, c'], runCommand: ['a', 'b, c'] },
  { name: 'a list of one', argv: ['list=a'], runCommand: ['a'] },
  { name: 'a list as JSON', argv: ['list=["a","b"]'], runCommand: ['a', 'b'] },
  {
    name: 'a file of typed values',
    file: '{"list":["z"],"count":7,"flag":true,"map":{"k":"v"},"maps":[{"x":"y"}]}',
    argv: [],
    runCommand: ['z'],
    environment: { c: 7, f: true, m: { k: 'v' }, l: [{ x: 'y' }] },
  },
  {
    name: 'a file as an association has them',
    file: 'text: [w]\nlist: [p, q]\ncount: ["8"]\nmaps: ["[{\\"x\\":\\"y\\"}]"]\n',
    argv: [],
    runCommand: ['p', 'q'],
    environment: { t: 'w', c: 8, l: [{ x: 'y' }] },
  },
  {
    name: 'a YAML number where a text is wanted',
    file: 'text: 8080\n',
    argv: [],
    environment: { t: '8080' },
  },
  {
    name: 'a file, and one value over it',
    file: 'text: a\n',
    argv: ['text=b'],
    environment: { t: 'b' },
  },
]) {
  test(`document render: parameters from ${name}`, async (t) => {
    const dir = await tempFolder(t);
    const values = join(dir, 'values');
    if (file !== undefined) await writeFile(values, file);
    const given = [...(file === undefined ? [] : [values]), ...argv];
    const flags = given.flatMap((each) => ['--parameters', each]);
    const { code, steps, problems } = await render(['-', ...flags], text);
    assert.deepEqual([code, problems.filter(({ severity }) => severity === 'error')], [0, []]);
    assert.deepEqual(steps[0]?.inputs, {
      runCommand,
      environment: { ...DEFAULTS, ...environment },
    });
    assert.deepEqual([steps[0].disposition, steps[0].reason], ['Run', '']);
  });
}

for (const { name, argv, codes, hint } of [
  {
    name: 'an unknown name',
    argv: ['txt=x'],
    codes: ['parameter-undeclared'],
    hint: 'Did you mean text?',
  },
  { name: 'a word for a number', argv: ['count=many'], codes: ['parameter-type'] },
  { name: 'two values for a text', argv: ['text=a', 'text=b'], codes: ['parameter-type'] },
]) {
  test(`document render: ${name} is a problem, exit 3, no steps`, async () => {
    const flags = argv.flatMap((each) => ['--parameters', each]);
    const { code, steps, problems } = await render(['-', ...flags], text);
    const errors = problems.filter(({ severity }) => severity === 'error');
    assert.deepEqual([code, steps, errors.map((each) => each.code)], [3, [], codes]);
    if (hint !== undefined) assert.equal(errors[0]?.hint, hint);
  });
}

test('document render: a missing value says how to give it', async () => {
  const document = text.replace('"default":"d"', '"description":""');
  const { code, problems } = await render(['-'], document);
  const missing = problems.find((problem) => problem.code === 'parameter-missing');
  assert.equal(code, 3);
  assert.equal(missing?.hint, 'Give it: --parameters text=<value>.');
});

test('document render: mistakes in a file of parameters are told with their place there', async (t) => {
  const file = join(await tempFolder(t), 'values.yaml');
  await writeFile(file, 'text: a\ncount: many\n');
  const { problems } = await render(['-', '--parameters', file], text);
  const wrong = problems.find((problem) => problem.code === 'parameter-type');
  assert.deepEqual(
    [wrong?.file, wrong?.line, wrong?.column, wrong?.pointer],
    [file, 2, 1, '/count'],
  );
});

const elsewhere = JSON.stringify({
  schemaVersion: '2.2',
  mainSteps: ['Linux', 'Windows'].map((platform) => ({
    action: platform === 'Linux' ? 'aws:runShellScript' : 'aws:runPowerShellScript',
    name: platform,
    precondition: { StringEquals: ['platformType', platform] },
    inputs: { runCommand: ['true'] },
  })),
});

for (const { platform, want } of [
  { platform: 'Linux', want: ['Run', 'Skip'] },
  { platform: 'windows', want: ['Skip', 'Run'] },
  { platform: 'MacOS', want: ['Skip', 'Skip'] },
]) {
  test(`document render: ${platform} runs and skips what the preconditions say`, async () => {
    const { steps } = await render(['-', '--platform', platform], elsewhere);
    assert.deepEqual(
      steps.map(({ disposition }) => disposition),
      want,
    );
    for (const { disposition, reason } of steps) assert.equal(reason === '', disposition === 'Run');
  });
}

test('document render: an action that is not built is tried, as by the agent, which fails it', async () => {
  const join = JSON.stringify({
    schemaVersion: '2.2',
    mainSteps: [{ action: 'aws:domainJoin', name: 'join', inputs: { directoryId: 'd-1' } }],
  });
  const { steps, problems } = await render(['-'], join);
  assert.deepEqual(
    [steps.map(({ disposition }) => disposition), problems.map(({ code }) => code)],
    [['Run'], ['action-not-built']],
  );
});

const referring = JSON.stringify({
  schemaVersion: '2.2',
  parameters: { p: { type: 'String', default: '{{ssm:motd}}', allowedPattern: '^[a-z]+$' } },
  mainSteps: [
    {
      action: 'aws:runShellScript',
      name: 'say',
      inputs: { runCommand: ['echo {{ p }} {{ ssm:motd }}'] },
    },
  ],
});

test('document render: references are looked up in the repository named, else stay as written', async (t) => {
  const { steps, problems, code } = await render(['-'], referring);
  assert.deepEqual(steps[0]?.inputs, { runCommand: ['echo {{ssm:motd}} {{ssm:motd}}'] });
  assert.deepEqual([code, problems.map((each) => each.code)], [0, ['reference-unresolved']]);
  const repo = await tempFolder(t);
  await mkdir(join(repo, 'parameters'));
  await writeFile(
    join(repo, 'parameters', 'motd.yaml'),
    'Name: motd\nType: String\nValue: hello\n',
  );
  const found = await render(['-', '--repo', repo], referring);
  assert.deepEqual(found.steps[0]?.inputs, { runCommand: ['echo hello hello'] });
  const missing = await render(['-', '--repo', repo], referring.replaceAll('motd', 'modt'));
  assert.equal(missing.code, 3);
  assert.match(JSON.stringify(missing.problems), /modt/);
});

test('document render: ENV_VAR travels beside the script', async () => {
  const document = JSON.stringify({
    schemaVersion: '2.2',
    parameters: { who: { type: 'String', interpolationType: 'ENV_VAR' } },
    mainSteps: [
      { action: 'aws:runShellScript', name: 'say', inputs: { runCommand: ['echo "{{ who }}"'] } },
    ],
  });
  const { steps } = await render(['-', '--parameters', 'who=$(reboot)'], document);
  assert.deepEqual(steps[0]?.inputs, { runCommand: ['echo "${SSM_who}"'] });
  assert.deepEqual(steps[0].environment, { SSM_who: '$(reboot)' });
});

test('document render: 0.3 and 1.0 are not executable here, and say so', async () => {
  for (const version of ['0.3', '1.0']) {
    const { code, problems } = await render(['-'], text.replace('"2.2"', `"${version}"`));
    const [first] = problems;
    assert.deepEqual([code, first?.code], [3, 'schema-version-not-executable']);
    assert.match(first?.message ?? '', /not executable here/);
  }
});

test('document render: people see each step, what becomes of it and its inputs', async () => {
  const { code, stdout } = await call(['document', 'render', '-'], {}, elsewhere);
  assert.equal(code, 0);
  assert.match(
    stdout,
    /^1\. Linux aws:runShellScript: Run\n {3}inputs:\n {5}runCommand:\n {7}- "true"$/m,
  );
  assert.match(
    stdout,
    /^2\. Windows aws:runPowerShellScript: Skip: Step execution skipped due to /m,
  );
});

test('document render: a hostile value cannot move the cursor', async () => {
  const hostile = JSON.stringify({ text: '\u001b[2J\u202e' });
  const document = text.replace('"default":"d"', `"default":${JSON.stringify('\u001b[2J\u202e')}`);
  for (const format of ['text', 'json']) {
    const { stdout } = await call(['document', 'render', '-', '--format', format], {}, document);
    assert.ok(!/[\u001b\u202e]/.test(stdout), hostile);
  }
});

type CorpusCase = {
  readonly id: string;
  readonly file: string;
  readonly parameters: JsonObject;
  readonly verdict: string;
  readonly expected: {
    readonly error?: string;
    readonly steps?: readonly { readonly name: string; readonly action: string }[];
  };
};

test('document render: the corpus gives the steps that were measured, or refuses', {
  skip: corpusMissing,
}, async (t) => {
  const dir = await tempFolder(t);
  const values = join(dir, 'values.json');
  let agreed = 0;
  for (const given of readVectors<CorpusCase>('corpus-documents')) {
    await writeFile(values, JSON.stringify(given.parameters));
    const file = join(corpusFolder('documents'), given.file.replace('../documents/', ''));
    const { code, steps, problems } = await render([file, '--parameters', values]);
    const wanted = (given.expected.steps ?? []).map(({ name }) => name).sort();
    if (code === 3 && given.expected.steps !== undefined) {
      // The measured agent takes what a strict front refuses: values that break their own definition.
      assert.ok(
        problems.some((each) => each.code.startsWith('parameter-')),
        given.id,
      );
      continue;
    }
    if (code === 0 && given.expected.error !== undefined) {
      assert.equal(given.verdict, 'lenient', given.id);
      continue;
    }
    assert.deepEqual(steps.map(({ name }) => name).sort(), wanted, given.id);
    agreed += 1;
  }
  t.diagnostic(`${agreed} cases rendered or refused as measured`);
});

test('document render: without --repo a secret is a secret, and nothing is wrong with it', async (t) => {
  const file = join(await tempFolder(t), 'secret.json');
  const parameters = {
    s: { type: 'String', default: '{{ssm-secure:/p}}', interpolationType: 'ENV_VAR' },
  };
  const inputs = { runCommand: ['use {{ s }}'] };
  const mainSteps = [{ action: 'aws:runShellScript', name: 'use', inputs }];
  await writeFile(file, JSON.stringify({ schemaVersion: '2.2', parameters, mainSteps }));
  const told = await call(['document', 'render', file, '--format', 'json']);
  const { steps, problems } = JSON.parse(told.stdout) as {
    readonly steps: readonly { readonly secretEnvironment: unknown }[];
    readonly problems: readonly unknown[];
  };
  assert.deepEqual([told.code, problems], [0, []]);
  assert.deepEqual(steps[0]?.secretEnvironment, { SSM_s: [{ secret: '/p' }] });
});
