/**
 * Plans of `test/golden/plan/<case>/{base,head}` as they are printed. `UPDATE_GOLDEN=1` writes them again; the diff is the
 * review.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { git, makeRepo } from '../fakes/git-repo.ts';
import { call, sampleRepo, start, tempFolder } from './cli.ts';
import { stage } from './stage.ts';

const golden = fileURLToPath(new URL('../golden/plan', import.meta.url));
const NOW = '2026-05-01T12:00:00Z';

const EXITS: { readonly [name: string]: number } = { broken: 3, held: 8, nothing: 0 };

for (const name of readdirSync(golden)) {
  test(`plan: golden case ${name}`, async (t) => {
    const repo = makeRepo(await tempFolder(t));
    const base = filesOf(join(golden, name, 'base'));
    const head = filesOf(join(golden, name, 'head'));
    if (base.size > 0) repo.commit(Object.fromEntries(base));
    const gone = [...base.keys()].filter((path) => !head.has(path));
    repo.commit({
      ...Object.fromEntries(head),
      ...Object.fromEntries(gone.map((path) => [path, null])),
    });
    const argv = ['plan', repo.work, '--head', 'HEAD', '--now', NOW, '--detailed-exitcode'];
    if (base.size > 0) argv.push('--base', 'HEAD~1');
    for (const [format, file] of [
      ['text', 'plan.txt'],
      ['markdown', 'plan.md'],
      ['json', 'plan.json'],
    ] as const) {
      const { code, stdout, stderr } = await call([...argv, '--format', format]);
      assert.equal(code, EXITS[name] ?? 2, stderr);
      const path = join(golden, name, file);
      if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(path, stdout);
      assert.equal(stdout, readFileSync(path, 'utf8'));
    }
  });
}

test('plan: JSON has the shape of the contract', async () => {
  const { code, stdout } = await call(['plan', sampleRepo, '--now', NOW, '--format', 'json']);
  assert.equal(code, 0);
  const plan = JSON.parse(stdout) as {
    readonly summary: { readonly associations: { readonly create: number } };
    readonly associations: readonly { readonly [key: string]: unknown }[];
  } & { readonly [key: string]: unknown };
  for (const key of ['planId', 'base', 'head', 'problems', 'warnings']) assert.ok(key in plan, key);
  assert.equal(plan.summary.associations.create, plan.associations.length);
  for (const each of plan.associations) {
    const keys = ['change', 'name', 'nextRun', 'nextRunBefore', 'nodes', 'nodesTotal'];
    assert.deepEqual(Object.keys(each).sort(), [...keys, 'reasons', 'runsNow']);
    assert.ok(Array.isArray(each['reasons']) && each['reasons'].length > 0, String(each['name']));
  }
});

test("plan: on a daemon's own status branch nothing differs, and an edit is one update", async (t) => {
  const { config, repo } = await stage(t);
  const daemon = start(t, ['daemon', '--config', config]);
  await daemon.said(/daemon ready/);
  assert.equal((await call(['sync', '--config', config])).code, 0);
  daemon.child.kill('SIGTERM');
  await daemon.ended;
  git(repo.work, ['fetch', '-q', 'origin', '+refs/heads/*:refs/remotes/origin/*']);

  const argv = ['plan', repo.work, '--detailed-exitcode', '--format', 'json'];
  const same = await call(argv);
  assert.equal(same.code, 0, same.stderr + same.stdout);
  const unchanged = JSON.parse(same.stdout) as { readonly base: string };
  assert.equal(unchanged.base, repo.tip());

  const document = join(repo.work, 'documents', 'Keep.yaml');
  writeFileSync(document, readFileSync(document, 'utf8').replace('"true"', '"false"'));
  const edited = await call(argv);
  assert.equal(edited.code, 2, edited.stderr);
  const { associations } = JSON.parse(edited.stdout) as {
    readonly associations: readonly { readonly reasons: readonly string[] }[];
  };
  assert.deepEqual(
    associations.map(({ reasons }) => reasons),
    [['document changed']],
  );
  assert.equal((await call([...argv, '--status', 'origin/reconciled/status'])).code, 2);
});

test('plan: the same input gives the same bytes, and the same plan the same id', async () => {
  const argv = ['plan', sampleRepo, '--now', NOW, '--format', 'json'];
  assert.equal((await call(argv)).stdout, (await call(argv)).stdout);
});

test('plan: people read slots to the second, programs to the millisecond', async () => {
  const odd = '2026-05-01T12:00:00.789Z';
  const argv = ['plan', sampleRepo, '--now', odd, '--format'];
  const text = await call([...argv, 'text']);
  assert.match(text.stdout, /next slot 2026-05-01T12:30:00Z$/m);
  assert.match((await call([...argv, 'json'])).stdout, /"nextRun": ?"2026-05-01T12:30:00.789Z"/);
});

test('plan: what is asked for and not there is an error; a wrong instant is wrong usage', async () => {
  assert.equal((await call(['plan', sampleRepo, '--now', 'tomorrow'])).code, 64);
  const status = await call(['plan', sampleRepo, '--status', 'no/such/ref']);
  assert.equal(status.code, 1);
  assert.match(status.stderr, /^error (REVISION_UNKNOWN|REPOSITORY_MISSING): /);
});

function filesOf(root: string): ReadonlyMap<string, string> {
  try {
    return new Map(
      readdirSync(root, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
        .map((file) => [file.slice(root.length + 1), readFileSync(file, 'utf8')]),
    );
  } catch {
    return new Map(); // a case without a base
  }
}
