/** The real journal over a disk that forgets what was not synced. */
import { ReconcileError } from '../../src/core/model/errors.ts';
import type { Fold } from '../../src/journal/compact.ts';
import { compactHere } from '../../src/journal/compact.ts';
import type { JournalFormat } from '../../src/journal/format.ts';
import { openJournal } from '../../src/journal/journal.ts';
import type { Store } from '../../src/simulate/ledger-store.ts';
import type { Random } from '../../src/simulate/random.ts';
import type { DiskOperation, FakeDisk } from '../fakes/disk.ts';
import { CrashedError, fakeDisk } from '../fakes/disk.ts';

export type DiskStore<Stored> = {
  readonly store: Store<Stored>;
  /** How often something was done that leaves the disk another one. */
  readonly changes: number;
  /** The process that used it is dead; `power`: the machine as well. */
  restart(how: 'kill' | 'power'): void;
  /** The whole directory is gone. */
  lose(): void;
  /** The process dies in the middle of one of the coming operations; null: not after all. */
  crashWithin(operations: number | null): void;
  fail(how: 'full' | 'io' | null): void;
};

export type DiskStoreOptions<Stored> = {
  readonly random: Random;
  /** Of the program that opens it. */
  readonly format: () => JournalFormat<Stored>;
  readonly createFold: () => Fold<Stored>;
  /** Records after which a tidy folds them. */
  readonly compactAfter: number;
  /** The disk stopped in the middle of an operation: whoever used it is dead from now on. */
  readonly onCrash: () => void;
  readonly onDurable: (records: readonly Stored[]) => void;
  readonly onCompacted: () => void;
};

const DIR = '/state';
const CHANGING = new Set<DiskOperation['kind']>(['create', 'write', 'rename', 'remove']);

export function createDiskStore<Stored>(options: DiskStoreOptions<Stored>): DiskStore<Stored> {
  const { random, format } = options;
  let disk: FakeDisk = fakeDisk(() => random.next());
  let fuse: number | null = null;
  let failing: 'full' | 'io' | null = null;
  let changes = 0;
  /** Handed over when the process died: it may turn out to have reached the disk. */
  let inDoubt: readonly Stored[] = [];

  function prepare(): void {
    disk.onOperation(({ kind }) => {
      if (CHANGING.has(kind)) changes += 1;
      if (fuse !== null && fuse-- <= 0) {
        fuse = null;
        return 'crash';
      }
      const writes = kind === 'write' || kind === 'sync' || kind === 'create';
      return writes ? failing : null;
    });
  }
  prepare();

  /** A crash is the end of the process: nobody hears of it. */
  async function orDie<Value>(work: () => Promise<Value>): Promise<Value> {
    try {
      return await work();
    } catch (cause) {
      if (!hasCrashed(cause)) throw cause;
      options.onCrash();
      return new Promise<Value>(() => undefined);
    }
  }

  const hasCrashed = (cause: unknown): boolean =>
    disk.hasCrashed() || cause instanceof CrashedError;

  return {
    store: {
      open: (onRecord) =>
        orDie(async () => {
          let newest: Stored | null = null;
          const journal = await openJournal<Stored>({
            disk,
            dir: DIR,
            format: format(),
            onRecord: (record) => {
              newest = record;
              onRecord(record);
            },
          });
          if (inDoubt.length > 0 && isSame(newest, inDoubt.at(-1))) options.onDurable(inDoubt);
          inDoubt = [];
          return {
            append: (records) =>
              orDie(async () => {
                inDoubt = records;
                await journal.append(records);
                inDoubt = [];
                options.onDurable(records);
              }),
            tidy: () =>
              orDie(async () => {
                if (journal.stats().records < options.compactAfter) return;
                try {
                  await journal.compact(compactHere(options.createFold));
                  options.onCompacted();
                } catch (cause) {
                  if (!(cause instanceof ReconcileError) || hasCrashed(cause)) throw cause;
                }
              }),
          };
        }),
    },
    get changes() {
      return changes;
    },
    restart(how) {
      fuse = null;
      disk.restart(how);
      prepare();
    },
    lose() {
      disk = fakeDisk(() => random.next());
      inDoubt = [];
      prepare();
    },
    crashWithin(operations) {
      fuse = operations === null ? null : random.integer(0, operations);
    },
    fail(how) {
      failing = how;
    },
  };
}

const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
