/**
 * Status commits: at most one per interval, and one at once when a revision settles. Publishing runs beside the passes and
 * never holds one up; what changes meanwhile is dirty again. A publish that fails or is called off loses nothing: its marks
 * are put back.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { sha256Hex } from '../core/canonical/digest.ts';
import type { CommitId, Instant, NodeId } from '../core/model/brand.ts';
import { ReconcileError } from '../core/model/errors.ts';
import { beginSlice } from '../core/model/slice.ts';
import { expiredExecutionPaths, firstDayKept } from '../core/report/paths.ts';
import type { ReportFile } from '../core/report/report-files.ts';
import { renderFiles, renderState } from '../core/report/report-files.ts';
import type { Dirty } from '../core/world/effects.ts';
import { silenceOf, whySilent } from '../core/world/epoch.ts';
import type { World } from '../core/world/world.ts';
import { subjectOf, trailersOf } from './commit-text.ts';
import { isDirty, putBack, putBackEnded, take, withLater } from './dirty.ts';
import type { Inbox } from './inbox.ts';
import { lastPlanReport } from './last-plan.ts';
import { lateFiles } from './late.ts';
import { lookAt } from './look.ts';
import type { Ports, PublishOutcome, StatusTip } from './ports.ts';
import { isSettled } from './settled.ts';
import type { Content } from './written-before.ts';
import { keepHistory, textsOf } from './written-before.ts';

export type PublisherOptions = {
  readonly intervalMs: number;
  /** How long ended executions stay in the tip of the branch; whole days. */
  readonly retentionMs: number;
  /** Signature of the daemon's key over a text. */
  readonly sign: (text: string) => string;
  /** The epoch of a state.json that this daemon's key has signed; null: there is none that can be believed. */
  readonly epochOn: (tip: StatusTip) => Promise<number | null>;
  readonly onError: (error: ReconcileError) => void;
  /** A publish has ended: whoever sleeps between passes asks `tick` again, since what changed meanwhile may be due. */
  readonly onIdle: () => void;
  /** Another daemon of this instance wrote there, in our epoch, since we did: two run from copies of one state. */
  readonly onRival: (commit: CommitId) => void;
  /** A commit of ours is on the branch: its forge may announce it to us. */
  readonly onPublished: () => void;
};

export type Publisher = {
  /** Called after each pass: starts a publish when one is due. Gives the instant to be called again, monotonic ms, or null. */
  tick(signal: AbortSignal): number | null;
  /** Publishes what is dirty now; resolves when it is on the branch, rejects when it could not be. */
  flush(signal: AbortSignal): Promise<void>;
  /** Resolves once nothing is under way, however it ended. */
  ended(): Promise<void>;
  /** Files that `flush` would render, about. */
  readonly waiting: number;
  /** When the branch last agreed with us, monotonic ms; null: never yet. */
  readonly publishedAtMs: number | null;
  readonly lastError: ReconcileError | null;
  /** Since when a publish has been under way, monotonic ms; a remote that says nothing is waited for, minutes if need be. */
  readonly underWaySinceMs: number | null;
  /** The newest commit of another daemon in our epoch, for as long as that is told of. */
  readonly rival: CommitId | null;
};

/** Ended executions reach the branch this often (contract §7, "rolled up hourly"), or when so many wait in memory. */
const ROLL_UP_MS = 60 * 60_000;
const ENDED_MAX = 500;
const FILES_PER_ASSOCIATION = 2;
/** A fleet that changes faster than it is rendered ends a publish all the same: then what is left goes in one stretch. */
const LATE_TURNS_MAX = 1_000;
/** Two daemons that have nothing to write meet seldom. */
const RIVAL_TOLD_MS = 15 * 60_000;
const RETRY_MS = { first: 5_000, max: 5 * 60_000 };

/** How long the execution that ended first waits for the branch: at most the time after which it goes there. */
function waitedMs({ history, state }: World, now: Instant): number {
  const oldest = history.oldest('all');
  const endedAt = (oldest === null ? null : state.executions.get(oldest)?.endedAt) ?? now;
  return Math.min(Math.max(0, now - endedAt), ROLL_UP_MS);
}

const bytesOf = (content: Content): Uint8Array | null =>
  typeof content === 'string' ? Buffer.from(content) : content;

type PublishPorts = Pick<Ports, 'status' | 'clock'>;

export function createPublisher(
  world: World,
  inbox: Inbox,
  ports: PublishPorts,
  options: PublisherOptions,
): Publisher {
  const { clock } = ports;
  /** Path → digest of the text that stands on the branch, as far as we know. */
  const standing = new Map<string, string>();
  let underWay: Promise<void> | null = null;
  let underWaySinceMs: number | null = null;
  let publishedAtMs: number | null = null;
  let agreedAtMs: number | null = null;
  let rolledUpAtMs: number | null = null;
  let retry = { delayMs: 0, notBeforeMs: 0, epoch: 0 };
  let settledRevision: CommitId | null = null;
  let lastError: ReconcileError | null = null;
  let rival: {
    readonly commit: CommitId;
    readonly untilMs: number;
    readonly epoch: number;
  } | null = null;
  /** Whether the page, as it stands on the branch, says so. */
  let tellsOfRival = false;
  /** What the branch was when we last wrote it, and when it was last seen like that. */
  let left: CommitId | null = null;
  let seenAtMs: number | null = null;
  let foreignPaths: readonly string[] = [];
  /** Changed during the publish under way, and rendered in it. */
  const late = new Set<NodeId>();
  /** Ended executions of before this day are known to be gone from the tip. */
  let keptFrom = '';

  /** Earliest instant for the next publish, or the next look at a branch that should be as we left it, monotonic ms. */
  function dueAt(): number | null {
    if (world.revision === null) return null;
    if (!isDirty(world.dirty)) {
      const look = seenAtMs === null ? Number.POSITIVE_INFINITY : seenAtMs + options.intervalMs;
      const next = Math.max(Math.min(look, rollUpDueAt()), retryAt());
      return Number.isFinite(next) ? next : null;
    }
    const accepted = world.state.accepted?.commit ?? null;
    const settles = accepted !== settledRevision && isSettled(world);
    const regular = publishedAtMs === null ? 0 : publishedAtMs + options.intervalMs;
    const waitsForUs = silenceOf(world.state) === 'unannounced';
    return Math.max(settles || waitsForUs ? 0 : regular, retryAt());
  }

  const epochNow = (): number => world.state.instance?.epoch ?? 0;

  /** An epoch that began since, by an operator's word, does not wait for what failed before it. */
  const retryAt = (): number => (retry.epoch === epochNow() ? retry.notBeforeMs : 0);

  function rollUpDueAt(): number {
    const waiting = world.dirty.ended.size;
    if (waiting === 0) return Number.POSITIVE_INFINITY;
    // What a life before left waiting has waited already: else a daemon that dies twice an hour would write no history.
    rolledUpAtMs ??= clock.monotonicMs() - waitedMs(world, clock.now());
    return waiting >= ENDED_MAX
      ? (publishedAtMs ?? 0) + options.intervalMs
      : rolledUpAtMs + ROLL_UP_MS;
  }

  /** Somebody may delete or edit the branch while there is nothing to write: that costs one interval, too (P8). */
  async function isAsLeft(signal: AbortSignal): Promise<boolean> {
    const tip = await ports.status.tip(signal);
    seenAtMs = clock.monotonicMs();
    if ((tip?.commit ?? null) !== left) return false;
    agreedAtMs = seenAtMs;
    return true;
  }

  async function publishOnce(signal: AbortSignal, everything: boolean): Promise<void> {
    const nowMs = clock.monotonicMs();
    const rollUp = everything || nowMs >= rollUpDueAt();
    if ((rivalNow() !== null) !== tellsOfRival) world.dirty.fleet = true;
    if (!rollUp && !isDirty(world.dirty)) {
      const asLeft = await isAsLeft(signal);
      if (asLeft && firstDayKept(clock.now(), options.retentionMs) <= keptFrom) return;
      if (!asLeft) {
        standing.clear();
        world.dirty.all = true;
      }
    }
    const accepted = world.state.accepted?.commit ?? null;
    const settled = isSettled(world);
    const taken = take(world.dirty, rollUp);
    try {
      const outcome = await write(taken, signal);
      if (outcome.kind === 'published' && outcome.foreignPaths.length > 0) {
        // Known only once they are gone: the next commit names them, and they stay named until the next edit.
        foreignPaths = outcome.foreignPaths;
        world.dirty.fleet = true;
      }
      if (outcome.kind === 'rebuild' || outcome.commit === null) putBackEnded(world, taken);
      if (rollUp) rolledUpAtMs = nowMs;
    } catch (cause) {
      putBack(world, taken);
      throw cause;
    } finally {
      for (const node of late) world.dirty.nodes.add(node);
      late.clear();
    }
    publishedAtMs = nowMs;
    agreedAtMs = clock.monotonicMs();
    if (settled) settledRevision = accepted;
  }

  /** Renders and hands over; when the branch is not what we left there, everything is written on top of what is. */
  async function write(taken: Dirty, signal: AbortSignal): Promise<PublishOutcome> {
    const first = await hand(taken, false, signal);
    if (first.kind === 'published') return first;
    // With a commit, the branch has just been seen.
    if (first.kind === 'unchanged' && (first.commit !== null || (await isAsLeft(signal)))) {
      return first;
    }
    standing.clear();
    return hand({ ...taken, all: true }, true, signal);
  }

  async function hand(
    taken: Dirty,
    complete: boolean,
    signal: AbortSignal,
  ): Promise<PublishOutcome> {
    const announces = silenceOf(world.state) === 'unannounced';
    const at = clock.now();
    const firstDay = firstDayKept(at, options.retentionMs);
    // Once a day, though nothing else is written: what stays in the tip stays there for its days and no longer.
    const expires = firstDay > keptFrom;
    const before =
      announces || complete || expires || taken.all || taken.ended.size > 0
        ? await ports.status.tip(signal)
        : null;
    if (before !== null && (announces || complete)) await yieldTo(before);
    const looked = await lookAt(world, clock, signal);
    if (looked === null) {
      throw new ReconcileError('STATUS_NOT_READY', 'no revision is in force yet', {
        retry: 'next-pass',
      });
    }
    const contested = rivalNow() !== null;
    const { sign } = options;
    const view = { ...looked, plan: lastPlanReport(world), foreignPaths, contested, sign };
    const files = new Map<string, Content>();
    const digests = new Map<string, string>();
    const existing = await textsOf(before, [...taken.ended], world);
    const dirty = {
      nodes: taken.nodes,
      associations: taken.associations,
      endedExecutions: taken.ended,
      all: taken.all,
      existing: (path: string) => existing.get(path) ?? null,
    };
    const put = ([path, text]: ReportFile): void => {
      files.set(path, text);
      if (text !== null) digests.set(path, sha256Hex(text));
    };
    const slice = beginSlice(clock.monotonicMs);
    for (const file of renderFiles(view, dirty)) {
      put(file);
      if (!slice.isOver()) continue;
      await nextTurn();
      signal.throwIfAborted();
      slice.begin();
    }
    if (before !== null && expires) {
      const written = await before.list('executions');
      for (const path of expiredExecutionPaths(written, firstDay)) files.set(path, null);
    }
    if (taken.all && before !== null) await keepHistory(before, files, complete, firstDay);
    let turns = 0;
    for (const file of lateFiles(world, clock, view, late)) {
      put(file);
      if (turns >= LATE_TURNS_MAX || !slice.isOver()) continue;
      turns++;
      await nextTurn();
      signal.throwIfAborted();
      slice.begin();
    }
    // From here to state.json without a turn. Verdicts over another revision than the one in force would be wrong.
    if (world.revision?.catalog !== view.catalog) {
      return hand(withLater(taken, world.dirty, late), complete, signal);
    }
    const isNews = ([path, content]: readonly [string, Content]): boolean =>
      content === null || standing.get(path) !== digests.get(path);
    // Slots that fire and repeat a success change state.json alone: a recovery does without, agents know what they ran.
    if (!complete && !announces && ![...files].some(isNews)) {
      if (before !== null) keptFrom = firstDay;
      return { kind: 'unchanged', commit: null, rival: null };
    }
    put(renderState(view));
    const epoch = world.state.instance?.epoch ?? 0;
    const changed = new Map(
      [...files]
        .filter((file) => complete || isNews(file))
        .map(([path, content]) => [path, bytesOf(content)]),
    );
    const asked = Math.max(world.state.published?.seq ?? 0, before?.seq ?? 0) + 1;
    // Until an answer comes nobody knows what stands there: what is as it was before has to be written again then.
    for (const path of changed.keys()) standing.delete(path);
    const outcome = await ports.status.publish(
      {
        files: changed,
        complete,
        subject: subjectOf(view.standings, world),
        trailers: trailersOf(world),
        instance: world.state.instance?.name ?? '',
        seq: asked,
        at,
      },
      signal,
    );
    if (outcome.kind === 'rebuild') return outcome;
    // Below the commit that announces an epoch lies what was written in the one before.
    tellsOfRival = contested;
    if (outcome.rival !== null && !announces) met(outcome.rival, epoch);
    left = outcome.commit;
    seenAtMs = clock.monotonicMs();
    // What waited for longer than it is kept has just been written: Git has it, and the next commit takes it from the tip.
    const isOld = expiredExecutionPaths(digests.keys(), firstDay).length > 0;
    if (before !== null) keptFrom = isOld ? '' : firstDay;
    for (const [path, content] of files) {
      const digest = content === null ? undefined : digests.get(path);
      if (digest === undefined) standing.delete(path);
      else standing.set(path, digest);
    }
    if (outcome.kind === 'published') options.onPublished();
    const { commit } = outcome;
    const archived = [...taken.ended];
    const seq = outcome.kind === 'published' ? outcome.seq : asked;
    if (commit !== null && (outcome.kind === 'published' || announces || archived.length > 0)) {
      await inbox.push({ kind: 'published', seq, commit, epoch, archived });
    }
    return outcome;
  }

  function rivalNow(): CommitId | null {
    const isTold = rival?.epoch === epochNow() && clock.monotonicMs() < rival.untilMs;
    return isTold ? (rival?.commit ?? null) : null;
  }

  /** `epoch`: the one in which it was met; an operator may have begun another while the commit was on its way. */
  function met(commit: CommitId, epoch: number): void {
    rival = { commit, untilMs: clock.monotonicMs() + RIVAL_TOLD_MS, epoch };
    if (epoch !== epochNow()) return;
    options.onRival(commit);
    if (!tellsOfRival) world.dirty.fleet = true;
  }

  /**
   * Somebody else with our key may have written there: what it wrote in a higher epoch is newer than anything we know.
   * @throws ReconcileError STATUS_SUPERSEDED
   */
  async function yieldTo(tip: StatusTip): Promise<void> {
    const epoch = await options.epochOn(tip);
    if (epoch !== null) await inbox.push({ kind: 'branch-epoch', epoch });
    if (silenceOf(world.state) !== 'superseded') return;
    throw new ReconcileError(
      'STATUS_SUPERSEDED',
      `${whySilent(world.state)}: another host has gone on from here, or this state directory is an old copy. Stop one of the two; ` +
        'to go on with this one: reconciled accept --recover',
      { retry: 'backoff' },
    );
  }

  /** `everything`: also what waits for the hourly roll-up. */
  function start(signal: AbortSignal, everything = false): Promise<void> {
    const mine = publishOnce(signal, everything)
      .then(
        () => {
          retry = { delayMs: 0, notBeforeMs: 0, epoch: epochNow() };
          lastError = null;
        },
        (cause: unknown) => {
          if (!(cause instanceof ReconcileError)) throw cause;
          const delayMs = Math.min(retry.delayMs * 2 || RETRY_MS.first, RETRY_MS.max);
          retry = { delayMs, notBeforeMs: clock.monotonicMs() + delayMs, epoch: epochNow() };
          lastError = cause;
          options.onError(cause);
          throw cause;
        },
      )
      .finally(() => {
        underWay = null;
        underWaySinceMs = null;
        options.onIdle();
      });
    underWay = mine;
    underWaySinceMs = clock.monotonicMs();
    return mine;
  }

  return {
    tick(signal) {
      if (underWay !== null) return null;
      const at = dueAt();
      if (at === null || at > clock.monotonicMs()) return at;
      start(signal).catch((cause: unknown) => {
        // Typed failures are told by onError and tried again; anything else is a bug and ends the process.
        if (!(cause instanceof ReconcileError) && !signal.aborted) {
          queueMicrotask(() => {
            throw cause;
          });
        }
      });
      return null;
    },
    async flush(signal) {
      if (underWay !== null) await Promise.allSettled([underWay]);
      if (isDirty(world.dirty) || world.dirty.ended.size > 0) await start(signal, true);
    },
    async ended() {
      while (underWay !== null) await Promise.allSettled([underWay]);
    },
    get waiting() {
      const { all, nodes, associations, ended } = world.dirty;
      return (
        (all ? world.fleet.nodes.size : nodes.size) +
        (all ? world.state.associations.size : associations.size) * FILES_PER_ASSOCIATION +
        ended.size
      );
    },
    get publishedAtMs() {
      return agreedAtMs;
    },
    get lastError() {
      return lastError;
    },
    get underWaySinceMs() {
      return underWaySinceMs;
    },
    get rival() {
      return rivalNow();
    },
  };
}
