import assert from 'node:assert/strict';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import test from 'node:test';
import { encryptFor } from '../../src/secrets/age.ts';
import { loadOrCreateIdentityFile } from '../../src/secrets/identity-file.ts';
import { call, start, tempFolder } from './cli.ts';

const GREET = `schemaVersion: "2.2"
description: greets
parameters:
  names: { type: StringList, default: [world], allowedPattern: "^[a-z]+$" }
  code: { type: String, default: "0" }
mainSteps:
  - action: aws:runShellScript
    name: greet
    inputs:
      runCommand: ["echo hello {{ names }}", "echo in $RECONCILED_ROOT", "exit {{ code }}"]
`;
type Printed = {
  readonly status: string;
  readonly steps: readonly { readonly [key: string]: unknown }[];
};

async function greet(t: test.TestContext, ...flags: readonly string[]) {
  const dir = await tempFolder(t);
  const file = join(dir, 'greet.yaml');
  await writeFile(file, GREET);
  await writeFile(join(dir, 'values.yaml'), 'names: [ada, bob]\ncode: 3\n');
  const placed = flags.map((flag) => flag.replace('DIR', dir));
  return { dir, ...(await call(['document', 'run', file, '--root', dir, ...placed])) };
}

test('document run: JSON has the shape of the contract, and exit 0 is Success', async (t) => {
  const { dir, code, stdout } = await greet(t, '--format', 'json');
  const { status, steps } = JSON.parse(stdout) as Printed;
  assert.deepEqual([code, status], [0, 'Success']);
  assert.deepEqual(steps, [
    {
      name: 'greet',
      action: 'aws:runShellScript',
      status: 'Success',
      exitCode: 0,
      stdout: `hello [world]\nin ${dir}\n`,
      stderr: '',
      reason: '',
    },
  ]);
});

test('document run: parameters from a file and from the command line, which wins; exit 4 is not Success', async (t) => {
  const { code, stdout } = await greet(
    t,
    ...['--parameters', 'DIR/values.yaml', '--parameters', 'names=eve', '--format', 'json'],
  );
  const [step] = (JSON.parse(stdout) as Printed).steps;
  assert.equal(code, 4);
  assert.equal(step?.['exitCode'], 3);
  assert.match(String(step['stdout']), /^hello \[eve\]/);
});

test('document run: people see steps, outputs and the verdict', async (t) => {
  const { stdout } = await greet(t, '--parameters', 'code=1');
  assert.match(stdout, /^greet aws:runShellScript Failed \(exit 1\)$/m);
  assert.match(stdout, /^ {2}out \| hello \[world\]$/m);
  assert.match(stdout, /^Failed\n$/m);
});

test('document run: values that are not allowed start nothing and are exit 3', async (t) => {
  const { code, stderr, stdout } = await greet(
    t,
    '--parameters',
    'names=X',
    '--parameters',
    'no=1',
  );
  assert.equal(code, 3);
  assert.equal(stdout, '');
  assert.match(stderr, /\/X\/ does not match the allowed pattern/);
  assert.match(stderr, /"no" is not defined/);
});

test('document run: a root that is not there yet is an empty machine; one that cannot be is an error before anything runs', async (t) => {
  const dir = await tempFolder(t);
  const file = join(dir, 'greet.yaml');
  await writeFile(file, GREET);
  const root = join(dir, 'new', 'root');
  const { code, stdout } = await call(['document', 'run', file, '--root', root]);
  assert.equal(code, 0);
  assert.match(stdout, new RegExp(`in ${root}`));
  const bad = await call(['document', 'run', file, '--root', file]);
  assert.equal(bad.code, 1);
  assert.match(bad.stderr, /greet\.yaml cannot be the root: EEXIST/);
});

test('document run: another platform is wrong usage; a document that is none is exit 3', async (t) => {
  assert.equal((await greet(t, '--platform', 'Windows')).code, 64);
  const dir = await tempFolder(t);
  await writeFile(join(dir, 'x.yaml'), 'schemaVersion: "0.3"\n');
  assert.equal((await call(['document', 'run', join(dir, 'x.yaml')])).code, 3);
  assert.equal((await call(['document', 'run', join(dir, 'absent.yaml')])).code, 1);
});

test('document run: documents of the repository and preconfigured ones can be named, others fail by name', async (t) => {
  const dir = await tempFolder(t);
  await mkdir(join(dir, 'documents'), { recursive: true });
  await writeFile(join(dir, 'documents', 'Greet.yaml'), GREET);
  const runs = (path: string, parameters: string) => `schemaVersion: "2.2"
mainSteps:
  - action: aws:runDocument
    name: inner
    inputs: { documentType: SSMDocument, documentPath: "${path}", documentParameters: ${parameters} }
`;
  const at = async (text: string, ...flags: readonly string[]) => {
    const file = join(dir, 'outer.yaml');
    await writeFile(file, text);
    const { stdout } = await call(['document', 'run', file, '--format', 'json', ...flags]);
    const [step] = (JSON.parse(stdout) as Printed).steps;
    return [step?.['status'], step?.['stdout'], step?.['stderr']];
  };
  const inRepo = ['--repo', dir, '--root', dir];
  assert.deepEqual(await at(runs('Greet', '{ names: [ada] }'), ...inRepo), [
    'Success',
    `hello [ada]\nin ${dir}\n`,
    '',
  ]);
  const builtIn = runs('AWS-RunShellScript', '\'{"commands":["echo built in"]}\'');
  assert.deepEqual(await at(builtIn), ['Success', 'built in\n', '']);
  assert.deepEqual(await at(runs('Absent', '{}'), ...inRepo), [
    'Failed',
    '',
    'There was an error while preparing documents - document Absent did not come with the job',
  ]);
});

test('document run: a document in a file is read only from where it may be', async (t) => {
  const dir = await tempFolder(t);
  await symlink('/etc/hostname', join(dir, 'link.json'));
  const outer = {
    schemaVersion: '2.2',
    mainSteps: ['../../../../etc/hostname', '/dev/zero', '/etc', join(dir, 'absent')].map(
      (documentPath, index) => ({
        action: 'aws:runDocument',
        name: `step${index}`,
        inputs: { documentType: 'LocalPath', documentPath },
      }),
    ),
  };
  await writeFile(join(dir, 'outer.json'), JSON.stringify(outer));
  const { stdout } = await call(['document', 'run', join(dir, 'outer.json'), '--format', 'json']);
  for (const step of (JSON.parse(stdout) as Printed).steps) {
    assert.equal(step['stderr'], 'There was an error while preparing documents - File is empty!');
  }
});

test('document run: what is downloaded is where the next step runs, and a document can be fetched and run', async (t) => {
  const dir = await tempFolder(t);
  const inner = JSON.stringify({
    schemaVersion: '2.2',
    parameters: { word: { type: 'String' } },
    mainSteps: [
      {
        action: 'aws:runShellScript',
        name: 'say',
        inputs: { runCommand: ['echo inner {{ word }}'] },
      },
    ],
  });
  const failed = new Set<string | undefined>();
  const server = createServer(({ url: asked }, response) => {
    if (!failed.has(asked)) response.writeHead(503).end();
    else response.end(asked === '/inner' ? inner : '#!/bin/sh\necho from $1\n');
    failed.add(asked);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const info = (path: string) => JSON.stringify({ url: url + path, allowInsecureDownload: true });
  const outer = {
    schemaVersion: '2.2',
    mainSteps: [
      {
        action: 'aws:downloadContent',
        name: 'get',
        inputs: { sourceType: 'HTTP', sourceInfo: info('/script'), destinationPath: 'hello.sh' },
      },
      { action: 'aws:runShellScript', name: 'use', inputs: { runCommand: ['./hello.sh afar'] } },
      {
        action: 'aws:runDocument',
        name: 'builtIn',
        inputs: {
          documentType: 'SSMDocument',
          documentPath: 'AWS-RunDocument',
          documentParameters: {
            sourceType: 'HTTP',
            sourceInfo: info('/inner'),
            documentParameters: '{"word":"twice"}',
          },
        },
      },
      {
        action: 'aws:downloadContent',
        name: 'wrong',
        inputs: { sourceType: 'HTTP', sourceInfo: info('/x'), destinationPath: '../../x' },
      },
    ],
  };
  const file = join(dir, 'outer.json');
  await writeFile(file, JSON.stringify(outer));
  const ended = await call(['document', 'run', file, '--root', dir, '--format', 'json']);
  const [get, use, builtIn, wrong] = (JSON.parse(ended.stdout) as Printed).steps;
  assert.match(
    String(get?.['stdout']),
    /^http:\S+\/script answers 503; attempt 2 of 6 in \d+ ms\nContent downloaded to .*\/downloads\/hello\.sh$/,
  );
  assert.equal(use?.['stdout'], 'from afar\n');
  assert.match(String(builtIn?.['stdout']), /downloads\/documentinner twice\n$/);
  assert.deepEqual(
    [wrong?.['status'], wrong?.['exitCode'], wrong?.['stderr']],
    ['Failed', 1, "destinationPath ../../x leads out of the run's downloads folder"],
  );
});

test('document run: --identity opens the SecureStrings of the repository, masked in what is printed', async (t) => {
  const dir = await tempFolder(t);
  const key = join(dir, 'role.key');
  const { recipient } = await loadOrCreateIdentityFile(key);
  const secret = 'correct-horse-battery';
  await mkdir(join(dir, 'parameters'));
  await writeFile(
    join(dir, 'parameters', 'p.json'),
    JSON.stringify({
      Name: '/p',
      Type: 'SecureString',
      Value: await encryptFor([recipient], secret),
    }),
  );
  const server = createServer((request, response) => {
    const wanted = `Basic ${Buffer.from(`u:${secret}`).toString('base64')}`;
    response.statusCode = request.headers.authorization === wanted ? 200 : 401;
    response.end('fetched');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const file = join(dir, 'login.json');
  const sourceInfo = {
    url: `http://127.0.0.1:${port}/f`,
    allowInsecureDownload: true,
    authMethod: 'Basic',
    username: 'u',
    password: '{{ pw }}',
  };
  await writeFile(
    file,
    JSON.stringify({
      schemaVersion: '2.2',
      parameters: {
        pw: { type: 'String', default: '{{ssm-secure:/p}}', interpolationType: 'ENV_VAR' },
      },
      mainSteps: [
        {
          action: 'aws:downloadContent',
          name: 'get',
          inputs: { sourceType: 'HTTP', sourceInfo, destinationPath: 'f' },
        },
        {
          action: 'aws:runShellScript',
          name: 'use',
          inputs: { runCommand: ['cat f; echo " with {{ pw }}"'] },
        },
      ],
    }),
  );
  const ask = (...flags: readonly string[]) =>
    call(['document', 'run', file, '--repo', dir, '--root', dir, '--format', 'json', ...flags]);
  const told = await ask('--identity', key);
  const { status, steps } = JSON.parse(told.stdout) as Printed;
  assert.equal(status, 'Success', told.stdout);
  assert.equal(steps[1]?.['stdout'], 'fetched with ***\n');
  const without = await ask();
  assert.equal(without.code, 4);
  assert.match(without.stdout, /Parameter \/p of type SecureString is encrypted neither for/);
});

test('document run: a program of its own says how a killed step ended', async (t) => {
  const dir = await tempFolder(t);
  const file = join(dir, 'slow.json');
  const slow = { runCommand: ['sleep 60 & sleep 60'], timeoutSeconds: '5' };
  const mainSteps = [
    { action: 'aws:runShellScript', name: 'slow', inputs: slow },
    { action: 'aws:runShellScript', name: 'next', inputs: { runCommand: ['echo next'] } },
  ];
  await writeFile(file, JSON.stringify({ schemaVersion: '2.2', mainSteps }));
  const line = ['document', 'run', file, '--root', dir, '--format', 'json'];
  const { code, stdout } = await start(t, line).ended;
  assert.equal(code, 4);
  const { status, steps } = JSON.parse(stdout) as Printed;
  assert.equal(status, 'TimedOut');
  assert.deepEqual([steps[0]?.['exitCode'], steps[1]?.['stdout']], [137, 'next\n']);
});
