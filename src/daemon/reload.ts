/**
 * SIGHUP: the configuration is read again. A valid one takes effect by a new life in the same process, in which agents come
 * back and steps go on; one with mistakes is told, all of them, and changes nothing.
 */
import { ReconcileError } from '../core/model/errors.ts';
import type { DaemonConfig } from '../io/config.ts';
import { loadDaemonConfig } from '../io/config.ts';
import type { Logger } from '../io/log.ts';

/** Calls the listener at each SIGHUP; the answer stops that. */
export type OnHangup = (listener: () => void) => () => void;

export type Reload = {
  /** Aborts when there is a new configuration to live by. */
  readonly signal: AbortSignal;
  readonly next: DaemonConfig | null;
  stop(): void;
};

export function watchConfig(configFile: string, onHangup: OnHangup, log: Logger): Reload {
  const asked = new AbortController();
  let next: DaemonConfig | null = null;

  async function read(): Promise<void> {
    try {
      next = await loadDaemonConfig(configFile);
      log.info({ configFile }, 'configuration read again');
      asked.abort();
    } catch (cause) {
      if (!(cause instanceof ReconcileError)) throw cause;
      const { code, message } = cause;
      log.error({ code, message }, 'configuration not taken: the old one stays');
    }
  }

  const stop = onHangup(() => {
    read().catch((cause: unknown) => {
      log.error({ message: String(cause) }, 'configuration not read');
    });
  });
  return {
    signal: asked.signal,
    get next() {
      return next;
    },
    stop,
  };
}
