import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fs, { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import isomorphicGit from 'isomorphic-git';
import { ensureBareDirectory } from '../../../src/io/git/bare-directory.ts';
import { openBaseCache } from '../../../src/io/git/base-cache.ts';
import { applyDelta, makeDelta } from '../../../src/io/git/delta.ts';
import { DamagedObject } from '../../../src/io/git/git-error.ts';
import { openObjectReader } from '../../../src/io/git/object-reader.ts';
import { objectId } from '../../../src/io/git/objects.ts';
import type { NewObject, OpenPackLimits } from '../../../src/io/git/open-pack.ts';
import { OPEN_PACK_LIMITS, openOpenPack } from '../../../src/io/git/open-pack.ts';
import { ObjectTooLarge } from '../../../src/io/git/pack-file.ts';
import { encodePackIndex, parsePackIndex } from '../../../src/io/git/pack-index.ts';
import { encodeTree, parseTree } from '../../../src/io/git/tree-object.ts';
import {
  baseDistance,
  entryHead,
  readBaseDistance,
  readEntryHead,
} from '../../../src/io/git/varint.ts';
import type { GitRepo } from '../../fakes/git-repo.ts';
import { fsck, git, gitTry, makeRepo, tempDir } from '../../fakes/git-repo.ts';

const blob = (text: string, base: NewObject['base'] = null): NewObject => {
  const bytes = Buffer.from(text);
  return { kind: 'blob', oid: objectId('blob', bytes), bytes, base };
};

describe('a delta', () => {
  /** A base and a target made from pieces of it, as versions of one file are. */
  const versions = fc
    .tuple(
      fc.uint8Array({ maxLength: 3_000 }),
      fc.array(fc.tuple(fc.nat(3_000), fc.nat(300), fc.uint8Array({ maxLength: 40 })), {
        maxLength: 20,
      }),
    )
    .map(([base, pieces]) => ({
      base: Buffer.from(base),
      target: Buffer.concat(
        pieces.flatMap(([from, length, added]) => [base.subarray(from, from + length), added]),
      ),
    }));

  test('builds the target from the base', () => {
    fc.assert(
      fc.property(versions, ({ base, target }) => {
        assert.ok(applyDelta(base, makeDelta(base, target)).equals(target));
      }),
      { numRuns: 300 },
    );
  });

  test('of a word that grew is small, wherever it stands', () => {
    const base = Buffer.from('"status": "Failed",\n'.repeat(1) + 'unchanged '.repeat(300));
    const target = Buffer.from('"status": "Success",\n'.repeat(1) + 'unchanged '.repeat(300));
    assert.ok(makeDelta(base, target).length < 40);
  });

  test('of data longer than one copy instruction is right', () => {
    const base = Buffer.alloc(200_000, 'abcdefghij');
    const target = Buffer.concat([Buffer.from('!'), base, Buffer.from('?')]);
    assert.ok(applyDelta(base, makeDelta(base, target)).equals(target));
  });

  test('that is damaged is an error of ours, never a wrong object of the right length outside its bounds', () => {
    const base = Buffer.from('the quick brown fox jumps over the lazy dog '.repeat(4));
    const delta = makeDelta(base, Buffer.concat([base, Buffer.from('and again')]));
    fc.assert(
      fc.property(fc.nat(delta.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const broken = Buffer.from(delta);
        broken[at] = (broken[at] ?? 0) ^ flip;
        try {
          applyDelta(base, broken);
        } catch (error) {
          assert.ok(error instanceof DamagedObject || error instanceof RangeError, String(error));
        }
      }),
    );
  });
});

test('numbers of a pack survive the way there and back', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 7 }), fc.nat(2 ** 31 - 1), (type, size) => {
      assert.deepEqual(readEntryHead({ bytes: entryHead(type, size), at: 0 }), { type, size });
      assert.equal(readBaseDistance({ bytes: baseDistance(size + 1), at: 0 }), size + 1);
    }),
  );
});

test('a tree survives the way there and back, in the order of git mktree', () => {
  const dir = tempDir();
  try {
    git(dir, ['init', '-q', '--bare']);
    const oid = git(dir, ['hash-object', '-w', '--stdin'], 'x');
    const empty = git(dir, ['mktree'], '');
    const names = ['a', 'a.b', 'a-b', 'a0', 'b', 'Ü', 'ü.txt', '𝒳', 'zz'];
    const lines = names
      .map((name) => `100644 blob ${oid}\t${name}`)
      .concat(`040000 tree ${empty}\tab`, `040000 tree ${empty}\ta=`);
    const wanted = git(dir, ['-c', 'core.quotePath=false', 'mktree'], `${lines.join('\n')}\n`);
    const entries = names
      .map((name) => ({ name, oid, mode: '100644' }))
      .concat({ name: 'ab', oid: empty, mode: '40000' }, { name: 'a=', oid: empty, mode: '40000' });
    const bytes = encodeTree(entries);
    assert.equal(objectId('tree', bytes), wanted);
    assert.equal(objectId('tree', encodeTree(parseTree(bytes))), wanted);
    assert.throws(() => parseTree(bytes.subarray(0, -1)), DamagedObject);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});

describe('a pack index', () => {
  const entry = fc.record({
    oid: fc
      .uint8Array({ minLength: 20, maxLength: 20 })
      .map((bytes) => Buffer.from(bytes).toString('hex')),
    offset: fc.integer({ min: 12, max: 2 ** 31 - 1 }),
    crc: fc.nat(2 ** 32 - 1),
  });
  const entries = fc.uniqueArray(entry, { selector: (one) => one.oid, maxLength: 60 });

  test('merged in steps equals one made at once, and finds everything', () => {
    fc.assert(
      fc.property(entries, fc.nat(60), (all, cut) => {
        const checksum = Buffer.alloc(20, 7);
        const first = parsePackIndex(encodePackIndex(null, all.slice(0, cut), checksum));
        const merged = encodePackIndex(first, all.slice(cut), checksum);
        assert.ok(merged.equals(encodePackIndex(null, all, checksum)));
        const index = parsePackIndex(merged);
        for (const { oid, offset } of all) {
          assert.equal(index.offsetAt(index.find(oid)), offset);
          assert.ok(index.startingWith(oid.slice(0, 10), 5).includes(oid));
        }
        assert.equal(index.find('0123456789'.repeat(4)), -1);
      }),
    );
  });

  test('that is cut or garbled is damage, not a crash', () => {
    const whole = encodePackIndex(
      null,
      [{ oid: 'ab'.repeat(20), offset: 12, crc: 1 }],
      Buffer.alloc(20),
    );
    for (const length of [0, 7, 1_000, 1_070])
      assert.throws(() => parsePackIndex(whole.subarray(0, length)), DamagedObject);
    assert.throws(() => parsePackIndex(Buffer.alloc(2_000)), DamagedObject);
  });
});

test('the base cache keeps what is used and forgets the rest, within its bytes', () => {
  const cache = openBaseCache(100);
  const object = (size: number) => ({ kind: 'blob' as const, bytes: new Uint8Array(size) });
  cache.put(0, object(20));
  for (let place = 1; place <= 20; place++) {
    cache.put(place, object(20));
    assert.ok(cache.get(0), 'the root is used all the time');
  }
  assert.equal(cache.get(1), undefined);
  assert.ok(cache.get(20));
  cache.put(99, object(26));
  assert.equal(cache.get(99), undefined, 'too large to be worth a quarter');
});

describe('the pack reader', () => {
  let dir = '';
  let repo: GitRepo;
  before(() => {
    dir = tempDir();
    repo = makeRepo(dir);
    const body = (n: number) =>
      Array.from({ length: 120 }, (_, line) => `line ${line} ${line === n ? 'x' : ''}`).join('\n');
    for (let n = 0; n < 12; n++)
      repo.commit({
        'growing.txt': body(n),
        [`file-${n}.txt`]: `${n}\n`,
        empty: '',
        [`deep/${n}/a`]: body(n),
      });
    git(repo.work, ['tag', '-a', '-m', 'annotated', 'v1']);
    git(repo.work, ['push', '-q', 'origin', 'v1']);
    git(repo.bare, ['gc', '-q', '--aggressive', '--prune=now']);
    repo.commit({ 'loose.txt': 'not packed yet' });
  });
  after(() => rmSync(dir, { recursive: true, force: true }));

  test('agrees with isomorphic-git on every object after git gc', async () => {
    const listing = git(repo.bare, ['cat-file', '--batch-all-objects', '--batch-check']).split(
      '\n',
    );
    const reader = openObjectReader(repo.bare);
    const cache = {};
    let deltas = 0;
    for (const line of listing) {
      const [oid = '', kind, size] = line.split(' ');
      const ours = await reader.read(oid);
      const theirs = await isomorphicGit.readObject({
        fs,
        gitdir: repo.bare,
        oid,
        format: 'content',
        cache,
      });
      assert.ok(ours);
      assert.equal(ours.kind, kind);
      assert.equal(ours.bytes.length, Number(size));
      assert.ok(Buffer.from(ours.bytes).equals(Buffer.from(theirs.object as Uint8Array)), oid);
      assert.ok(reader.has(oid));
    }
    for (const name of readdirSync(path.join(repo.bare, 'objects/pack')).filter((file) =>
      file.endsWith('.idx'),
    ))
      deltas +=
        git(repo.bare, ['verify-pack', '-v', path.join(repo.bare, 'objects/pack', name)]).match(
          /^[0-9a-f]{40} \w+ +\d+ \d+ \d+ \d+ /gm,
        )?.length ?? 0;
    assert.ok(deltas > 10, 'the pack has deltas');
    reader.close();
  });

  test('reads REF_DELTA packs too', async () => {
    const other = path.join(dir, 'ref-delta.git');
    git(dir, ['clone', '-q', '--bare', repo.bare, other]);
    git(other, ['-c', 'repack.useDeltaBaseOffset=false', 'repack', '-q', '-a', '-d', '-f']);
    const reader = openObjectReader(other);
    for (const line of git(other, ['cat-file', '--batch-all-objects', '--batch-check']).split('\n'))
      assert.ok(await reader.read(line.split(' ')[0] ?? ''));
    reader.close();
  });

  test('refuses what is larger than asked for, before its bytes are there', async () => {
    const reader = openObjectReader(repo.bare);
    const oid = git(repo.bare, ['rev-parse', 'main~1:growing.txt']);
    const size = Number(git(repo.bare, ['cat-file', '-s', oid]));
    assert.equal((await reader.read(oid, size))?.bytes.length, size);
    await assert.rejects(reader.read(oid, size - 1), ObjectTooLarge);
    reader.close();
  });

  test('answers null for what is not there, and notices packs that come and go', async () => {
    const reader = openObjectReader(repo.bare);
    assert.equal(await reader.read('1'.repeat(40)), null);
    const tip = repo.commit({ 'new.txt': 'fresh' });
    assert.equal((await reader.read(tip))?.kind, 'commit');
    git(repo.bare, ['gc', '-q', '--prune=now']);
    assert.equal((await reader.read(tip))?.kind, 'commit');
    reader.close();
  });

  test('names a flipped byte as damage', async () => {
    const other = path.join(dir, 'flipped.git');
    git(dir, ['clone', '-q', '--bare', repo.bare, other]);
    git(other, ['repack', '-q', '-a', '-d']);
    const folder = path.join(other, 'objects/pack');
    const pack = path.join(
      folder,
      readdirSync(folder).find((file) => file.endsWith('.pack')) ?? '',
    );
    const bytes = fs.readFileSync(pack);
    fs.chmodSync(pack, 0o644);
    writeFileSync(
      pack,
      Buffer.from(bytes.map((byte, at) => (at > 12 && at % 11 === 0 ? byte ^ 1 : byte))),
    );
    const reader = openObjectReader(other);
    const oids = git(repo.bare, ['rev-list', '--objects', 'main'])
      .split('\n')
      .map((line) => line.slice(0, 40));
    let damaged = 0;
    for (const oid of oids)
      await reader.read(oid).catch((error: unknown) => {
        assert.ok(error instanceof DamagedObject || error instanceof ObjectTooLarge, String(error));
        damaged += 1;
      });
    assert.ok(damaged > oids.length / 2);
    reader.close();
  });
});

describe('the open pack', () => {
  async function opened(dir: string, limits: Partial<OpenPackLimits> = {}) {
    const gitdir = path.join(dir, 'store.git');
    await ensureBareDirectory(gitdir, null);
    const packDir = path.join(gitdir, 'objects/pack');
    const marker = path.join(gitdir, 'open-pack');
    const pack = await openOpenPack(packDir, marker, { ...OPEN_PACK_LIMITS, ...limits });
    return { gitdir, packDir, marker, pack };
  }
  const packsIn = (dir: string) => readdirSync(dir).filter((file) => file.endsWith('.pack'));

  test('gives back to native git whatever was put in, over versions, flushes and restarts', async () => {
    const text = fc.oneof(
      fc.string({ maxLength: 80 }),
      fc.nat(999).map((n) => `${'shared text '.repeat(20)}${n}`),
    );
    const rounds = fc.array(fc.array(fc.tuple(fc.nat(5), text), { maxLength: 8 }), {
      maxLength: 8,
    });
    const sides = fc.record({ sideAboveBytes: fc.constantFrom(0, 1 << 20), sidesMax: fc.nat(3) });
    await fc.assert(
      fc.asyncProperty(rounds, sides, async (history, limits) => {
        const dir = tempDir();
        try {
          let { pack, gitdir } = await opened(dir, limits);
          const last = new Map<number, NewObject>();
          const all = new Map<string, string>();
          for (const round of history) {
            await pack.begin();
            for (const [place, content] of round) {
              const previous = last.get(place);
              const base =
                previous === undefined
                  ? null
                  : { oid: previous.oid, bytes: place % 2 ? null : previous.bytes };
              const object = blob(content, base);
              pack.add(object);
              last.set(place, object);
              all.set(object.oid, content);
            }
            await pack.flush();
            if (round.length % 3 === 0) ({ pack, gitdir } = await opened(dir, limits));
          }
          const listed = git(gitdir, [
            'cat-file',
            '--batch-all-objects',
            '--batch-check=%(objectname)',
          ]);
          assert.deepEqual(listed.split('\n').filter(Boolean).sort(), [...all.keys()].sort());
          for (const [oid, content] of all)
            assert.equal(git(gitdir, ['cat-file', 'blob', oid]), content.replace(/\n$/, ''));
          assert.equal(fsck(gitdir), '');
          assert.ok(packsIn(path.join(gitdir, 'objects/pack')).length <= 1 + limits.sidesMax);
        } finally {
          rmSync(dir, { recursive: true, force: true });
        }
      }),
      { numRuns: 12 },
    );
  });

  test('is sealed when it has grown enough; what comes next is full', async () => {
    const dir = tempDir();
    try {
      const { pack, packDir, gitdir } = await opened(dir, { bytesMax: 2_000 });
      let previous: NewObject | null = null;
      for (let n = 0; n < 80; n++) {
        const noise = createHash('sha256').update(`${n}`).digest('hex').repeat(2);
        const object: NewObject = blob(`${noise} ${n}`, previous);
        await pack.begin();
        pack.add(object);
        await pack.flush();
        previous = object;
      }
      assert.ok(packsIn(packDir).length > 1);
      assert.equal(fsck(gitdir), '');
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });

  test('a kill between new and old leaves one of them, and the next start goes on with it', async () => {
    const dir = tempDir();
    try {
      const first = await opened(dir);
      await first.pack.begin();
      first.pack.add(blob('one'));
      await first.pack.flush();
      const [old = ''] = packsIn(first.packDir).map((file) => file.replace('.pack', ''));
      const kept = readdirSync(first.packDir).map(
        (file) => [file, fs.readFileSync(path.join(first.packDir, file))] as const,
      );
      await first.pack.begin();
      first.pack.add(blob('two'));
      await first.pack.flush();
      // Killed after the new pair was in place: the old pair is still there.
      for (const [file, bytes] of kept) writeFileSync(path.join(first.packDir, file), bytes);
      await opened(dir);
      assert.equal(packsIn(first.packDir).length, 1);
      // Killed before the new pair was in place: the marker is ahead.
      for (const file of readdirSync(first.packDir)) rmSync(path.join(first.packDir, file));
      for (const [file, bytes] of kept) writeFileSync(path.join(first.packDir, file), bytes);
      writeFileSync(first.marker, `main pack-${'0'.repeat(40)}\nwas ${old}\n`);
      const again = await opened(dir);
      await again.pack.begin();
      again.pack.add(blob('three'));
      await again.pack.flush();
      assert.equal(packsIn(first.packDir).length, 1);
      assert.equal(git(first.gitdir, ['cat-file', 'blob', blob('one').oid]), 'one');
      assert.equal(git(first.gitdir, ['cat-file', 'blob', blob('three').oid]), 'three');
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });

  test('few objects on a large pack go into side packs, which are folded in as deltas', async () => {
    const dir = tempDir();
    try {
      const limits = { sideAboveBytes: 100, sidesMax: 3 };
      const { pack, packDir, gitdir } = await opened(dir, limits);
      const hashes = Array.from({ length: 60 }, (_, n) => objectId('blob', Buffer.from(`${n}`)));
      let last: NewObject | null = null;
      const counts: number[] = [];
      for (let n = 0; n < 9; n++) {
        const object: NewObject = blob(`${hashes.join('\n')} ${n}`, last);
        await pack.begin();
        pack.add(object);
        await pack.flush();
        counts.push(packsIn(packDir).length);
        assert.equal(git(gitdir, ['cat-file', '-t', object.oid]), 'blob');
        last = object;
      }
      assert.deepEqual(counts, [1, 2, 3, 4, 1, 2, 3, 4, 1]);
      assert.ok(fs.statSync(path.join(packDir, packsIn(packDir)[0] ?? '')).size < 3_000, 'deltas');
      await pack.begin();
      pack.add(blob('beside'));
      await pack.flush();
      const again = (await opened(dir, limits)).pack;
      await again.begin();
      for (let n = 0; n < 4; n++) again.add(blob(`more ${n}`));
      await again.seal();
      assert.equal(packsIn(packDir).length, 1, 'sealing folds');
      assert.equal(git(gitdir, ['cat-file', 'blob', blob('beside').oid]), 'beside');
      assert.equal(fsck(gitdir), '');
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });

  test('a full disk leaves no temporary file, and the next flush brings everything', async () => {
    const dir = tempDir();
    try {
      const { pack, packDir, gitdir } = await opened(dir);
      await pack.begin();
      pack.add(blob('one'));
      rmSync(packDir, { recursive: true });
      await assert.rejects(pack.flush(), { code: 'ENOENT' });
      assert.deepEqual(
        readdirSync(gitdir).filter((file) => file.startsWith('.tmp')),
        [],
      );
      mkdirSync(packDir);
      await pack.begin();
      pack.add(blob('two'));
      await pack.flush();
      assert.equal(git(gitdir, ['cat-file', 'blob', blob('one').oid]), 'one');
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });

  test('sends thin and full packs that git index-pack accepts', async () => {
    const dir = tempDir();
    try {
      const { pack, gitdir } = await opened(dir);
      const long = Array.from({ length: 60 }, (_, n) => objectId('blob', Buffer.from(`${n}`))).join(
        '\n',
      );
      const one = blob(`${long}1`);
      const two = blob(`${long}2`, one);
      await pack.begin();
      pack.add(one);
      await pack.flush();
      await pack.begin();
      pack.add(two);
      await pack.flush();
      const thin = pack.wire([two.oid], 'thin');
      const full = pack.wire([two.oid], 'full');
      assert.ok(thin.length < full.length / 2);
      const target = path.join(dir, 'target.git');
      mkdirSync(target);
      git(target, ['init', '-q', '--bare']);
      git(target, ['index-pack', '--strict', '--stdin'], full);
      assert.equal(git(target, ['cat-file', 'blob', two.oid]), `${long}2`);
      writeFileSync(path.join(dir, 'thin.pack'), thin);
      assert.notEqual(
        gitTry(target, ['index-pack', path.join(dir, 'thin.pack')]).code,
        0,
        'its base is missing here',
      );
      git(gitdir, ['index-pack', '--fix-thin', '--stdin'], thin);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });
});
