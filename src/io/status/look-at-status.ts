import { rm } from 'node:fs/promises';
import type { StatusTip } from '../../reconcile/ports.ts';
import { parseRemoteUrl } from '../git/remote-url.ts';
import type { Logger } from '../log.ts';
import { statusTipOf } from './read-status.ts';
import type { StatusConfig } from './status-store.ts';
import { openStatusStore } from './status-store.ts';

/**
 * One look at the status branch through a daemon's eyes, and at whether it could push; nothing is changed there. `mirrorDir` is a folder
 * of our own, which goes with it. `use` gets the tip, or null when there is no such branch.
 * @throws ReconcileError STATUS_… UNREACHABLE, AUTH, TIMEOUT, UNSUPPORTED, REFUSED, DAMAGED
 */
export async function lookAtStatus<Value>(
  config: StatusConfig,
  { log, signal }: { readonly log: Logger; readonly signal: AbortSignal },
  use: (tip: StatusTip | null) => Promise<Value>,
): Promise<Value> {
  try {
    const store = await openStatusStore(config, parseRemoteUrl(config.url, 'STATUS'), log);
    try {
      await store.remote.tryPush(signal);
      const tip = await store.remote.tip(signal);
      if (tip === null) return await use(null);
      await store.remote.bring(tip, signal);
      return await use(await statusTipOf(store.reader, tip));
    } finally {
      store.close();
    }
  } finally {
    await rm(config.mirrorDir, { recursive: true, force: true });
  }
}
