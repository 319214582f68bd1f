/** The plan of a revision as reports and commands print it: what changes, for whom, and why. */
import { digestOf } from '../canonical/digest.ts';
import type { AssociationName, CommitId, Instant, NodeId } from '../model/brand.ts';
import type { Problem } from '../model/problem.ts';
import type { PlannedAssociation, PlanReport } from './plan-file.ts';
import { counted } from './words.ts';

/** One association's plan as the report needs it (the shape of `core/plan`'s answer). */
export type PlannedChange = {
  readonly change: PlannedAssociation['change'];
  readonly edits: readonly string[];
  readonly joins: readonly NodeId[];
  readonly leaves: readonly NodeId[];
  readonly start: { readonly who: 'all' | 'joins' | 'owed'; readonly reason: string } | null;
};

export type PlannedRevision = {
  readonly base: CommitId | null;
  readonly head: CommitId | null;
  readonly plan: ReadonlyMap<AssociationName, PlannedChange>;
  readonly problems: readonly Problem[];
  readonly verdict: PlanReport['verdict'];
  readonly nodesTotal: number;
  targetsOf(association: AssociationName): readonly NodeId[];
  /** What it does once this is in force. */
  comingOf(association: AssociationName): PlannedComing;
  /** What of it moves though nothing starts, and when it would have run next; null: neither. */
  moveOf(association: AssociationName): PlannedMove | null;
};

/** The shapes of `core/world/moves.ts`. */
export type PlannedComing = {
  readonly nextRun: Instant | null;
  readonly waits: string | null;
  readonly startsNow: number | null;
  readonly rings: string | null;
  readonly never: string | null;
};
export type PlannedMove = {
  readonly because: readonly string[];
  readonly nextRunBefore: Instant | null;
};

export function planReport(revision: PlannedRevision): PlanReport {
  const counts = { create: 0, update: 0, delete: 0, unchanged: 0 };
  const affected = new Set<NodeId>();
  const associations: PlannedAssociation[] = [];
  let runsNow = 0;
  for (const [name, each] of revision.plan) {
    counts[each.change]++;
    const nodes = runsOn(each, name, revision);
    for (const node of nodes) affected.add(node);
    const move = revision.moveOf(name);
    const isQuiet = nodes.length === 0 && each.leaves.length === 0 && move === null;
    if (each.change === 'unchanged' && isQuiet) continue;
    const coming = each.change === 'delete' ? GONE : revision.comingOf(name);
    const now = Math.min(coming.startsNow ?? nodes.length, nodes.length);
    runsNow += now;
    associations.push({
      name,
      change: each.change,
      reasons: reasonsOf(each, coming, move?.because ?? []),
      nodes,
      runsNow: now,
      nextRun: coming.nextRun,
      nextRunBefore: move?.nextRunBefore ?? null,
    });
  }
  const { base, head, verdict } = revision;
  return {
    planId: digestOf([base, head, associations]).slice(0, 16),
    base,
    head,
    verdict,
    summary: {
      associations: counts,
      nodes: { total: revision.nodesTotal, affected: affected.size },
      runsNow,
    },
    associations,
    problems: revision.problems.filter((problem) => problem.severity === 'error'),
    warnings: revision.problems.filter((problem) => problem.severity === 'warning'),
  };
}

/** Nodes on which a run starts at once. */
function runsOn(
  each: PlannedChange,
  name: AssociationName,
  revision: PlannedRevision,
): readonly NodeId[] {
  switch (each.start?.who) {
    case undefined:
    case 'owed':
      return [];
    case 'joins':
      return each.joins;
    case 'all':
      return revision.targetsOf(name);
  }
}

const GONE: PlannedComing = {
  nextRun: null,
  waits: null,
  startsNow: null,
  rings: null,
  never: null,
};

function reasonsOf(
  each: PlannedChange,
  { waits, rings, never }: PlannedComing,
  because: readonly string[],
): readonly string[] {
  const reasons = each.start === null ? quietReasons(each.change, never) : [each.start.reason];
  const edited = each.edits
    // Which settings is said by `because`, where the revision before is at hand.
    .filter((edit) => edit !== 'settings' || because.length === 0)
    .map((edit) => `${edit} changed`)
    .filter((sentence) => !reasons.includes(sentence));
  const moved = [
    ...(each.joins.length > 0 && each.change !== 'create'
      ? [counted(each.joins.length, 'new target')]
      : []),
    ...(each.leaves.length > 0 ? [`${each.leaves.length} no longer targeted`] : []),
  ];
  const held = [waits, rings, never].filter((words) => words !== null);
  return [...reasons, ...edited, ...because, ...moved, ...held];
}

/** `ApplyOnlyAtCronInterval` lets nothing start but the schedule. */
function quietReasons(
  change: PlannedAssociation['change'],
  never: string | null,
): readonly string[] {
  if (change === 'create')
    return [never === null ? 'new association, runs at its next slot' : 'new association'];
  return change === 'delete' ? ['association removed'] : [];
}
