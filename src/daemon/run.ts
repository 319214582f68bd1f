/** The daemon's life: open, start, serve until told to leave, publish a last time, leave. */
import { ReconcileError } from '../core/model/errors.ts';
import type { PassRecord } from '../core/world/records.ts';
import type { DaemonConfig } from '../io/config.ts';
import { loadDaemonConfig } from '../io/config.ts';
import { openLog } from '../io/log.ts';
import type { Metrics } from '../io/metrics.ts';
import { openMetrics } from '../io/metrics.ts';
import { compactInWorker } from '../journal/compact-in-worker.ts';
import { rest } from '../waiting/rest.ts';
import { keepAlarms } from './alarms.ts';
import { countedLog } from './counted-log.ts';
import { openDoors } from './doors.ts';
import type { Health } from './http.ts';
import { lastPublish } from './last-publish.ts';
import type { Loop } from './loop.ts';
import { runLoop } from './loop.ts';
import type { Notifier } from './notify.ts';
import { openNotifier } from './notify.ts';
import { convergeOnce } from './once.ts';
import type { OnHangup } from './reload.ts';
import { watchConfig } from './reload.ts';
import { start } from './start.ts';
import { startTriggers } from './triggers.ts';
import type { Parts } from './wire.ts';
import { openParts } from './wire.ts';

export type DaemonOptions = {
  readonly configFile: string;
  /** Converge, then leave with the exit code that tells how it went. */
  readonly once: { readonly timeoutMs: number } | null;
  /** Observe and report, start nothing, until `reconciled resume`. */
  readonly paused: boolean;
  readonly onHangup: OnHangup;
};

/** `onReady`: everything that could refuse the configuration has been opened. */
type Life = DaemonOptions & { readonly onReady: () => void };

/** Passes and bytes since the snapshot at which the journal is compacted (contract: start-up stays short). */
const COMPACT_AT = { records: 20_000, bytes: 48 * 1024 * 1024 };
const COMPACT_CHECK_MS = 60_000;

/**
 * Runs until `signal` aborts; the exit code.
 * @throws ReconcileError with its exit code: configuration, lock, newer state, a journal that is damaged
 */
export async function runDaemon(options: DaemonOptions, signal: AbortSignal): Promise<number> {
  const notifier = openNotifier(process.env);
  try {
    let config = await loadDaemonConfig(options.configFile);
    let proven: DaemonConfig | null = null;
    let { paused } = options;
    for (;;) {
      const onReady = (): void => {
        proven = config;
      };
      try {
        const end = await live(config, { ...options, paused, onReady }, notifier, signal);
        if (typeof end === 'number') return end;
        config = end;
      } catch (cause) {
        config = instead(proven, config, cause);
      }
      paused = false; // once asked for is remembered: an operator may have resumed since
    }
  } finally {
    notifier.close();
  }
}

/** A configuration read at SIGHUP that nobody can live by: the one before it, which did, is taken again. @throws `cause` */
function instead(proven: DaemonConfig | null, config: DaemonConfig, cause: unknown): DaemonConfig {
  if (proven === null || proven === config || !(cause instanceof ReconcileError)) throw cause;
  const { code, message } = cause;
  openLog({ level: 'info' }).error({ code, message }, 'configuration not taken: the old one stays');
  return proven;
}

/** From open to closed: the exit code, or the configuration to live by next. */
async function live(
  config: DaemonConfig,
  options: Life,
  notifier: Notifier,
  signal: AbortSignal,
): Promise<number | DaemonConfig> {
  const metrics = openMetrics();
  const level = config.logLevel === 'trace' ? 'debug' : config.logLevel;
  const log = countedLog(openLog({ level }), metrics.error);
  const reload = watchConfig(options.configFile, options.onHangup, log);
  try {
    const parts = await openParts(config, log);
    try {
      const until = AbortSignal.any([signal, reload.signal]);
      const code = await serve(parts, { ...options, metrics, notifier }, until);
      return signal.aborted ? code : (reload.next ?? code);
    } finally {
      if (signal.aborted || reload.next === null) notifier.leaving();
      else notifier.reloading();
      await parts.close();
    }
  } finally {
    reload.stop();
  }
}

async function serve(
  parts: Parts,
  options: Life & { readonly metrics: Metrics; readonly notifier: Notifier },
  signal: AbortSignal,
): Promise<number> {
  const { metrics, notifier } = options;
  const { config, log, world, inbox, ports, publisher, progress } = parts;
  const failed = new AbortController();
  const leave = AbortSignal.any([signal, failed.signal]);
  const failure: { cause: Error | null } = { cause: null };
  const fail = (cause: unknown): void => {
    failure.cause ??= cause instanceof Error ? cause : new Error(String(cause));
    failed.abort();
  };
  const loop: Loop = {
    world,
    inbox,
    bell: parts.bell,
    ports,
    publisher,
    perform: parts.perform,
    log,
    onPass: (pass) => {
      progress.passEnded({ revision: world.revision?.commit ?? null });
      metrics.pass(pass);
      for (const { event, fields } of pass.reasons) {
        if (event === 'run finished') metrics.runFinished(String(fields['status']));
      }
    },
  };
  await start(parts, loop, leave);
  if (options.paused) {
    inbox.post({ kind: 'operator', id: 'start', by: '--paused', request: { kind: 'pause' } });
  }
  const running = runLoop(loop, leave).catch(fail);
  const triggers = startTriggers(
    {
      observer: parts.observer,
      pollIntervalMs: config.source.pollIntervalMs,
      watchPaths: parts.watchPaths,
      monotonicMs: ports.clock.monotonicMs,
      random: Math.random,
      log,
    },
    leave,
  );
  parts.onPublished(triggers.expectOwnPoke);
  triggers.ended.catch(fail);
  const doors = await openDoors(parts, { triggers, metrics, signal: leave }).catch(
    async (cause: unknown) => {
      failed.abort();
      await Promise.allSettled([running, triggers.ended]);
      throw cause;
    },
  );
  log.info({ ...doors.ports, daemonKey: parts.identity.publicKey }, 'daemon ready');
  options.onReady();
  notifier.ready();
  const side = [
    keepCompact(parts, leave),
    keepWatchdog(notifier, doors.health, leave),
    keepAlarms(parts.alarms, { inbox, log }, leave),
    ...(options.once === null ? [] : [convergeOnce(parts, triggers, options.once, leave)]),
  ];
  const code = await Promise.race([
    running.then(() => null),
    ...(options.once === null ? [] : [side.at(-1) as Promise<number>]),
  ]);
  failed.abort();
  await Promise.allSettled([running, triggers.ended, ...side]);
  await doors.close();
  if (failure.cause !== null) throw failure.cause;
  await lastPublish(parts, code === null ? 'told' : 'converged');
  log.info({ exitCode: code ?? 0 }, 'daemon left');
  return code ?? 0;
}

/** Compaction runs in a thread of its own and is called off when the daemon leaves. */
async function keepCompact({ journal, log }: Parts, signal: AbortSignal): Promise<void> {
  const module = new URL(
    import.meta.url.endsWith('.js') ? './compact-fold.js' : './compact-fold.ts',
    import.meta.url,
  );
  for (;;) {
    await rest(COMPACT_CHECK_MS, signal);
    if (signal.aborted) return;
    const { records, bytes } = journal.stats();
    if (records < COMPACT_AT.records && bytes < COMPACT_AT.bytes) continue;
    try {
      const done = await journal.compact((job) =>
        compactInWorker<PassRecord>(module)({
          ...job,
          signal: AbortSignal.any([job.signal, signal]),
        }),
      );
      log.info({ ...done }, 'journal compacted');
    } catch (cause) {
      if (cause instanceof Error && cause.name === 'AbortError') return; // called off: the daemon leaves
      if (!(cause instanceof ReconcileError)) throw cause;
      log.warn({ code: cause.code, message: cause.message }, 'journal not compacted');
    }
  }
}

/** The service manager restarts a daemon whose passes stand still. */
async function keepWatchdog(
  notifier: ReturnType<typeof openNotifier>,
  health: Health,
  signal: AbortSignal,
): Promise<void> {
  if (notifier.watchdogMs === null) return;
  while (!signal.aborted) {
    if (health.live()) notifier.alive();
    await rest(notifier.watchdogMs, signal);
  }
}
