import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { TestContext } from 'node:test';
import { after, test } from 'node:test';
import { ReconcileError } from '../../../src/core/model/errors.ts';
import type { HttpLimits } from '../../../src/io/git/http-client.ts';
import { HTTP_LIMITS } from '../../../src/io/git/http-client.ts';
import { INDEX_LIMITS, indexPack } from '../../../src/io/git/index-pack.ts';
import { openMirror } from '../../../src/io/git/mirror.ts';
import { silentLog } from '../../../src/io/log.ts';
import { git, gitEnv, makeRepo, tempDir } from '../../fakes/git-repo.ts';
import { startGitServer } from '../../fakes/git-server.ts';

const { signal } = new AbortController();

function place(t: TestContext): string {
  const dir = tempDir();
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

const shared = tempDir();
after(() => rmSync(shared, { recursive: true, force: true }));
let made: string | null = null;

/** Ten versions of a few files, so that there are chains of deltas and bushes of them. */
function history(): string {
  if (made !== null) return made;
  const repo = makeRepo(shared);
  const lines = Array.from({ length: 400 }, (_, at) => `line ${at} ${'x'.repeat(at % 60)}`);
  for (let version = 0; version < 10; version += 1) {
    lines[(version * 13) % 400] = `changed in ${version}`;
    const one = lines.join('\n');
    repo.commit({ 'a.txt': one, [`dir/${version % 3}.txt`]: `${one}\n${version}`, empty: '' });
  }
  git(repo.work, ['tag', '-a', 'v1', '-m', 'annotated']);
  git(repo.work, ['push', '-q', 'origin', 'v1']);
  made = repo.bare;
  return made;
}

/** A pack of everything, with the index that git makes of it. */
function packed(bare: string, to: string, options: readonly string[]) {
  const all = git(bare, ['rev-list', '--objects', '--all', '--no-object-names']);
  const pack = execFileSync('git', ['-C', bare, 'pack-objects', '-q', '--stdout', ...options], {
    env: gitEnv,
    input: `${all}\n`,
    maxBuffer: 1 << 28,
  });
  const file = path.join(to, 'test.pack');
  writeFileSync(file, pack);
  git(to, ['index-pack', file]);
  return { file, pack, index: readFileSync(path.join(to, 'test.idx')) };
}

for (const [form, options] of [
  ['places', ['--delta-base-offset', '--window=50', '--depth=50']],
  ['ids', ['--window=50', '--depth=50']],
  ['nothing', ['--window=0']],
] as const)
  test(`a pack whose deltas name their bases by ${form} is indexed as git does, byte for byte`, async (t) => {
    const dir = place(t);
    const { file, index } = packed(history(), dir, options);
    const report = await indexPack(file, INDEX_LIMITS, signal);
    assert.ok(report.kind === 'indexed');
    assert.equal(report.leftOut, 0);
    assert.ok(Buffer.from(report.index).equals(index));
  });

test('what cannot be held is left out, and everything else is there', async (t) => {
  const dir = place(t);
  const { file, index } = packed(history(), dir, ['--delta-base-offset']);
  const report = await indexPack(file, { ...INDEX_LIMITS, heldBytesMax: 10_000 }, signal);
  assert.ok(report.kind === 'indexed');
  assert.ok(report.leftOut > 0);
  const count = (bytes: Uint8Array) => Buffer.from(bytes).readUInt32BE(8 + 255 * 4);
  assert.equal(count(report.index) + report.leftOut, count(index));
});

test('a broken pack is said to be one', async (t) => {
  const dir = place(t);
  const { file, pack } = packed(history(), dir, ['--delta-base-offset']);
  for (const broken of [
    pack.subarray(0, -1),
    pack.subarray(0, 1_000),
    Buffer.concat([
      pack.subarray(0, 100),
      Buffer.from([pack[100] === 0 ? 1 : 0]),
      pack.subarray(101),
    ]),
    Buffer.from('PACK'),
    Buffer.alloc(100),
  ]) {
    writeFileSync(file, broken);
    assert.equal((await indexPack(file, INDEX_LIMITS, signal)).kind, 'damaged');
  }
});

// --- a repository that unpacks to a thousand times its size ------------------------------------------------------------

const BOMB_MIB = 96;

/** A commit with a small file of ours and a dump of zeros beside it. */
function withDump(dir: string) {
  const repo = makeRepo(dir);
  const content = Buffer.alloc(BOMB_MIB << 20);
  const oid = git(repo.bare, ['hash-object', '-w', '--stdin'], content);
  const ours = git(repo.bare, ['hash-object', '-w', '--stdin'], 'ours\n');
  const tree = git(
    repo.bare,
    ['mktree'],
    `100644 blob ${oid}\tdump.sql\n100644 blob ${ours}\tours.yaml\n`,
  );
  const tip = git(repo.bare, ['commit-tree', tree, '-m', 'dump']);
  git(repo.bare, ['update-ref', 'refs/heads/main', tip]);
  git(repo.bare, ['repack', '-adq']);
  return { ...repo, oid, ours, commit: tip };
}

async function mirrorOf(t: TestContext, dir: string, more: Partial<HttpLimits> = {}) {
  const server = await startGitServer({ root: dir });
  t.after(() => server.close());
  const remote = {
    url: `${server.url}/fleet.git`,
    scope: 'SOURCE',
    credentialsFile: null,
    limits: { ...HTTP_LIMITS, ...more },
  } as const;
  const mirror = await openMirror(path.join(dir, 'mirror'), remote, silentLog);
  t.after(() => mirror.close());
  return mirror;
}

test('a dump that compresses well does not stop the loop, and is not held in memory', async (t) => {
  const dir = place(t);
  const { commit, oid, ours } = withDump(dir);
  const mirror = await mirrorOf(t, dir);
  const delay = monitorEventLoopDelay({ resolution: 5 });
  const began = performance.now();
  delay.enable();
  await mirror.fetch({ branch: 'main', tip: commit, depth: 1 }, signal);
  delay.disable();
  const share = delay.max / 1e6 / (performance.now() - began);
  assert.ok(share < 0.5, `the loop stood still for ${Math.round(share * 100)} % of the fetch`);
  assert.equal(Buffer.from((await mirror.reader.read(ours))?.bytes ?? []).toString(), 'ours\n');
  assert.ok(mirror.reader.has(oid));
  await assert.rejects(mirror.reader.read(oid), /object of 100663296 bytes/);
  const packs = readdirSync(path.join(dir, 'mirror', 'objects', 'pack'));
  assert.deepEqual(packs.map((name) => path.extname(name)).sort(), ['.idx', '.pack']);
});

test('what unpacks for too long is given up, and nothing of it is left', async (t) => {
  const dir = place(t);
  const { commit, bare } = withDump(dir);
  const mirror = await mirrorOf(t, dir, { unpackDeadlineMs: 20 });
  await assert.rejects(
    mirror.fetch({ branch: 'main', tip: commit, depth: 1 }, signal),
    (error) => error instanceof ReconcileError && error.code === 'SOURCE_TOO_LARGE',
  );
  assert.deepEqual(readdirSync(path.join(dir, 'mirror', 'objects', 'pack')), []);
  assert.deepEqual(git(path.join(dir, 'mirror'), ['for-each-ref']), '');
  const [name] = readdirSync(path.join(bare, 'objects', 'pack')).filter((one) =>
    one.endsWith('.pack'),
  );
  const stopped = new AbortController();
  setTimeout(() => stopped.abort(new Error('leaving')), 20);
  const file = path.join(bare, 'objects', 'pack', name ?? '');
  await assert.rejects(indexPack(file, INDEX_LIMITS, stopped.signal), /leaving/);
});
