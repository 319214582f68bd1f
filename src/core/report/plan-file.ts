/** `plan.json`: what the accepted revision changed, or why a newer one is held; a list of any length stays readable. */
import { prettyCanonicalJson } from '../canonical/json.ts';
import type { AssociationName, Instant, NodeId } from '../model/brand.ts';
import { formatInstant } from '../model/brand.ts';
import type { Problem } from '../model/problem.ts';
import { visibleJson } from './escape.ts';

export const PLAN_LIST_MAX = 100;

export type PlanReport = {
  readonly planId: string;
  readonly base: string | null;
  readonly head: string | null;
  readonly verdict: {
    readonly kind: 'accepted' | 'held';
    /** `HeldCode` when held. */
    readonly code: string | null;
    readonly reason: string;
  };
  readonly summary: {
    readonly associations: {
      readonly create: number;
      readonly update: number;
      readonly delete: number;
      readonly unchanged: number;
    };
    readonly nodes: { readonly total: number; readonly affected: number };
    readonly runsNow: number;
  };
  /** Those that change or run, by name. */
  readonly associations: readonly PlannedAssociation[];
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
};

export type PlannedAssociation = {
  readonly name: AssociationName;
  readonly change: 'create' | 'update' | 'delete' | 'unchanged';
  readonly reasons: readonly string[];
  /** All of them, sorted; the file holds the first hundred. */
  readonly nodes: readonly NodeId[];
  /** How many of them start at once: not those whose ring comes later, nor any while a gate is closed. */
  readonly runsNow: number;
  /** The next slot that is let through. */
  readonly nextRun: Instant | null;
  /** The same of what is applied now; null for one that is new, or that this does not touch. */
  readonly nextRunBefore: Instant | null;
};

/** Associations and problems up to `listMax`; nodes of one association up to a hundred. */
export function planFile(plan: PlanReport, listMax: number = PLAN_LIST_MAX): string {
  const { associations, problems, warnings, ...rest } = plan;
  return visibleJson(
    prettyCanonicalJson({
      ...rest,
      associations: associations.slice(0, listMax).map((each) => ({
        name: each.name,
        change: each.change,
        reasons: each.reasons.slice(0, PLAN_LIST_MAX),
        nodes: each.nodes.slice(0, PLAN_LIST_MAX),
        nodesTotal: each.nodes.length,
        runsNow: each.runsNow,
        nextRun: each.nextRun === null ? null : formatInstant(each.nextRun),
        nextRunBefore: each.nextRunBefore === null ? null : formatInstant(each.nextRunBefore),
      })),
      associationsTotal: associations.length,
      problems: problems.slice(0, listMax),
      problemsTotal: problems.length,
      warnings: warnings.slice(0, listMax),
      warningsTotal: warnings.length,
    }),
  );
}
