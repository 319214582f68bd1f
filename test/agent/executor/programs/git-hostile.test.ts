/** Repositories that no git program would make: their objects are written by hand. */
import assert from 'node:assert/strict';
import { existsSync, lstatSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { fetchInto, place } from '../../../fakes/download.ts';
import { git, makeRepo } from '../../../fakes/git-repo.ts';
import { startGitServer } from '../../../fakes/git-server.ts';

type Node = string | { readonly link: string } | readonly (readonly [string, Node])[];

/** The id of an object; names may repeat, and need no order. */
function writeObject(bare: string, node: Node): { readonly mode: string; readonly oid: string } {
  const hash = (type: string, content: string | Uint8Array): string =>
    git(bare, ['hash-object', '-w', '--literally', '-t', type, '--stdin'], content);
  if (typeof node === 'string') return { mode: '100644', oid: hash('blob', node) };
  if ('link' in node) return { mode: '120000', oid: hash('blob', node.link) };
  const entries = node.map(([name, child]) => {
    const { mode, oid } = writeObject(bare, child);
    return Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(oid, 'hex')]);
  });
  return { mode: '40000', oid: hash('tree', Buffer.concat(entries)) };
}

async function hostile(t: TestContext, transport: 'file' | 'http') {
  const dir = place(t);
  const { bare } = makeRepo(dir, 'evil.git');
  const server = transport === 'http' ? await startGitServer({ root: dir }) : null;
  t.after(() => server?.close());
  const repository = server === null ? `file://${bare}` : `${server.url}/evil.git`;
  mkdirSync(join(dir, 'victim'));
  const downloadTree = (oid: string) => {
    const commit = git(bare, ['commit-tree', oid, '-m', 'x']);
    git(bare, ['update-ref', 'refs/heads/main', commit]);
    const sourceInfo = JSON.stringify({ repository });
    return fetchInto(dir, { sourceType: 'Git', sourceInfo, destinationPath: 'x/' });
  };
  return {
    bare,
    downloads: join(dir, 'downloads'),
    downloadTree,
    download: (tree: Node) => downloadTree(writeObject(bare, tree).oid),
    victims: () => readdirSync(join(dir, 'victim')),
  };
}

for (const transport of ['file', 'http'] as const)
  test(`a name that is a link and a folder at once writes nothing anywhere, over ${transport}`, async (t) => {
    const { download, victims, downloads } = await hostile(t, transport);
    // A name below counts as a level down, the link that stands there as none: so the innermost leads out.
    const twice = (name: string, link: string, below: Node): Node => [
      [name, { link }],
      [name, below],
    ];
    let tree = twice('z', '../../../../victim', [['evil', 'written']]);
    for (const name of ['l0', 'l1', 'l2', 'l3']) tree = twice(name, '.', tree);
    const { ok, text } = await download(tree);
    assert.equal(ok, false);
    assert.match(text, /holds one name twice/);
    assert.deepEqual(victims(), []);
    assert.deepEqual(readdirSync(join(downloads, 'x')), []);
  });

test('links lead nowhere out of the download, one through another or through one that came earlier', async (t) => {
  const { download, downloads } = await hostile(t, 'file');
  const up: Node = [['b', [['up', { link: '../..' }]]]];
  const through: Node = { link: 'a/b/up/../../..' };
  const refused = { ok: false, text: 'e is a link that leads out of the download' };
  assert.deepEqual(
    await download([
      ['a', up],
      ['e', through],
    ]),
    refused,
  );
  assert.deepEqual((await download([['a', up]])).ok, true);
  assert.deepEqual(await download([['e', through]]), refused);
  for (const link of ['', '/etc', '..', 'a/..', './../x', 'a//../..'])
    assert.deepEqual(await download([['e', { link }]]), refused, link);
  assert.equal(existsSync(join(downloads, 'x', 'e')), false);
  const fine: Node = [
    ['c', [['f', { link: './../a/b' }]]],
    ['d', { link: 'c' }],
  ];
  assert.equal((await download(fine)).ok, true);
  assert.ok(lstatSync(join(downloads, 'x', 'c', 'f')).isSymbolicLink());
});

test('a link where an earlier download has a folder is refused, and the other way round', async (t) => {
  const { download, victims } = await hostile(t, 'file');
  assert.equal((await download([['a', [['b', 'content']]]])).ok, true);
  assert.match((await download([['a', { link: 'b' }]])).text, /is in the way: it is no file/);
  assert.equal((await download([['l', { link: 'a' }]])).ok, true);
  assert.match((await download([['l', [['c', 'x']]]])).text, /is in the way: it is no folder/);
  assert.deepEqual(victims(), []);
});

test('trees that name each other without end are left after so many', async (t) => {
  const { bare, downloadTree } = await hostile(t, 'file');
  // Seventeen objects, 2^16 folders without a file in them.
  let oid = git(bare, ['mktree'], '');
  for (let level = 0; level < 16; level += 1)
    oid = git(bare, ['mktree'], `040000 tree ${oid}\ta\n040000 tree ${oid}\tb\n`);
  const { ok, text } = await downloadTree(oid);
  assert.equal(ok, false);
  assert.match(text, /more than 10000 folders/);
});
