import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { gitBlobId } from '../../src/core/canonical/digest.ts';
import type { LoadCache } from '../../src/core/load/load.ts';
import { readingsOf, workingsOf } from '../../src/core/load/readings.ts';
import type { BlobId } from '../../src/core/model/brand.ts';
import { commitId } from '../../src/core/model/brand.ts';
import { nodeDisk } from '../../src/disk/node-disk.ts';
import { loadHere } from '../../src/io/load-here.ts';
import { openLoader } from '../../src/io/load-worker.ts';
import { openParsedStore } from '../../src/io/parsed-store.ts';
import { programDigest } from '../../src/io/program-digest.ts';
import type { Snapshot } from '../../src/reconcile/ports.ts';

const dir = mkdtempSync(join(tmpdir(), 'reconciled-store-'));
after(() => rmSync(dir, { recursive: true, force: true }));
let files = 0;
const newPath = (): string => join(dir, `${++files}.cache`);
const signal = AbortSignal.timeout(120_000);
const open = (path: string, program = 'this') => openParsedStore(nodeDisk, path, () => program);

const document = (text: string) => `schemaVersion: "2.2"
description: says ${text}
parameters:
  word: { type: String, default: "${text}" }
mainSteps:
  - action: aws:runShellScript
    name: hello
    inputs: { runCommand: ["echo {{ word }}"] }
`;
const association = (name: string, more = '') => `AssociationName: ${name}
Name: Hello
Targets: [{ Key: InstanceIds, Values: ['*'] }]
${more}`;

/** What a path may hold: right, right with a warning, wrong by itself, wrong beside others. */
const CONTENTS: { readonly [path: string]: readonly string[] } = {
  'documents/Hello.yaml': [document('a'), document('b'), 'schemaVersion: "9"\n', '{'],
  'associations/a.yaml': [
    association('first'),
    association('first', 'MaxErrors: "5"\n'),
    association('first', 'Parameters: { word: [x] }\n'),
    association('first', 'Parameters: { nowhere: [x] }\n'),
    'AssociationName: [',
  ],
  'associations/b.yaml': [
    association('second'),
    association('first'),
    association('second', 'Reconciled: { DependsOn: [first] }\n'),
    association('second', '__proto__: 1\n'),
  ],
  'associations/c.yaml': [
    `AssociationName: third
Name: Hello
Targets: [{ Key: resource-groups:Name, Values: [web] }]
Parameters: { word: ["{{ssm:/p}}"] }
ScheduleExpression: cron(0 3 ? * MON *)
CalendarNames: [freeze]
`,
    `${association('third', 'ScheduleExpression: rate(30 minutes)\nMaxErrors: "10%"')}
---
${association('fourth', 'ApplyOnlyAtCronInterval: true\nScheduleExpression: at(2030-01-31T12:00:00)')}`,
    association('third', 'DocumentVersion: "2"\n'),
  ],
  'groups/web.yaml': ['Name: web\nTargets: [{ Key: tag:role, Values: [web] }]\n', 'Name: web\n'],
  'parameters/p.yaml': ['Name: /p\nType: String\nValue: "1"\n', 'Name: /p\nType: Strin\n'],
  'calendars/freeze.ics': [
    'BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//a//b\r\nX-CALENDAR-TYPE:DEFAULT_OPEN\r\nEND:VCALENDAR\r\n',
    'BEGIN:NOTHING',
  ],
  'reconciled.yaml': ['defaults: { maxErrors: "10%" }\n', 'defaults: { timezone: Mars/City }\n'],
};
type Tree = { readonly [path: string]: string };
/** Mostly right, so that there is something to remember: two files in seven are another, or none. */
const trees: fc.Arbitrary<Tree> = fc
  .tuple(
    ...Object.entries(CONTENTS).map(([path, [right = '', ...others]]) =>
      fc
        .oneof(
          { arbitrary: fc.constant(right), weight: 5 },
          { arbitrary: fc.constantFrom(...others, null), weight: 2 },
        )
        .map((text) => [path, text] as const),
    ),
  )
  .map((chosen) =>
    Object.fromEntries(chosen.flatMap(([path, text]) => (text === null ? [] : [[path, text]]))),
  );

function snapshotOf(tree: Tree, reads: string[] = []): Snapshot {
  const blobs = new Map<string, Uint8Array>();
  const listed = Object.entries(tree).map(([path, text]) => {
    const bytes = Buffer.from(text);
    const blob = gitBlobId(bytes);
    blobs.set(blob, bytes);
    return { path, blob, kind: 'file' as const };
  });
  return {
    commit: commitId('a'.repeat(40)),
    files: listed,
    read(blob) {
      reads.push(blob);
      return Promise.resolve(blobs.get(blob) ?? assert.fail(`no ${blob}`));
    },
  };
}

const library = new Map();
const builtActions = ['aws:runShellScript'];

/** A catalog by way of files alone, with what was in force and what is known. */
async function load(tree: Tree, cache: LoadCache, before: Tree = {}) {
  const old = snapshotOf(before);
  const lastGood = new Map<string, BlobId>(old.files.map(({ path, blob }) => [path, blob]));
  const snapshot = snapshotOf(tree);
  const loaded = await loadHere(
    snapshot,
    { library, builtActions, lastGood, readBlob: (blob) => old.read(blob), cache },
    signal,
  );
  return {
    told: { catalog: loaded.catalog, definitions: loaded.definitions },
    cache: loaded.cache,
  };
}

/** What a crash, a disk or another program may make of the file. */
const damages: fc.Arbitrary<(bytes: Buffer) => Buffer> = fc.oneof(
  fc.constant((bytes: Buffer) => bytes),
  fc.constant(() => Buffer.alloc(0)),
  fc.double({ min: 0, max: 1, noNaN: true }).map((at) => (bytes: Buffer) => {
    return bytes.subarray(0, Math.floor(bytes.length * at));
  }),
  fc
    .tuple(fc.double({ min: 0, max: 0.999, noNaN: true }), fc.integer({ min: 1, max: 255 }))
    .map(([at, flip]) => (bytes: Buffer) => {
      const rotten = Buffer.from(bytes);
      const place = Math.floor(rotten.length * at);
      rotten[place] = (rotten[place] ?? 0) ^ flip;
      return rotten;
    }),
  fc.uint8Array({ maxLength: 40 }).map((tail) => (bytes: Buffer) => Buffer.concat([bytes, tail])),
  fc.uint8Array({ maxLength: 200 }).map((other) => () => Buffer.from(other)),
);

test('law: whatever became of the store, a load tells what it tells without one', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(trees, { minLength: 1, maxLength: 4 }),
      trees,
      damages,
      fc.constantFrom('this', 'other'),
      async (earlier, tree, damage, program) => {
        const path = newPath();
        let cache: LoadCache = new Map();
        const store = open(path, program);
        for (const each of earlier) {
          const loaded = await load(each, cache);
          assert.deepEqual(loaded.told, (await load(each, new Map())).told);
          cache = loaded.cache;
          await store.keep(cache, signal);
        }
        writeFileSync(path, damage(readFileSync(path)));
        const last = earlier.at(-1) ?? {};
        const again = open(path);
        const warm = await load(tree, await again.read(), last);
        assert.deepEqual(warm.told, (await load(tree, new Map(), last)).told);
        // And so it is after what was damaged has been written again.
        await again.keep(warm.cache, signal);
        const next = await load(tree, await open(path).read(), last);
        assert.deepEqual(next.told, warm.told);
        rmSync(path);
      },
    ),
    { numRuns: 150 },
  );
});

test('what associations were read as is kept with the ground it stands on', async () => {
  const path = newPath();
  const store = open(path);
  const tree = {
    'documents/Hello.yaml': document('a'),
    'associations/a.yaml': association('first'),
  };
  const loaded = await load(tree, new Map());
  assert.equal(loaded.told.definitions.size, 1);
  await store.keep(loaded.cache, signal);
  const readings = async () =>
    [...(await open(path).read()).values()].flatMap((file) => readingsOf(file) ?? []);
  const [first] = await readings();
  assert.deepEqual(
    first?.readings.map(({ association: read }) => read?.name),
    ['first'],
  );
  const [read] = first.readings.flatMap(({ association: each }) => each ?? []);
  const workings = read === undefined ? null : workingsOf(read, first.ground);
  assert.deepEqual(workings?.parameters, { word: 'a' }, 'and what it came to');
  const edited = { ...tree, 'documents/Hello.yaml': document('b') };
  const { cache } = await load(edited, await store.read());
  await store.keep(cache, signal);
  const [second] = await readings();
  assert.notEqual(second?.ground, first.ground, 'of an edited document read anew, and kept');
});

test('what is kept is everything that is right, and nothing else', async () => {
  const path = newPath();
  const tree = {
    'documents/Hello.yaml': document('a'),
    'associations/a.yaml': association('first'),
    'associations/b.yaml': 'AssociationName: [',
  };
  const { cache } = await load(tree, new Map());
  await open(path).keep(cache, signal);
  const kept = await open(path).read();
  assert.deepEqual([...kept.values()].map((file) => file.path).sort(), [
    'associations/a.yaml',
    'documents/Hello.yaml',
  ]);
  for (const [key, file] of kept) assert.deepEqual(file, cache.get(key));
});

test('another program reads nothing of it', async () => {
  const path = newPath();
  await open(path).keep(
    (await load({ 'documents/Hello.yaml': document('a') }, new Map())).cache,
    signal,
  );
  assert.equal((await open(path, 'other').read()).size, 0);
  assert.equal((await open(path).read()).size, 1);
});

test('a tail that a crash tore is cut, whatever its length', async () => {
  const path = newPath();
  const store = open(path);
  const first = { 'documents/Hello.yaml': document('a') };
  const both = { ...first, 'associations/a.yaml': association('first') };
  await store.keep((await load(first, new Map())).cache, signal);
  const whole = readFileSync(path).length;
  await store.keep((await load(both, new Map())).cache, signal);
  const bytes = readFileSync(path);
  assert.ok(bytes.length > whole, 'the second is added behind the first');
  for (let end = whole; end < bytes.length; end++) {
    writeFileSync(path, bytes.subarray(0, end));
    assert.equal((await open(path).read()).size, 1, `cut at ${end}`);
  }
});

test('what is there is not written again, and what is gone is forgotten', async () => {
  const path = newPath();
  const store = open(path);
  let sizeMax = 0;
  for (let round = 0; round < 20; round++) {
    const tree: Tree = Object.fromEntries(
      Array.from({ length: 20 }, (_, i) => [
        `groups/g${i}.yaml`,
        `Name: group-${i}\nTargets: [{ Key: tag:n, Values: ["${round}"] }]\n`,
      ]),
    );
    const { cache } = await load(tree, new Map());
    await store.keep(cache, signal);
    const { size, mtimeNs } = statSync(path, { bigint: true });
    await store.keep(cache, signal);
    assert.equal(statSync(path, { bigint: true }).mtimeNs, mtimeNs);
    if (round === 1) sizeMax = Number(size);
    assert.ok(Number(size) <= (sizeMax || Number(size)) + 100, 'never more than twice what counts');
  }
});

test('what a kill left half written beside it is swept away', async () => {
  const path = newPath();
  writeFileSync(`${path}.abc.tmp`, 'half');
  await open(path).read();
  assert.equal(isThere(`${path}.abc.tmp`), false);
});

test('it may be deleted at any time', async () => {
  const path = newPath();
  const store = open(path);
  await store.keep(
    (await load({ 'documents/Hello.yaml': document('a') }, new Map())).cache,
    signal,
  );
  rmSync(path);
  const { cache } = await load({ 'associations/a.yaml': association('first') }, new Map());
  await store.keep(cache, signal);
  assert.equal((await open(path).read()).size, 1);
});

test('a keep that is called off leaves what is there readable', async () => {
  const path = newPath();
  const store = open(path);
  await store.keep(
    (await load({ 'documents/Hello.yaml': document('a') }, new Map())).cache,
    signal,
  );
  const { cache } = await load({ 'documents/Hello.yaml': document('b') }, new Map());
  await assert.rejects(store.keep(cache, AbortSignal.abort(new Error('told to leave'))), /told/);
  assert.equal((await open(path).read()).size, 1);
  await store.keep(cache, signal);
  assert.ok((await open(path).read()).size >= 1);
});

test('the digest of a program depends on what it performs, and on nothing that changes by itself', () => {
  assert.equal(programDigest([['a']]), programDigest([['a']]));
  assert.notEqual(programDigest([['a']]), programDigest([['b']]));
});

test('a daemon that starts again reads no file that was right, and tells the same', async () => {
  const path = newPath();
  const tree = {
    'documents/Hello.yaml': document('a'),
    'associations/a.yaml': association('first'),
    'associations/b.yaml': association('second', 'Parameters: { nowhere: [x] }\n'),
    'groups/web.yaml': 'Name: [',
  };
  const errors: unknown[] = [];
  const life = async () => {
    const reads: string[] = [];
    const snapshot = snapshotOf(tree, reads);
    const loader = openLoader({
      library,
      builtActions,
      readBlob: (blob) => snapshot.read(blob),
      kept: { store: open(path), afterMs: 1, onError: (error) => errors.push(error) },
    });
    const loaded = await loader.load(snapshot, new Map(), signal);
    for (let i = 0; i < 500 && !isThere(path); i++) await new Promise((go) => setTimeout(go, 10));
    await loader.close();
    return { loaded, reads: reads.length };
  };
  const first = await life();
  const second = await life();
  assert.deepEqual([first.reads, second.reads], [4, 1], 'the file that is wrong is read again');
  assert.deepEqual(second.loaded, first.loaded);
  assert.deepEqual(errors, []);
});

test('a daemon that leaves early keeps what it has read all the same', async () => {
  const path = newPath();
  const snapshot = snapshotOf({ 'documents/Hello.yaml': document('a') });
  const loader = openLoader({
    library,
    builtActions,
    readBlob: (blob) => snapshot.read(blob),
    kept: { store: open(path), afterMs: 3_600_000, onError: assert.ifError },
  });
  await loader.load(snapshot, new Map(), signal);
  await loader.close();
  assert.equal((await open(path).read()).size, 1);
});

test('a store that takes too long does not keep a daemon that leaves', async () => {
  const errors: unknown[] = [];
  const snapshot = snapshotOf({ 'documents/Hello.yaml': document('a') });
  const loader = openLoader({
    library,
    builtActions,
    readBlob: (blob) => snapshot.read(blob),
    kept: {
      store: {
        read: () => Promise.resolve(new Map()),
        keep: (_, leaving) =>
          new Promise((_, reject) => {
            leaving.addEventListener('abort', () => reject(leaving.reason as Error));
          }),
      },
      afterMs: 1,
      onError: (error) => errors.push(error),
    },
  });
  await loader.load(snapshot, new Map(), signal);
  await loader.close();
  assert.deepEqual(errors, []);
});

test('a store that cannot be read or written is told, and loading goes on', async () => {
  const errors: string[] = [];
  const snapshot = snapshotOf({ 'documents/Hello.yaml': document('a') });
  const loader = openLoader({
    library,
    builtActions,
    readBlob: (blob) => snapshot.read(blob),
    kept: {
      store: open(join(dir, 'absent', 'x')),
      afterMs: 1,
      onError: (e) => errors.push(String(e)),
    },
  });
  const { catalog } = await loader.load(snapshot, new Map(), signal);
  assert.equal(catalog.documents.size, 1);
  for (let i = 0; i < 500 && errors.length === 0; i++)
    await new Promise((go) => setTimeout(go, 10));
  await loader.close();
  assert.equal(errors.length, 1);
});

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
