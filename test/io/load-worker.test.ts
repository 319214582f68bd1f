import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { gitBlobId } from '../../src/core/canonical/digest.ts';
import { keyOf } from '../../src/core/load/load.ts';
import type { BlobId } from '../../src/core/model/brand.ts';
import { blobId, commitId } from '../../src/core/model/brand.ts';
import { ReconcileError } from '../../src/core/model/errors.ts';
import { loadHere } from '../../src/io/load-here.ts';
import { openLoader } from '../../src/io/load-worker.ts';
import { openParser } from '../../src/io/parse-in-worker.ts';
import type { Snapshot } from '../../src/reconcile/ports.ts';

const signal = AbortSignal.timeout(60_000);
const commit = commitId('a'.repeat(40));

const DOCUMENT = `schemaVersion: "2.2"
description: says hello
mainSteps:
  - action: aws:runShellScript
    name: hello
    inputs: { runCommand: [echo hello] }
`;
const association = (name: string) => `AssociationName: ${name}
Name: Hello
Targets: [{ Key: InstanceIds, Values: ['*'] }]
`;

/** A snapshot in memory that counts what is read. */
function snapshotOf(contents: { readonly [path: string]: string }) {
  const blobs = new Map<string, Uint8Array>();
  const reads: string[] = [];
  const files = Object.entries(contents).map(([path, text]) => {
    const bytes = Buffer.from(text);
    const blob = gitBlobId(bytes);
    blobs.set(blob, bytes);
    return { path, blob, kind: 'file' as const };
  });
  const snapshot: Snapshot = {
    commit,
    files,
    read: (blob) => {
      reads.push(blob);
      const bytes = blobs.get(blob);
      return bytes === undefined ? Promise.reject(new Error(`no ${blob}`)) : Promise.resolve(bytes);
    },
  };
  return { snapshot, reads, blobs };
}

const noOldBlobs = () => Promise.reject(new Error('no old blob is expected'));
const loader = openLoader({ library: new Map(), builtActions: null, readBlob: noOldBlobs });
after(() => loader.close());

test('a loader gives the catalog and every definition of a snapshot', async () => {
  const { snapshot } = snapshotOf({
    'documents/Hello.yaml': DOCUMENT,
    'associations/a.yaml': association('first'),
    'README.md': 'not ours',
  });
  const revision = await loader.load(snapshot, new Map(), signal);
  assert.deepEqual(revision.catalog.problems, []);
  assert.deepEqual([...revision.definitions.keys()], ['first']);
  assert.equal(revision.commit, commit);
});

test('a second load reads only what is new', async () => {
  const own = openLoader({ library: new Map(), builtActions: null, readBlob: noOldBlobs });
  const before = snapshotOf({
    'documents/Hello.yaml': DOCUMENT,
    'associations/a.yaml': association('first'),
  });
  const first = await own.load(before.snapshot, new Map(), signal);
  const next = snapshotOf({
    'documents/Hello.yaml': DOCUMENT,
    'associations/b.yaml': association('second'),
  });
  const second = await own.load(next.snapshot, first.catalog.files, signal);
  assert.equal(next.reads.length, 1);
  assert.deepEqual([...second.definitions.keys()], ['second']);
  await own.close();
});

test('last good content is read by its blob id when the tree has it no more', async () => {
  const old = Buffer.from(association('first'));
  const own = openLoader({
    library: new Map(),
    builtActions: null,
    readBlob: (blob) => (blob === gitBlobId(old) ? Promise.resolve(old) : noOldBlobs()),
  });
  const { snapshot } = snapshotOf({
    'documents/Hello.yaml': DOCUMENT,
    'associations/a.yaml': 'AssociationName: [',
  });
  const lastGood = new Map([['associations/a.yaml', gitBlobId(old)]]);
  const { catalog, definitions } = await own.load(snapshot, lastGood, signal);
  assert.deepEqual([...definitions.keys()], ['first']);
  assert.deepEqual([...catalog.invalid], [['associations/a.yaml', { lastGood: gitBlobId(old) }]]);
  await own.close();
});

test('a file that the source finds too large is a problem, not a failure', async () => {
  const { snapshot } = snapshotOf({ 'associations/a.yaml': association('first') });
  const refusing: Snapshot = {
    ...snapshot,
    read: () =>
      Promise.reject(new ReconcileError('BLOB_TOO_LARGE', 'too large', { retry: 'never' })),
  };
  const own = openLoader({ library: new Map(), builtActions: null, readBlob: noOldBlobs });
  const { catalog } = await own.load(refusing, new Map(), signal);
  assert.deepEqual(
    catalog.problems.map(({ code }) => code),
    ['too-large'],
  );
  await own.close();
});

test('a file that takes too long is the problem too-complex, and the others are read', async () => {
  // The first file of a thread takes its compiler's time, too; the slow one takes 0.4 s where nothing else runs.
  const parser = openParser({ deadlineMs: 200, builtActions: null });
  const slow = `[${'a,'.repeat(70_000)}]`;
  const inputs = [
    ...Array.from({ length: 3 }, (_, i) => ({
      path: `associations/${i}.yaml`,
      text: association(`name-${i}`),
    })),
    { path: 'associations/slow.yaml', text: slow },
    { path: 'associations/z.yaml', text: association('last') },
  ].map(({ path, text }) => ({
    path,
    blob: gitBlobId(Buffer.from(text)),
    bytes: Buffer.from(text),
  }));
  const parsed = await parser.parse(inputs, signal);
  assert.deepEqual(
    parsed.map(({ path, content, problems }) => [
      path,
      content !== null,
      problems.map(({ code }) => code),
    ]),
    [
      ['associations/0.yaml', true, []],
      ['associations/1.yaml', true, []],
      ['associations/2.yaml', true, []],
      ['associations/slow.yaml', false, ['too-complex']],
      ['associations/z.yaml', true, []],
    ],
  );
  await parser.close();
});

test('an abort ends a load', async () => {
  const own = openLoader({ library: new Map(), builtActions: null, readBlob: noOldBlobs });
  const { snapshot } = snapshotOf({ 'associations/a.yaml': association('first') });
  await assert.rejects(
    own.load(snapshot, new Map(), AbortSignal.abort(new Error('enough'))),
    /enough/,
  );
  await own.close();
});

test('a blob that is nowhere fails the load', async () => {
  const own = openLoader({ library: new Map(), builtActions: null, readBlob: noOldBlobs });
  const { snapshot } = snapshotOf({});
  const lastGood = new Map([['associations/a.yaml', blobId('b'.repeat(40))]]);
  await assert.rejects(own.load(snapshot, lastGood, signal), /no old blob/);
  await own.close();
});

test('files of several batches are all read, the wrong ones too', async () => {
  const contents: { [path: string]: string } = { 'documents/Hello.yaml': DOCUMENT };
  for (let i = 0; i < 1_500; i++) {
    contents[`groups/g${i}.yaml`] = `Name: group-${i}\nTargets: [{Key: tag:n, Values: ["${i}"]}]\n`;
  }
  contents['groups/wrong.yaml'] = 'Name: [';
  const { snapshot } = snapshotOf(contents);
  const there = await loader.load(snapshot, new Map(), signal);
  const here = await loadHere(snapshot, { library: new Map(), builtActions: null }, signal);
  assert.equal(there.catalog.groups.size, 1_500);
  assert.deepEqual(here.catalog, there.catalog);
});

test('a first load of many nodes works associations out meanwhile, and gives what the simple way gives', async () => {
  const contents: { [path: string]: string } = { 'documents/Hello.yaml': DOCUMENT };
  for (let i = 0; i < 40; i++) contents[`associations/a${i}.yaml`] = association(`assoc-${i}`);
  contents['associations/after.yaml'] =
    `${association('after')}Reconciled: { DependsOn: [assoc-1] }\n`;
  contents['associations/named.yaml'] =
    `AssociationName: named\nName: Hello\nTargets: [{ Key: InstanceIds, Values: [mi-${'0'.repeat(17)}] }]\n`;
  for (let i = 0; i < 1_000; i++) {
    const key = Buffer.alloc(32, i.toString(16).padStart(4, '0')).toString('base64');
    contents[`nodes/n${i}.yaml`] = `PublicKey: ed25519:${key}\nName: node-${i}\n`;
  }
  const same = snapshotOf(contents).snapshot;
  // A file that hides what it holds: an association that names a node may not be judged without it.
  const wrong = snapshotOf({ ...contents, 'nodes/n0.yaml': 'Name: [' }).snapshot;
  for (const snapshot of [same, wrong]) {
    const fresh = openLoader({ library: new Map(), builtActions: null, readBlob: noOldBlobs });
    const there = await fresh.load(snapshot, new Map(), signal);
    await fresh.close();
    assert.ok(there.catalog.nodes.size >= 999);
    const here = await loadHere(snapshot, { library: new Map(), builtActions: null }, signal);
    assert.deepEqual(there.catalog, here.catalog);
    assert.deepEqual(there.definitions, here.definitions);
  }
});

test('a blob that cannot be read fails the load, while another batch is being parsed too', async () => {
  const contents: { [path: string]: string } = {};
  for (let i = 0; i < 1_500; i++)
    contents[`groups/g${i}.yaml`] = `Name: group-${i}\nTargets: [{Key: tag:n, Values: ["${i}"]}]\n`;
  const { snapshot } = snapshotOf(contents);
  const last = snapshot.files.find(({ path }) => path === 'groups/g999.yaml')?.blob;
  const broken: Snapshot = {
    ...snapshot,
    read: (blob) =>
      blob === last ? Promise.reject(new Error('the disk is gone')) : snapshot.read(blob),
  };
  const other = openLoader({
    library: new Map(),
    builtActions: null,
    readBlob: (blob) => snapshot.read(blob),
  });
  try {
    await assert.rejects(other.load(broken, new Map(), signal), /the disk is gone/);
    assert.equal((await other.load(snapshot, new Map(), signal)).catalog.groups.size, 1_500);
  } finally {
    await other.close();
  }
});

test('loading here gives what the loader gives', async () => {
  const { snapshot } = snapshotOf({
    'documents/Hello.yaml': DOCUMENT,
    'associations/a.yaml': association('first'),
    'associations/b.yaml': 'AssociationName: [',
  });
  const there = await loader.load(snapshot, new Map(), signal);
  const here = await loadHere(snapshot, { library: new Map(), builtActions: null }, signal);
  assert.deepEqual(here.catalog, there.catalog);
  assert.deepEqual(here.definitions, there.definitions);
});

test('loading here with what an earlier load read gives what reading it all gives', async () => {
  const earlier = snapshotOf({
    'documents/Hello.yaml': DOCUMENT,
    'associations/a.yaml': association('first'),
    'associations/b.yaml': 'AssociationName: [',
    'associations/c.yaml': association('third'),
  });
  const later = snapshotOf({
    'documents/Hello.yaml': DOCUMENT,
    'associations/a.yaml': association('first'),
    'associations/b.yaml': association('second'),
    'associations/moved.yaml': association('third'),
  });
  const options = { library: new Map(), builtActions: null };
  const { cache } = await loadHere(earlier.snapshot, options, signal);
  const known = new Set([...cache.values()].map(({ path, blob }) => keyOf(path, blob)));
  const wanted = later.snapshot.files.filter(({ path, blob }) => !known.has(keyOf(path, blob)));
  const read: string[] = [];
  const snapshot = {
    ...later.snapshot,
    read: (blob: BlobId) => {
      read.push(blob);
      return later.snapshot.read(blob);
    },
  };
  const { catalog } = await loadHere(snapshot, { ...options, cache }, signal);
  assert.deepEqual(catalog, (await loadHere(later.snapshot, options, signal)).catalog);
  assert.deepEqual(
    read.sort(),
    wanted.map(({ blob }) => blob).sort(),
    'what was known is not read again',
  );
});
