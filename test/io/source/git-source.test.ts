import assert from 'node:assert/strict';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { BlobId, CommitId } from '../../../src/core/model/brand.ts';
import { ReconcileError } from '../../../src/core/model/errors.ts';
import { silentLog } from '../../../src/io/log.ts';
import type { SourceConfig } from '../../../src/io/source/git-source.ts';
import { openGitSource, sourceWatchPaths } from '../../../src/io/source/git-source.ts';
import type { Snapshot } from '../../../src/reconcile/ports.ts';
import type { GitRepo } from '../../fakes/git-repo.ts';
import { fsck, git, makeRepo, tempDir } from '../../fakes/git-repo.ts';
import type { FakeGitServer, FakeGitServerOptions } from '../../fakes/git-server.ts';
import { startGitServer } from '../../fakes/git-server.ts';

const signal = new AbortController().signal;
let dir = '';
let repo: GitRepo;
let server: FakeGitServer;
const closers: (() => void)[] = [];

beforeEach(async () => {
  dir = tempDir();
  repo = makeRepo(dir);
  server = await startGitServer({ root: dir });
});
afterEach(async () => {
  for (const close of closers.splice(0)) close();
  await server.close();
  rmSync(dir, { recursive: true, force: true });
});

function remoteSource(overrides: Partial<SourceConfig> = {}) {
  const source = openGitSource(
    {
      url: `${server.url}/fleet.git`,
      branch: 'main',
      path: '.',
      mirrorDir: path.join(dir, 'mirror.git'),
      credentialsFile: null,
      ...overrides,
    },
    silentLog,
  );
  closers.push(() => source.close());
  return source;
}
const localSource = (overrides: Partial<SourceConfig> = {}) =>
  remoteSource({ url: repo.bare, ...overrides });

async function restart(options: Partial<FakeGitServerOptions>): Promise<void> {
  await server.close();
  server = await startGitServer({ root: dir, ...options });
}

async function text(snapshot: Snapshot, file: string): Promise<string> {
  const found = snapshot.files.find((candidate) => candidate.path === file);
  assert.ok(found, `${file} is listed`);
  return Buffer.from(await snapshot.read(found.blob)).toString();
}

const codeIs = (code: string) => (error: unknown) => {
  assert.ok(error instanceof ReconcileError, `typed error, not ${String(error)}`);
  assert.equal(error.code, code, error.message);
  return true;
};

for (const [kind, open] of [
  ['remote', remoteSource],
  ['local', localSource],
] as const) {
  describe(`a ${kind} source`, () => {
    test('observes the first tip and reads its whole tree', async () => {
      const tip = repo.commit({ 'associations/a.yaml': 'one\n', 'documents/d.yaml': 'two\n' });
      const source = open();
      const seen = await source.observe(null, signal);
      assert.deepEqual(seen, { tip, ancestry: 'first', distance: null, messages: [] });
      const snapshot = await source.snapshot(tip as CommitId, signal);
      assert.deepEqual(
        snapshot.files.map((file) => file.path),
        ['associations/a.yaml', 'documents/d.yaml'],
      );
      assert.equal(await text(snapshot, 'documents/d.yaml'), 'two\n');
    });

    test('a new commit is a descendant with its distance and messages, newest first', async () => {
      const first = repo.commit({ 'nodes/a': '1' });
      const source = open();
      await source.observe(null, signal);
      repo.commit({ 'nodes/a': '2' }, { message: 'second\n\nReconciled-Allow-Delete: 3' });
      const tip = repo.commit({ 'nodes/a': '3' }, { message: 'third' });
      const seen = await source.observe(first as CommitId, signal);
      assert.equal(seen.ancestry, 'descendant');
      assert.equal(seen.tip, tip);
      assert.equal(seen.distance, 2);
      assert.deepEqual(
        seen.messages.map((message) => message.split('\n')[0]),
        ['third', 'second'],
      );
      const again = await source.observe(tip as CommitId, signal);
      assert.deepEqual([again.ancestry, again.distance, again.messages], ['same', 0, []]);
    });

    test('a merge counts once on the first-parent line and brings the messages of its side', async () => {
      const base = repo.commit({ 'nodes/a': '1' });
      git(repo.work, ['checkout', '-q', '-b', 'side']);
      git(repo.work, ['commit', '-q', '--allow-empty', '-m', 'side one']);
      git(repo.work, ['commit', '-q', '--allow-empty', '-m', 'side two']);
      git(repo.work, ['checkout', '-q', 'main']);
      git(repo.work, ['merge', '-q', '--no-ff', '-m', 'merge side', 'side']);
      git(repo.work, ['push', '-q', 'origin', 'main']);
      const source = open();
      const seen = await source.observe(base as CommitId, signal);
      assert.equal(seen.ancestry, 'descendant');
      assert.equal(seen.distance, 1);
      assert.deepEqual(
        new Set(seen.messages.map((m) => m.trim())),
        new Set(['merge side', 'side one', 'side two']),
      );
    });

    test('a force push is diverged', async () => {
      const first = repo.commit({ 'nodes/a': '1' });
      const source = open();
      await source.observe(null, signal);
      repo.forcePush({ a: 'rewritten' });
      const seen = await source.observe(first as CommitId, signal);
      assert.equal(seen.ancestry, 'diverged');
      assert.equal(seen.distance, null);
    });

    test('a rollback to an older commit is diverged, not empty', async () => {
      const old = repo.commit({ 'nodes/a': '1' });
      const newer = repo.commit({ 'nodes/a': '2' });
      const source = open();
      await source.observe(null, signal);
      git(repo.bare, ['update-ref', 'refs/heads/main', old]);
      assert.equal((await source.observe(newer as CommitId, signal)).ancestry, 'diverged');
    });

    test('a deleted branch is gone', async () => {
      const first = repo.commit({ 'nodes/a': '1' });
      const source = open();
      await source.observe(null, signal);
      repo.deleteBranch();
      assert.deepEqual(await source.observe(first as CommitId, signal), {
        tip: null,
        ancestry: 'gone',
        distance: null,
        messages: [],
      });
    });

    test('an old blob stays readable after it left the tree', async () => {
      const first = repo.commit({ 'nodes/a': 'last good' });
      const source = open();
      await source.observe(null, signal);
      const blob = (await source.snapshot(first as CommitId, signal)).files[0]?.blob;
      assert.ok(blob);
      repo.commit({ 'nodes/a': 'broken' });
      await source.observe(first as CommitId, signal);
      assert.equal(Buffer.from(await source.readBlob(blob, signal)).toString(), 'last good');
    });

    test('only the configured folder is seen, with paths from there', async () => {
      const tip = repo.commit({ 'fleet/prod/associations/a.yaml': 'x', 'other/b': 'y' });
      const source = open({ path: './fleet/prod/' });
      await source.observe(null, signal);
      const snapshot = await source.snapshot(tip as CommitId, signal);
      assert.deepEqual(
        snapshot.files.map((file) => file.path),
        ['associations/a.yaml'],
      );
    });

    test('what is none of ours is not looked at, whatever its size', async () => {
      const blob = git(repo.bare, ['hash-object', '-w', '--stdin'], 'x');
      const tree = (lines: readonly string[]): string =>
        git(repo.bare, ['mktree'], `${lines.join('\n')}\n`);
      const vendor = tree(Array.from({ length: 20_001 }, (_, n) => `100644 blob ${blob}\t${n}`));
      const nodes = tree([`100644 blob ${blob}\ta`]);
      const top = tree([`040000 tree ${vendor}\tvendor`, `040000 tree ${nodes}\tnodes`]);
      const tip = git(repo.bare, ['commit-tree', '-m', 'vast', top]);
      git(repo.bare, ['update-ref', 'refs/heads/main', tip]);
      const source = open();
      await source.observe(null, signal);
      const { files } = await source.snapshot(tip as CommitId, signal);
      assert.deepEqual(
        files.map((file) => file.path),
        ['nodes/a'],
      );
    });

    test('symlinks and submodules are named as what they are', async () => {
      const blob = git(repo.bare, ['hash-object', '-w', '--stdin'], '/etc/passwd');
      const tree = git(
        repo.bare,
        ['mktree', '--missing'],
        `120000 blob ${blob}\tcalendars\n160000 commit ${'1'.repeat(40)}\tgroups\n100755 blob ${blob}\treconciled.yaml\n`,
      );
      const commit = git(repo.bare, ['commit-tree', '-m', 'odd', tree]);
      git(repo.bare, ['update-ref', 'refs/heads/main', commit]);
      const source = open();
      await source.observe(null, signal);
      const { files } = await source.snapshot(commit as CommitId, signal);
      assert.deepEqual(
        files.map((file) => [file.path, file.kind]),
        [
          ['calendars', 'symlink'],
          ['groups', 'submodule'],
          ['reconciled.yaml', 'file'],
        ],
      );
    });

    /** A commit with one file of this name, which `git add` might refuse to make. */
    function commitNamed(name: Buffer, folder: string | null): CommitId {
      const blob = git(repo.bare, ['hash-object', '-w', '--stdin'], 'x');
      const treeOf = (mode: string, called: Buffer, oid: string): string =>
        git(
          repo.bare,
          ['hash-object', '-t', 'tree', '-w', '--literally', '--stdin'],
          Buffer.concat([Buffer.from(`${mode} `), called, Buffer.of(0), Buffer.from(oid, 'hex')]),
        );
      const file = treeOf('100644', name, blob);
      const tree = folder === null ? file : treeOf('40000', Buffer.from(folder), file);
      const commit = git(repo.bare, ['commit-tree', '-m', 'bad', tree]);
      git(repo.bare, ['update-ref', 'refs/heads/main', commit]);
      return commit as CommitId;
    }

    for (const name of ['..', '.git', '.GIT', 'git~1', '.'])
      test(`a tree with the name ${JSON.stringify(name)} is refused, wherever it is`, async () => {
        for (const folder of [null, 'nodes']) {
          commitNamed(Buffer.from(name), folder);
          await assert.rejects(open().observe(null, signal), codeIs('TREE_UNSAFE'));
        }
      });

    for (const name of ['a\tb', 'a\\b', 'caf\xe9.yaml'])
      test(`the name ${JSON.stringify(name)} is refused in a folder of ours, and nobody's business elsewhere`, async () => {
        const bytes = Buffer.from(name, 'latin1');
        commitNamed(bytes, 'nodes');
        await assert.rejects(open().observe(null, signal), codeIs('TREE_UNSAFE'));
        for (const folder of [null, 'docs']) {
          const commit = commitNamed(bytes, folder);
          const source = open();
          await source.observe(null, signal);
          assert.deepEqual((await source.snapshot(commit, signal)).files, []);
        }
      });

    test('a commit that nobody has pushed is unknown, and said to be nothing else', async () => {
      repo.commit({ 'nodes/a.yaml': 'x' });
      const source = open();
      await source.observe(null, signal);
      const asked = source.snapshot('1'.repeat(40) as CommitId, signal);
      await assert.rejects(asked, (error) => {
        assert.ok(error instanceof ReconcileError);
        assert.equal(error.code, 'REVISION_UNKNOWN');
        assert.match(error.message, /has no commit 1{40}; push it there first, or name another$/);
        return true;
      });
    });

    test('the id of a file or a folder is no commit, and said to be nothing else', async () => {
      const tip = repo.commit({ 'nodes/a.yaml': 'x' });
      const source = open();
      await source.observe(null, signal);
      for (const object of [`${tip}:nodes/a.yaml`, `${tip}:nodes`]) {
        const oid = git(repo.bare, ['rev-parse', object]) as CommitId;
        await assert.rejects(source.snapshot(oid, signal), codeIs('REVISION_UNKNOWN'));
      }
      assert.ok(!existsSync(path.join(dir, 'mirror.git.damaged')));
    });

    test('a blob over its limit is refused, at the limit it is read; reconciled.yaml may be larger', async () => {
      const limit = 256 << 10;
      const tip = repo.commit({
        'nodes/at': 'x'.repeat(limit),
        'nodes/over': 'y'.repeat(limit + 1),
        'reconciled.yaml': 'z'.repeat(1 << 20),
      });
      const source = open();
      await source.observe(null, signal);
      const snapshot = await source.snapshot(tip as CommitId, signal);
      assert.equal((await text(snapshot, 'nodes/at')).length, limit);
      assert.equal((await text(snapshot, 'reconciled.yaml')).length, 1 << 20);
      await assert.rejects(text(snapshot, 'nodes/over'), codeIs('BLOB_TOO_LARGE'));
      await assert.rejects(
        snapshot.read('0'.repeat(40) as Snapshot['files'][number]['blob']),
        codeIs('BLOB_MISSING'),
      );
    });
  });
}

describe('the mirror of a remote source', () => {
  test('fetches nothing while the tip stands still, and continues from what it has', async () => {
    const first = repo.commit({ 'nodes/a': '1' });
    const source = remoteSource();
    await source.observe(null, signal);
    const before = server.requests.length;
    await source.observe(first as CommitId, signal);
    assert.equal(server.requests.length - before, 2, 'one reference listing');
    repo.commit({ 'nodes/a': '2' });
    await source.observe(first as CommitId, signal);
    const packs = readdirSync(path.join(dir, 'mirror.git/objects/pack')).filter((f) =>
      f.endsWith('.pack'),
    );
    assert.equal(packs.length, 2);
    assert.equal(fsck(path.join(dir, 'mirror.git')), '');
  });

  test('is deepened until ancestry is decided, also across hundreds of commits', async () => {
    const first = repo.commit({ 'nodes/a': '0' });
    for (let n = 1; n <= 60; n++) git(repo.work, ['commit', '-q', '--allow-empty', '-m', `c${n}`]);
    git(repo.work, ['push', '-q', 'origin', 'main']);
    const source = remoteSource();
    const seen = await source.observe(first as CommitId, signal);
    assert.equal(seen.ancestry, 'descendant');
    assert.equal(seen.distance, 60);
    assert.equal(seen.messages.length, 60);
  });

  test('an old branch merged into shallow history repeats no old message', async () => {
    const root = repo.commit(
      { 'nodes/a': '0' },
      { message: 'root\n\nReconciled-Allow-Delete: 99' },
    );
    for (let n = 1; n <= 60; n++) git(repo.work, ['commit', '-q', '--allow-empty', '-m', `c${n}`]);
    git(repo.work, ['push', '-q', 'origin', 'main']);
    const source = remoteSource();
    const accepted = (await source.observe(null, signal)).tip;
    git(repo.work, ['checkout', '-q', '-b', 'old', root]);
    git(repo.work, ['commit', '-q', '--allow-empty', '-m', 'from long ago']);
    git(repo.work, ['checkout', '-q', 'main']);
    git(repo.work, ['merge', '-q', '--no-ff', '-m', 'merge old', 'old']);
    git(repo.work, ['push', '-q', 'origin', 'main']);
    const seen = await source.observe(accepted, signal);
    assert.equal(seen.ancestry, 'descendant');
    assert.equal(seen.distance, 1);
    assert.deepEqual(
      new Set(seen.messages.map((m) => m.trim())),
      new Set(['merge old', 'from long ago']),
    );
  });

  test('history that the remote itself lost is unprovable', async () => {
    const first = repo.commit({ 'nodes/a': '0' });
    repo.commit({ 'nodes/a': '1' });
    const tip = repo.commit({ 'nodes/a': '2' });
    writeFileSync(path.join(repo.bare, 'shallow'), `${tip}\n`);
    const seen = await remoteSource().observe(first as CommitId, signal);
    assert.equal(seen.ancestry, 'unprovable');
  });

  test('leftovers of a killed process are swept', async () => {
    repo.commit({ 'nodes/a': '1' });
    await remoteSource().observe(null, signal);
    const mirror = path.join(dir, 'mirror.git');
    writeFileSync(path.join(mirror, 'objects/pack/.tmp-1-1'), 'half');
    await remoteSource().observe(null, signal);
    assert.ok(!readdirSync(path.join(mirror, 'objects/pack')).includes('.tmp-1-1'));
  });

  test('an old blob is fetched when the mirror is new and shallow', async () => {
    const old = repo.commit({ 'nodes/a': 'last good' });
    const blob = git(repo.bare, ['rev-parse', `${old}:nodes/a`]) as BlobId;
    for (let n = 1; n <= 60; n++) git(repo.work, ['commit', '-q', '--allow-empty', '-m', `c${n}`]);
    git(repo.work, ['rm', '-q', 'nodes/a']);
    git(repo.work, ['commit', '-q', '-m', 'gone']);
    git(repo.work, ['push', '-q', 'origin', 'main']);
    const source = remoteSource();
    await source.observe(null, signal);
    assert.equal(Buffer.from(await source.readBlob(blob, signal)).toString(), 'last good');
    await assert.rejects(source.readBlob('1'.repeat(40) as BlobId, signal), codeIs('BLOB_MISSING'));
  });

  test('a commit that nobody has pushed leaves the mirror as it is, also a shallow one and one whose branch is gone', async () => {
    for (let n = 1; n <= 60; n++) git(repo.work, ['commit', '-q', '--allow-empty', '-m', `c${n}`]);
    const tip = repo.commit({ 'nodes/a': '1' }) as CommitId;
    const source = remoteSource();
    await source.observe(null, signal);
    const nobodys = '1'.repeat(40) as CommitId;
    await assert.rejects(source.snapshot(nobodys, signal), codeIs('REVISION_UNKNOWN'));
    git(repo.bare, ['update-ref', '-d', 'refs/heads/main']);
    await assert.rejects(source.snapshot(nobodys, signal), codeIs('REVISION_UNKNOWN'));
    assert.ok(!existsSync(path.join(dir, 'mirror.git.damaged')));
    assert.equal(await text(await source.snapshot(tip, signal), 'nodes/a'), '1');
  });

  test('a commit that the mirror has lost comes again', async () => {
    const first = repo.commit({ 'nodes/a': '1' }) as CommitId;
    const source = remoteSource();
    await source.observe(null, signal);
    const packs = path.join(dir, 'mirror.git/objects/pack');
    const before = readdirSync(packs);
    repo.commit({ 'nodes/a': '2' });
    await source.observe(null, signal);
    source.close();
    for (const name of before) rmSync(path.join(packs, name));
    const again = remoteSource();
    assert.equal(await text(await again.snapshot(first, signal), 'nodes/a'), '1');
  });

  test('damage that shows only while a blob is read heals under the reader', async () => {
    const bytes = Array.from({ length: 400 }, (_, n) => `${Math.cos(n)}`).join('\n');
    const tip = repo.commit({ 'nodes/a.yaml': bytes, 'nodes/b': '1', 'nodes/c': '2' }) as CommitId;
    const source = remoteSource();
    await source.observe(null, signal);
    const snapshot = await source.snapshot(tip, signal);
    const packs = path.join(dir, 'mirror.git/objects/pack');
    const pack = path.join(packs, readdirSync(packs).find((name) => name.endsWith('.pack')) ?? '');
    const content = readFileSync(pack);
    content.fill(0x55, content.length - 120, content.length - 60);
    writeFileSync(pack, content);
    const texts = await Promise.all(
      ['a.yaml', 'a.yaml', 'b', 'a.yaml', 'c'].map((file) => text(snapshot, `nodes/${file}`)),
    );
    assert.deepEqual(texts, [bytes, bytes, '1', bytes, '2']);
    assert.ok(existsSync(path.join(dir, 'mirror.git.damaged')));
  });

  test('a mirror that is removed under a running daemon is made anew', async () => {
    const first = repo.commit({ 'nodes/a': '1' }) as CommitId;
    const source = remoteSource();
    await source.observe(null, signal);
    rmSync(path.join(dir, 'mirror.git'), { recursive: true });
    const tip = repo.commit({ 'nodes/a': '2' }) as CommitId;
    assert.equal((await source.observe(first, signal)).ancestry, 'descendant');
    assert.equal(await text(await source.snapshot(tip, signal), 'nodes/a'), '2');
  });

  test('observations that are asked for at once take turns', async () => {
    const tip = repo.commit({ 'nodes/a': '1' });
    const source = remoteSource();
    const seen = await Promise.all([1, 2, 3].map(() => source.observe(null, signal)));
    assert.deepEqual(new Set(seen.map((one) => one.tip)), new Set([tip]));
    const fetches = server.requests.filter((line) => line.startsWith('POST')).length;
    assert.equal(fetches, 3 + 1, 'three listings, one fetch');
  });

  test('a disk that refuses is no network failure', async () => {
    repo.commit({ 'nodes/a': '1' });
    writeFileSync(path.join(dir, 'not-a-folder'), '');
    const source = remoteSource({ mirrorDir: path.join(dir, 'not-a-folder/mirror.git') });
    await assert.rejects(source.observe(null, signal), codeIs('DISK_IO'));
  });

  for (const moved of [false, true])
    test(`bytes flipped or cut in any file of the mirror end in the same tree, the tip ${moved ? 'moved' : 'unmoved'}`, async () => {
      const first = repo.commit({
        'nodes/a.yaml': 'content one\n',
        'nodes/b/c.yaml': 'content two\n',
      });
      for (let n = 0; n < 3; n++) git(repo.work, ['commit', '-q', '--allow-empty', '-m', `c${n}`]);
      git(repo.work, ['push', '-q', 'origin', 'main']);
      const pristine = path.join(dir, 'pristine.git');
      const seeded = remoteSource({ mirrorDir: pristine });
      await seeded.observe(null, signal);
      seeded.close();
      const tip = (
        moved ? repo.commit({ 'nodes/b/c.yaml': 'content three\n' }) : repo.tip()
      ) as CommitId;
      const wanted = moved ? 'content three\n' : 'content two\n';
      for (const file of filesIn(pristine))
        for (const damage of [flipped, halved]) {
          const mirrorDir = path.join(dir, 'damaged.git');
          rmSync(mirrorDir, { recursive: true, force: true });
          cpSync(pristine, mirrorDir, { recursive: true });
          writeFileSync(
            path.join(mirrorDir, file),
            damage(readFileSync(path.join(pristine, file))),
          );
          const source = remoteSource({ mirrorDir });
          const seen = await source.observe(first as CommitId, signal);
          assert.deepEqual(
            [seen.tip, seen.ancestry],
            [tip, 'descendant'],
            `${file} ${damage.name}`,
          );
          assert.equal(await text(await source.snapshot(tip, signal), 'nodes/b/c.yaml'), wanted);
          source.close();
        }
    });
});

const flipped = (bytes: Buffer) =>
  Buffer.from(bytes.map((byte, at) => (at % 7 === 3 ? byte ^ 0x55 : byte)));
const halved = (bytes: Buffer) => bytes.subarray(0, bytes.length >> 1);
const filesIn = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)));

describe('a remote that misbehaves', () => {
  for (const [status, code] of [
    [401, 'SOURCE_AUTH'],
    [403, 'SOURCE_AUTH'],
    [404, 'SOURCE_UNREACHABLE'],
    [429, 'SOURCE_UNREACHABLE'],
    [500, 'SOURCE_UNREACHABLE'],
  ] as const)
    test(`HTTP ${status} is ${code}`, async () => {
      server.fail(() => ({ kind: 'status', status }));
      await assert.rejects(remoteSource().observe(null, signal), codeIs(code));
    });

  test('a redirect is refused, and the credentials stay here', async () => {
    let followed = false;
    server.fail((request) => {
      if (request.url?.startsWith('/other')) followed = true;
      return { kind: 'status', status: 302, headers: { location: `${server.url}/other.git` } };
    });
    await assert.rejects(remoteSource().observe(null, signal), codeIs('SOURCE_UNREACHABLE'));
    assert.equal(followed, false);
  });

  test('garbage instead of Git is typed', async () => {
    server.fail(() => ({ kind: 'garbage' }));
    await assert.rejects(remoteSource().observe(null, signal), codeIs('SOURCE_UNREACHABLE'));
  });

  test('a connection that dies is typed', async () => {
    server.fail(() => ({ kind: 'drop' }));
    await assert.rejects(remoteSource().observe(null, signal), codeIs('SOURCE_UNREACHABLE'));
  });

  test('a server that hangs ends at the deadline', async () => {
    server.fail(() => ({ kind: 'hang' }));
    const source = remoteSource({ limits: { deadlineMs: 60 } });
    await assert.rejects(source.observe(null, signal), codeIs('SOURCE_TIMEOUT'));
  });

  test('a fetch that stalls within its answer ends at the deadline, and the next one heals', async () => {
    const tip = repo.commit({ 'nodes/a': 'x'.repeat(100_000) });
    server.fail((request) =>
      request.method === 'POST' && request.headers['git-protocol'] === undefined
        ? { kind: 'stall-body', bytes: 50 }
        : null,
    );
    const source = remoteSource({ limits: { deadlineMs: 300 } });
    await assert.rejects(source.observe(null, signal), codeIs('SOURCE_TIMEOUT'));
    server.fail(null);
    assert.equal((await remoteSource().observe(null, signal)).tip, tip);
  });

  test('an answer over the byte limit is cut', async () => {
    let text = '';
    for (let n = 0; n < 4_000; n++) text += `${Math.sin(n)}\n`;
    repo.commit({ 'nodes/a': text });
    const source = remoteSource({ limits: { bytesMax: 4_096 } });
    await assert.rejects(source.observe(null, signal), codeIs('SOURCE_TOO_LARGE'));
  });

  test("the caller's abort ends it at once", async () => {
    server.fail(() => ({ kind: 'hang' }));
    const abort = new AbortController();
    const observing = remoteSource().observe(null, abort.signal);
    setTimeout(() => abort.abort(), 20);
    await assert.rejects(observing, { name: 'AbortError' });
  });
});

describe('credentials', () => {
  const auth = { username: 'fleet', password: 's3cret:with:colons' };

  test('from a file in the format of git credential; a rotated secret needs no restart', async () => {
    const tip = repo.commit({ 'nodes/a': '1' });
    await restart({ auth });
    const file = path.join(dir, 'credentials');
    writeFileSync(file, 'username=fleet\npassword=old\n');
    const source = remoteSource({ credentialsFile: file });
    await assert.rejects(source.observe(null, signal), codeIs('SOURCE_AUTH'));
    writeFileSync(file, `protocol=https\nusername=${auth.username}\npassword=${auth.password}\n`);
    assert.equal((await source.observe(null, signal)).tip, tip);
    writeFileSync(file, `${auth.username}\n${auth.password}\n`);
    assert.equal((await source.observe(null, signal)).tip, tip);
  });

  test('from a file with just a token', async () => {
    const tip = repo.commit({ 'nodes/a': '1' });
    await restart({ auth: { username: 'x-access-token', password: 'tok' } });
    const file = path.join(dir, 'token');
    writeFileSync(file, 'tok\n');
    assert.equal((await remoteSource({ credentialsFile: file }).observe(null, signal)).tip, tip);
  });

  test('a missing or empty file is typed and names the file, not its content', async () => {
    const missing = remoteSource({ credentialsFile: path.join(dir, 'none') });
    await assert.rejects(missing.observe(null, signal), codeIs('SOURCE_AUTH'));
    const file = path.join(dir, 'prose');
    writeFileSync(file, 'my secret is hunter2\n');
    await assert.rejects(
      remoteSource({ credentialsFile: file }).observe(null, signal),
      (error: Error) => {
        assert.ok(!error.message.includes('hunter2'));
        return codeIs('SOURCE_AUTH')(error);
      },
    );
  });
});

test('a source on this machine names what to watch, a remote nothing', async () => {
  const gitdir = path.join(repo.work, '.git');
  assert.deepEqual(await sourceWatchPaths(repo.work), [
    path.join(gitdir, 'refs/heads'),
    path.join(gitdir, 'packed-refs'),
  ]);
  assert.deepEqual(await sourceWatchPaths('https://git.example.org/fleet.git'), []);
});

describe('what is not supported says so', () => {
  for (const url of [
    'ssh://git@host/fleet.git',
    'git@host:fleet.git',
    'host:fleet.git',
    'file:///srv/fleet.git',
    'git://host/fleet.git',
    'ext::sh -c true',
    'http://git.example.org/fleet.git',
    'https://user:pass@git.example.org/fleet.git',
    'https://git.example.org/fleet.git?token=1',
  ])
    test(url, () => {
      assert.throws(
        () => remoteSource({ url }),
        (error: Error) => {
          assert.ok(!/pass@|token=1/.test(error.message), error.message);
          return codeIs('SOURCE_UNSUPPORTED')(error);
        },
      );
    });

  for (const branch of ['-x', 'a..b', 'a b', 'a.lock', '../x', ''])
    test(`branch ${JSON.stringify(branch)}`, () => {
      assert.throws(() => remoteSource({ branch }), codeIs('SOURCE_UNSUPPORTED'));
    });
});
