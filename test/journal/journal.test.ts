import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DiskFault, DiskOperation, FakeDisk } from '../fakes/disk.ts';
import { fakeDisk } from '../fakes/disk.ts';
import { compactEntries, entry, journalFormat, openLedger, seeded } from './ledger.ts';

const last = '/state/journal-00000001.log';

const disk = (): FakeDisk => fakeDisk(seeded(1));

async function replayedFrom(of: FakeDisk): Promise<readonly number[]> {
  const { journal, replayed } = await openLedger({ disk: of });
  await journal.close();
  return replayed;
}

function failOnce(of: FakeDisk, kind: DiskOperation['kind'], fault: DiskFault): void {
  let left = 1;
  of.onOperation((operation) => (operation.kind === kind && left-- > 0 ? fault : null));
}

test('records come back in the order in which they were appended', async () => {
  const on = disk();
  const { journal, replayed } = await openLedger({ disk: on });
  assert.deepEqual(replayed, []);
  await journal.append([entry(1), entry(2)]);
  await journal.append([]);
  await Promise.all([journal.append([entry(3)]), journal.append([entry(4), entry(5)])]);
  await journal.close();
  assert.deepEqual(await replayedFrom(on), [1, 2, 3, 4, 5]);
});

test('a person can read the file', async () => {
  const on = disk();
  const { journal } = await openLedger({ disk: on });
  await journal.append([entry(1), entry(2)]);
  assert.equal(
    on.bytesOf(last)?.toString(),
    [
      '71 8649269e #{"layout":1,"format":"ledger","version":2,"segment":1,"previous":null}',
      '25 41532451 #{"group":84,"records":2}',
      '23 1ebc3ecf {"id":1,"note":"№ x"}',
      '24 41fdb68c {"id":2,"note":"№ xx"}',
      '',
    ].join('\n'),
  );
});

test('callers that wait share one sync', async () => {
  const on = disk();
  const { journal } = await openLedger({ disk: on });
  let syncs = 0;
  on.onOperation(({ kind }) => {
    if (kind === 'sync') syncs += 1;
    return null;
  });
  await Promise.all(Array.from({ length: 100 }, (_, id) => journal.append([entry(id)])));
  assert.ok(syncs <= 2, `${syncs} syncs`);
});

test('segments are sealed at their size and read one after another', async () => {
  const on = disk();
  const { journal } = await openLedger({ disk: on, segmentBytesMax: 300 });
  for (let id = 1; id <= 20; id++) await journal.append([entry(id)]);
  assert.ok(journal.stats().segments > 3);
  assert.equal(journal.stats().records, 20);
  assert.deepEqual(
    await replayedFrom(on),
    Array.from({ length: 20 }, (_, at) => at + 1),
  );
});

test('a batch longer than a segment stands alone', async () => {
  const on = disk();
  const { journal } = await openLedger({ disk: on, segmentBytesMax: 100, groupBytesMax: 50 });
  const ids = Array.from({ length: 50 }, (_, at) => at);
  await Promise.all([journal.append(ids.map(entry)), journal.append([entry(50)])]);
  assert.deepEqual(await replayedFrom(on), [...ids, 50]);
});

test('restarts alone make no segments', async () => {
  const on = disk();
  const { journal } = await openLedger({ disk: on });
  await journal.append([entry(1)]);
  for (let times = 0; times < 5; times++) assert.deepEqual(await replayedFrom(on), [1]);
  assert.deepEqual(await on.list('/state'), ['journal-00000001.log']);
});

test('what waits for the disk is bounded, and nothing slips in behind what was refused', async () => {
  const on = disk();
  const { journal } = await openLedger({ disk: on, waitingBytesMax: 250 });
  const large = [1, 2, 3].map((id) => journal.append([id, id, id].map(entry)));
  const small = journal.append([entry(4)]);
  const outcomes = await Promise.allSettled([...large, small]);
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'rejected', 'rejected'],
  );
  await assert.rejects(small, { code: 'JOURNAL_BUSY', retry: 'backoff' });
  await journal.append([entry(5)]);
  assert.equal(journal.stats().waitingBytes, 0);
  assert.deepEqual(await replayedFrom(on), [1, 1, 1, 2, 2, 2, 5]);
});

for (const c of [
  { name: 'no space', kind: 'write', fault: 'full', code: 'JOURNAL_FULL' },
  { name: 'a write error', kind: 'write', fault: 'io', code: 'JOURNAL_IO' },
  { name: 'a sync error', kind: 'sync', fault: 'io', code: 'JOURNAL_IO' },
] as const) {
  test(`${c.name}: nothing of the batch counts, and it may be appended again`, async () => {
    const on = disk();
    const { journal } = await openLedger({ disk: on });
    await journal.append([entry(1)]);
    failOnce(on, c.kind, c.fault);
    const refused = { code: c.code, retry: 'backoff' };
    const behind = [journal.append([entry(2), entry(3)]), journal.append([entry(4)])];
    await Promise.all(behind.map((append) => assert.rejects(append, refused)));
    await journal.append([entry(2), entry(3)]);
    await journal.append([entry(5)]);
    on.restart('power');
    assert.deepEqual(await replayedFrom(on), [1, 2, 3, 5]);
  });
}

test('a disk that stays full does not fill with segments', async () => {
  const on = disk();
  const { journal } = await openLedger({ disk: on });
  await journal.append([entry(1)]);
  on.limitBytes(on.bytesOf(last)?.length ?? 0);
  for (let times = 0; times < 5; times++) {
    await assert.rejects(journal.append([entry(2)]), { code: 'JOURNAL_FULL' });
  }
  // Enough for a header, not for a record.
  on.limitBytes((on.bytesOf(last)?.length ?? 0) + 110);
  for (let times = 0; times < 5; times++) {
    await assert.rejects(journal.append([entry(2)]), { code: 'JOURNAL_FULL' });
  }
  assert.equal((await on.list('/state')).length, 2);
  on.limitBytes(null);
  await journal.append([entry(2)]);
  assert.deepEqual(await replayedFrom(on), [1, 2]);
});

test('a disk that takes headers and no records does not fill with segments either', async () => {
  const on = disk();
  const { journal } = await openLedger({ disk: on });
  await journal.append([entry(1)]);
  let syncs = 0;
  on.onOperation(({ kind }) => (kind === 'sync' && syncs++ % 2 === 0 ? 'io' : null));
  for (let times = 0; times < 5; times++) {
    await assert.rejects(journal.append([entry(2)]), { code: 'JOURNAL_IO' });
  }
  on.onOperation(() => null);
  await journal.append([entry(2)]);
  assert.equal((await on.list('/state')).length, 2);
  assert.deepEqual(await replayedFrom(on), [1, 2]);
});

test('a tail torn at any byte is cut at the last good group', async () => {
  const on = disk();
  const { journal } = await openLedger({ disk: on });
  await journal.append([entry(1)]);
  const before = on.bytesOf(last)?.length ?? 0;
  await journal.append([entry(2), entry(3)]);
  const whole = on.bytesOf(last) ?? Buffer.alloc(0);
  for (let end = before; end < whole.length; end++) {
    const torn = disk();
    await torn.makeDir('/state', 0o700);
    torn.put(last, whole.subarray(0, end));
    const opened = await openLedger({ disk: torn });
    assert.deepEqual(opened.replayed, [1]);
    const repaired = end === before ? null : { segment: 1, bytesCut: end - before };
    assert.deepEqual(opened.journal.repaired, repaired);
    await opened.journal.append([entry(4)]);
    assert.deepEqual(await replayedFrom(torn), [1, 4]);
  }
});

test('a file that was laid out keeps its length while it is filled, and a person can read it', async () => {
  const on = disk();
  const { journal } = await openLedger({ disk: on, laidBytes: 200 });
  assert.equal(on.bytesOf(last)?.length, 200);
  await journal.append([entry(1)]);
  assert.equal(on.bytesOf(last)?.length, 200);
  assert.match(on.bytesOf(last)?.toString() ?? '', /{"id":1,"note":"№ x"}\n{40,}$/);
  await journal.append([entry(2), entry(3)]);
  assert.equal(on.bytesOf(last)?.length, 400, 'it is laid out on with the group that needs it');
  const opened = await openLedger({ disk: on });
  assert.deepEqual(opened.replayed, [1, 2, 3]);
  assert.equal(opened.journal.repaired, null);
});

test('what was laid out is not counted, and takes records of a disk that is full', async () => {
  const on = disk();
  const { journal } = await openLedger({ disk: on, laidBytes: 400 });
  on.limitBytes(400);
  await journal.append([entry(1)]);
  const { bytes } = journal.stats();
  assert.ok(bytes < 200, `${bytes} bytes`);
  await journal.append([entry(2)]);
  await assert.rejects(journal.append(Array.from({ length: 20 }, () => entry(3))), {
    code: 'JOURNAL_FULL',
  });
  on.limitBytes(null);
  assert.deepEqual(await replayedFrom(on), [1, 2]);
});

for (const rest of ['as laid out', 'zero'] as const) {
  test(`a group torn at any byte of a file that was laid out, the rest ${rest}, is cut`, async () => {
    const on = disk();
    const { journal } = await openLedger({ disk: on, laidBytes: 1_000 });
    await journal.append([entry(1)]);
    const before = journal.stats().bytes;
    await journal.append([entry(2), entry(3)]);
    const whole = on.bytesOf(last) ?? Buffer.alloc(0);
    const end = journal.stats().bytes;
    // Its last byte is a line break, as if it had been laid out.
    for (let to = before; to < end - 1; to++) {
      for (const from of [before, Math.min(to, before + 20)]) {
        const torn = disk();
        await torn.makeDir('/state', 0o700);
        // From `from` to `to` nothing reached the disk: the head of the group, or its tail.
        const bytes = Buffer.from(whole);
        if (from === before) bytes.fill(rest === 'zero' ? 0 : '\n', to, end);
        else bytes.fill(rest === 'zero' ? 0 : '\n', from, to);
        if (bytes.equals(whole)) continue;
        torn.put(last, bytes);
        const opened = await openLedger({ disk: torn });
        assert.deepEqual(opened.replayed, [1], `${from} ${to}`);
        assert.equal(opened.journal.repaired === null, from === before && to === before);
        await opened.journal.append([entry(4)]);
        assert.deepEqual(await replayedFrom(torn), [1, 4]);
      }
    }
  });
}

/** A snapshot, two sealed segments, and a last one with three groups. */
async function manyFiles(laidBytes: number): Promise<Map<string, Buffer>> {
  const on = disk();
  const { journal } = await openLedger({ disk: on, segmentBytesMax: 220, laidBytes });
  await journal.append([entry(1), entry(2)]);
  await journal.compact(compactEntries);
  for (let id = 3; id <= 6; id++) await journal.append([entry(id)]);
  await journal.close();
  const wide = await openLedger({ disk: on, laidBytes });
  for (let id = 7; id <= 9; id++) await wide.journal.append([entry(id)]);
  const files = new Map<string, Buffer>();
  for (const name of await on.list('/state')) {
    files.set(name, on.bytesOf(`/state/${name}`) ?? Buffer.alloc(0));
  }
  return files;
}

const newestSegment = (files: ReadonlyMap<string, Buffer>): string | undefined =>
  [...files.keys()].filter((name) => name.startsWith('journal')).at(-1);

async function diskWith(files: ReadonlyMap<string, Buffer>): Promise<FakeDisk> {
  const on = disk();
  await on.makeDir('/state', 0o700);
  for (const [name, bytes] of files) on.put(`/state/${name}`, bytes);
  return on;
}

for (const laidBytes of [1, 128]) {
  test(`a flipped bit anywhere before the last group is found, and nothing is touched; laid out by ${laidBytes}`, async () => {
    const files = await manyFiles(laidBytes);
    assert.deepEqual(await replayedFrom(await diskWith(files)), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const newest = newestSegment(files);
    assert.ok(files.size >= 4);
    for (const [name, bytes] of files) {
      const end = name === newest ? bytes.lastIndexOf(' #{"group"') - 11 : bytes.length;
      for (let at = 0; at < end; at++) {
        if (isBeyond(bytes, at)) break;
        const damaged = Buffer.from(bytes);
        damaged[at] = (damaged[at] ?? 0) ^ (1 << (at % 8));
        const on = await diskWith(new Map([...files, [name, damaged]]));
        const place = new RegExp(`${name} is damaged at byte \\d+`);
        await assert.rejects(
          openLedger({ disk: on }),
          { code: 'JOURNAL_CORRUPT', retry: 'never', message: place },
          `${name} byte ${at}`,
        );
        assert.deepEqual(on.bytesOf(`/state/${name}`), damaged);
      }
    }
  });
}

/** What was laid out in a segment and never used is nobody's. */
const isBeyond = (bytes: Buffer, at: number): boolean =>
  bytes.subarray(at - 1).every((byte) => byte === 0x0a);

test('a file that is missing in the middle is found', async () => {
  const files = await manyFiles(1);
  for (const name of files.keys()) {
    if (name === newestSegment(files)) continue;
    const rest = new Map([...files].filter(([other]) => other !== name));
    await assert.rejects(
      openLedger({ disk: await diskWith(rest) }),
      { code: 'JOURNAL_CORRUPT' },
      name,
    );
  }
});

test('state of a newer program is left untouched, and the exit code says so', async () => {
  const on = disk();
  const next = { ...journalFormat, version: journalFormat.version + 1 };
  const { journal } = await openLedger({ disk: on, format: next });
  await journal.append([entry(1)]);
  on.put('/state/journal-00000001.log.aa.tmp', Buffer.from('half'));
  const before = await on.list('/state');
  await assert.rejects(openLedger({ disk: on }), {
    code: 'STATE_NEWER',
    retry: 'never',
    exitCode: 78,
  });
  assert.deepEqual(await on.list('/state'), before);
});

test('records of an older program are read through upgrade, and moved in the new shape', async () => {
  const on = disk();
  const { journal } = await openLedger({ disk: on });
  await journal.append([entry(1)]);
  await journal.append([entry(2)]);
  const format = {
    ...journalFormat,
    version: 3,
    upgrade: (record: unknown) => ({ ...(record as { id: number }), note: 'upgraded' }),
  };
  assert.deepEqual((await openLedger({ disk: on, format })).replayed, [1, 2]);
  assert.match(
    on.bytesOf('/state/journal-00000002.log')?.toString() ?? '',
    /"id":2,"note":"upgraded"/,
  );
  await assert.rejects(openLedger({ disk: on }), { code: 'STATE_NEWER' });
});

test('a journal of something else is not read', async () => {
  const on = disk();
  await openLedger({ disk: on });
  const format = { name: 'world', version: 2 };
  await assert.rejects(openLedger({ disk: on, format }), { code: 'JOURNAL_CORRUPT' });
});

test('what killed writers left is swept', async () => {
  const on = disk();
  await openLedger({ disk: on });
  on.put('/state/snapshot-00000001.log.0f.tmp', Buffer.from('half'));
  await openLedger({ disk: on });
  assert.deepEqual(await on.list('/state'), ['journal-00000001.log']);
});
