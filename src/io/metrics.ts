/** Prometheus metrics: gauges are read from the world when they are scraped, counters are counted where things happen. */

import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Numbers of the moment, asked for at each scrape. */
export type MetricsReading = {
  readonly nodesKnown: number;
  readonly nodesConnected: number;
  readonly associations: number;
  readonly executionsOpen: number;
  /** Runs of open executions by phase. */
  readonly runs: { readonly [phase: string]: number };
  readonly held: boolean;
  readonly paused: boolean;
  readonly invalidFiles: number;
  readonly position: number;
  readonly inbox: number;
  readonly journalBytes: number;
  readonly journalSyncMs: number;
  /** Seconds since the source was read last; null: never yet. */
  readonly sourceAgeSeconds: number | null;
  readonly statusAgeSeconds: number | null;
};

export type Metrics = {
  text(): Promise<string>;
  pass(measured: { readonly durationMs: number; readonly events: number }): void;
  runFinished(status: string): void;
  error(code: string): void;
};

export function openMetrics(read: () => MetricsReading): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const passes = new Histogram({
    name: 'reconciled_pass_duration_seconds',
    help: 'Time of one pass, journal included',
    buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5],
    registers,
  });
  const events = new Counter({
    name: 'reconciled_events_total',
    help: 'Events taken by passes',
    registers,
  });
  const finished = new Counter({
    name: 'reconciled_runs_finished_total',
    help: 'Runs that ended, by status',
    labelNames: ['status'],
    registers,
  });
  const errors = new Counter({
    name: 'reconciled_errors_total',
    help: 'Failed operations and refusals, by stable code',
    labelNames: ['code'],
    registers,
  });
  const loopDelay = monitorEventLoopDelay({ resolution: 20 });
  loopDelay.enable();
  const gauge = (name: string, help: string, value: () => number | null): void => {
    new Gauge({
      name: `reconciled_${name}`,
      help,
      registers,
      collect() {
        const now = value();
        if (now === null) this.reset();
        else this.set(now);
      },
    });
  };
  gauge('nodes_known', 'Nodes of the registry and of nodes/', () => read().nodesKnown);
  gauge('nodes_connected', 'Nodes with a session', () => read().nodesConnected);
  gauge('associations', 'Associations in force', () => read().associations);
  gauge('executions_open', 'Executions that have not ended', () => read().executionsOpen);
  gauge('source_held', '1 while the tip is held', () => Number(read().held));
  gauge('paused', '1 while an operator has paused starts', () => Number(read().paused));
  gauge('invalid_files', 'Files whose newest content is not in force', () => read().invalidFiles);
  gauge(
    'source_position',
    'First-parent commits up to the accepted revision',
    () => read().position,
  );
  gauge('inbox_events', 'Events that wait for a pass', () => read().inbox);
  gauge('journal_bytes', 'Bytes in segments since the snapshot', () => read().journalBytes);
  gauge('journal_sync_seconds', 'Duration of the last sync', () => read().journalSyncMs / 1000);
  gauge('source_age_seconds', 'Since the source was read', () => read().sourceAgeSeconds);
  gauge('status_age_seconds', 'Since the status branch agreed', () => read().statusAgeSeconds);
  gauge('event_loop_delay_p99_seconds', 'Of the last scrape interval', () => {
    const seconds = loopDelay.percentile(99) / 1e9;
    loopDelay.reset();
    return Number.isFinite(seconds) ? seconds : 0;
  });
  gauge('resident_memory_bytes', 'Resident set of the daemon', () => process.memoryUsage.rss());
  new Gauge({
    name: 'reconciled_runs',
    help: 'Runs of open executions, by phase',
    labelNames: ['phase'],
    registers,
    collect() {
      for (const [phase, count] of Object.entries(read().runs)) this.set({ phase }, count);
    },
  });
  return {
    text: () => registry.metrics(),
    pass({ durationMs, events: taken }) {
      passes.observe(durationMs / 1000);
      events.inc(taken);
    },
    runFinished: (status) => {
      finished.inc({ status });
    },
    error: (code) => {
      errors.inc({ code });
    },
  };
}
