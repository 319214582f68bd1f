import { askThread, moduleBeside } from '../../threads/thread.ts';
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
  const order: IndexOrder = { pack, heldBytesMax };
  const deadline = AbortSignal.timeout(deadlineMs);
  const either = AbortSignal.any([signal, deadline]);
  try {
    const thread = moduleBeside('index-thread', import.meta.url);
    return await askThread<IndexReport>(thread, { order, heapMibMax, signal: either });
  } catch (cause) {
    signal.throwIfAborted();
    if (deadline.aborted)
      throw new PackTooLarge(`does not unpack within ${deadlineMs / 1000} seconds`, { cause });
    if (cause instanceof Error && 'code' in cause && cause.code === 'ERR_WORKER_OUT_OF_MEMORY')
      throw new PackTooLarge(`has more objects than fit into ${heapMibMax} MiB`, { cause });
    throw cause;
  }
}
