/** Forecasts and explanations from a status branch on which something is under way: a rollout, and runs that wait. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import test from 'node:test';
import { commitId } from '../../src/core/model/brand.ts';
import type { RunStatus } from '../../src/core/model/run.ts';
import { readLibrary } from '../../src/io/library.ts';
import { loadHere } from '../../src/io/load-here.ts';
import { openRevision } from '../../src/io/source/revision.ts';
import { NOON, node, TestFleet } from '../fakes/fleet.ts';
import { makeRepo } from '../fakes/git-repo.ts';
import { statusFilesOf } from '../fakes/status-files.ts';
import { call, tempFolder } from './cli.ts';
import { fleet as files } from './stage.ts';

const STATUS = 'reconciled/status';
const everywhere = 'Targets: [{ Key: InstanceIds, Values: ["*"] }]';
const repository = {
  ...files,
  'associations/after.yaml': `AssociationName: after
Name: Keep
${everywhere}
Reconciled: { DependsOn: [ringed] }
`,
  'associations/ringed.yaml': `AssociationName: ringed
Name: Keep
${everywhere}
MaxErrors: "0"
Reconciled: { Rollout: { Rings: [{ Name: canary, Targets: [{ Key: "tag:ring", Values: [canary] }], Soak: 30m }] } }
`,
  'associations/resting.yaml': `AssociationName: resting
Name: Keep
${everywhere}
Reconciled: { Suspend: { Reason: moving, Owner: ops, Until: "2026-03-01T13:00:00Z" } }
`,
};

/** At noon three nodes join and run what they may, the canary with `status`; ten minutes later somebody asks. */
async function publishedFleet(t: TestContext, status: RunStatus) {
  const repo = makeRepo(await tempFolder(t));
  const commit = commitId(repo.commit(repository));
  const fleet = new TestFleet();
  fleet.now = NOON;
  for (const n of [1, 2, 3]) {
    fleet.happen({ kind: 'recovered', records: [{ kind: 'registered', registration: joined(n) }] });
  }
  const loaded = await loadHere(
    await openRevision(repo.work, commit),
    { library: await readLibrary(), builtActions: null },
    AbortSignal.timeout(20_000),
  );
  fleet.accept({ commit, ...loaded }).connect(1, 2, 3);
  fleet.runAll((id) => (id === node(1) ? status : 'Success'));
  const branch = Object.fromEntries(statusFilesOf(fleet));
  repo.commit(branch, { branch: STATUS });
  return {
    dir: repo.work,
    repo,
    asked: ['--rev', commit, '--status', STATUS, '--from', '2026-03-01T12:10:00Z'],
  };
}

const joined = (n: number) => ({
  node: node(n),
  publicKey: `ed25519:${n}`,
  activationId: 'test',
  name: `web-${n}`,
  tags: { role: 'web', ring: n === 1 ? 'canary' : 'rest' },
  at: NOON,
});

type Answer = {
  readonly runs: readonly { readonly [key: string]: unknown }[];
  readonly skipped: readonly { readonly [key: string]: unknown }[];
};

async function forecastOf(
  { dir, asked }: Awaited<ReturnType<typeof publishedFleet>>,
  ...more: string[]
) {
  const argv = ['forecast', dir, ...asked, '--until', '2h', '--format', 'json', ...more];
  const { code, stdout, stderr } = await call(argv);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as Answer;
}

const shown = ({ runs }: Answer) =>
  runs.map(({ at, association, nodes, ring, estimated, reason }) =>
    [at, association, nodes, ring ?? '-', estimated === true ? 'about' : 'at', reason].join(' '),
  );

test('a rollout that soaks goes on after its soak, and what is suspended runs when that is over', async (t) => {
  const published = await publishedFleet(t, 'Success');
  const [, revision = ''] = published.asked;
  assert.deepEqual(shown(await forecastOf(published)), [
    `2026-03-01T12:10:00Z after 2 - about new association in ${revision.slice(0, 7)}, after ringed`,
    `2026-03-01T12:30:00Z ringed 2 last about rollout of ${revision.slice(0, 7)} goes on`,
    `2026-03-01T13:00:00Z resting 3 - at new association in ${revision.slice(0, 7)}, waits: suspended (moving (ops))`,
  ]);
  assert.deepEqual(
    shown(await forecastOf(published, '--node', 'web-1')).map((line) =>
      line.split(' ').slice(1, 3),
    ),
    [['resting', '1']],
  );
});

test('a rollout that is halted never comes, and says so', async (t) => {
  const answer = await forecastOf(await publishedFleet(t, 'Failed'));
  assert.deepEqual(
    answer.skipped.map(({ association, reason, detail }) => [association, reason, detail]),
    [['ringed', 'rollout', 'halted: 1 failed in ring 1']],
  );
  assert.ok(answer.runs.every(({ association }) => association !== 'ringed'));
});

test('text and iCalendar tell of the same runs', async (t) => {
  const { dir, asked } = await publishedFleet(t, 'Success');
  const text = await call(['forecast', dir, ...asked, '--until', '2h']);
  assert.match(
    text.stdout,
    /about 12:30 +ringed +2 nodes +rollout of [0-9a-f]{7} goes on, ring last/,
  );
  assert.match(text.stdout, /13:00 +resting +3 nodes/);
  const calendar = await call(['forecast', dir, ...asked, '--until', '2h', '--format', 'ics']);
  assert.match(calendar.stdout, /DTSTART:20260301T123000Z\r\nSUMMARY:ringed on 2 nodes \(last\)/);
  assert.match(calendar.stdout, /STATUS:TENTATIVE/);
});

test('what a commit runs anew is not told twice', async (t) => {
  const { dir, repo, asked } = await publishedFleet(t, 'Success');
  const keep = files['documents/Keep.yaml'].replace('"true"', '":"');
  const next = repo.commit({ 'documents/Keep.yaml': keep });
  const answer = await forecastOf({ dir, repo, asked: ['--rev', next, ...asked.slice(2)] });
  const resting = answer.runs.filter(({ association }) => association === 'resting');
  assert.deepEqual(
    resting.map(({ at, nodes, trigger }) => [at, nodes, trigger]),
    [['2026-03-01T13:00:00Z', 3, 'document']],
  );
});

test('explain from Git alone names the ring and the dependency that a run waits for', async (t) => {
  const { dir } = await publishedFleet(t, 'Success');
  const { stdout, stderr } = await call(['explain', 'web-2', '--repo', dir, '--status', STATUS]);
  assert.match(
    stdout,
    /^ {2}waits {7}its ring has not come, ring 2 of 2; ring 1 soaks, until 2026-03-01T12:30:00Z$/m,
    stderr,
  );
  assert.match(stdout, /^ {2}waits {7}what it depends on has not succeeded, ringed runs first$/m);
});

test('the plan of a commit that lifts the suspend tells from Git alone who starts, and a harmless edit nobody', async (t) => {
  const { dir, repo } = await publishedFleet(t, 'Success');
  const planOf = async (resting: string) => {
    const head = repo.commit({ 'associations/resting.yaml': resting });
    const asked = ['--head', head, '--status', STATUS, '--now', '2026-03-01T12:10:00Z'];
    const { code, stdout, stderr } = await call(['plan', dir, ...asked, '--format', 'json']);
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout) as {
      readonly summary: { readonly runsNow: number };
      readonly associations: readonly { readonly name: string; readonly reasons: string[] }[];
    };
  };
  const lifted = await planOf(`AssociationName: resting\nName: Keep\n${everywhere}\n`);
  assert.equal(lifted.summary.runsNow, 3);
  assert.match(
    lifted.associations[0]?.reasons.join() ?? '',
    /^what waits already starts: new association in [0-9a-f]{7},suspend lifted$/,
  );
  const edited = await planOf(`${repository['associations/resting.yaml']}MaxErrors: "1"\n`);
  assert.equal(edited.summary.runsNow, 0);
});
