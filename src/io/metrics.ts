/** Prometheus metrics: gauges are read from the world when they are scraped, counters are counted where things happen. */

import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Numbers of the moment, asked for at each scrape. */
export type MetricsReading = {
  readonly nodesKnown: number;
  readonly nodesConnected: number;
  readonly associations: number;
  readonly executionsOpen: number;
  /** Ended, and not yet on the status branch; of which counts only; given up before they were. */
  readonly executionsUnpublished: number;
  readonly executionsCondensed: number;
  readonly executionsLost: number;
  /** Runs of open executions by phase. */
  readonly runs: { readonly [phase: string]: number };
  readonly held: boolean;
  readonly paused: boolean;
  /** The epoch of this daemon is not the one of the status branch. */
  readonly silent: boolean;
  readonly nodesAhead: number;
  readonly nodesClockOff: number;
  readonly nodesCloned: number;
  /** Another daemon writes the status branch in the same epoch. */
  readonly contested: boolean;
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
  /** Gauges exist from here on; each scrape reads once. */
  watch(read: () => MetricsReading): void;
  text(): Promise<string>;
  pass(measured: { readonly durationMs: number; readonly events: number }): void;
  runFinished(status: string): void;
  error(code: string): void;
};

export function openMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const scrape: { read: (() => MetricsReading) | null; now: MetricsReading | null } = {
    read: null,
    now: null,
  };
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
  const gauge = (
    name: string,
    help: string,
    value: (now: MetricsReading) => number | null,
  ): void => {
    new Gauge({
      name: `reconciled_${name}`,
      help,
      registers,
      collect() {
        const number = scrape.now === null ? null : value(scrape.now);
        if (number === null) this.remove();
        else this.set(number);
      },
    });
  };
  gauge('nodes_known', 'Nodes of the registry and of nodes/', (now) => now.nodesKnown);
  gauge('nodes_connected', 'Nodes with a session', (now) => now.nodesConnected);
  gauge('associations', 'Associations in force', (now) => now.associations);
  gauge('executions_open', 'Executions that have not ended', (now) => now.executionsOpen);
  gauge(
    'executions_unpublished',
    'Ended executions that are not on the status branch yet',
    (now) => now.executionsUnpublished,
  );
  gauge(
    'executions_condensed',
    'Of those, whose runs were dropped: counts only',
    (now) => now.executionsCondensed,
  );
  gauge(
    'executions_lost',
    'Ended executions dropped before they were on the status branch, since the start',
    (now) => now.executionsLost,
  );
  gauge('source_held', '1 while the tip is held', (now) => Number(now.held));
  gauge('paused', '1 while an operator has paused starts', (now) => Number(now.paused));
  gauge('silent', '1 while the status branch carries another epoch: nothing starts', (now) =>
    Number(now.silent),
  );
  gauge('nodes_ahead', 'Nodes that have seen more than this daemon', (now) => now.nodesAhead);
  gauge(
    'nodes_clock_off',
    'Nodes that take no job because their clock is off',
    (now) => now.nodesClockOff,
  );
  gauge(
    'nodes_cloned',
    'Nodes whose key a second machine has, which is sent away',
    (now) => now.nodesCloned,
  );
  gauge('status_contested', '1 while another daemon writes the status branch, too', (now) =>
    Number(now.contested),
  );
  gauge('invalid_files', 'Files whose newest content is not in force', (now) => now.invalidFiles);
  gauge(
    'source_position',
    'First-parent commits up to the accepted revision',
    (now) => now.position,
  );
  gauge('inbox_events', 'Events that wait for a pass', (now) => now.inbox);
  gauge('journal_bytes', 'Bytes in segments since the snapshot', (now) => now.journalBytes);
  gauge('journal_sync_seconds', 'Duration of the last sync', (now) => now.journalSyncMs / 1000);
  gauge('source_age_seconds', 'Since the source was read', (now) => now.sourceAgeSeconds);
  gauge('status_age_seconds', 'Since the status branch agreed', (now) => now.statusAgeSeconds);
  // In this order: the last one read begins the next interval.
  gauge('event_loop_delay_max_seconds', 'Of the last scrape interval', () => loopDelay.max / 1e9);
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
      for (const [phase, count] of Object.entries(scrape.now?.runs ?? {})) {
        this.set({ phase }, count);
      }
    },
  });
  return {
    watch(read) {
      scrape.read = read;
    },
    text() {
      scrape.now = scrape.read?.() ?? null;
      return registry.metrics();
    },
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
