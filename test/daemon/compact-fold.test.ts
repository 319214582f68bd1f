import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Instant } from '../../src/core/model/brand.ts';
import { emptyState } from '../../src/core/model/state.ts';
import { apply } from '../../src/core/world/apply.ts';
import { passTexts } from '../../src/core/world/pass-texts.ts';
import type { PassRecord, Record } from '../../src/core/world/records.ts';
import { recordsOf } from '../../src/core/world/snapshot.ts';
import { createFold, journalFormat } from '../../src/daemon/compact-fold.ts';
import { compactHere } from '../../src/journal/compact.ts';
import { openJournal } from '../../src/journal/journal.ts';
import { fakeDisk } from '../fakes/disk.ts';
import { node, revision, TestFleet } from '../fakes/fleet.ts';
import { seeded } from '../journal/ledger.ts';

const at = 1 as Instant;

const invalid = (file: string): Record => ({ kind: 'file-invalid', file, lastGood: null });

function stateAfter(records: Iterable<Record>): ReturnType<typeof emptyState> {
  const state = emptyState();
  for (const record of records) apply(state, record);
  return state;
}

test('a pass and a state longer than the longest line are read back', async () => {
  const disk = fakeDisk(seeded(1));
  const open = (seen: number[]): ReturnType<typeof openJournal<PassRecord>> =>
    openJournal<PassRecord>({
      disk,
      dir: '/state',
      format: journalFormat,
      onRecord: ({ records }) => {
        for (const record of records)
          seen.push(record.kind === 'file-invalid' ? record.file.length : 0);
      },
    });
  const lengths = [50_000_001, 50_000_002];
  const journal = await open([]);
  await journal.append([{ at, records: lengths.map((length) => invalid('x'.repeat(length))) }]);
  await journal.close();
  const before: number[] = [];
  const again = await open(before);
  assert.deepEqual(before, lengths);
  assert.equal((await again.compact(compactHere(createFold))).records, lengths.length);
  await again.close();
  const after: number[] = [];
  await (await open(after)).close();
  assert.deepEqual(after, lengths);
});

test('an execution and a node of thousands are put in parts, and are the same again', () => {
  const names = Array.from({ length: 1_100 }, (_, index) => `many-${index}`);
  const nodes = Array.from({ length: 1_100 }, (_, index) => index + 1);
  const fleet = new TestFleet()
    .accept(
      revision(
        1,
        {
          ...Object.fromEntries(
            names.map((name) => [name, { targets: [{ kind: 'ids', ids: [node(1)] }] }]),
          ),
          wide: {},
        },
        Object.fromEntries(nodes.map((each) => [each, {}])),
      ),
    )
    .connect(1, 2, 3);
  const { state } = fleet.world;
  const records = [...recordsOf(state)];
  assert.equal(records.filter(({ kind }) => kind === 'put-runs').length, 2);
  assert.equal(records.filter(({ kind }) => kind === 'put-assignments').length, 2);
  assert.deepEqual(stateAfter(records), state);
});

for (const lineChars of [1, 60, 200, 1_000_000]) {
  test(`the lines of a pass say what it says, ${lineChars} characters each`, () => {
    const records = Array.from({ length: 20 }, (_, index) => invalid('é'.repeat(index)));
    const texts = [...passTexts({ at, records }, lineChars)];
    const passes = texts.map((text) => JSON.parse(text) as PassRecord);
    assert.deepEqual(
      passes.flatMap((pass) => pass.records),
      records,
    );
    assert.ok(passes.every((pass) => pass.at === at));
    if (lineChars === 1) assert.equal(texts.length, records.length);
    if (lineChars === 1_000_000) assert.deepEqual(texts, [JSON.stringify({ at, records })]);
  });
}
