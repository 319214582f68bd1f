/**
 * The plan of a revision, or of the files as they lie on disk, made as the daemon would make it: the same index, the same
 * diff, the same guards. Nothing is written.
 */
import type { Removal } from '../../core/accept/accept.ts';
import { allowedDeletes, judgeRemoval } from '../../core/accept/accept.ts';
import { nodesOf } from '../../core/enrol/nodes.ts';
import type { Instant, NodeId } from '../../core/model/brand.ts';
import type { Catalog } from '../../core/model/catalog.ts';
import type { Definition } from '../../core/model/definition.ts';
import { present } from '../../core/model/errors.ts';
import { crowdedNodes } from '../../core/plan/crowded.ts';
import type { PlanReport } from '../../core/report/plan-file.ts';
import { planReport } from '../../core/report/planned.ts';
import type { Fleet } from '../../core/world/fleet.ts';
import { createFleet } from '../../core/world/fleet.ts';
import { comingUnder } from '../../core/world/moves.ts';
import { removalOf } from '../../core/world/on-revision.ts';
import { planRevision } from '../../core/world/plan-revision.ts';
import { toldWith } from '../../core/world/released.ts';
import type { StatusFiles } from '../../io/status/read-status.ts';
import type { Snapshot } from '../../reconcile/ports.ts';
import type { Loaded } from '../load-repository.ts';
import { loadFiles, openFiles } from '../load-repository.ts';
import type { Baseline } from './baseline.ts';
import {
  baselineOfRevision,
  baselineOfStatus,
  cacheOf,
  lastGoodOf,
  settingsOf,
} from './baseline.ts';
import { messagesSince } from './messages.ts';
import { movesBetween } from './moves.ts';

export type OfflinePlan = {
  readonly dir: string;
  /** Null: the accepted revision of the status branch. */
  readonly base: string | null;
  /** Null: the files as they lie on disk. */
  readonly head: string | null;
  readonly status: StatusFiles | null;
  readonly now: Instant;
};

/** The plan, and what people call its nodes. */
export type NamedPlan = {
  readonly plan: PlanReport;
  /** What its reader may not miss about how it was made; null: nothing. */
  readonly note: string | null;
  nameOf(node: NodeId): string;
};

/** What is applied, what is wanted, and the nodes of both. */
export type Sides = {
  readonly baseline: Baseline;
  readonly head: Snapshot['commit'];
  readonly catalog: Catalog;
  readonly definitions: Loaded['definitions'];
  readonly fleet: Fleet;
};

/** @throws ReconcileError REVISION_UNKNOWN, DIRECTORY_MISSING, STATUS_UNREADABLE, … (retry `never`) */
export async function openSides(
  { dir, base, head, status, now }: OfflinePlan,
  signal: AbortSignal,
): Promise<Sides> {
  const snapshot = await openFiles(dir, head);
  const baseline =
    base === null
      ? await baselineOfStatus(dir, status, { now })
      : await baselineOfRevision(dir, base, status, { now, near: snapshot, signal });
  const { catalog, definitions } = await loadHead(snapshot, baseline, signal);
  const fleet = createFleet(nodesOf(catalog, baseline.world.state));
  return { baseline, head: snapshot.commit, catalog, definitions, fleet };
}

/** @throws as `openSides` */
export async function planOffline(asked: OfflinePlan, signal: AbortSignal): Promise<NamedPlan> {
  const { dir, head, now } = asked;
  const sides = await openSides(asked, signal);
  const { baseline, catalog, definitions, fleet } = sides;
  const { world } = baseline;
  const plan = planRevision(world, { catalog, definitions }, fleet);
  const sought = { from: now, signal };
  const moves = await movesBetween(baseline, { catalog, definitions }, { plan, fleet }, sought);
  const coming = { from: now, earlierSlots: 'fired' } as const;
  const report = planReport({
    base: baseline.commit,
    head: sides.head,
    ...toldWith(plan, moves, (name) => {
      const targets = definitions.get(name)?.association.targets ?? [];
      return fleet.resolve(targets, catalog.groups);
    }),
    problems: [...catalog.problems, ...crowdedNodes(targeted(sides))],
    verdict: await judge(removalOf(world, plan), { dir, head, baseline, catalog }, signal),
    nodesTotal: fleet.nodes.size,
    comingOf(name) {
      const each = present(plan.get(name), 'a plan knows what it plans');
      return comingUnder(
        world,
        { catalog, definitions },
        { fleet, plan: each, name, asked: coming },
      );
    },
    moveOf: (name) => moves.get(name) ?? null,
  });
  return {
    plan: report,
    note: asked.status === null ? NO_STATUS : null,
    nameOf: (node) => fleet.nodes.get(node)?.name ?? node,
  };
}

/** A pipeline's clone has one branch: without a word its plan would look as if nobody ran anything. */
const NO_STATUS =
  'No status branch is here: who has registered, and what is applied, is not known. Where a daemon runs, fetch it first: ' +
  'git fetch origin reconciled/status:refs/remotes/origin/reconciled/status';

function* targeted({ definitions, fleet, catalog }: Sides): Generator<{
  readonly association: Definition['association'];
  readonly nodes: readonly NodeId[];
}> {
  for (const { association } of definitions.values())
    yield { association, nodes: fleet.resolve(association.targets, catalog.groups) };
}

/** Files that are wrong keep their last good version, which has to be looked up only when there are such files. */
export async function loadHead(
  snapshot: Snapshot,
  baseline: Baseline,
  signal: AbortSignal,
): Promise<Loaded> {
  const alone = await loadFiles(snapshot, { cache: cacheOf(baseline) }, signal);
  const before = baseline.snapshot;
  const isWhole = !alone.catalog.problems.some(({ severity }) => severity === 'error');
  if (isWhole || before === null) return alone;
  return loadFiles(
    snapshot,
    {
      lastGood: lastGoodOf(baseline),
      readBlob: (blob) => before.read(blob),
      cache: new Map([...cacheOf(baseline), ...alone.cache]),
    },
    signal,
  );
}

async function judge(
  removal: Removal,
  options: {
    readonly dir: string;
    readonly head: string | null;
    readonly baseline: Baseline;
    readonly catalog: Catalog;
  },
  signal: AbortSignal,
): Promise<PlanReport['verdict']> {
  const { dir, head, baseline, catalog } = options;
  const { guards } = (await settingsOf(baseline, signal)) ?? catalog.settings;
  const messages =
    baseline.commit === null ? [] : await messagesSince(dir, baseline.commit, head ?? 'HEAD');
  const verdict = judgeRemoval(removal, guards, {
    first: baseline.world.state.accepted === null,
    allowDelete: allowedDeletes(messages),
    // What is merged is often another commit than the one that was planned.
    tip: null,
  });
  return verdict.kind === 'hold'
    ? { kind: 'held', code: verdict.code, reason: verdict.reason }
    : { kind: 'accepted', code: null, reason: '' };
}
