/**
 * What makes the daemon look at its source: a poll with back-off, a file watch for local repositories, a poke from the web
 * hook, an operator's `sync`. They coalesce into one look at a time.
 */
import { watch } from 'chokidar';
import { ReconcileError } from '../core/model/errors.ts';
import type { Logger } from '../io/log.ts';
import type { Observer } from '../reconcile/observe.ts';
import { rest } from '../waiting/rest.ts';

export type Triggers = {
  /** Looks soon; resolves when that look's consequences are durable, rejects with its failure. */
  sync(): Promise<void>;
  /** A hint from outside: under the token bucket, and never waited for. A hint too many is put off, not lost. */
  poke(): 'taken' | 'deferred';
  /** We have pushed: the forge will announce that too, and it is no reason to look at once or to spend a token. */
  expectOwnPoke(): void;
  readonly lastSeenAtMs: number | null;
  readonly lastError: ReconcileError | null;
};

export type TriggerOptions = {
  readonly observer: Observer;
  readonly pollIntervalMs: number;
  /** Files of a local repository whose change is a new tip; none for a remote. */
  readonly watchPaths: readonly string[];
  readonly monotonicMs: () => number;
  readonly random: () => number;
  readonly log: Logger;
};

const BACKOFF_MS = { first: 5_000, max: 5 * 60_000 };
/** Contract §4: burst 3, one per 10 s. */
const POKES = { burst: 3, refillMs: 10_000 };
/** A poke so soon after a push of ours is probably its echo: one look this much later serves both. */
const ECHO_MS = 2_000;
const WATCH_SETTLE_MS = 25;
/** A source that is missed for longer is told on the status branch; what passes sooner would only make commits. */
export const UNREAD_TOLD_AFTER_MS = 10 * 60_000;

export function startTriggers(
  options: TriggerOptions,
  signal: AbortSignal,
): Triggers & { ended: Promise<void> } {
  const { observer, log, monotonicMs } = options;
  const bucket = { tokens: POKES.burst, atMs: monotonicMs() };
  let lastSeenAtMs: number | null = null;
  let lastError: ReconcileError | null = null;
  let failures = 0;
  const startedAtMs = monotonicMs();
  let wake: AbortController = new AbortController();
  let echoUntilMs = Number.NEGATIVE_INFINITY;
  let deferred: NodeJS.Timeout | null = null;

  async function look(): Promise<void> {
    try {
      await observer.observe(signal);
      lastSeenAtMs = monotonicMs();
      lastError = null;
      failures = 0;
    } catch (cause) {
      if (signal.aborted) return;
      if (!(cause instanceof ReconcileError)) throw cause;
      failures++;
      lastError = cause;
      log.warn({ code: cause.code, message: cause.message, failures }, 'source not read');
      const missedForMs = monotonicMs() - (lastSeenAtMs ?? startedAtMs);
      if (missedForMs >= UNREAD_TOLD_AFTER_MS) observer.missed(cause.code, missedForMs);
      throw cause;
    }
  }

  /** A full interval after success; longer and longer, with jitter, after failures. */
  function delayMs(): number {
    if (failures === 0) return options.pollIntervalMs;
    const backoff = Math.min(BACKOFF_MS.first * 2 ** (failures - 1), BACKOFF_MS.max);
    return backoff * (0.5 + options.random() / 2);
  }

  async function poll(): Promise<void> {
    while (!signal.aborted) {
      await look().catch(ignoreTyped);
      await pause(delayMs());
    }
  }

  /** Sleeps; a poke or a watch ends it early. */
  async function pause(ms: number): Promise<void> {
    const both = AbortSignal.any([signal, wake.signal]);
    await rest(ms, both);
    if (wake.signal.aborted) wake = new AbortController();
  }

  /** Milliseconds until a token is to be had: 0 when one was taken. */
  function takeToken(): number {
    const now = monotonicMs();
    bucket.tokens = Math.min(POKES.burst, bucket.tokens + (now - bucket.atMs) / POKES.refillMs);
    bucket.atMs = now;
    if (bucket.tokens < 1) return (1 - bucket.tokens) * POKES.refillMs;
    bucket.tokens -= 1;
    return 0;
  }

  /** One look later, however many hints are put off until then. */
  function defer(ms: number): void {
    if (deferred !== null || signal.aborted) return;
    deferred = setTimeout(() => {
      deferred = null;
      wake.abort();
    }, ms);
    deferred.unref();
  }

  const watcher =
    options.watchPaths.length === 0
      ? null
      : watch([...options.watchPaths], {
          ignoreInitial: true,
          ignored: (path) => path.endsWith('.lock'),
          awaitWriteFinish: { stabilityThreshold: WATCH_SETTLE_MS, pollInterval: WATCH_SETTLE_MS },
        });
  watcher?.on('all', () => {
    wake.abort();
  });
  watcher?.on('error', (error) => {
    log.warn({ message: String(error) }, 'file watch failed; the poll goes on');
  });

  const ended = poll().finally(() => watcher?.close());
  return {
    ended,
    sync: look,
    poke() {
      const delayMs = monotonicMs() < echoUntilMs ? ECHO_MS : takeToken();
      if (delayMs === 0) wake.abort();
      else defer(delayMs);
      return delayMs === 0 ? 'taken' : 'deferred';
    },
    expectOwnPoke() {
      echoUntilMs = monotonicMs() + ECHO_MS;
    },
    get lastSeenAtMs() {
      return lastSeenAtMs;
    },
    get lastError() {
      return lastError;
    },
  };
}

/** Typed failures are counted and logged where they happen; anything else is a bug. */
function ignoreTyped(cause: unknown): void {
  if (!(cause instanceof ReconcileError)) throw cause;
}
