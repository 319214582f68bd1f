import { parentPort, workerData } from 'node:worker_threads';
import type { Retry } from '../core/model/errors.ts';
import { ReconcileError } from '../core/model/errors.ts';
import { nodeDisk } from '../disk/node-disk.ts';
import type { Compaction, Fold } from './compact.ts';
import { compactSealed } from './compact.ts';
import type { JournalFormat } from './format.ts';

/** What the module named to `compactInWorker` exports. Importing it starts nothing. */
export type FoldModule<R> = {
  readonly journalFormat: JournalFormat<R>;
  createFold(): Fold<R>;
};

export type CompactionOrder = { readonly dir: string; readonly module: string };

export type CompactionReport =
  | { readonly kind: 'done'; readonly compaction: Compaction }
  | {
      readonly kind: 'failed';
      readonly code: string;
      readonly retry: Retry;
      readonly message: string;
    };

/** The thread that `compactInWorker` starts; being ended is its way of being called off. */
async function carryOut({ dir, module }: CompactionOrder): Promise<CompactionReport> {
  const { journalFormat, createFold } = (await import(module)) as FoldModule<unknown>;
  const { signal } = new AbortController();
  try {
    const job = { disk: nodeDisk, dir, format: journalFormat, signal };
    return { kind: 'done', compaction: await compactSealed(job, createFold()) };
  } catch (cause) {
    if (!(cause instanceof ReconcileError)) throw cause;
    const { code, retry, message } = cause;
    return { kind: 'failed', code, retry, message };
  }
}

parentPort?.postMessage(await carryOut(workerData as CompactionOrder));
