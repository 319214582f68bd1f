import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { ReconcileError } from '../core/model/errors.ts';
import type { Compactor } from './compact.ts';
import type { CompactionOrder, CompactionReport } from './compact-worker.ts';

/** As this file: `.ts` where tsx runs the sources, `.js` in what ships. */
const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';

/**
 * Compacts in a thread of its own, on the real disk: the main thread gives nothing but the order. `module` is the URL of
 * a module that exports a `FoldModule` of the same format as the journal.
 */
export function compactInWorker<R>(module: URL): Compactor<R> {
  return async ({ dir, signal }) => {
    signal.throwIfAborted();
    const order: CompactionOrder = { dir, module: module.href };
    const worker = new Worker(new URL(`./compact-worker.${extension}`, import.meta.url), {
      workerData: order,
      execArgv: loaderArguments(),
    });
    try {
      const [report] = (await once(worker, 'message', { signal })) as [CompactionReport];
      if (report.kind === 'done') return report.compaction;
      throw new ReconcileError(report.code, report.message, { retry: report.retry });
    } finally {
      await worker.terminate();
    }
  };
}

/** Sources need their loader in the thread too; `--import` by address, as a bare name depends on the working directory. */
function loaderArguments(): string[] {
  return extension === 'ts' ? ['--import', import.meta.resolve('tsx')] : [];
}
