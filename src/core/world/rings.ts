/**
 * The rings of associations that have them, kept up to date node by node: who is in which ring, who has taken the
 * generation in force, who failed at it, whom the ring waits for. Derived from state, catalog and fleet.
 */
import type { Ring } from '../model/association.ts';
import type { AssociationName, NodeId } from '../model/brand.ts';
import { isFailure, isUndeliverable } from '../model/outcome.ts';
import type {
  Assignment,
  AssociationState,
  NodeState,
  Outcome,
  Run,
  State,
} from '../model/state.ts';
import { isSkippedByNode } from './tally.ts';

/** What one ring has come to. */
export type RingTally = {
  readonly nodes: Set<NodeId>;
  /** Ended for this generation, well or not. */
  readonly finished: Set<NodeId>;
  /** Ended badly, or silent since they started. */
  readonly failed: Set<NodeId>;
  /** Not ended, and connected or running: the ring is not over before they are. */
  readonly awaited: Set<NodeId>;
  /** Of those, to whom nothing is owed: their run was cancelled, or a program brought what they are to run. The next execution runs them. */
  readonly idle: Set<NodeId>;
  /** Of those, whose run was cancelled. */
  readonly cancelled: Set<NodeId>;
};

export type Rings = {
  /** Newly derived: after a replay, an attached revision, or a new generation. Null: the association has none. */
  rebuild(name: AssociationName, layout: RingLayout | null): void;
  clear(): void;
  /** Looks at one node again; harmless for one that is in no ring. */
  refresh(name: AssociationName, node: NodeId): void;
  /** One per ring, and one more for the nodes of no ring; null when the association has no rings. */
  of(name: AssociationName): readonly RingTally[] | null;
  ringOf(name: AssociationName, node: NodeId): number | null;
  /** Associations whose tallies have changed since they were last taken. */
  takeTouched(): readonly AssociationName[];
  touch(name: AssociationName): void;
  names(): Iterable<AssociationName>;
};

export type RingLayout = {
  readonly rings: readonly Ring[];
  /** Nodes assigned. */
  readonly nodes: Iterable<NodeId>;
  /** The first ring that matches, or `rings.length`. */
  readonly place: (node: NodeId) => number;
};

/** Rings as another layout would have them, as state stands now. */
export function talliesIn(
  state: State,
  name: AssociationName,
  { rings, nodes, place: placeOf }: RingLayout,
): readonly RingTally[] {
  const tallies = [...rings, null].map(newTally);
  for (const id of nodes) {
    const node = state.nodes.get(id);
    const assignment = node?.assignments.get(name);
    const tally = tallies[placeOf(id)];
    if (node === undefined || assignment === undefined || tally === undefined) continue;
    place(tally, state, node, assignment);
  }
  return tallies;
}

type Entry = { readonly tallies: readonly RingTally[]; readonly place: RingLayout['place'] };

export function createRings(state: State): Rings {
  const entries = new Map<AssociationName, Entry>();
  const touched = new Set<AssociationName>();

  function refresh(name: AssociationName, id: NodeId): void {
    const entry = entries.get(name);
    if (entry === undefined) return;
    touched.add(name);
    const node = state.nodes.get(id);
    const assignment = node?.assignments.get(name);
    const ring = node === undefined || assignment === undefined ? -1 : entry.place(id);
    for (const [at, tally] of entry.tallies.entries()) {
      if (at === ring && node !== undefined && assignment !== undefined) {
        place(tally, state, node, assignment);
      } else forget(tally, id);
    }
  }

  return {
    rebuild(name, layout) {
      touched.add(name);
      if (layout === null) {
        entries.delete(name);
        return;
      }
      const tallies = [...layout.rings, null].map(newTally);
      entries.set(name, { tallies, place: layout.place });
      for (const node of layout.nodes) refresh(name, node);
    },
    clear() {
      entries.clear();
      touched.clear();
    },
    refresh,
    of: (name) => entries.get(name)?.tallies ?? null,
    ringOf: (name, node) => entries.get(name)?.place(node) ?? null,
    takeTouched() {
      const names = [...touched];
      touched.clear();
      return names;
    },
    touch: (name) => {
      touched.add(name);
    },
    names: () => entries.keys(),
  };
}

const newTally = (): RingTally => ({
  nodes: new Set(),
  finished: new Set(),
  failed: new Set(),
  awaited: new Set(),
  idle: new Set(),
  cancelled: new Set(),
});

function forget({ nodes, ...judged }: RingTally, id: NodeId): void {
  if (!nodes.delete(id)) return;
  for (const set of Object.values(judged)) set.delete(id);
}

function place(tally: RingTally, state: State, node: NodeState, assignment: Assignment): void {
  const generation = state.associations.get(assignment.association)?.digests.generation;
  const run = runOf(state, node, assignment);
  const ended = generation !== undefined && hasTaken(assignment, generation);
  const isOut = run?.phase === 'Offered' || run?.phase === 'Started';
  const { last } = assignment;
  // Nothing is owed to it, and what it has told proves nothing: a job it would not take holds nothing up, as if it were away.
  const idle = run === undefined && last?.generation === generation ? last?.outcome : undefined;
  const isAway = node.connectedAt === null || (idle !== undefined && isUndeliverable(idle));
  const isAwaited = isOut || (!ended && !isAway);
  tally.nodes.add(node.id);
  put(tally.finished, node.id, ended);
  put(tally.failed, node.id, run?.phase === 'Unreachable' || (ended && hasFailed(assignment)));
  put(tally.awaited, node.id, isAwaited);
  put(tally.idle, node.id, isAwaited && run === undefined);
  put(tally.cancelled, node.id, isAwaited && idle?.status === 'Cancelled');
}

/** When it began to fail, as far as that is known: by the daemon's clock where it is silent, else by its own. */
export function failsSince(state: State, name: AssociationName, id: NodeId): number {
  const node = state.nodes.get(id);
  const assignment = node?.assignments.get(name);
  if (node === undefined || assignment === undefined) return Infinity;
  const { since } = assignment;
  const run = runOf(state, node, assignment);
  const silent = run?.phase === 'Unreachable' ? run.since : Infinity;
  return Math.min(
    silent,
    since !== null && isFailure(since.outcome) ? since.outcome.finishedAt : Infinity,
  );
}

function runOf(state: State, node: NodeState, { execution }: Assignment): Run | undefined {
  return execution === null ? undefined : state.executions.get(execution)?.runs.get(node.id);
}

function put(set: Set<NodeId>, node: NodeId, isIn: boolean): void {
  if (isIn) set.add(node);
  else set.delete(node);
}

/**
 * A run of this generation has ended here, and it was the node that ended it: what the daemon skips was never taken. Nor is one
 * that was cancelled, which proves nothing, or a job that the node would not take.
 */
export function hasTaken(
  { last, shown }: Pick<Assignment, 'last' | 'shown'>,
  generation: AssociationState['digests']['generation'],
): boolean {
  if (last?.generation === generation && proves(last.outcome)) return true;
  return shown?.generation === generation && isSkippedByNode(shown.outcome);
}

const proves = (outcome: Outcome): boolean =>
  outcome.status !== 'Cancelled' && !isUndeliverable(outcome);

/** What counts against MaxErrors counts against a ring's (advice H-16). */
const hasFailed = ({ last }: Assignment): boolean => last !== null && isFailure(last.outcome);
