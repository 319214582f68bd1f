/**
 * The heart: `advance(world, events, now) → { records, effects, reasons }`. A fold over whatever happened, without I/O and
 * without a clock of its own; the daemon, the offline plan and the simulator all run this one.
 */

import { judgeAncestry } from '../accept/accept.ts';
import type { Instant } from '../model/brand.ts';
import { unreachable } from '../model/errors.ts';
import { dispatch } from './dispatch.ts';
import type { Effect, Reason } from './effects.ts';
import { onBranchEpoch } from './epoch.ts';
import type { Event } from './events.ts';
import { boundHistory } from './history.ts';
import { onApplied, onConnected, onDisconnected, onRebooting, watchAbsence } from './on-node.ts';
import { onOperator } from './on-operator.ts';
import { hold, onRestored, onRevision, release } from './on-revision.ts';
import { onRollouts } from './on-rollout.ts';
import { onAlready, onNotStarted, onResult, onStarted, onUndeliverable } from './on-run.ts';
import { bringBack, onSetBack, watchRuns } from './on-set-back.ts';
import { onAlarms, onTime } from './on-time.ts';
import { putInForce } from './put-in-force.ts';
import type { Record } from './records.ts';
import type { Turn } from './turn.ts';
import { emit, note } from './turn.ts';
import type { World } from './world.ts';

export type Advance = {
  readonly records: readonly Record[];
  readonly effects: readonly Effect[];
  readonly reasons: readonly Reason[];
  /** A limit of one pass cut it short: pass again at once. */
  readonly more: boolean;
};

/** Due instants looked at and runs opened in one pass: a thousand slots at midnight do not stop the event loop. */
const DUE_PER_PASS = 200;

export function advance(world: World, events: readonly Event[], now: Instant): Advance {
  const turn: Turn = { world, now, records: [], effects: [], reasons: [] };
  if (now < world.seenAt) onSetBack(turn);
  world.seenAt = now;
  for (const event of events) {
    // Whatever happens finds a revision in force as a whole.
    putInForce(turn, 'all');
    onEvent(turn, event);
  }
  const more = (events.length === 0 && !putInForce(turn, 'a-pass')) || world.remainder !== null;
  const { records, effects, reasons } = turn;
  return { records, effects, reasons, more: more || onWhole(turn) };
}

/** What falls due and who starts, once the revision is in force as a whole; true when a limit of one pass cut it short. */
function onWhole(turn: Turn): boolean {
  const moreTimers = onTime(turn, DUE_PER_PASS);
  onRollouts(turn);
  const moreOffers = dispatch(turn);
  boundHistory(turn);
  return moreTimers || moreOffers;
}

function onEvent(turn: Turn, event: Event): void {
  switch (event.kind) {
    case 'tick':
      return;
    case 'boot':
      return onBoot(turn, event);
    case 'recovered':
      for (const record of event.records) emit(turn, record);
      turn.world.reindex();
      return;
    case 'restored':
      return onRestored(turn, event.revision);
    case 'revision':
      return onRevision(turn, event);
    case 'source-stuck': {
      const verdict = judgeAncestry(event.ancestry, event.tip);
      if (verdict !== null) hold(turn, event.tip, verdict);
      return;
    }
    case 'source-same':
      return release(turn);
    case 'source-unread':
      return onUnread(turn, event);
    case 'source-read':
      if (turn.world.state.unread !== null) emit(turn, { kind: 'source-read' });
      return;
    case 'applied':
      return onApplied(turn, event.id, event.applicant);
    case 'connected':
      return onConnected(turn, event.node, event.hello);
    case 'disconnected':
      return onDisconnected(turn, event.node);
    case 'not-sent':
    case 'busy':
    case 'refused':
    case 'revoked-job':
      return onNotStarted(turn, event);
    case 'undeliverable':
      return onUndeliverable(turn, event);
    case 'started':
      return onStarted(turn, event);
    case 'rebooting':
      return onRebooting(turn, event.node, event.run);
    case 'result':
      return onResult(turn, event);
    case 'already':
      return onAlready(turn, event);
    case 'operator':
      return onOperator(turn, event);
    case 'alarms':
      return onAlarms(turn, event.states);
    case 'published':
      return onPublished(turn, event);
    case 'branch-epoch':
      return onBranchEpoch(turn, { epoch: event.epoch, by: 'anybody' });
    default:
      return unreachable(event);
  }
}

/** Nobody is connected to a daemon that has just started; whatever was out is looked for as nodes come back. */
function onBoot(turn: Turn, event: Event & { kind: 'boot' }): void {
  const { world } = turn;
  const { state } = world;
  const { instance: name, daemonKey } = event;
  const { instance: known } = state;
  // Another key: nodes pinned the one before and register again; what is published from now on is of this one.
  if (known?.daemonKey !== daemonKey) {
    const epochs = known ?? { epoch: 1, branchEpoch: 1, anewEpoch: 0 };
    emit(turn, { ...epochs, kind: 'instance', name, daemonKey });
    if (known !== null) note(turn, 'daemon key changed', { before: known.daemonKey, daemonKey });
  }
  world.reindex();
  for (const node of state.nodes.values()) {
    if (node.connectedAt !== null)
      emit(turn, { kind: 'disconnected', node: node.id, at: turn.now });
    watchAbsence(turn, node);
  }
  for (const execution of state.executions.values()) watchRuns(turn, execution);
  bringBack(turn);
}

/** Told once, with what stood in the way then: a page that followed every reason would never rest. */
function onUnread(turn: Turn, { code, forMs }: Event & { kind: 'source-unread' }): void {
  if (turn.world.state.unread !== null) return;
  const since = (turn.now - forMs) as Instant;
  emit(turn, { kind: 'source-unread', code, since });
  note(turn, 'source not read for long', { code });
}

function onPublished(turn: Turn, event: Event & { kind: 'published' }): void {
  emit(turn, { kind: 'published', seq: event.seq, commit: event.commit, at: turn.now });
  onBranchEpoch(turn, { epoch: event.epoch, by: 'us' });
  const { state, dirty } = turn.world;
  for (const execution of event.archived) {
    // Marked again: the truth came late, after its line was rendered, and goes to the branch before it is forgotten.
    if (dirty.ended.has(execution)) continue;
    if (state.executions.get(execution)?.endedAt !== null) {
      emit(turn, { kind: 'archived', execution });
    }
  }
}
