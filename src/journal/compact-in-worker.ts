import { ReconcileError } from '../core/model/errors.ts';
import { askThread, moduleBeside } from '../threads/thread.ts';
import type { Compactor } from './compact.ts';
import type { CompactionOrder, CompactionReport } from './compact-worker.ts';

/**
 * Compacts in a thread of its own, on the real disk: the main thread gives nothing but the order. `module` is the URL of
 * a module that exports a `FoldModule` of the same format as the journal.
 */
export function compactInWorker<R>(module: URL): Compactor<R> {
  return async ({ dir, signal }) => {
    const order: CompactionOrder = { dir, module: module.href };
    const thread = moduleBeside('compact-worker', import.meta.url);
    const report = await askThread<CompactionReport>(thread, { order, signal });
    if (report.kind === 'done') return report.compaction;
    throw new ReconcileError(report.code, report.message, { retry: report.retry });
  };
}
