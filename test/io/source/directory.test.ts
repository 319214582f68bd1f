import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { BlobId } from '../../../src/core/model/brand.ts';
import { ReconcileError } from '../../../src/core/model/errors.ts';
import { openDirectory } from '../../../src/io/source/directory.ts';
import { openRevision } from '../../../src/io/source/revision.ts';
import { SOURCE_LIMITS } from '../../../src/io/source/snapshot.ts';
import { git, makeRepo, tempDir } from '../../fakes/git-repo.ts';

let dir = '';
beforeEach(() => {
  dir = tempDir();
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function put(files: Readonly<{ [path: string]: string }>): void {
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(path.join(dir, path.dirname(file)), { recursive: true });
    writeFileSync(path.join(dir, file), text);
  }
}
const codeIs = (code: string) => (error: unknown) => {
  assert.ok(error instanceof ReconcileError, String(error));
  assert.equal(error.code, code, error.message);
  return true;
};

describe('a folder as it lies on disk', () => {
  test('lists every file once with the id that Git would give, in one order', async () => {
    put({
      'nodes/b/c.yaml': 'two\n',
      'nodes/a.yaml': 'one\n',
      'nodes/b.yaml': '',
      '.reconciledignore': 'x\n',
    });
    const snapshot = await openDirectory(dir);
    assert.equal(snapshot.commit, null);
    assert.deepEqual(
      snapshot.files.map((file) => file.path),
      ['.reconciledignore', 'nodes/a.yaml', 'nodes/b.yaml', 'nodes/b/c.yaml'],
    );
    for (const file of snapshot.files)
      assert.equal(file.blob, git(dir, ['hash-object', path.join(dir, file.path)]));
  });

  for (const name of ['a\\b.yaml', 'a\tb.yaml', 'caf\xe9.yaml'])
    test(`the name ${JSON.stringify(name)} is refused as in a revision, and passed over outside of our folders`, async () => {
      const at = (folder: string) =>
        Buffer.concat([Buffer.from(`${dir}/${folder}`), Buffer.from(name, 'latin1')]);
      put({ 'nodes/a.yaml': 'one\n', 'docs/b': '' });
      writeFileSync(at(''), '');
      writeFileSync(at('docs/'), '');
      assert.equal((await openDirectory(dir)).files.length, 1);
      writeFileSync(at('nodes/'), '');
      await assert.rejects(openDirectory(dir), codeIs('TREE_UNSAFE'));
    });

  test('a file that may not be read is named', async (t) => {
    put({ 'nodes/a.yaml': 'one\n' });
    chmodSync(path.join(dir, 'nodes/a.yaml'), 0);
    if (process.getuid?.() === 0) return t.skip('root reads everything');
    await assert.rejects(openDirectory(dir), codeIs('FILE_UNREADABLE'));
  });

  test('has the same ids as the revision that was committed from it', async () => {
    const repo = makeRepo(dir);
    const tip = repo.commit({
      'x/nodes/a.yaml': 'one\n',
      'x/nodes/b/c.yaml': 'two\r\n',
      'x/other': '',
    });
    const disk = await openDirectory(path.join(repo.work, 'x'));
    for (const rev of ['HEAD', 'main', tip.slice(0, 9)]) {
      const revision = await openRevision(path.join(repo.work, 'x'), rev);
      assert.equal(revision.commit, tip);
      assert.deepEqual(revision.files, disk.files);
    }
    const blob = disk.files.find((file) => file.path === 'nodes/b/c.yaml')?.blob;
    assert.ok(blob);
    assert.equal(Buffer.from(await disk.read(blob)).toString(), 'two\r\n');
  });

  test('follows no symbolic link and looks into no .git', async () => {
    put({ 'nodes/a': 'x', '.git/HEAD': 'ref: x', 'nodes/module/.git': 'gitdir: elsewhere' });
    symlinkSync('/etc', path.join(dir, 'groups'));
    symlinkSync('a', path.join(dir, 'nodes/file'));
    const { files } = await openDirectory(dir);
    assert.deepEqual(
      files.map((file) => [file.path, file.kind]),
      [
        ['groups', 'symlink'],
        ['nodes/a', 'file'],
        ['nodes/file', 'symlink'],
        ['nodes/module', 'submodule'],
      ],
    );
  });

  for (const kind of ['file', 'folder'])
    test(`a submodule (.git is a ${kind}) is listed as one, and what is in it is none of the fleet`, async () => {
      put({ 'nodes/a.yaml': 'one\n', 'nodes/team/b.yaml': 'two\n' });
      if (kind === 'file') put({ 'nodes/team/.git': 'gitdir: ../../.git/modules/team\n' });
      else put({ 'nodes/team/.git/HEAD': 'ref: refs/heads/main\n' });
      const { files } = await openDirectory(dir);
      assert.deepEqual(
        files.map((file) => [file.path, file.kind]),
        [
          ['nodes/a.yaml', 'file'],
          ['nodes/team', 'submodule'],
        ],
      );
    });

  test('keeps what it read, whatever is edited meanwhile', async () => {
    put({ 'nodes/a': 'before' });
    const snapshot = await openDirectory(dir);
    put({ 'nodes/a': 'after' });
    assert.equal(
      Buffer.from(await snapshot.read(snapshot.files[0]?.blob as BlobId)).toString(),
      'before',
    );
  });

  test('a file at its limit is read, one over it is listed and refused', async () => {
    const limit = SOURCE_LIMITS.fileBytesMax;
    put({
      'nodes/at': 'x'.repeat(limit),
      'nodes/over': 'y'.repeat(limit + 1),
      'reconciled.yaml': 'z'.repeat(limit + 1),
    });
    const snapshot = await openDirectory(dir);
    const blobOf = (name: string) =>
      snapshot.files.find((file) => file.path === name)?.blob as BlobId;
    assert.equal((await snapshot.read(blobOf('nodes/at'))).length, limit);
    assert.equal((await snapshot.read(blobOf('reconciled.yaml'))).length, limit + 1);
    await assert.rejects(snapshot.read(blobOf('nodes/over')), codeIs('BLOB_TOO_LARGE'));
    await assert.rejects(snapshot.read('0'.repeat(40) as BlobId), codeIs('BLOB_MISSING'));
  });

  test('too much of it is refused with what to do', async () => {
    put({ 'nodes/a': '' });
    for (let n = 0; n < 260; n++)
      writeFileSync(
        path.join(dir, `nodes/${n}`),
        `${n}${'x'.repeat(SOURCE_LIMITS.fileBytesMax - 5)}`,
      );
    await assert.rejects(openDirectory(dir), codeIs('SOURCE_TOO_LARGE'));
    rmSync(dir, { recursive: true });
    mkdirSync(dir);
    put({ 'nodes/huge': '' });
    truncateSync(path.join(dir, 'nodes/huge'), SOURCE_LIMITS.totalBytesMax + 1);
    await assert.rejects(openDirectory(dir), codeIs('SOURCE_TOO_LARGE'));
  });

  test('what is none of ours is not looked at, whatever its size', async () => {
    put({ 'nodes/a': '', 'node_modules/huge': '', huge: '' });
    for (const file of ['node_modules/huge', 'huge'])
      truncateSync(path.join(dir, file), SOURCE_LIMITS.totalBytesMax + 1);
    const { files } = await openDirectory(dir);
    assert.deepEqual(
      files.map((file) => file.path),
      ['nodes/a'],
    );
  });

  test('that is not there is an error of its own', async () => {
    await assert.rejects(openDirectory(path.join(dir, 'none')), codeIs('DIRECTORY_MISSING'));
    await assert.rejects(openRevision(dir, 'HEAD'), codeIs('REPOSITORY_MISSING'));
  });
});
