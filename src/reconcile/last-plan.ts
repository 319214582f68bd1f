/** What the newest judged revision changes, as plan.json tells it. */
import type { PlanReport } from '../core/report/plan-file.ts';
import { planReport } from '../core/report/planned.ts';
import { comingOf } from '../core/world/moves.ts';
import { toldWith } from '../core/world/released.ts';
import type { RevisionChange, World } from '../core/world/world.ts';

const planned = new WeakMap<RevisionChange, PlanReport>();

/** Told once, as it was when the revision was judged: a plan does not change because time passes. */
export function lastPlanReport(world: World): PlanReport | null {
  const change = world.lastPlan;
  if (change === null) return null;
  const report = planned.get(change) ?? describe(world, change);
  planned.set(change, report);
  return report;
}

function describe(world: World, change: RevisionChange): PlanReport {
  const { verdict, moves } = change;
  return planReport({
    base: change.before,
    head: change.revision,
    ...toldWith(change.plan, moves, (name) => world.assignedTo(name)),
    problems: change.problems,
    verdict:
      verdict.kind === 'held'
        ? verdict
        : { kind: 'accepted', code: null, reason: `accepted by ${verdict.by}` },
    nodesTotal: world.fleet.nodes.size,
    comingOf: (name) => comingOf(world, name, change.plan.get(name)),
    moveOf: (name) => moves.get(name) ?? null,
  });
}
