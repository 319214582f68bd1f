/** Explanations from Git alone: the status branch says how things stand, the repository what is wanted. */
import { nodesOf } from '../../core/enrol/nodes.ts';
import type { AssociationName, NodeId } from '../../core/model/brand.ts';
import { commitId, instant } from '../../core/model/brand.ts';
import { ReconcileError } from '../../core/model/errors.ts';
import type { Json } from '../../core/model/json.ts';
import type { Waiting } from '../../core/model/standing.ts';
import type { Execution, Run } from '../../core/model/state.ts';
import type { NodeReading } from '../../core/report/read-node.ts';
import { explainNamed } from '../../core/world/explanation.ts';
import { createFleet } from '../../core/world/fleet.ts';
import { dependencyGate, ringGate } from '../../core/world/gates.ts';
import type { World } from '../../core/world/world.ts';
import { openFiles } from '../load-repository.ts';
import { openStatus } from '../open-status.ts';
import type { Baseline } from '../plan/baseline.ts';
import { observed, treeIfHere } from '../plan/baseline.ts';
import { loadHead } from '../plan/offline-plan.ts';

export type OfflineQuestion = {
  readonly dir: string;
  /** Null: the usual status branch. */
  readonly status: string | null;
  /** Null: the accepted revision, or the files on disk where there is none or this clone does not hold it. */
  readonly rev: string | null;
  /** Id or name. */
  readonly node: string;
  readonly association: string | null;
};

/** @throws ReconcileError UNKNOWN_NODE, UNKNOWN_ASSOCIATION, STATUS_UNREADABLE, REVISION_UNKNOWN, … (retry `never`) */
export async function explainOffline(asked: OfflineQuestion, signal: AbortSignal): Promise<Json> {
  const { dir, rev, node, association } = asked;
  const now = instant(Date.now());
  const { world, nodes } = await observed(await openStatus(dir, asked.status), {
    now,
    depth: 'outcomes',
  });
  const commit = world.state.accepted?.commit ?? null;
  const accepted = commit === null ? null : await treeIfHere(dir, commit);
  const baseline: Baseline = { world, commit, snapshot: accepted, loaded: null };
  const snapshot = rev === null && accepted !== null ? accepted : await openFiles(dir, rev);
  const loaded = await loadHead(snapshot, baseline, signal);
  const fleet = createFleet(nodesOf(loaded.catalog, world.state));
  world.attach({ ...loaded, commit: commitId(snapshot.commit ?? NO_COMMIT) }, fleet);
  const waiting = publishedWaiting(nodes);
  const explained = explainNamed(world, {
    node,
    association,
    now,
    contact: 'published',
    waitingOf: (execution, run) =>
      inWords(world, execution, run, waiting(run.node, execution.association)),
  });
  if (explained.ok) return explained.value;
  throw new ReconcileError(explained.error.code, explained.error.message, { retry: 'never' });
}

/** What Git writes for no commit: the files as they lie on disk. */
const NO_COMMIT = '0'.repeat(40);

/** The branch has room for the reason alone: what it names more closely follows from the rest of the branch and from Git. */
function inWords(world: World, execution: Execution, { node }: Run, told: Waiting): Waiting {
  const state = world.state.nodes.get(node);
  if (state === undefined) return told;
  const found =
    told.reason === 'rollout'
      ? ringGate(world, execution.association, state)
      : told.reason === 'dependency'
        ? dependencyGate(world, execution, state)
        : null;
  const alarm = world.definition(execution.association)?.association.alarm?.name;
  const detail = found?.detail ?? (told.reason === 'alarm' ? alarm : undefined);
  return detail === undefined ? told : { ...told, detail };
}

/** Why runs waited when the daemon last wrote about them. */
function publishedWaiting(
  nodes: readonly NodeReading[],
): (node: NodeId, association: AssociationName) => Waiting {
  const byNode = new Map(nodes.map((reading) => [reading.node, reading.assignments]));
  return (node, association) =>
    byNode.get(node)?.find((each) => each.association === association)?.waiting ?? {
      reason: 'offline',
      until: null,
    };
}
