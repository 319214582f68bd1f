/** `explain` as people call it: from a daemon through its socket, and from Git alone. Both say the same. */
import assert from 'node:assert/strict';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { explainText } from '../../src/cli/explain/explain-text.ts';
import type { JsonObject } from '../../src/core/model/json.ts';
import { plainPainter } from '../../src/core/report/text.ts';
import { git } from '../fakes/git-repo.ts';
import { fits } from '../schemas/printed.ts';
import { call, sampleRepo, start, tempFolder } from './cli.ts';
import { stage } from './stage.ts';

const golden = fileURLToPath(new URL('../golden', import.meta.url));
const failing = join(golden, 'river', 'failing', 'status');
const PUBLIC_KEY = 'ed25519:by3C08+Y1SrcdWTXAOySf2xossS9zSe2M+P1W0siD0E=';

async function sampleOf(t: Parameters<typeof tempFolder>[0]): Promise<string> {
  const dir = await tempFolder(t); // outside of any Git repository
  cpSync(sampleRepo, dir, { recursive: true });
  return dir;
}

for (const [file, argv] of [
  ['all.txt', []],
  ['one.txt', ['web-config']],
] as const) {
  test(`explain: golden ${file}, from a status folder and the files on disk`, async (t) => {
    const dir = await sampleOf(t);
    const from = ['--repo', dir, '--status', failing];
    const { code, stdout, stderr } = await call(['explain', 'web-1', ...argv, ...from]);
    assert.equal(code, 0, stderr);
    // Slots go by the clock of the wall.
    const still = stdout.replace(/(next slot +)\d{4}-\S+/g, '$1…');
    const path = join(golden, 'explain', file);
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(path, still);
    assert.equal(still, readFileSync(path, 'utf8'));
  });
}

for (const c of [
  {
    name: 'an unknown node',
    argv: ['web-11'],
    code: 1,
    err: /^error UNKNOWN_NODE: .*nearest is web-1/,
  },
  {
    name: 'an unknown association',
    argv: ['web-1', 'web-confg'],
    code: 1,
    err: /^error UNKNOWN_ASSOCIATION: .*nearest is web-config/,
  },
  { name: 'no node at all', argv: [], code: 64, err: /node/ },
]) {
  test(`explain: ${c.name} ends with ${c.code}`, async (t) => {
    const dir = await sampleOf(t);
    const { code, stderr } = await call(['explain', ...c.argv, '--repo', dir, '--status', failing]);
    assert.equal(code, c.code);
    assert.match(stderr, c.err);
  });
}

test('explain: without a daemon and without a status, the error says who does not answer', async (t) => {
  const { config } = await stage(t);
  const { code, stderr } = await call(['explain', 'web-1', '--config', config]);
  assert.equal(code, 1);
  assert.match(stderr, /^error DAEMON_NOT_RUNNING: /);
});

test('explain: a daemon answers through its socket, and Git alone says the same', async (t) => {
  const { config, repo } = await stage(t);
  repo.commit({
    'nodes/web-1.yaml': `Name: web-1\nPublicKey: ${PUBLIC_KEY}\nTags: [{ Key: role, Value: web }]\n`,
    'associations/other.yaml':
      'AssociationName: other\nName: Keep\nTargets: [{ Key: "tag:role", Values: [db] }]\n',
  });
  const daemon = start(t, ['daemon', '--config', config]);
  await daemon.said(/daemon ready/);
  assert.equal((await call(['sync', '--config', config])).code, 0);
  const live = await call(['explain', 'web-1', '--config', config, '--format', 'json']);
  assert.equal(live.code, 0, live.stderr);
  fits('explanation', live.stdout);
  const text = await call(['explain', 'web-1', 'motd', '--config', config]);
  assert.match(text.stdout, /^ {2}waits {7}the node is offline$/m);
  assert.match(text.stdout, /^ {2}targeted {4}tag:role=web \(it has role=web\)$/m);
  const unknown = await call(['explain', 'web-1', 'mtod', '--config', config]);
  assert.equal(unknown.code, 1);
  assert.match(unknown.stderr, /^error UNKNOWN_ASSOCIATION: .*nearest is motd/);

  daemon.child.kill('SIGTERM');
  await daemon.ended;
  git(repo.work, ['fetch', '-q', 'origin', '+refs/heads/*:refs/remotes/origin/*']);
  const offline = await start(t, ['explain', 'web-1', '--repo', repo.work, '--format', 'json'])
    .ended;
  assert.equal(offline.code, 0, offline.stderr);
  assert.deepEqual(settled(offline.stdout), settled(live.stdout));
});

/** Without what only a daemon sees. */
function settled(text: string): JsonObject {
  const answer = JSON.parse(text) as { readonly node: JsonObject } & JsonObject;
  const { connected: _, lastSeen: __, ...node } = answer.node;
  return { ...answer, node };
}

test('explain: an association that stands on a broken document is not called broken itself', () => {
  const motd = {
    name: 'motd',
    targeted: true,
    file: 'associations/motd.yaml',
    validity: 'Invalid',
    invalid: 'documents/KeepFile.yaml is not valid',
  };
  const text = explainText({ node: { id: 'mi-1' }, associations: [motd] }, plainPainter);
  assert.match(text, /^ {2}file +documents\/KeepFile\.yaml is not valid: the last good version/m);
  assert.doesNotMatch(text, /motd\.yaml/);
});
