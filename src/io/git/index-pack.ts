import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { IndexOrder, IndexReport } from './index-thread.ts';

/** What unpacking may take, in a thread of its own. Bytes are of objects held at a time, whatever the pack unpacks to. */
type IndexLimits = {
  readonly deadlineMs: number;
  readonly heldBytesMax: number;
  readonly heapMibMax: number;
};
export const INDEX_LIMITS: IndexLimits = {
  deadlineMs: 300_000,
  heldBytesMax: 256 << 20,
  heapMibMax: 512,
};

/** The pack is more than the limits allow, in time or in memory. */
export class PackTooLarge extends Error {
  override readonly name = 'PackTooLarge';
}

/**
 * The index of the pack at `pack`, made beside the loop that answers everybody: whoever can write to a repository can
 * have it unpack to a thousand times its size.
 * @throws PackTooLarge; the caller's abort as it is
 */
export async function indexPack(
  pack: string,
  { deadlineMs, heldBytesMax, heapMibMax }: IndexLimits,
  signal: AbortSignal,
): Promise<IndexReport> {
  signal.throwIfAborted();
  const workerData: IndexOrder = { pack, heldBytesMax };
  const worker = new Worker(threadStart(), {
    workerData,
    resourceLimits: { maxOldGenerationSizeMb: heapMibMax },
  });
  const deadline = AbortSignal.timeout(deadlineMs);
  try {
    const either = AbortSignal.any([signal, deadline]);
    const [report] = (await once(worker, 'message', { signal: either })) as [IndexReport];
    return report;
  } catch (cause) {
    signal.throwIfAborted();
    if (deadline.aborted)
      throw new PackTooLarge(`does not unpack within ${deadlineMs / 1000} seconds`, { cause });
    if (cause instanceof Error && 'code' in cause && cause.code === 'ERR_WORKER_OUT_OF_MEMORY')
      throw new PackTooLarge(`has more objects than fit into ${heapMibMax} MiB`, { cause });
    throw cause;
  } finally {
    await worker.terminate();
  }
}

/** What ships is plain JavaScript. Sources need tsx, which on Node 20 a thread does not inherit: load it there first. */
function threadStart(): URL {
  if (import.meta.url.endsWith('.js')) return new URL('./index-thread.js', import.meta.url);
  const tsx = JSON.stringify(import.meta.resolve('tsx/esm/api'));
  const thread = JSON.stringify(new URL('./index-thread.ts', import.meta.url).href);
  const start = `import { register } from ${tsx}; register(); await import(${thread});`;
  return new URL(`data:text/javascript,${encodeURIComponent(start)}`);
}
