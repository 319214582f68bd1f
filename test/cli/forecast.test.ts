/**
 * Forecasts of `test/golden/forecast/<case>` as they are printed. `UPDATE_GOLDEN=1` writes them again; the diff is the
 * review.
 */
import assert from 'node:assert/strict';
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeRepo } from '../fakes/git-repo.ts';
import { fits } from '../schemas/printed.ts';
import { call, sampleRepo, start, tempFolder } from './cli.ts';
import { fleet } from './stage.ts';

const golden = fileURLToPath(new URL('../golden', import.meta.url));
const sampleStatus = join(golden, 'river', 'sample-repo', 'status');

type Report = {
  readonly runs: readonly {
    readonly at: string;
    readonly association: string;
    readonly nodes: number;
    readonly trigger: string;
  }[];
  readonly completeUntil: string;
  readonly associations: readonly { readonly association: string; readonly runs: number }[];
} & { readonly [key: string]: unknown };

/** With the sample repository, a fleet that has been running it for an hour; with the other, the clocks change. */
const cases: { readonly [name: string]: readonly string[] } = {
  sample: ['--status', sampleStatus, '--from', '2026-03-01T13:05:00Z', '--until', '26h'],
  seasons: ['--from', '2026-03-28T12:00:00Z', '--until', '4d', '--timezone', 'Europe/Berlin'],
};

async function repoOf(t: Parameters<typeof tempFolder>[0], name: string): Promise<string> {
  const own = join(golden, 'forecast', name, 'repo');
  const dir = await tempFolder(t); // outside of any Git repository
  cpSync(existsSync(own) ? own : sampleRepo, dir, { recursive: true });
  return dir;
}

for (const [name, flags] of Object.entries(cases)) {
  test(`forecast: golden case ${name}`, async (t) => {
    const dir = await repoOf(t, name);
    for (const [format, file] of [
      ['text', 'forecast.txt'],
      ['json', 'forecast.json'],
      ['ics', 'forecast.ics'],
    ] as const) {
      const { code, stdout, stderr } = await call(['forecast', dir, ...flags, '--format', format]);
      assert.equal(code, 0, stderr);
      const path = join(golden, 'forecast', name, file);
      if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(path, stdout);
      assert.equal(stdout, readFileSync(path, 'utf8'));
    }
  });
}

async function reportOf(argv: readonly string[]): Promise<Report> {
  const { code, stdout, stderr } = await call(['forecast', ...argv, '--format', 'json']);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as Report;
}

test('forecast: JSON has the shape of its schema', async (t) => {
  for (const [name, flags] of Object.entries(cases)) {
    const report = await reportOf([await repoOf(t, name), ...flags]);
    fits('forecast', JSON.stringify(report));
    assert.ok(report.runs.length > 0);
  }
});

test('forecast: one node, one association, each by name or id', async (t) => {
  const dir = await repoOf(t, 'seasons');
  const window = ['--from', '2026-03-28T12:00:00Z', '--until', '1h'];
  const web = await reportOf([dir, ...window, '--node', 'web-1']);
  assert.deepEqual(
    web.runs.map(({ association, nodes, trigger }) => [association, nodes, trigger]),
    [
      ['at-night', 1, 'create'],
      ['half-hourly', 1, 'create'],
      ['ringed', 1, 'create'],
      ['half-hourly', 1, 'schedule'],
    ],
  );
  const both = await reportOf([dir, ...window, '--node', 'web-1', '--node', 'web-2']);
  const inOneRing = both.runs.filter(({ association }) => association !== 'ringed');
  assert.ok(inOneRing.every(({ nodes }) => nodes === 2));
  const once = await reportOf([dir, ...window, '--association', 'half-hourly']);
  assert.deepEqual(
    once.associations.map(({ association, runs }) => [association, runs]),
    [['half-hourly', 2]],
  );
});

test('forecast: a limit cuts, says where, and counts everything all the same', async (t) => {
  const dir = await repoOf(t, 'seasons');
  const report = await reportOf([dir, ...(cases['seasons'] ?? []), '--limit', '10']);
  assert.equal(report.runs.length, 10);
  assert.ok(report.completeUntil < '2026-03-29');
  assert.equal(report.associations.find((each) => each.association === 'half-hourly')?.runs, 192);
  const text = await call(['forecast', dir, ...(cases['seasons'] ?? []), '--limit', '3']);
  assert.match(text.stdout, /^Complete until .* raise --limit$/m);
});

for (const c of [
  {
    name: 'an unknown association',
    argv: ['--association', 'half-hurly'],
    code: 1,
    err: /UNKNOWN_ASSOCIATION: .*nearest is half-hourly/,
  },
  {
    name: 'an unknown node',
    argv: ['--node', 'web-9'],
    code: 1,
    err: /UNKNOWN_NODE: .*nearest is web-\d/,
  },
  { name: 'a wrong instant', argv: ['--from', 'tomorrow'], code: 64, err: /--from/ },
  { name: 'a wrong length', argv: ['--until', 'soon'], code: 64, err: /--until/ },
  {
    name: 'a window that ends before it begins',
    argv: ['--until', '2020-01-01T00:00:00Z'],
    code: 64,
    err: /before --from/,
  },
  { name: 'a zone that is none', argv: ['--timezone', 'Berlin'], code: 64, err: /Europe\/Berlin/ },
  { name: 'a limit that is none', argv: ['--limit', '0'], code: 64, err: /--limit/ },
  {
    name: 'a status that is not there',
    argv: ['--status', 'no/such/ref'],
    code: 1,
    err: /REPOSITORY_MISSING/,
  },
]) {
  test(`forecast: ${c.name} ends with ${c.code}`, async (t) => {
    const { code, stderr, stdout } = await call([
      'forecast',
      await repoOf(t, 'seasons'),
      ...c.argv,
    ]);
    assert.equal(code, c.code, stdout);
    assert.match(stderr, c.err);
  });
}

test('forecast: a broken file is told, with 3, and the rest is foretold', async (t) => {
  const dir = await repoOf(t, 'seasons');
  writeFileSync(join(dir, 'associations', 'broken.yaml'), 'AssociationName: broken\n');
  const { code, stdout } = await call(['forecast', dir, '--until', '1h']);
  assert.equal(code, 3);
  assert.match(stdout, /half-hourly/);
  assert.match(stdout, /associations\/broken.yaml/);
});

test('forecast: of a revision, as a real process', async (t) => {
  const repo = makeRepo(await tempFolder(t));
  repo.commit(fleet);
  repo.commit({ 'associations/motd.yaml': null });
  const argv = ['forecast', repo.work, '--rev', 'HEAD~1', '--from', '2026-05-01T12:00:00Z'];
  const { code, stdout, stderr } = await start(t, [...argv, '--format', 'json']).ended;
  assert.equal(code, 0, stderr);
  const { runs, head } = JSON.parse(stdout) as Report;
  assert.deepEqual(
    runs.map(({ at, association, nodes, trigger }) => [at, association, nodes, trigger]),
    [['2026-05-01T12:00:00Z', 'motd', 0, 'create']],
  );
  assert.match(String(head), /^[0-9a-f]{40}$/);
});
