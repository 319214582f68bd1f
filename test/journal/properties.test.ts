/**
 * The journal's laws against a disk that forgets, fills and fails. Clients append batches, hand refused ones over again, and
 * remember what was acknowledged. After every life:
 *   - every acknowledged record is replayed, once, in the order of the acknowledgements;
 *   - a record that was not acknowledged appears whole batches at a time and only behind all that were;
 *   - what was replayed once counts as acknowledged from then on.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { JournalFormat } from '../../src/journal/format.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { openJournal } from '../../src/journal/journal.ts';
import type { DiskFault, FakeDisk } from '../fakes/disk.ts';
import { CrashedError, fakeDisk } from '../fakes/disk.ts';
import { runs } from '../fakes/runs.ts';
import type { Ledger } from './ledger.ts';
import { compactEntries, entry, openLedger, seeded } from './ledger.ts';

type Step =
  | { readonly kind: 'append'; readonly batches: readonly number[] }
  | { readonly kind: 'again' }
  | { readonly kind: 'compact'; readonly appendMeanwhile: boolean }
  | { readonly kind: 'restart'; readonly how: 'close' | 'kill' | 'power' }
  | { readonly kind: 'fault'; readonly after: number; readonly fault: DiskFault }
  | { readonly kind: 'space'; readonly bytes: number | null };

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('append' as const),
        batches: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 5 }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('again' as const) }) },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('compact' as const),
        appendMeanwhile: fc.boolean(),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('restart' as const),
        how: fc.constantFrom('close' as const, 'kill' as const, 'power' as const),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('fault' as const),
        after: fc.integer({ min: 0, max: 25 }),
        fault: fc.constantFrom('io' as const, 'full' as const, 'crash' as const),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('space' as const),
        bytes: fc.option(fc.integer({ min: 0, max: 2_000 })),
      }),
    },
  ),
  { maxLength: 25 },
);

/** Files that grow with each group, and files laid out ahead in pieces smaller and larger than a segment. */
const laid = fc.constantFrom(1, 64, 1_024);

/** Plays the clients of one journal through its lives. */
class Clients {
  private readonly disk: FakeDisk;
  private readonly laidBytes: number;
  private ledger: Ledger | null = null;
  private nextId = 1;
  private acked: number[] = [];
  /** Batches not acknowledged, oldest first; all of them may be handed over again. */
  private refused: number[][] = [];

  constructor(seed: number, laidBytes: number) {
    this.disk = fakeDisk(seeded(seed));
    this.laidBytes = laidBytes;
  }

  async play(step: Step): Promise<void> {
    switch (step.kind) {
      case 'append':
        await this.append(step.batches.map((size) => this.newBatch(size)));
        break;
      case 'again':
        await this.append(this.refused.splice(0));
        break;
      case 'compact':
        await this.compact(step.appendMeanwhile);
        break;
      case 'restart':
        await this.restart(step.how);
        break;
      case 'fault':
        this.failAfter(step.after, step.fault);
        break;
      case 'space':
        this.disk.limitBytes(step.bytes);
        break;
    }
    if (this.disk.hasCrashed()) await this.restart(this.nextId % 2 === 0 ? 'kill' : 'power');
  }

  /** The last life: no more faults, and everything must be there. */
  async end(): Promise<void> {
    await this.restart('power');
    await this.append(this.refused.splice(0));
    assert.deepEqual(this.refused, []);
    await this.restart('power');
  }

  private async opened(): Promise<Ledger> {
    this.ledger ??= await this.open();
    return this.ledger;
  }

  private async open(): Promise<Ledger> {
    const { laidBytes } = this;
    const sizes = { segmentBytesMax: 350, groupBytesMax: 200, laidBytes };
    const ledger = await openLedger({ disk: this.disk, ...sizes });
    this.check(ledger.replayed);
    return ledger;
  }

  private check(replayed: readonly number[]): void {
    assert.deepEqual(
      replayed.slice(0, this.acked.length),
      this.acked,
      'the acknowledged come first',
    );
    const behind = new Set(replayed.slice(this.acked.length));
    assert.equal(behind.size, replayed.length - this.acked.length, 'nothing appears twice');
    const survived = this.refused.filter((batch) => batch.some((id) => behind.has(id)));
    assert.equal(survived.flat().length, behind.size, 'batches survive whole');
    this.refused = this.refused.filter((batch) => !survived.includes(batch));
    this.acked = [...replayed];
  }

  private newBatch(size: number): number[] {
    return Array.from({ length: size }, () => this.nextId++);
  }

  private async append(batches: number[][]): Promise<void> {
    const { journal } = await this.withLedger(batches);
    if (journal === null) return;
    const handed = batches.map((batch) => journal.append(batch.map(entry)));
    let refusing = false;
    for (const [at, outcome] of (await Promise.allSettled(handed)).entries()) {
      const batch = batches[at] ?? [];
      if (outcome.status === 'fulfilled') {
        assert.ok(!refusing, 'no batch counts that was handed over behind a refused one');
        this.acked.push(...batch);
      } else {
        refusing = true;
        this.refused.push(batch);
        this.note(outcome.reason);
      }
    }
  }

  private async withLedger(batches: number[][]): Promise<{ journal: Ledger['journal'] | null }> {
    try {
      return await this.opened();
    } catch (failure) {
      this.refused.push(...batches);
      this.note(failure);
      return { journal: null };
    }
  }

  private async compact(appendMeanwhile: boolean): Promise<void> {
    const { journal } = await this.withLedger([]);
    if (journal === null) return;
    const compacting = journal.compact(compactEntries).then(
      () => undefined,
      (failure: unknown) => this.note(failure),
    );
    if (appendMeanwhile) {
      await this.append([this.newBatch(2)]);
      await this.append([this.newBatch(1), this.newBatch(3)]);
    }
    await compacting;
  }

  private async restart(how: 'close' | 'kill' | 'power'): Promise<void> {
    this.disk.onOperation(() => null);
    this.disk.limitBytes(null);
    if (how === 'close') await this.ledger?.journal.close();
    else this.disk.restart(how);
    this.ledger = await this.open();
  }

  private failAfter(count: number, fault: DiskFault): void {
    let left = count;
    this.disk.onOperation(() => (left-- === 0 ? fault : null));
  }

  private note(failure: unknown): void {
    if (failure instanceof CrashedError) return;
    assert.match((failure as { code: string }).code, /^JOURNAL_(FULL|IO)$/);
  }
}

test('whatever the disk does, the acknowledged are replayed once and in order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), laid, steps, async (seed, laidBytes, story) => {
      const clients = new Clients(seed, laidBytes);
      for (const step of story) await clients.play(step);
      await clients.end();
    }),
    { numRuns: runs(400) },
  );
});

const story: readonly Step[] = [
  { kind: 'append', batches: [1, 2, 3] },
  { kind: 'append', batches: [4] },
  { kind: 'append', batches: [4, 4] },
  { kind: 'compact', appendMeanwhile: true },
  { kind: 'restart', how: 'close' },
  { kind: 'append', batches: [2, 2] },
  { kind: 'compact', appendMeanwhile: false },
  { kind: 'append', batches: [1] },
];

for (const [fault, laidBytes] of [
  ['crash', 1],
  ['crash', 512],
  ['io', 1],
  ['io', 512],
  ['full', 1],
  ['full', 512],
] as const) {
  test(`a ${fault} at any single disk operation of a whole life, laid out by ${laidBytes}`, async () => {
    for (let at = 0; at < 250; at++) {
      const clients = new Clients(at, laidBytes);
      await clients.play({ kind: 'fault', after: at, fault });
      for (const step of story) await clients.play(step);
      await clients.end();
    }
  });
}

test('a snapshot that only the page cache knows replaces nothing yet', async () => {
  for (let seed = 0; seed < 600; seed++) {
    const disk = fakeDisk(seeded(seed));
    const { journal } = await openLedger({ disk });
    await journal.append([entry(1)]);
    await journal.append([entry(2)]);
    let renamed = false;
    disk.onOperation(({ kind, path }) => {
      renamed ||= kind === 'rename' && path.includes('snapshot');
      return renamed && kind === 'syncDir' ? 'crash' : null;
    });
    await assert.rejects(journal.compact(compactEntries), CrashedError);
    disk.restart('kill');
    let left = seed % 12;
    disk.onOperation(() => (left-- === 0 ? 'crash' : null));
    await Promise.allSettled([openLedger({ disk })]);
    disk.onOperation(() => null);
    disk.restart('power');
    assert.deepEqual((await openLedger({ disk })).replayed, [1, 2], `seed ${seed}`);
  }
});

/** A record that is several lines, and several writes when its entries are long. */
type Parcel = { readonly ids: readonly number[]; readonly note: string };

const parcels: JournalFormat<Parcel> = {
  name: 'parcels',
  version: 1,
  textsOf: ({ ids, note }) => ids.map((id) => JSON.stringify({ ids: [id], note })),
};

async function openParcels(
  disk: FakeDisk,
  laidBytes: number,
): Promise<{ readonly journal: Journal<Parcel>; readonly replayed: readonly number[] }> {
  const replayed: number[] = [];
  const onRecord = ({ ids }: Parcel): void => void replayed.push(...ids);
  const journal = await openJournal({ disk, dir: '/state', format: parcels, laidBytes, onRecord });
  return { journal, replayed };
}

for (const [name, note, crashes] of [
  ['one write', 'x', 120],
  ['several writes', 'x'.repeat(1_000_000), 12],
] as const) {
  test(`a record of many lines in ${name} is whole or absent, torn anywhere`, async () => {
    const first = { ids: [1, 2, 3], note };
    const second = { ids: [4, 5, 6, 7, 8, 9], note };
    let survived = 0;
    for (let seed = 0; seed < crashes; seed++) {
      const disk = fakeDisk(seeded(seed));
      const laidBytes = seed % 2 === 0 ? 1 : 512;
      const { journal } = await openParcels(disk, laidBytes);
      await journal.append([first]);
      let left = seed % 6;
      disk.onOperation(() => (left-- === 0 ? 'crash' : null));
      const [outcome] = await Promise.allSettled([journal.append([second])]);
      disk.onOperation(() => null);
      disk.restart(seed % 4 < 2 ? 'kill' : 'power');
      // The last group moves to a file of its own on opening, and must not be torn there either.
      const { replayed } = await openParcels(disk, laidBytes);
      const all = [...first.ids, ...second.ids];
      if (outcome.status === 'fulfilled') assert.deepEqual(replayed, all, `seed ${seed}`);
      else assert.deepEqual(replayed, replayed.length === 3 ? first.ids : all, `seed ${seed}`);
      survived += replayed.length === all.length ? 1 : 0;
      disk.restart('power');
      assert.deepEqual((await openParcels(disk, laidBytes)).replayed, replayed, `seed ${seed}`);
    }
    assert.ok(survived > 0 && survived < crashes, `${survived} survived`);
  });
}
