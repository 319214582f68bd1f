import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { call, tempFolder } from './cli.ts';

test('init: what it writes is valid', async (t) => {
  const dir = join(await tempFolder(t), 'fleet');
  const { code, stdout } = await call(['init', dir]);
  assert.equal(code, 0);
  assert.match(stdout, /git -C \S+ init/);
  assert.equal((await call(['validate', dir])).code, 0);
});

test('init: a folder with files is left alone, an empty repository is not', async (t) => {
  const dir = await tempFolder(t);
  await mkdir(join(dir, '.git'));
  assert.equal((await call(['init', dir])).code, 0);
  await writeFile(join(dir, 'mine.txt'), 'mine');
  const again = await call(['init', dir]);
  assert.equal(again.code, 1);
  assert.match(again.stderr, /^error NOT_EMPTY: /);
});

test('init: each file names a schema that came with it', async (t) => {
  const dir = join(await tempFolder(t), 'fleet');
  assert.equal((await call(['init', dir])).code, 0);
  const files = (await readdir(dir, { recursive: true })).filter((file) => file.endsWith('.yaml'));
  assert.ok(files.length > 10);
  for (const file of files) {
    const named = /\$schema=(\S+)/.exec(await readFile(join(dir, file), 'utf8'))?.[1];
    assert.ok(named !== undefined, file);
    assert.ok((await stat(join(dirname(join(dir, file)), named))).isFile(), file);
  }
});
