/** The daemon's life: open, start, serve until told to leave, publish a last time, leave. */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { openControl } from '../control/server.ts';
import { ReconcileError } from '../core/model/errors.ts';
import type { PassRecord } from '../core/world/records.ts';
import type { DaemonConfig } from '../io/config.ts';
import { loadDaemonConfig } from '../io/config.ts';
import { openLog } from '../io/log.ts';
import type { Metrics } from '../io/metrics.ts';
import { openMetrics } from '../io/metrics.ts';
import { compactInWorker } from '../journal/compact-in-worker.ts';
import { keepAlarms } from './alarms.ts';
import { answerControl } from './control.ts';
import { countedLog } from './counted-log.ts';
import type { Health } from './http.ts';
import { openHttp } from './http.ts';
import { lastPublish } from './last-publish.ts';
import type { Loop } from './loop.ts';
import { runLoop } from './loop.ts';
import type { Notifier } from './notify.ts';
import { openNotifier } from './notify.ts';
import { convergeOnce } from './once.ts';
import { readMetrics } from './readings.ts';
import type { OnHangup } from './reload.ts';
import { watchConfig } from './reload.ts';
import { secretPath } from './secrets.ts';
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
    let { paused } = options;
    for (;;) {
      const end = await live(config, { ...options, paused }, notifier, signal);
      if (typeof end === 'number') return end;
      config = end;
      paused = false; // once asked for is remembered: an operator may have resumed since
    }
  } finally {
    notifier.close();
  }
}

/** From open to closed: the exit code, or the configuration to live by next. */
async function live(
  config: DaemonConfig,
  options: DaemonOptions,
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
  options: DaemonOptions & { readonly metrics: Metrics; readonly notifier: Notifier },
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
      progress.passEnded();
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
  const agents = await parts.openDoor();
  metrics.watch(() => readMetrics(parts, triggers));
  const health: Health = {
    live: () => !progress.isStuck(),
    ready() {
      const reasons = [
        ...(world.revision === null ? ['no revision is in force yet'] : []),
        ...(progress.isStuck() ? ['passes make no progress'] : []),
        ...(progress.waitsForDisk() ? ['the journal waits for its disk'] : []),
      ];
      return { ready: reasons.length === 0, reasons };
    },
    metrics: () => metrics.text(),
    poke: () => triggers.poke(),
    webhooks: await Promise.all(
      config.webhooks.map(async ({ provider, secret }) => ({
        provider,
        secret: trimmed(await readFile(secretPath(secret))),
      })),
    ),
  };
  const onError = (error: unknown): void => {
    log.error({ message: String(error) }, 'request failed');
  };
  const http = await openHttp(config.http.listen, health, onError);
  const control = await openControl(
    config.controlSocket,
    (request) => answerControl(parts, triggers, request, leave),
    onError,
  );
  log.info(
    { agents: agents.address.port, http: http.port, daemonKey: parts.identity.publicKey },
    'daemon ready',
  );
  notifier.ready();
  const side = [
    keepCompact(parts, leave),
    keepWatchdog(notifier, health, leave),
    keepAlarms(parts.alarms, { inbox, log }, leave),
    ...(options.once === null ? [] : [convergeOnce(parts, triggers, options.once, leave)]),
  ];
  const code = await Promise.race([
    running.then(() => null),
    ...(options.once === null ? [] : [side.at(-1) as Promise<number>]),
  ]);
  failed.abort();
  await Promise.allSettled([running, triggers.ended, ...side]);
  await control.close();
  await http.close();
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
    await sleep(COMPACT_CHECK_MS, undefined, { signal }).catch(() => undefined);
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
    await sleep(notifier.watchdogMs, undefined, { signal }).catch(() => undefined);
  }
}

const trimmed = (bytes: Buffer): Buffer => Buffer.from(bytes.toString().trimEnd());
