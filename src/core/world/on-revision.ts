/**
 * A revision arrives: may it act, what does it change, who runs. Everything is resolved and counted before the first
 * record is written, so a held revision leaves no trace but its reason.
 */
import type { Removal } from '../accept/accept.ts';
import { judgeAncestry, judgeRemoval } from '../accept/accept.ts';
import { formatOccasion } from '../canonical/occasion.ts';
import { nodesOf } from '../enrol/nodes.ts';
import type { Ring } from '../model/association.ts';
import type { AssociationName, CommitId, Instant, NodeId } from '../model/brand.ts';
import type { AssociationDigests, Definition } from '../model/definition.ts';
import { present, unreachable } from '../model/errors.ts';
import type { AcceptedBy, Execution, State, VersionChange } from '../model/state.ts';
import { crowdedNodes } from '../plan/crowded.ts';
import type { AssociationPlan } from '../plan/plan.ts';
import { reasonIn } from '../plan/plan.ts';
import { positionAbove } from './epoch.ts';
import type { Event, LoadedRevision } from './events.ts';
import {
  closeOpen,
  joinExecution,
  openExecution,
  openOf,
  startingDeadline,
  unassign,
  watchExecution,
} from './executions.ts';
import type { Fleet } from './fleet.ts';
import { createFleet } from './fleet.ts';
import type { Move } from './moves.ts';
import { movesOf } from './moves.ts';
import { GONE_MS } from './on-node.ts';
import { rolloutUnder } from './on-rollout.ts';
import { onSlot, scheduleNext } from './on-time.ts';
import type { RevisionPlan } from './plan-revision.ts';
import { planRevision, slotsUnder } from './plan-revision.ts';
import type { Turn } from './turn.ts';
import { emit, note } from './turn.ts';
import { onCalendarsMoved, watchGate } from './watch-gate.ts';
import type { World } from './world.ts';

export function onRevision(turn: Turn, event: Event & { kind: 'revision' }): void {
  const { world } = turn;
  const { revision } = event;
  const fleet = createFleet(nodesOf(revision.catalog, world.state));
  const plan = planRevision(world, revision, fleet);
  const before = world.state.accepted?.commit ?? null;
  const by = judge(turn, event, plan);
  const isFirstRead = world.revision === null && world.state.accepted !== null;
  world.lastPlan = {
    revision: revision.commit,
    before,
    plan,
    problems: [...revision.catalog.problems, ...crowdedUnder(world, revision, plan)],
    moves: movesUnder(turn, revision, plan),
    verdict: by === null ? { kind: 'held', ...heldBy(world) } : { kind: 'accepted', by },
  };
  if (by === null) return;
  const position = positionOf(world, event);
  emit(turn, { kind: 'accepted', commit: revision.commit, position, by, at: turn.now });
  note(turn, 'revision accepted', { commit: revision.commit, by, position, ...countChanges(plan) });
  recordFiles(turn, revision);
  recordDocuments(turn, revision);
  const { revision: former } = world;
  const calendarsBefore = former?.catalog.calendars ?? new Map();
  world.attach(revision, fleet);
  if (isFirstRead) world.reindex();
  for (const [name, each] of plan) {
    applyPlan(turn, name, each, { former, revision });
    if (each.change === 'update') liftStop(turn, name, revision.commit);
  }
  onCalendarsMoved(turn, calendarsBefore);
  // An operator named it before the revision in force could be read again after a restart.
  if (isFirstRead) takeUp(turn);
  dropNodes(turn, fleet);
}

/**
 * Never the one before: run ids are told apart by it where the same commit comes into force again. One that an operator names is
 * above what nodes have seen: that is the word they wait for.
 */
function positionOf(
  world: World,
  { revision, distance, acceptedBy }: Event & { kind: 'revision' },
): number {
  const { accepted } = world.state;
  if (accepted === null) return distance;
  const position =
    accepted.position + (accepted.commit === revision.commit ? distance : Math.max(1, distance));
  return acceptedBy === null ? position : positionAbove(world, position);
}

/**
 * The accepted revision after a restart. What differs now came with the program (a preconfigured document) and takes effect
 * at the next slot, never at once: only what was owed already is owed in its new form.
 */
export function onRestored(turn: Turn, revision: LoadedRevision): void {
  const { world } = turn;
  const fleet = createFleet(nodesOf(revision.catalog, world.state));
  const plan = planRevision(world, revision, fleet);
  world.attach(revision, fleet);
  world.reindex();
  for (const [name, each] of plan) {
    const start = each.start?.who === 'all' ? upgraded : each.start;
    applyPlan(turn, name, { ...each, start }, { former: revision, revision });
  }
  takeUp(turn);
  dropNodes(turn, fleet);
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

const upgraded = { who: 'owed', trigger: 'document', reason: 'program upgraded' } as const;

/** Against the revision in force; after a restart that is the first to be read, and then nothing has moved. */
function movesUnder(turn: Turn, after: LoadedRevision, plan: RevisionPlan) {
  const before = turn.world.revision;
  if (before === null) return new Map<AssociationName, Move>();
  const asked = { from: turn.now, earlierSlots: 'owed' } as const;
  return movesOf(turn.world, { before, after, plan }, asked);
}

/** The targets of a plan: whoever is assigned, with those who join and without those who leave. */
function crowdedUnder(world: World, { definitions }: LoadedRevision, plan: RevisionPlan) {
  return crowdedNodes(
    [...definitions.values()].map(({ association }) => ({
      association,
      nodes: targetsUnder(world, association.name, plan.get(association.name)),
    })),
  );
}

function* targetsUnder(
  world: World,
  name: AssociationName,
  plan: AssociationPlan | undefined,
): Generator<NodeId> {
  const gone = new Set(plan?.leaves);
  for (const node of world.assigned.get(name) ?? []) if (!gone.has(node)) yield node;
  yield* plan?.joins ?? [];
}

/** Who accepts it; null when it is held, which is then recorded. */
function judge(
  turn: Turn,
  event: Event & { kind: 'revision' },
  plan: RevisionPlan,
): AcceptedBy | null {
  const { world } = turn;
  if (event.acceptedBy !== null) return 'operator';
  const guards = (world.revision ?? event.revision).catalog.settings.guards;
  const verdict =
    judgeAncestry(event.ancestry) ??
    judgeRemoval(removalOf(world, plan), guards, {
      first: world.state.accepted === null,
      allowDelete: event.allowDelete,
    });
  if (verdict.kind === 'accept') return verdict.by;
  hold(turn, event.revision.commit, verdict);
  return null;
}

export function hold(
  turn: Turn,
  tip: CommitId | null,
  verdict: { readonly code: NonNullable<State['held']>['code']; readonly reason: string },
): void {
  const { held } = turn.world.state;
  if (held?.tip === tip && held.code === verdict.code && held.reason === verdict.reason) return;
  emit(turn, { kind: 'held', tip, code: verdict.code, reason: verdict.reason, at: turn.now });
  note(turn, 'source held', { tip, code: verdict.code, reason: verdict.reason });
}

function heldBy(world: World): Pick<NonNullable<State['held']>, 'code' | 'reason'> {
  const { code, reason } = present(world.state.held, 'what is not accepted is held');
  return { code, reason };
}

export function removalOf(world: World, plan: RevisionPlan): Removal {
  const before = new Set<NodeId>();
  for (const [id, node] of world.state.nodes) if (node.assignments.size > 0) before.add(id);
  const lost = new Map<NodeId, number>();
  const removed = new Set<NodeId>();
  const gained = new Set<NodeId>();
  const affected = new Set<NodeId>();
  let deletions = 0;
  let remaining = 0;
  for (const [name, each] of plan) {
    if (each.change === 'delete') deletions++;
    else remaining++;
    for (const node of each.joins) gained.add(node);
    for (const node of each.leaves) {
      lost.set(node, (lost.get(node) ?? 0) + 1);
      if (each.change !== 'delete') removed.add(node);
    }
    if (each.start?.who === 'all') for (const node of world.assignedTo(name)) affected.add(node);
    if (each.start !== null) for (const node of each.joins) affected.add(node);
  }
  for (const [node, count] of lost) {
    const all = world.state.nodes.get(node)?.assignments.size === count;
    if (all && !gained.has(node)) removed.add(node);
  }
  return {
    associationsBefore: world.state.associations.size,
    associationsAfter: remaining,
    associationsRemoved: deletions,
    nodesBefore: before.size,
    nodesRemoved: removed.size,
    nodesAffected: affected.size,
  };
}

function countChanges(plan: RevisionPlan) {
  const counts = { create: 0, update: 0, delete: 0, unchanged: 0 };
  for (const each of plan.values()) counts[each.change]++;
  return counts;
}

function recordFiles(turn: Turn, revision: LoadedRevision): void {
  const { invalid } = revision.catalog;
  const known = turn.world.state.invalidFiles;
  for (const [file, { lastGood }] of invalid) {
    if (known.get(file) !== lastGood) emit(turn, { kind: 'file-invalid', file, lastGood });
  }
  for (const file of [...known.keys()]) {
    if (!invalid.has(file)) emit(turn, { kind: 'file-valid', file });
  }
}

/** The number people see of a single-file document: a counter over accepted contents. */
function recordDocuments(turn: Turn, revision: LoadedRevision): void {
  const { documents } = turn.world.state;
  const seen = new Set<string>();
  for (const family of revision.catalog.documents.values()) {
    const { name, number, origin, document } = family.latest;
    if (number !== null || origin === 'library') continue;
    seen.add(name);
    const known = documents.get(name);
    if (known?.digest === document.digest) continue;
    emit(turn, {
      kind: 'document',
      name,
      number: (known?.number ?? 0) + 1,
      digest: document.digest,
    });
  }
  for (const name of [...documents.keys()]) {
    if (!seen.has(name)) emit(turn, { kind: 'document-removed', name });
  }
}

type Sides = {
  /** In force until now; null: it is not known any more. */
  readonly former: LoadedRevision | null;
  readonly revision: LoadedRevision;
};

function applyPlan(
  turn: Turn,
  name: AssociationName,
  plan: AssociationPlan,
  { former, revision }: Sides,
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
    case 'owed':
      openExecution(turn, { ...common, occasion: change, nodes: [] });
      return;
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
      changed: changesOf(before?.digests ?? null, digests),
      document: association.document,
      documentVersion: definition.documentNumber,
      scheduleExpression: association.schedule?.text ?? null,
    },
  });
}

/** Which parts differ; an edit of anything else (rate control, severity, names, comments aside) is `other`. */
function changesOf(
  before: AssociationDigests | null,
  after: AssociationDigests,
): readonly VersionChange[] {
  if (before === null) return ['created'];
  const parts = ['document', 'parameters', 'output', 'schedule', 'targets'] as const;
  const changed = parts.filter((part) => before[part] !== after[part]);
  return changed.length > 0 ? changed : ['other'];
}

/** A new generation that starts nothing now (the flag) must not let the old one go on starting either. */
function closeOpenOf(turn: Turn, plan: AssociationPlan, name: AssociationName): void {
  if (plan.start === null) closeOpen(turn, name, 'edited');
}

/** Sessions of nodes that are revoked, or that no registration and no file knows any more. */
function dropNodes(turn: Turn, fleet: Fleet): void {
  for (const node of turn.world.state.nodes.values()) {
    if (node.connectedAt !== null && !fleet.nodes.has(node.id)) {
      turn.effects.push({ kind: 'drop-node', node: node.id, reason: 'not in the registry' });
    }
  }
}
