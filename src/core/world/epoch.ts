/**
 * Who may speak to agents. An epoch is one unbroken line of a daemon's state; whoever comes back from less than its newest
 * state (rebuilt from the status branch, restored from a backup, begun anew) begins the next one, so that agents which saw
 * more follow. Agents refuse a lower (epoch, position) than the highest they took a job of. The branch decides, and no node:
 *
 * 1. No job is sent in an epoch that the branch does not carry yet. Who loses its state again before that has told nobody.
 * 2. An epoch begins above the one on the branch; found there again by the very commit that was to announce it, it is raised.
 * 3. Whoever finds a higher epoch on the branch than its own has been succeeded: it sends nothing and overwrites nothing,
 *    until an operator begins a new epoch.
 * 4. What a node says raises nothing, since a node may lie. One that took a job of a higher epoch or position is sent nothing
 *    until this daemon has caught up with it, or an operator says how it goes on: accepting a revision by name raises the
 *    position above all that was told (contract §4: never backwards by accident); beginning anew leaves earlier positions behind.
 */
import type { NodeId } from '../model/brand.ts';
import { unreachable } from '../model/errors.ts';
import type { State } from '../model/state.ts';
import type { Record } from './records.ts';
import type { Turn } from './turn.ts';
import { emit, note } from './turn.ts';
import type { World } from './world.ts';

/** Epoch and position of the highest job that a node took. */
export type Seen = { readonly epoch: number; readonly position: number };

/** unannounced: the branch does not carry our epoch yet. superseded: it carries a higher one. */
export type Silence = 'unannounced' | 'superseded';

/** A position that a node may make an operator's acceptance jump over: more commits than any history has. */
const JUMP_MAX = 1_000_000;

/** Why nothing may be sent; null: we may speak. */
export function silenceOf({ instance }: Pick<State, 'instance'>): Silence | null {
  if (instance === null || instance.epoch === instance.branchEpoch) return null;
  return instance.epoch > instance.branchEpoch ? 'unannounced' : 'superseded';
}

/** What the branch carries, signed by our key: found there, or just written by us. */
export function onBranchEpoch(
  turn: Turn,
  found: { readonly epoch: number; readonly by: 'us' | 'anybody' },
): void {
  const { instance } = turn.world.state;
  if (instance === null) return;
  const { epoch } = found;
  const silence = silenceOf({ instance });
  if (found.by === 'us') {
    if (silence !== 'unannounced' || epoch !== instance.epoch) return;
    emit(turn, { kind: 'branch-epoch', epoch });
    note(turn, 'epoch announced', { epoch });
  } else if (silence === 'unannounced' && epoch >= instance.epoch) {
    emit(turn, { kind: 'instance', ...instance, epoch: epoch + 1, branchEpoch: epoch });
    note(turn, 'epoch raised above the status branch', { epoch: epoch + 1, found: epoch });
  } else if (epoch > instance.epoch && epoch > instance.branchEpoch) {
    emit(turn, { kind: 'branch-epoch', epoch });
    note(turn, 'superseded: the status branch carries a higher epoch', {
      epoch: instance.epoch,
      found: epoch,
    });
  }
}

/** A record of a backup that is put back: agents have seen more than it knows, so another epoch begins, and is announced first. */
export function restoredRecord(record: Record): Record {
  if (record.kind !== 'instance') return record;
  const branchEpoch = Math.max(record.epoch, record.branchEpoch ?? 0);
  return { ...record, epoch: branchEpoch + 1, branchEpoch };
}

/** A node has told what it saw. */
export function heedSeen(turn: Turn, node: NodeId, seen: Seen): void {
  const { world } = turn;
  world.seen.delete(node);
  if (!isAbove(world.state, seen)) return;
  world.seen.set(node, seen);
  const { epoch, position } = ownOf(world.state);
  note(turn, 'node has seen more than this daemon knows', {
    node,
    seenEpoch: seen.epoch,
    seenPosition: seen.position,
    epoch,
    position,
  });
}

export function isAhead({ seen, state }: Pick<World, 'seen' | 'state'>, node: NodeId): boolean {
  const told = seen.get(node);
  return told !== undefined && isAbove(state, told);
}

/** Our epoch or position has changed: whoever we have caught up with lines up again. */
export function releaseCaughtUp(world: World): void {
  for (const [id, told] of world.seen) {
    if (isAbove(world.state, told)) continue;
    world.seen.delete(id);
    world.touchNode(id);
    const node = world.state.nodes.get(id);
    if (node !== undefined) world.lineUp(node);
  }
}

/** The position of a revision that an operator names: above whatever nodes have told. */
export function positionAbove(world: World, position: number): number {
  const max = position + JUMP_MAX;
  let above = position;
  for (const told of world.seen.values()) {
    if (told.position >= above && told.position <= max) above = told.position + 1;
  }
  return above;
}

/** In words, for whoever asks why a node is not sent anything. */
export function aheadOf(world: World, node: NodeId): string | null {
  const told = world.seen.get(node);
  if (told === undefined || !isAbove(world.state, told)) return null;
  const { epoch, position } = ownOf(world.state);
  return `the node took a job of epoch ${told.epoch}, position ${told.position}; this daemon is at ${epoch}, ${position}`;
}

/** In words, for whoever asks why nothing is sent at all. */
export function whySilent(state: Pick<State, 'instance'>): string | null {
  const { epoch = 0, branchEpoch = 0 } = state.instance ?? {};
  const silence = silenceOf(state);
  switch (silence) {
    case null:
      return null;
    case 'unannounced':
      return `epoch ${epoch} begins when it stands on the status branch`;
    case 'superseded':
      return `the status branch carries epoch ${branchEpoch}, above ${epoch} of this daemon`;
    default:
      return unreachable(silence);
  }
}

/** Whom an operator has to decide about; empty while all is as it should be. */
export function epochNotices(world: World): readonly string[] {
  const silent = whySilent(world.state);
  const ahead = [...world.seen.keys()].filter((node) => isAhead(world, node));
  const said = ahead[0] === undefined ? null : aheadOf(world, ahead[0]);
  return [
    ...(silent === null ? [] : [`nothing starts: ${silent}`]),
    ...(said === null ? [] : [`${ahead.length} nodes have seen more than this daemon: ${said}`]),
  ];
}

function isAbove(state: State, seen: Seen): boolean {
  const own = ownOf(state);
  if (seen.epoch > own.epoch) return true;
  return seen.epoch >= (state.instance?.anewEpoch ?? 0) && seen.position > own.position;
}

const ownOf = ({ instance, accepted }: State): Seen => ({
  epoch: instance?.epoch ?? 0,
  position: accepted?.position ?? 0,
});
