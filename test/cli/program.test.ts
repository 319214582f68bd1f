import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { commands } from '../../src/cli/commands.ts';
import { call, launcher, sampleRepo, start, tempFolder } from './cli.ts';

for (const c of [
  { name: 'no command shows the overview', argv: [], code: 0, out: /agent register/ },
  { name: '--help shows the overview', argv: ['--help'], code: 0, out: /Usage: reconciled/ },
  { name: '--version', argv: ['--version'], code: 0, out: /^\d+\.\d+\.\d+\n$/ },
  { name: 'help of a command has examples', argv: ['validate', '-h'], code: 0, out: /Examples:/ },
  { name: 'an unknown command names the nearest', argv: ['valdate'], code: 64, err: /validate/ },
  { name: 'half a command lists the rest', argv: ['agent'], code: 64, out: /agent run/ },
  { name: 'an unknown flag', argv: ['validate', '--strickt'], code: 64, err: /--strickt/ },
  { name: 'a wrong choice', argv: ['validate', '--format', 'xml'], code: 64, err: /text, json/ },
  { name: 'a flag twice', argv: ['validate', '--rev', 'a', '--rev', 'b'], code: 64, err: /twice/ },
  { name: 'too many operands', argv: ['validate', 'a', 'b'], code: 64, err: /too many/ },
  { name: 'a missing operand', argv: ['accept'], code: 64, err: /commit/ },
  { name: 'a missing required flag', argv: ['agent', 'register'], code: 64, err: /--server/ },
  {
    name: 'no configuration',
    argv: ['daemon', '--config', '/nonexistent/daemon.yaml'],
    code: 78,
    err: /^error CONFIG_UNREADABLE: /,
  },
  {
    name: 'a node that is not registered',
    argv: ['agent', 'run', '--root', '/nonexistent'],
    code: 78,
    err: /^error CONFIG_MISSING: /,
  },
  { name: 'no such folder', argv: ['validate', '/nonexistent'], code: 1, err: /^error DIRECTORY_/ },
] satisfies readonly {
  name: string;
  argv: readonly string[];
  code: number;
  out?: RegExp;
  err?: RegExp;
}[]) {
  test(`exit ${c.code}: ${c.name}`, async () => {
    const ended = await call(c.argv);
    assert.equal(ended.code, c.code, ended.stderr);
    if ('out' in c) assert.match(ended.stdout, c.out);
    if ('err' in c) assert.match(ended.stderr, c.err);
  });
}

test('every command can be loaded and explains itself', async () => {
  for (const words of Object.keys(commands)) {
    const { code, stdout } = await call([...words.split(' '), '--help']);
    assert.equal(code, 0, words);
    assert.match(stdout, new RegExp(`^Usage: reconciled ${words}`));
    assert.match(stdout, /Examples:\n {2}\S*.*reconciled/, words);
  }
});

test('a flag may come from the environment, and argv wins', async () => {
  const asJson = await call(['validate', sampleRepo], { RECONCILED_FORMAT: 'json' });
  assert.equal((JSON.parse(asJson.stdout) as { valid: boolean }).valid, true);
  const asText = await call(['validate', sampleRepo, '--format', 'text'], {
    RECONCILED_FORMAT: 'json',
  });
  assert.match(asText.stdout, /^valid: /);
  const wrong = await call(['validate', sampleRepo], { RECONCILED_FORMAT: 'xml' });
  assert.equal(wrong.code, 64);
});

test('the root of an agent comes from RECONCILED_AGENT_ROOT, not from RECONCILED_ROOT', async (t) => {
  const root = await tempFolder(t);
  const { stderr } = await call(['agent', 'run'], {
    RECONCILED_AGENT_ROOT: root,
    RECONCILED_ROOT: '/nonexistent',
  });
  assert.match(stderr, new RegExp(root));
});

test('a real process: 0 for a good repository, 3 for a bad one, 64 for wrong usage', async (t) => {
  const bad = await tempFolder(t);
  await mkdir(join(bad, 'associations'));
  await writeFile(join(bad, 'associations', 'a.yaml'), 'AssociationName: a\nName: Nowhere\n');
  const codes = await Promise.all(
    [['validate', sampleRepo], ['validate', bad], ['nonsense']].map(
      async (argv) => (await start(t, argv).ended).code,
    ),
  );
  assert.deepEqual(codes, [0, 3, 64]);
});

test('a real process: Node past its end of life is said once on stderr, and not beside JSON', async (t) => {
  const text = await start(t, ['validate', sampleRepo], { NODE_NO_WARNINGS: '0' }).ended;
  const json = await start(t, ['validate', sampleRepo, '--format', 'json'], {
    NODE_NO_WARNINGS: '0',
  }).ended;
  const old = process.version.startsWith('v20.');
  assert.equal(text.stderr.split('warning: Node').length - 1, old ? 1 : 0);
  assert.equal(json.stderr, '');
});

test('a real process: an interrupt while it waits for a daemon ends it with 130', async (t) => {
  const root = await tempFolder(t);
  const waiting = start(t, [
    ...['agent', 'register', '--root', root, '--server', 'ws://127.0.0.1:9'],
    ...['--server-key', 'ed25519:11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo='],
  ]);
  await waiting.said(/waiting/);
  waiting.child.kill('SIGINT');
  assert.equal((await waiting.ended).code, 130);
});

test('a real process: a reader that leaves early is no error', async (t) => {
  const started = start(t, ['validate', sampleRepo]);
  started.child.stdout.destroy();
  const [code] = (await once(started.child, 'close')) as [number];
  assert.equal(code, 0);
});

test('a real process: an answer that cannot be written is an error in one line', async (t) => {
  if (!existsSync('/dev/full')) return t.skip('there is no /dev/full here');
  const shell = 'exec "$@" >/dev/full';
  const argv = [process.execPath, launcher, '--help'];
  const [code, stderr] = await new Promise<readonly [unknown, string]>((resolve) => {
    execFile('sh', ['-c', shell, 'sh', ...argv], { timeout: 20_000 }, (error, _, told) =>
      resolve([error?.code, told]),
    );
  });
  assert.equal(code, 1, stderr);
  assert.match(stderr, /^error OUTPUT: ENOSPC: [^\n]*\n$/);
});

test('what the machine refuses is told in its words, and is no bug to report', async (t) => {
  const dir = await tempFolder(t);
  await symlink('nowhere/at/all', join(dir, 'dangling'));
  const { code, stderr } = await call(['init', join(dir, 'dangling')]);
  assert.equal(code, 1);
  assert.match(stderr, /^error SYSTEM: E[A-Z]+: /m);
  assert.doesNotMatch(stderr, /BUG/);
});

test('demo: a folder with files is left alone', async (t) => {
  const dir = await tempFolder(t);
  await writeFile(join(dir, 'mine'), '');
  const { code, stderr } = await call(['demo', '--dir', dir]);
  assert.equal(code, 1);
  assert.match(stderr, /NOT_EMPTY: .* is not empty; name a new folder/);
  assert.deepEqual(await readdir(dir), ['mine']);
});

test('a real process: a long answer into a slow pipe is whole', async (t) => {
  const dir = await tempFolder(t);
  await mkdir(join(dir, 'associations'));
  const wrong = 'AssociationName: a\nName: Nowhere\nColour: red\n';
  await Promise.all(
    Array.from({ length: 1_000 }, (_, n) =>
      writeFile(join(dir, 'associations', `${n}.yaml`), wrong),
    ),
  );
  const { stdout } = await start(t, ['validate', dir, '--format', 'json']).ended;
  const { problems } = JSON.parse(stdout) as { readonly problems: readonly unknown[] };
  assert.ok(stdout.length > 256 * 1024 && problems.length >= 1_000);
});

test('no colours against NO_COLOR, and none into a pipe', async () => {
  const { stdout } = await call(['validate', sampleRepo]);
  assert.ok(!stdout.includes('\u001b'));
});
