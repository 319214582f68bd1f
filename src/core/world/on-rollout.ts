/** Rings, one after the other: passed, soaked, opened; halted when too many of one failed. */
import type { Ring } from '../model/association.ts';
import type { AssociationName, NodeId } from '../model/brand.ts';
import { unreachable } from '../model/errors.ts';
import type { AssociationState, RolloutState } from '../model/state.ts';
import type { RingCounts, RolloutStep } from '../rollout/rings.ts';
import { nextStep, positionAfter } from '../rollout/rings.ts';
import type { RingTally } from './rings.ts';
import { failsSince } from './rings.ts';
import type { Turn } from './turn.ts';
import { emit, note } from './turn.ts';
import type { World } from './world.ts';

/** Every rollout whose rings have changed takes as many steps as it can. */
export function onRollouts(turn: Turn): void {
  for (const name of turn.world.rings.takeTouched()) advanceRollout(turn, name);
}

export function advanceRollout(turn: Turn, name: AssociationName): void {
  const { world, now } = turn;
  const association = world.definition(name)?.association;
  const tallies = world.rings.of(name);
  if (association === undefined || tallies === null) return;
  nameForgiven(turn, name);
  heal(turn, name, tallies);
  for (;;) {
    const rollout = world.state.associations.get(name)?.rollout ?? null;
    if (rollout === null) return;
    const counts = tallies.map((tally) => countsOf(tally, rollout.forgiven));
    const step = nextStep(rollout, association, counts, now);
    if (step.kind === 'soak') {
      world.timers.push({ kind: 'soak', association: name, at: step.until });
    }
    if (step.kind === 'wait' || step.kind === 'soak') return;
    take(turn, name, rollout, step);
  }
}

/** A program of before counted whom it forgave. */
function nameForgiven(turn: Turn, association: AssociationName): void {
  const rollout = turn.world.state.associations.get(association)?.rollout ?? null;
  if (rollout?.unnamed === undefined) return;
  const forgiven = forgivenOf(turn.world, association, rollout);
  emit(turn, { kind: 'rollout-forgiven', association, forgiven });
}

/** Those that came first were forgiven: they had failed when somebody resumed. */
function forgivenOf(
  { rings, state }: World,
  name: AssociationName,
  { forgiven, unnamed }: RolloutState,
): readonly NodeId[] {
  if (unnamed === undefined) return forgiven;
  const since = (node: NodeId): number => failsSince(state, name, node);
  return (rings.of(name) ?? []).flatMap(({ failed }, ring) =>
    [...failed].sort((a, b) => since(a) - since(b)).slice(0, unnamed[ring] ?? 0),
  );
}

/** Whoever failed, was forgiven and is well again is forgiven no more: a failure of later counts. */
function heal(turn: Turn, association: AssociationName, tallies: readonly RingTally[]): void {
  const forgiven = turn.world.state.associations.get(association)?.rollout?.forgiven ?? [];
  const nodes = forgiven.filter((node) => !tallies.some(({ failed }) => failed.has(node)));
  if (nodes.length > 0) emit(turn, { kind: 'rollout-healed', association, nodes });
}

function take(
  turn: Turn,
  association: AssociationName,
  { ring }: RolloutState,
  step: Exclude<RolloutStep, { kind: 'wait' | 'soak' }>,
): void {
  const at = turn.now;
  switch (step.kind) {
    case 'halt':
      emit(turn, {
        kind: 'rollout-halted',
        association,
        ring: step.ring,
        failures: step.failures,
        at,
      });
      note(turn, 'rollout halted', { association, ring: step.ring + 1, failures: step.failures });
      return;
    case 'pass':
      emit(turn, { kind: 'ring-passed', association, ring, at });
      note(turn, 'ring passed', { association, ring: ring + 1 });
      return;
    case 'open':
      emit(turn, { kind: 'ring-opened', association, ring: step.ring, at });
      note(turn, 'ring opened', { association, ring: step.ring + 1 });
      return;
    case 'end':
      emit(turn, { kind: 'rollout-ended', association, at });
      note(turn, 'rollout ended', { association });
      return;
    default:
      return unreachable(step);
  }
}

/**
 * The rollout of a version that becomes effective: a new generation begins at the first ring, any other edit goes on
 * where it was and lifts a halt (an edit is how a commit resumes). `ringsBefore` is null where nobody knows them any more.
 */
export function rolloutUnder(
  world: World,
  { name, before, generation, ringsBefore }: RolloutEdit,
): RolloutState | null {
  const rings = world.definition(name)?.association.rings ?? [];
  if (rings.length === 0) return null;
  if (before?.digests.generation !== generation) {
    return { ring: 0, passedAt: null, halted: null, forgiven: [] };
  }
  const { rollout } = before;
  if (rollout === null) return null;
  const forgiven =
    rollout.halted === null ? forgivenOf(world, name, rollout) : failedIn(world, name);
  const counts = (world.rings.of(name) ?? []).map((tally) => countsOf(tally, forgiven));
  const position = positionAfter(rollout, { before: ringsBefore, after: rings, counts });
  return { ...position, halted: null, forgiven };
}

type RolloutEdit = {
  readonly name: AssociationName;
  readonly before: AssociationState | undefined;
  readonly generation: AssociationState['digests']['generation'];
  readonly ringsBefore: readonly Ring[] | null;
};

/** What a resume forgives: everything so far. */
export const failedIn = (world: World, name: AssociationName): readonly NodeId[] =>
  (world.rings.of(name) ?? []).flatMap(({ failed }) => [...failed]);

export const countsOf = (
  { nodes, finished, failed, awaited }: RingTally,
  forgiven: readonly NodeId[],
): RingCounts => ({
  nodes: nodes.size,
  finished: finished.size,
  failed: failed.size,
  forgiven: forgiven.filter((node) => failed.has(node)).length,
  awaited: awaited.size,
});
