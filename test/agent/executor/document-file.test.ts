import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readDocumentFile } from '../../../src/agent/executor/document-file.ts';
import { tempDir } from '../../fakes/git-repo.ts';

const dir = tempDir('document-file-');
after(() => rm(dir, { recursive: true, force: true }));
const downloads = join(dir, 'downloads');
mkdirSync(join(downloads, 'folder'), { recursive: true });
writeFileSync(join(dir, 'outside'), 'outside');
writeFileSync(join(downloads, 'good'), '\uFEFFgood');
writeFileSync(join(downloads, 'long'), 'x'.repeat(200_000));
symlinkSync('good', join(downloads, 'link'));
symlinkSync('../outside', join(downloads, 'out'));
symlinkSync('loop', join(downloads, 'loop'));
execFileSync('mkfifo', [join(downloads, 'pipe')]);

for (const { path, text } of [
  { path: 'good', text: 'good' },
  { path: 'link', text: 'good' },
  { path: 'none', text: '' },
  { path: 'folder', text: '' },
  { path: 'good/x', text: '' },
  { path: 'out', text: '' },
  { path: '../outside', text: '' },
  { path: 'loop', text: '' },
  { path: 'pipe', text: '' },
  { path: 'a\0b', text: '' },
  { path: 'x'.repeat(5_000), text: '' },
]) {
  test(`a document in a file: ${JSON.stringify(path.slice(0, 20))}`, async () => {
    assert.equal(await readDocumentFile(join(downloads, path), downloads), text);
  });
}

test('a document in a file: one that is too long is cut, and so refused for its length', async () => {
  assert.equal((await readDocumentFile(join(downloads, 'long'), downloads)).length, 65_537);
});

// Regular files for the kernel, and no documents: reading them is an error, or waits.
for (const path of ['/proc/self/mem', '/proc/kmsg', '/dev/zero', '/dev/stdin', '/proc/self/fd/0']) {
  test(`a document in a file: ${path} is answered`, { timeout: 10_000 }, async () => {
    assert.equal(typeof (await readDocumentFile(path, '/')), 'string');
  });
}
