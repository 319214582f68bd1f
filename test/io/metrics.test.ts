import assert from 'node:assert/strict';
import test from 'node:test';
import { countedLog } from '../../src/daemon/counted-log.ts';
import { silentLog } from '../../src/io/log.ts';
import type { MetricsReading } from '../../src/io/metrics.ts';
import { openMetrics } from '../../src/io/metrics.ts';

const reading: MetricsReading = {
  nodesKnown: 5,
  nodesConnected: 4,
  associations: 3,
  executionsOpen: 1,
  executionsUnpublished: 6,
  executionsCondensed: 2,
  executionsLost: 0,
  runs: { Pending: 2, Started: 1 },
  held: true,
  paused: false,
  silent: false,
  nodesAhead: 0,
  nodesClockOff: 0,
  nodesCloned: 0,
  contested: true,
  invalidFiles: 0,
  position: 7,
  inbox: 0,
  journalBytes: 100,
  journalSyncMs: 5,
  sourceAgeSeconds: 1,
  statusAgeSeconds: null,
};

test('metrics: gauges are read once a scrape, counters where things happen', async () => {
  const metrics = openMetrics();
  let reads = 0;
  metrics.watch(() => {
    reads++;
    return reading;
  });
  metrics.pass({ durationMs: 3, events: 2 });
  metrics.runFinished('Failed');
  const text = await metrics.text();
  assert.equal(reads, 1);
  for (const line of [
    'reconciled_nodes_known 5',
    'reconciled_nodes_connected 4',
    'reconciled_executions_unpublished 6',
    'reconciled_executions_condensed 2',
    'reconciled_executions_lost 0',
    'reconciled_source_held 1',
    'reconciled_status_contested 1',
    'reconciled_runs{phase="Pending"} 2',
    'reconciled_journal_sync_seconds 0.005',
    'reconciled_pass_duration_seconds_count 1',
    'reconciled_events_total 2',
    'reconciled_runs_finished_total{status="Failed"} 1',
  ]) {
    assert.ok(text.includes(`${line}\n`), line);
  }
  assert.doesNotMatch(text, /^reconciled_status_age_seconds /m, 'what is not known is not told');
});

test('metrics: every name is ours and explained; nothing names a node', async () => {
  const metrics = openMetrics();
  metrics.watch(() => reading);
  const text = await metrics.text();
  for (const [, name] of text.matchAll(/^([a-z_]+)[ {]/gm))
    assert.match(name ?? '', /^reconciled_/);
  assert.equal(text.match(/^# HELP/gm)?.length, text.match(/^# TYPE/gm)?.length);
  assert.doesNotMatch(text, /mi-/);
});

test('metrics: what is logged with a code is counted by it, children included', () => {
  const counted: string[] = [];
  const log = countedLog(silentLog, (code) => counted.push(code)).child({ part: 'source' });
  log.warn({ code: 'SOURCE_AUTH' }, 'source not read');
  log.error({ message: 'x' }, 'request failed');
  log.info({ code: 'NOT_COUNTED' }, 'told');
  assert.deepEqual(counted, ['SOURCE_AUTH']);
});
