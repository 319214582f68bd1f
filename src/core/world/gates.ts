/** What holds a run back although its node is there: its ring, what it depends on. The rest is `core/rollout/gate.ts`. */
import { slotInstant } from '../canonical/occasion.ts';
import type { AssociationName } from '../model/brand.ts';
import type { Waiting } from '../model/standing.ts';
import type { Execution, NodeState, RolloutState } from '../model/state.ts';
import { soakEnd } from '../rollout/rings.ts';
import { hasTaken } from './rings.ts';
import { isSkippedByNode } from './tally.ts';
import type { World } from './world.ts';

/** Null when the ring of the node has come, or nothing is rolled out ring by ring. */
export function ringGate(world: World, name: AssociationName, node: NodeState): Waiting | null {
  const association = world.state.associations.get(name);
  const rollout = association?.rollout ?? null;
  const ring = world.rings.ringOf(name, node.id);
  if (association === undefined || rollout === null || ring === null) return null;
  const assignment = node.assignments.get(name);
  if (assignment !== undefined && hasTaken(assignment, association.digests.generation)) return null;
  const rings = world.definition(name)?.association.rings ?? [];
  const of = `ring ${ring + 1} of ${rings.length + 1}`;
  if (rollout.halted !== null) {
    const { failures, ring: bad } = rollout.halted;
    const detail = `${of}; halted: ${failures} failed in ring ${bad + 1}`;
    return { reason: 'rollout', until: null, detail };
  }
  if (ring <= rollout.ring) return null;
  const until = ring === rollout.ring + 1 ? soakEnd(rollout, rings) : null;
  return { reason: 'rollout', until, detail: `${of}; ${ringWords(world, name, rollout)}` };
}

/** What the ring does that has been opened last. */
export function ringWords(
  world: World,
  name: AssociationName,
  { ring, passedAt }: Pick<RolloutState, 'ring' | 'passedAt'>,
): string {
  const tally = world.rings.of(name)?.[ring];
  const idle = tally?.idle.size ?? 0;
  if (passedAt !== null) return `ring ${ring + 1} soaks`;
  if (idle === 0) return `ring ${ring + 1} runs`;
  const nodes = idle === 1 ? '1 node' : `${idle} nodes`;
  const why =
    tally?.cancelled.size === idle ? 'whose run was cancelled' : 'to which nothing is owed';
  return `ring ${ring + 1} waits for ${nodes} ${why}: the next execution runs there`;
}

/**
 * Null when everything that `name` depends on has succeeded on the node for the generation in force, and nothing of it that
 * was due no later is still owed there. A dependency that does not target the node cannot have succeeded on it.
 */
export function dependencyGate(
  world: World,
  { association: name, openedAt }: Pick<Execution, 'association' | 'openedAt'>,
  node: NodeState,
): Waiting | null {
  for (const dependency of world.definition(name)?.association.dependsOn ?? []) {
    const why = unmet(world, dependency, node, openedAt);
    if (why !== null) {
      return { reason: 'dependency', until: null, detail: `${dependency} ${why}` };
    }
  }
  return null;
}

function unmet(
  world: World,
  name: AssociationName,
  node: NodeState,
  openedAt: number,
): string | null {
  const { associations, executions } = world.state;
  const association = associations.get(name);
  if (association === undefined) return 'is not in force';
  const assignment = node.assignments.get(name);
  if (assignment === undefined) return 'does not target this node';
  const { execution, last, shown } = assignment;
  const owed = execution === null ? undefined : executions.get(execution);
  if (owed !== undefined && dueAt(owed) <= openedAt) return 'runs first';
  // Slots of one instant open over several passes, and in any order.
  const slot = world.nextSlotOf(name);
  if (slot !== null && slot <= Math.min(openedAt, world.seenAt)) return 'runs first';
  const { generation } = association.digests;
  // A node that skipped it, by a precondition, has nothing to do for it.
  if (shown?.generation === generation && isSkippedByNode(shown.outcome)) return null;
  if (last?.generation === generation || (last !== null && last.generation === null)) {
    if (last.outcome.status === 'Success') return null;
    return last.outcome.status === 'Failed' || last.outcome.status === 'TimedOut'
      ? 'failed'
      : `ended as ${last.outcome.status}`;
  }
  return 'has not succeeded yet';
}

/** A slot is due when it is, however much later it opens. */
const dueAt = ({ occasion, openedAt }: Execution): number =>
  Math.min(slotInstant(occasion) ?? openedAt, openedAt);
