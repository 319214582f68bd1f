import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { diskError } from '../../src/disk/errors.ts';
import {
  createAtomic,
  ensureDir,
  removeFile,
  sweepTemporaries,
  writeFileAtomic,
} from '../../src/disk/files.ts';
import { freeBytes } from '../../src/disk/free.ts';
import { nodeDisk } from '../../src/disk/node-disk.ts';
import { CrashedError, fakeDisk } from '../fakes/disk.ts';

const root = await mkdtemp(join(tmpdir(), 'reconciled-disk-'));
after(() => rm(root, { recursive: true }));

async function* inChunks(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield await Promise.resolve(Buffer.from(text));
}

for (const c of [
  { name: 'text', content: 'grüß', want: 'grüß' },
  { name: 'bytes', content: Buffer.from('abc'), want: 'abc' },
  { name: 'chunks', content: [Buffer.from('a'), Buffer.from('b')], want: 'ab' },
  { name: 'chunks that come later', content: inChunks('a', 'b', 'c'), want: 'abc' },
  { name: 'nothing', content: '', want: '' },
]) {
  test(`writeFileAtomic replaces a file by ${c.name}`, async () => {
    const path = join(root, 'replaced');
    await writeFile(path, 'old');
    await writeFileAtomic(path, c.content);
    assert.equal(await readFile(path, 'utf8'), c.want);
    assert.deepEqual(
      (await readdir(root)).filter((name) => name.endsWith('.tmp')),
      [],
    );
  });
}

test('files are for their owner alone unless said otherwise', async () => {
  const [secret, open] = [join(root, 'secret'), join(root, 'open')];
  await writeFileAtomic(secret, 'x');
  await writeFileAtomic(open, 'x', { mode: 0o640 });
  assert.equal((await stat(secret)).mode & 0o777, 0o600);
  assert.equal((await stat(open)).mode & 0o777, 0o640);
});

test('content that fails on the way leaves the old file and no trace', async () => {
  const dir = join(root, 'failing');
  await ensureDir(dir);
  await writeFileAtomic(join(dir, 'file'), 'old');
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(Buffer.from('half'));
    throw new Error('no more');
  }
  await assert.rejects(writeFileAtomic(join(dir, 'file'), failing()), /no more/);
  assert.deepEqual(await readdir(dir), ['file']);
  assert.equal(await readFile(join(dir, 'file'), 'utf8'), 'old');
});

test('a crash at any disk operation leaves the old or the new file, whole', async () => {
  let random = 0;
  for (let at = 0; at < 40; at++) {
    const disk = fakeDisk(() => (random = (random + 0.377) % 1));
    await writeFileAtomic('/file', 'old', { disk });
    let left = at % 8;
    disk.onOperation(() => (left-- === 0 ? 'crash' : null));
    const outcome = await Promise.allSettled([writeFileAtomic('/file', 'the new', { disk })]);
    disk.onOperation(() => null);
    disk.restart('power');
    const found = disk.bytesOf('/file')?.toString() ?? '';
    assert.ok(['old', 'the new'].includes(found), found);
    if (outcome[0].status === 'fulfilled') assert.equal(found, 'the new');
    else assert.ok(outcome[0].reason instanceof CrashedError);
    await sweepTemporaries('/', disk);
    assert.deepEqual(await disk.list('/'), ['file']);
  }
});

test('createAtomic leaves the file open for more', async () => {
  const path = join(root, 'growing');
  const writer = await createAtomic(path, 'head,');
  await writer.write(Buffer.from('tail'));
  await writer.sync();
  await writer.close();
  assert.equal(await readFile(path, 'utf8'), 'head,tail');
});

test('openAppend writes at the end of what is there', async () => {
  const path = join(root, 'appended');
  for (const text of ['a', 'b']) {
    const writer = await nodeDisk.openAppend(path, 0o600);
    await writer.write(Buffer.from(text));
    await writer.close();
  }
  assert.equal(await readFile(path, 'utf8'), 'ab');
});

test('ensureDir makes the missing folders, for their owner alone, and is harmless again', async () => {
  const dir = join(root, 'a', 'b', 'c');
  await ensureDir(dir);
  await ensureDir(dir);
  assert.equal((await stat(join(root, 'a'))).mode & 0o777, 0o700);
});

test('ensureDir is content with a folder that stands in one closed to us', async () => {
  const open = fakeDisk(() => 0);
  const denied = Object.assign(new Error('denied'), { code: 'EACCES' });
  const closed = { ...open, syncDir: () => Promise.reject(diskError('sync', '/', denied)) };
  await assert.rejects(ensureDir('/state', { disk: closed }), { code: 'DISK_IO' });
  await ensureDir('/state', { disk: closed });
});

test('removing twice is harmless', async () => {
  const path = join(root, 'removed');
  await writeFileAtomic(path, 'x');
  await removeFile(path);
  await removeFile(path);
  assert.equal(await nodeDisk.openRead(path), null);
});

test('a reader fills its buffer up to the end of the file', async () => {
  const path = join(root, 'read');
  await writeFileAtomic(path, 'abcdef');
  const reader = await nodeDisk.openRead(path);
  assert.ok(reader);
  const into = Buffer.alloc(4);
  assert.equal(reader.size, 6);
  assert.equal(await reader.read(into, 1), 4);
  assert.equal(into.toString(), 'bcde');
  assert.equal(await reader.read(into, 4), 2);
  await reader.close();
});

test('free space is known', async () => {
  const { free, total } = await freeBytes(root);
  assert.ok(free > 0 && free <= total);
});

for (const c of [
  {
    name: 'a taken name',
    call: () => nodeDisk.create(root, 0o600),
    want: { code: 'DISK_EXISTS', retry: 'never' },
  },
  {
    name: 'a folder that is not there',
    call: () => writeFileAtomic(join(root, 'no', 'file'), 'x'),
    want: { code: 'DISK_IO', retry: 'backoff' },
  },
  {
    name: 'a file where a folder should be',
    call: async () => {
      await writeFile(join(root, 'plain'), '');
      await ensureDir(join(root, 'plain'));
    },
    want: { code: 'DISK_EXISTS' },
  },
  {
    name: 'a device without space',
    call: async () => {
      const writer = await nodeDisk.openAppend('/dev/full', 0o600);
      await writer.write(Buffer.from('x')).finally(() => writer.close());
    },
    want: { code: 'DISK_FULL', retry: 'backoff' },
  },
]) {
  test(`a failed operation is a typed error: ${c.name}`, () => assert.rejects(c.call(), c.want));
}

test('a listing of a folder that is not there is empty', async () => {
  assert.deepEqual(await nodeDisk.list(join(root, 'nowhere')), []);
});
