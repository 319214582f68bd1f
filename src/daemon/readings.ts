import { isAhead, silenceOf } from '../core/world/epoch.ts';
import type { MetricsReading } from '../io/metrics.ts';
import type { Triggers } from './triggers.ts';
import type { Parts } from './wire.ts';

/** One look at everything that a scrape tells. */
export function readMetrics(parts: Parts, triggers: Triggers): MetricsReading {
  const { world, inbox, journal, publisher, ports } = parts;
  const { state } = world;
  const nowMs = ports.clock.monotonicMs();
  const stats = journal.stats();
  const runs = { Pending: 0, Offered: 0, Started: 0, Unreachable: 0 };
  let executionsOpen = 0;
  for (const { phases, endedAt } of state.executions.values()) {
    if (endedAt !== null) continue;
    executionsOpen++;
    runs.Pending += phases.Pending;
    runs.Offered += phases.Offered;
    runs.Started += phases.Started;
    runs.Unreachable += phases.Unreachable;
  }
  let nodesConnected = 0;
  for (const node of state.nodes.values()) if (node.connectedAt !== null) nodesConnected++;
  const age = (atMs: number | null): number | null =>
    atMs === null ? null : (nowMs - atMs) / 1000;
  return {
    nodesKnown: world.fleet.nodes.size,
    nodesConnected,
    associations: state.associations.size,
    executionsOpen,
    executionsUnpublished: world.history.executions,
    executionsCondensed: world.history.condensed,
    executionsLost: world.history.lost,
    runs,
    held: state.held !== null,
    paused: state.paused !== null,
    silent: silenceOf(state) !== null,
    nodesAhead: [...world.seen.keys()].filter((node) => isAhead(world, node)).length,
    nodesClockOff: world.refusals.clocksOff().length,
    nodesCloned: parts.twins().length,
    contested: publisher.rival !== null,
    invalidFiles: world.revision?.catalog.invalid.size ?? 0,
    position: state.accepted?.position ?? 0,
    inbox: inbox.size,
    journalBytes: stats.bytes,
    journalSyncMs: stats.lastSyncMs,
    sourceAgeSeconds: age(triggers.lastSeenAtMs),
    statusAgeSeconds: age(publisher.publishedAtMs),
  };
}
