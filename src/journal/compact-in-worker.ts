import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { ReconcileError } from '../core/model/errors.ts';
import type { Compactor } from './compact.ts';
import type { CompactionOrder, CompactionReport } from './compact-worker.ts';

/**
 * Compacts in a thread of its own, on the real disk: the main thread gives nothing but the order. `module` is the URL of
 * a module that exports a `FoldModule` of the same format as the journal.
 */
export function compactInWorker<R>(module: URL): Compactor<R> {
  return async ({ dir, signal }) => {
    signal.throwIfAborted();
    const order: CompactionOrder = { dir, module: module.href };
    const worker = new Worker(threadStart(), { workerData: order });
    try {
      const [report] = (await once(worker, 'message', { signal })) as [CompactionReport];
      if (report.kind === 'done') return report.compaction;
      throw new ReconcileError(report.code, report.message, { retry: report.retry });
    } finally {
      await worker.terminate();
    }
  };
}

/** What ships is plain JavaScript. Sources need tsx, which on Node 20 a thread does not inherit: load it there first. */
function threadStart(): URL {
  if (import.meta.url.endsWith('.js')) return new URL('./compact-worker.js', import.meta.url);
  const tsx = JSON.stringify(import.meta.resolve('tsx/esm/api'));
  const thread = JSON.stringify(new URL('./compact-worker.ts', import.meta.url).href);
  const start = `import { register } from ${tsx}; register(); await import(${thread});`;
  return new URL(`data:text/javascript,${encodeURIComponent(start)}`);
}
