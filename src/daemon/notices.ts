/** What an operator has to know before a summary is believed: nobody who reads "compliant" may miss that it is old. */
import type { CommitId, NodeId } from '../core/model/brand.ts';
import type { ReconcileError } from '../core/model/errors.ts';
import { epochNotices } from '../core/world/epoch.ts';
import { clockNotices } from '../core/world/refusals.ts';
import type { World } from '../core/world/world.ts';

export type Standing = {
  readonly nowMs: number;
  /** When the source was read, and when the branch last agreed, monotonic; null: never by this process. */
  readonly source: { readonly lastSeenAtMs: number | null; readonly lastError: Failure };
  /** Nodes whose key a second machine has, too. */
  readonly twins: readonly NodeId[];
  readonly status: {
    readonly publishedAtMs: number | null;
    readonly lastError: Failure;
    readonly underWaySinceMs: number | null;
    /** A commit of another daemon in our epoch. */
    readonly rival: CommitId | null;
  };
};

/** What a publish of a large fleet may take; the remote's first time-out comes later. */
const UNDER_WAY_MS = 20_000;

type Failure = Pick<ReconcileError, 'code' | 'message'> | null;

export function noticesOf(
  world: World,
  { nowMs, source, status, twins }: Standing,
): readonly string[] {
  const { lastError: unread } = source;
  return [
    ...epochNotices(world),
    ...clockNotices(world.refusals),
    ...twinNotices(world, twins),
    ...(status.rival === null
      ? []
      : [
          `another daemon of this instance writes the status branch in this epoch (commit ${status.rival.slice(0, 7)}): two hosts run ` +
            'from copies of one state, and the branch tells what either believes. Stop one of them; to let this one go on alone: ' +
            'reconciled accept --recover',
        ]),
    ...(unread === null
      ? []
      : [
          `the source cannot be read (${unread.code}: ${unread.message}); it was read ${agoOf(source.lastSeenAtMs, nowMs)}, ` +
            'and what was accepted then stays in force',
        ]),
    ...statusNotices(status, nowMs),
  ];
}

function statusNotices(status: Standing['status'], nowMs: number): readonly string[] {
  const { lastError, underWaySinceMs, publishedAtMs } = status;
  const old = `it is right as of ${agoOf(publishedAtMs, nowMs)}`;
  // That it is superseded is an epoch's notice already.
  if (lastError?.code === 'STATUS_SUPERSEDED') return [];
  if (lastError !== null)
    return [
      `the status branch cannot be written (${lastError.code}: ${lastError.message}); ${old}`,
    ];
  if (underWaySinceMs === null || nowMs - underWaySinceMs < UNDER_WAY_MS) return [];
  return [
    `work on the status branch has taken ${secondsSince(underWaySinceMs, nowMs)} s so far (does its remote answer?); ${old}`,
  ];
}

function twinNotices({ fleet }: World, twins: readonly NodeId[]): readonly string[] {
  const [first] = twins;
  if (first === undefined) return [];
  const named = `${fleet.nodes.get(first)?.name ?? first} (${first})`;
  const others = twins.length === 1 ? '' : ` and ${twins.length - 1} more nodes`;
  return [
    `${named}${others}: a second machine has the same key and is sent away, so nothing runs on it; register it anew`,
  ];
}

function agoOf(atMs: number | null, nowMs: number): string {
  if (atMs === null) return 'before this daemon started';
  const seconds = secondsSince(atMs, nowMs);
  if (seconds < 120) return `${seconds} s ago`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} min ago` : `${Math.round(minutes / 60)} h ago`;
}

const secondsSince = (atMs: number, nowMs: number): number =>
  Math.max(0, Math.round((nowMs - atMs) / 1000));
