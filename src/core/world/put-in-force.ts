/**
 * A revision that was accepted is put in force, association by association, each whole: its version, whom it targets, what it
 * opens. One that opens hundreds of thousands of runs does so over several passes, which take nothing else in between. The journal
 * knows meanwhile that it is unfinished: a daemon that dies goes on where it was, since what is not recorded differs still.
 */
import { formatOccasion } from '../canonical/occasion.ts';
import type { Ring } from '../model/association.ts';
import type { AssociationName, CommitId, Instant } from '../model/brand.ts';
import type { Definition } from '../model/definition.ts';
import { present, unreachable } from '../model/errors.ts';
import type { AssociationState, Execution, VersionChange } from '../model/state.ts';
import type { AssociationPlan } from '../plan/plan.ts';
import { reasonIn } from '../plan/plan.ts';
import type { LoadedRevision } from './events.ts';
import {
  closeOpen,
  joinExecution,
  openExecution,
  openOf,
  startingDeadline,
  unassign,
  watchExecution,
} from './executions.ts';
import { loseShutOut } from './lost.ts';
import { GONE_MS } from './on-node.ts';
import { rolloutUnder } from './on-rollout.ts';
import { onSlot, scheduleNext } from './on-time.ts';
import type { RevisionPlan } from './plan-revision.ts';
import { slotsUnder } from './plan-revision.ts';
import type { Turn } from './turn.ts';
import { emit, note } from './turn.ts';
import { onCalendarsMoved, watchGate } from './watch-gate.ts';
import type { World } from './world.ts';

/** What of a revision is not in force yet. Derived: whoever forgets it finds it again as what differs. */
export type Remainder = {
  /** In plan order, those that are done taken out. */
  readonly rest: Iterator<[AssociationName, AssociationPlan], undefined>;
  /** In force until now; null: it is not known any more. */
  readonly former: LoadedRevision | null;
  readonly revision: LoadedRevision;
  /** Edits lift what they are said to lift; what came with the program is none. */
  readonly by: 'edit' | 'program';
  /** The first revision that this process reads has timers to set. */
  readonly isFirstRead: boolean;
};

/** How many assignments it looks at. */
export function weightOf(world: World, plan: RevisionPlan): number {
  let weight = 0;
  for (const [name, each] of plan) weight += weightOfOne(world, name, each);
  return weight;
}

function weightOfOne(world: World, name: AssociationName, plan: AssociationPlan): number {
  const { joins, leaves, start } = plan;
  const all = start?.who === 'all' ? (world.assigned.get(name)?.size ?? 0) : 0;
  return joins.length + leaves.length + all;
}

/** One pass of it, or all of it; true when that was the last. */
export function putInForce(turn: Turn, what: 'a-pass' | 'all'): boolean {
  const { world } = turn;
  const { remainder } = world;
  if (remainder === null) return true;
  for (let weight = 0; what === 'all' || weight < world.assignmentsPerPass; ) {
    const next = remainder.rest.next();
    if (next.done === true) {
      finish(turn, remainder);
      return true;
    }
    const [name, plan] = next.value;
    weight += weightOfOne(world, name, plan);
    applyPlan(turn, name, plan, remainder);
    if (remainder.by === 'edit' && plan.change === 'update') {
      liftStop(turn, name, remainder.revision.commit);
    }
  }
  return false;
}

function finish(turn: Turn, { former, isFirstRead }: Remainder): void {
  const { world } = turn;
  world.remainder = null;
  if (world.state.unfinished) emit(turn, { kind: 'in-force' });
  onCalendarsMoved(turn, former?.catalog.calendars ?? new Map());
  if (isFirstRead) takeUp(turn);
  dropNodes(turn);
}

/** A process that has just started has no timers: what fell due meanwhile is looked at, and what falls due is set. */
function takeUp(turn: Turn): void {
  const { world } = turn;
  for (const name of world.state.associations.keys()) {
    watchGate(turn, name);
    onSlot(turn, name);
  }
  for (const execution of world.state.executions.values()) watchAgain(turn, execution);
  for (const name of world.rings.names()) world.rings.touch(name);
}

/** Agents need time to come back to a daemon that has restarted before they count as absent from a slot. */
function watchAgain(turn: Turn, execution: Execution): void {
  watchExecution(turn, execution);
  const deadline = startingDeadline(turn.world, execution);
  if (deadline === null) return;
  const at = Math.max(deadline, turn.now + GONE_MS) as Instant;
  turn.world.timers.push({ kind: 'starting-deadline', execution: execution.id, at });
}

function applyPlan(
  turn: Turn,
  name: AssociationName,
  plan: AssociationPlan,
  { former, revision }: Pick<Remainder, 'former' | 'revision'>,
): void {
  const definition = revision.definitions.get(name);
  if (definition === undefined) {
    removeAssociation(turn, name, plan);
    return;
  }
  if (plan.change !== 'unchanged') {
    const ringsBefore = former?.definitions.get(name)?.association.rings ?? null;
    recordVersion(turn, plan, definition, { commit: revision.commit, ringsBefore });
  }
  if (plan.leaves.length > 0) unassign(turn, name, plan.leaves);
  if (plan.joins.length > 0) {
    emit(turn, { kind: 'assigned', association: name, nodes: plan.joins });
  }
  if (plan.start !== null) start(turn, name, plan, definition, revision);
  if (plan.change === 'unchanged') return;
  scheduleNext(turn, name);
  watchGate(turn, name);
}

function start(
  turn: Turn,
  name: AssociationName,
  plan: AssociationPlan,
  definition: Definition,
  revision: LoadedRevision,
): void {
  if (plan.start === null) return;
  const common = {
    definition,
    trigger: plan.start.trigger,
    reason: reasonIn(plan.start, revision.commit),
    closing: 'edited',
  } as const;
  const { commit } = revision;
  const { position } = present(turn.world.state.accepted, 'what starts was accepted');
  const change = formatOccasion({ kind: 'change', commit, position });
  const target = formatOccasion({ kind: 'target', commit, position });
  switch (plan.start.who) {
    case 'all':
      openExecution(turn, { ...common, occasion: change, nodes: turn.world.assignedTo(name) });
      return;
    case 'owed': {
      const { version } = present(turn.world.state.associations.get(name), 'it has a version now');
      const occasion = formatOccasion({ kind: 'change', commit, position, version });
      openExecution(turn, { ...common, occasion, nodes: [] });
      return;
    }
    case 'joins':
      joinExecution(turn, { ...common, occasion: target, nodes: plan.joins });
      return;
    default:
      return unreachable(plan.start.who);
  }
}

/** A stop at the error threshold lasts until an edit (contract §5), also one that runs nobody by itself. */
function liftStop(turn: Turn, name: AssociationName, by: CommitId): void {
  const open = openOf(turn.world, name);
  if (open === null || open.stopped === null) return;
  emit(turn, { kind: 'unstopped', execution: open.id, by });
  note(turn, 'stop lifted by an edit', { association: name, execution: open.id, by });
}

function removeAssociation(turn: Turn, name: AssociationName, plan: AssociationPlan): void {
  closeOpen(turn, name, 'removed');
  if (plan.leaves.length > 0) unassign(turn, name, plan.leaves);
  emit(turn, { kind: 'association-removed', name });
}

/** A new version. Slots are anchored anew by whatever makes all targets run, so the next one is a full period away. */
function recordVersion(
  turn: Turn,
  plan: AssociationPlan,
  definition: Definition,
  {
    commit,
    ringsBefore,
  }: { readonly commit: CommitId; readonly ringsBefore: readonly Ring[] | null },
): void {
  const { association, digests } = definition;
  const { generation } = digests;
  const before = turn.world.state.associations.get(association.name);
  if (before !== undefined && before.digests.generation !== digests.generation) {
    closeOpenOf(turn, plan, association.name);
  }
  emit(turn, {
    kind: 'association',
    name: association.name,
    version: (before?.version ?? 0) + 1,
    commit,
    file: association.file,
    digests,
    generationCommit:
      before?.digests.generation === digests.generation ? before.generationCommit : commit,
    ...slotsUnder(before, definition, { now: turn.now, start: plan.start }),
    rollout: rolloutUnder(turn.world, { name: association.name, before, generation, ringsBefore }),
  });
  emit(turn, {
    kind: 'version',
    association: association.name,
    version: {
      version: (before?.version ?? 0) + 1,
      at: turn.now,
      revision: commit,
      changed: changesOf(turn.world, before, definition),
      document: association.document,
      documentVersion: definition.documentNumber,
      scheduleExpression: association.schedule?.text ?? null,
    },
  });
}

/**
 * Which parts differ; an edit of anything else (rate control, severity, comments aside) is `other`. Another document of the
 * same content runs nothing, and is another document all the same.
 */
function changesOf(
  { state }: World,
  before: AssociationState | undefined,
  { association, digests }: Definition,
): readonly VersionChange[] {
  if (before === undefined) return ['created'];
  const last = state.versions.get(association.name)?.at(-1);
  const isRenamed = last !== undefined && last.document !== association.document;
  const parts = ['document', 'parameters', 'output', 'schedule', 'targets'] as const;
  const changed = parts.filter(
    (part) => before.digests[part] !== digests[part] || (part === 'document' && isRenamed),
  );
  return changed.length > 0 ? changed : ['other'];
}

/** A new generation that starts nothing now (the flag) must not let the old one go on starting either. */
function closeOpenOf(turn: Turn, plan: AssociationPlan, name: AssociationName): void {
  if (plan.start === null) closeOpen(turn, name, 'edited');
}

/** Sessions of nodes that are revoked, or that no registration and no file knows any more. */
function dropNodes(turn: Turn): void {
  const { fleet, state } = turn.world;
  for (const node of state.nodes.values()) {
    if (fleet.nodes.has(node.id)) continue;
    loseShutOut(turn, node);
    if (node.connectedAt === null) continue;
    turn.effects.push({ kind: 'drop-node', node: node.id, reason: 'not in the registry' });
  }
}
