/**
 * A revision arrives: may it act, what does it change, who runs. Everything is resolved and counted before the first
 * record is written, so a held revision leaves no trace but its reason.
 */
import type { Removal } from '../accept/accept.ts';
import { judgeAncestry, judgeRemoval } from '../accept/accept.ts';
import { nodesOf } from '../enrol/nodes.ts';
import type { AssociationName, CommitId, NodeId } from '../model/brand.ts';
import { present } from '../model/errors.ts';
import type { AcceptedBy, State } from '../model/state.ts';
import { crowdedNodes } from '../plan/crowded.ts';
import type { AssociationPlan } from '../plan/plan.ts';
import { positionAbove } from './epoch.ts';
import type { Event, LoadedRevision } from './events.ts';
import type { Fleet } from './fleet.ts';
import { createFleet } from './fleet.ts';
import type { Move } from './moves.ts';
import { movesOf } from './moves.ts';
import type { RevisionPlan } from './plan-revision.ts';
import { planRevision } from './plan-revision.ts';
import { putInForce, weightOf } from './put-in-force.ts';
import type { Turn } from './turn.ts';
import { emit, note } from './turn.ts';
import type { RevisionChange, World } from './world.ts';

export function onRevision(turn: Turn, event: Event & { kind: 'revision' }): void {
  const { world } = turn;
  const { revision } = event;
  const fleet = createFleet(nodesOf(revision.catalog, world.state));
  const plan = planRevision(world, revision, fleet);
  const before = world.state.accepted?.commit ?? null;
  const by = judge(turn, event, plan);
  const isFirstRead = world.revision === null && world.state.accepted !== null;
  const change: RevisionChange = {
    revision: revision.commit,
    before,
    plan,
    problems: [...revision.catalog.problems, ...crowdedUnder(world, revision, plan)],
    moves: movesUnder(turn, revision, { plan, fleet }),
    verdict: by === null ? { kind: 'held', ...heldBy(world) } : { kind: 'accepted', by },
  };
  world.lastPlan = change;
  if (by === null) return;
  world.acceptedPlan = change;
  const position = positionOf(world, event);
  const isLarge = weightOf(world, plan) > world.assignmentsPerPass;
  emit(turn, {
    kind: 'accepted',
    commit: revision.commit,
    position,
    by,
    at: turn.now,
    ...(isLarge ? { unfinished: true } : {}),
  });
  note(turn, 'revision accepted', { commit: revision.commit, by, position, ...countChanges(plan) });
  recordFiles(turn, revision);
  recordDocuments(turn, revision);
  const { revision: former } = world;
  world.attach(revision, fleet);
  if (isFirstRead) world.reindex();
  world.remainder = { rest: plan.entries(), former, revision, by: 'edit', isFirstRead };
  // It is accepted first, and durably so: what is large begins with the next pass.
  if (!isLarge) putInForce(turn, 'all');
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
 * at the next slot, never at once: only what was owed already is owed in its new form. Where the daemon died while it was put in
 * force, it goes on: what differs is what the revision changes.
 */
export function onRestored(turn: Turn, revision: LoadedRevision): void {
  const { world } = turn;
  const { unfinished } = world.state;
  const fleet = createFleet(nodesOf(revision.catalog, world.state));
  const plan = planRevision(world, revision, fleet);
  world.attach(revision, fleet);
  world.reindex();
  world.remainder = unfinished
    ? { rest: plan.entries(), former: null, revision, by: 'edit', isFirstRead: true }
    : { rest: byProgram(plan), former: revision, revision, by: 'program', isFirstRead: true };
  if (!unfinished || weightOf(world, plan) <= world.assignmentsPerPass) putInForce(turn, 'all');
}

function* byProgram(plan: RevisionPlan): Generator<[AssociationName, AssociationPlan], undefined> {
  for (const [name, each] of plan) {
    const start = each.start?.who === 'all' ? upgraded : each.start;
    yield [name, { ...each, start }];
  }
}

const upgraded = { who: 'owed', trigger: 'document', reason: 'program upgraded' } as const;

/** Against the revision in force; after a restart that is the first to be read, and then nothing has moved. */
function movesUnder(
  turn: Turn,
  after: LoadedRevision,
  { plan, fleet }: { readonly plan: RevisionPlan; readonly fleet: Fleet },
) {
  const before = turn.world.revision;
  if (before === null) return new Map<AssociationName, Move>();
  const asked = { from: turn.now, earlierSlots: 'owed' } as const;
  return movesOf(turn.world, { before, after, plan, fleet }, asked);
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
  const tip = event.revision.commit;
  const stuck = judgeAncestry(event.ancestry, tip);
  // The first takes nothing away, and who it would run on need not be counted.
  if (stuck === null && world.state.accepted === null) return 'first';
  const verdict =
    stuck ??
    judgeRemoval(removalOf(world, plan), guards, {
      first: false,
      allowDelete: event.allowDelete,
      tip,
    });
  if (verdict.kind === 'accept') return verdict.by;
  hold(turn, tip, verdict);
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

/** The tip is the accepted revision again: what was held is gone, and its plan with it. */
export function release(turn: Turn): void {
  const { world } = turn;
  const { held, accepted } = world.state;
  if (held === null) return;
  emit(turn, { kind: 'released' });
  const { revision } = world;
  if (world.lastPlan?.verdict.kind !== 'held' || revision === null || accepted === null) return;
  // A daemon that has started since does not know what it changed, and it changes nothing any more.
  world.lastPlan = world.acceptedPlan ?? {
    revision: revision.commit,
    before: revision.commit,
    plan: planRevision(world, revision, world.fleet),
    problems: revision.catalog.problems,
    moves: new Map(),
    verdict: { kind: 'accepted', by: accepted.by },
  };
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
