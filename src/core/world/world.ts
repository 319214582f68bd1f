/**
 * The one index of the fleet: durable state, the revision in force, and what is derived from both so that an event costs
 * what it touches. `apply` is the only way to change it. Its simple twin is `planFull`, which derives everything again.
 */

import type { Association } from '../model/association.ts';
import type {
  AssociationName,
  CommitId,
  ExecutionId,
  Instant,
  NodeId,
  RunId,
} from '../model/brand.ts';
import { instant } from '../model/brand.ts';
import type { Catalog } from '../model/catalog.ts';
import type { Definition } from '../model/definition.ts';
import type { Node } from '../model/node.ts';
import type { Problem } from '../model/problem.ts';
import { compareText } from '../model/problem.ts';
import type { CalendarStanding } from '../model/standing.ts';
import type {
  AcceptedBy,
  Assignment,
  AssociationState,
  Execution,
  HeldCode,
  NodeState,
  State,
} from '../model/state.ts';
import { emptyState } from '../model/state.ts';
import type { AssociationPlan } from '../plan/plan.ts';
import type { AlarmState, Gate, Skip } from '../rollout/gate.ts';
import { calendarStanding, gateOf, nextLook, skipAt } from '../rollout/gate.ts';
import { concurrencyMax, errorsAllowed } from '../rollout/limits.ts';
import { firedUntil, upcomingSlot } from '../schedule/slots.ts';
import { matches } from '../selector/match.ts';
import { apply as applyToState } from './apply.ts';
import type { Dirty } from './effects.ts';
import type { Seen } from './epoch.ts';
import { isAhead } from './epoch.ts';
import type { LoadedRevision } from './events.ts';
import type { Fleet } from './fleet.ts';
import { createFleet } from './fleet.ts';
import { dependencyGate, ringGate } from './gates.ts';
import type { Heap } from './heap.ts';
import { createHeap } from './heap.ts';
import type { History, HistoryLimits } from './history.ts';
import { createHistory, HISTORY_LIMITS } from './history.ts';
import { indexRecord } from './index-record.ts';
import type { Move } from './moves.ts';
import { isNamedSinceStop } from './named.ts';
import type { PreparedRuns } from './prepare-slot.ts';
import type { Remainder } from './put-in-force.ts';
import type { Queues } from './queues.ts';
import { createQueues } from './queues.ts';
import type { Record } from './records.ts';
import type { Refusals } from './refusals.ts';
import { createRefusals } from './refusals.ts';
import type { Rings } from './rings.ts';
import { createRings } from './rings.ts';

/** Assignments that one pass of a revision opens or takes back: some thirty milliseconds. All but the largest revisions have fewer. */
const ASSIGNMENTS_PER_PASS = 5_000;

/** Something to look at again at an instant. Entries may be stale: whoever takes one checks the state. */
export type Timer = { readonly at: Instant } & (
  | { readonly kind: 'slot'; readonly association: AssociationName }
  | {
      readonly kind: 'run';
      /** The phase that must be over by then. */
      readonly phase: 'Offered' | 'Started' | 'Unreachable';
      readonly execution: ExecutionId;
      readonly node: NodeId;
      readonly run: RunId;
    }
  | { readonly kind: 'starting-deadline'; readonly execution: ExecutionId }
  /** Its Duration is over. */
  | { readonly kind: 'duration'; readonly execution: ExecutionId }
  /** A suspend ends, a calendar opens or closes. */
  | { readonly kind: 'gate'; readonly association: AssociationName }
  /** A ring has soaked. */
  | { readonly kind: 'soak'; readonly association: AssociationName }
  /** A started run is overdue at a connected node: ask whether it still has it. */
  | { readonly kind: 'claim'; readonly node: NodeId }
  | { readonly kind: 'gone'; readonly node: NodeId }
  | { readonly kind: 'silent'; readonly node: NodeId }
  | { readonly kind: 'rested'; readonly node: NodeId }
);

export type Claim = {
  readonly execution: ExecutionId;
  readonly run: RunId;
  readonly at: Instant;
};

type Upcoming = Pick<AssociationState, 'anchor' | 'lastSlot' | 'gaps'> & {
  readonly association: Association;
  readonly firedAt: Instant;
  readonly at: Instant | null;
};

export type RevisionChange = {
  readonly revision: CommitId;
  readonly before: CommitId | null;
  readonly plan: ReadonlyMap<AssociationName, AssociationPlan>;
  readonly problems: readonly Problem[];
  /** What moves of associations that stay. */
  readonly moves: ReadonlyMap<AssociationName, Move>;
  readonly verdict:
    | { readonly kind: 'accepted'; readonly by: AcceptedBy }
    | { readonly kind: 'held'; readonly code: HeldCode; readonly reason: string };
};

export class World {
  readonly state: State = emptyState();
  revision: LoadedRevision | null = null;
  /** What of the revision is not in force yet: passes take nothing else until it is. */
  remainder: Remainder | null = null;
  readonly assignmentsPerPass: number;
  /** What the newest judged revision changes, accepted or held: plan.json on the status branch. */
  lastPlan: RevisionChange | null = null;
  /** The newest of them that was accepted; null: none by this process. */
  acceptedPlan: RevisionChange | null = null;
  fleet: Fleet = createFleet(new Map());
  /** Association → nodes assigned; the reverse of `NodeState.assignments`. */
  readonly assigned = new Map<AssociationName, Set<NodeId>>();
  /** Nodes whose agent runs something the daemon has no job record of, and what. */
  readonly #foreign = new Map<NodeId, RunId>();
  /** Nodes that said that they restart: until when their absence is no silence. A restarted daemon has forgotten it. */
  readonly rebooting = new Map<NodeId, Instant>();
  /** When the absence of a node whose run has started begins to count; a timer of another instant is of an earlier absence. */
  readonly goneAt = new Map<NodeId, Instant>();
  /** The timer that looks at the slots of an association: one each, however often it is edited. */
  readonly slotTimers = new Map<AssociationName, Instant>();
  /** The timer that looks at the gate of an association: one each, whoever waits there. */
  readonly gateTimers = new Map<AssociationName, Instant>();
  /** Nodes that refused a job for now: nothing is offered until then; a timer of another instant is of an earlier refusal. */
  readonly #resting = new Map<NodeId, Instant>();
  /** Why nodes take no job for now. */
  readonly refusals: Refusals = createRefusals();
  /** What nodes told that had seen more than this daemon knew when they connected; not durable, they tell again. */
  readonly seen = new Map<NodeId, Seen>();
  /** Started runs that are asked for when they are overdue, at the node that runs them. */
  readonly claims = new Map<NodeId, Claim>();
  /** The timer that looks at the claim of a node: one each, whatever ran there since it was set. */
  readonly claimTimers = new Map<NodeId, Instant>();
  /** As they were last read; one that is not in here cannot be read. */
  alarms: ReadonlyMap<string, AlarmState> = new Map();
  /** Run ids of slots that are about to fire. */
  readonly prepared = new Map<AssociationName, PreparedRuns>();
  readonly rings: Rings = createRings(this.state);
  readonly timers: Heap<Timer> = createHeap((a, b) => a.at < b.at);
  readonly dirty: Dirty = {
    nodes: new Set(),
    associations: new Set(),
    ended: new Set(),
    fleet: false,
    all: true,
  };
  /** When the last turn was, by the clock of the host. */
  seenAt: Instant = instant(0);
  /** Associations in which a start may have become possible since the last look. */
  readonly hopeful = new Set<AssociationName>();
  readonly queues: Queues = createQueues();
  /** Ended executions, until they are on the status branch. */
  readonly history: History;
  /** Association → those that depend on it, and how long the longest chain below each is. */
  dependents: ReadonlyMap<AssociationName, readonly AssociationName[]> = new Map();
  readonly #depths = new Map<AssociationName, number>();
  /** The next slot of each association, with what it was found from: a report asks once per node. */
  readonly #upcoming = new Map<AssociationName, Upcoming>();

  constructor(
    limits: HistoryLimits = HISTORY_LIMITS,
    assignmentsPerPass: number = ASSIGNMENTS_PER_PASS,
  ) {
    this.history = createHistory(limits);
    this.assignmentsPerPass = assignmentsPerPass;
  }

  definition(name: AssociationName): Definition | undefined {
    return this.revision?.definitions.get(name);
  }

  /** Applies one record to state and index. */
  apply(record: Record): void {
    applyToState(this.state, record);
    indexRecord(this, record);
  }

  /** Puts a loaded revision in force: the catalog is derived data, the records that accept it come separately. */
  attach(revision: LoadedRevision, fleet: Fleet): void {
    const moved = this.#markMoved(this.fleet.nodes, fleet.nodes);
    const groups = this.revision?.catalog.groups ?? new Map();
    this.#markJudged(this.revision?.catalog ?? null, revision.catalog);
    this.revision = revision;
    this.fleet = fleet;
    this.dependents = dependentsIn(revision);
    this.#depths.clear();
    this.#rebuildRings();
    this.#regroup(groups);
    for (const id of moved) {
      const node = this.state.nodes.get(id);
      if (node !== undefined) this.lineUp(node);
    }
  }

  /** Tags of a node and groups place it in a ring, and those may have moved though no association has. */
  #regroup(before: Catalog['groups']): void {
    const groups = this.revision?.catalog.groups;
    for (const name of this.rings.names()) {
      const rings = this.definition(name)?.association.rings ?? [];
      const named = rings.flatMap(({ targets }) =>
        targets.flatMap((each) => (each.kind === 'group' ? [each.name] : [])),
      );
      // By identity: what is read again from the same blob is the same.
      if (named.every((each) => before.get(each)?.targets === groups?.get(each)?.targets)) continue;
      this.dirty.associations.add(name);
      this.lineUpAll(name);
    }
  }

  #rebuildRings(): void {
    for (const name of this.rings.names()) {
      if (this.definition(name) === undefined) this.rings.rebuild(name, null);
    }
    for (const name of this.revision?.definitions.keys() ?? []) this.rebuildRingsOf(name);
  }

  rebuildRingsOf(name: AssociationName): void {
    const rings = this.definition(name)?.association.rings ?? [];
    const { revision, fleet } = this;
    if (rings.length === 0 || revision === null) {
      if (this.rings.of(name) !== null) this.rings.rebuild(name, null);
      return;
    }
    const { groups } = revision.catalog;
    this.rings.rebuild(name, {
      rings,
      nodes: this.assigned.get(name) ?? [],
      place: (id) => {
        const node = fleet.nodes.get(id);
        const at =
          node === undefined ? -1 : rings.findIndex((ring) => matches(ring.targets, node, groups));
        return at === -1 ? rings.length : at;
      },
    });
  }

  /** What holds the whole association now. */
  gateOf(name: AssociationName): Gate {
    const association = this.definition(name)?.association;
    if (association === undefined || this.revision === null) return { waiting: null, until: null };
    const { calendars } = this.revision.catalog;
    return gateOf(association, { calendars, alarms: this.alarms }, this.seenAt);
  }

  /** How its calendars stand by the clock of the last turn: the report tells no other. */
  calendarOf(name: AssociationName): CalendarStanding | null {
    const association = this.definition(name)?.association;
    if (association === undefined || this.revision === null) return null;
    return calendarStanding(association, this.revision.catalog, this.seenAt);
  }

  /** When its gate has to be looked at again; null: time does not change it. */
  nextLookAt(name: AssociationName): Instant | null {
    const association = this.definition(name)?.association;
    if (association === undefined || this.revision === null) return null;
    return nextLook(association, this.revision.catalog, this.seenAt);
  }

  /** Why a slot of it opens nothing; null: it does. */
  skipAt(name: AssociationName, slot: Instant): Skip | null {
    const association = this.definition(name)?.association;
    if (association === undefined || this.revision === null) return null;
    const { calendars } = this.revision.catalog;
    return skipAt(association, { calendars, alarms: this.alarms }, slot);
  }

  /** Nothing has stopped it, its ring has come, and what it depends on has succeeded there. */
  mayRunOn(execution: Execution, node: NodeState): boolean {
    const run = execution.runs.get(node.id);
    if (execution.stopped !== null && (run === undefined || !isNamedSinceStop(execution, run))) {
      return false;
    }
    return (
      ringGate(this, execution.association, node) === null &&
      dependencyGate(this, execution, node) === null
    );
  }

  /** Stopped, it still starts whom an operator names, until they exceed MaxErrors themselves. */
  bearsFailures({ association: name, stopped, failures, forgiven }: Execution): boolean {
    const maxErrors = this.definition(name)?.association.maxErrors;
    if (stopped === null || maxErrors === undefined) return stopped === null;
    return failures - forgiven <= errorsAllowed(maxErrors, this.assigned.get(name)?.size ?? 0);
  }

  /** Length of the longest chain of dependencies below it: who depends on nothing goes first. */
  depthOf(name: AssociationName): number {
    const known = this.#depths.get(name);
    if (known !== undefined) return known;
    this.#depths.set(name, 0); // a circle cannot be: `core/load` refuses it
    const below = this.definition(name)?.association.dependsOn ?? [];
    const depth = below.length === 0 ? 0 : 1 + Math.max(...below.map((each) => this.depthOf(each)));
    this.#depths.set(name, depth);
    return depth;
  }

  /** Those that are new or another; a node is reported even where nothing targets it. */
  #markMoved(before: Fleet['nodes'], after: Fleet['nodes']): readonly NodeId[] {
    const moved: NodeId[] = [];
    for (const [id, node] of after) {
      const known = before.get(id);
      if (known !== undefined && isSameNode(known, node)) continue;
      this.touchNode(id);
      moved.push(id);
    }
    for (const id of before.keys()) if (!after.has(id)) this.touchNode(id);
    return moved;
  }

  /** Files of associations whose validity is another now: what is in force does not change with it. */
  #markJudged(before: Catalog | null, after: Catalog): void {
    const known = before?.invalidAssociations ?? new Map<AssociationName, unknown>();
    for (const name of after.invalidAssociations.keys()) {
      if (!known.has(name)) this.dirty.associations.add(name);
    }
    for (const name of known.keys()) {
      if (!after.invalidAssociations.has(name)) this.dirty.associations.add(name);
    }
  }

  targetsOf(name: AssociationName): readonly NodeId[] {
    const definition = this.definition(name);
    if (definition === undefined || this.revision === null) return [];
    return this.fleet.resolve(definition.association.targets, this.revision.catalog.groups);
  }

  assignedTo(name: AssociationName): readonly NodeId[] {
    return [...(this.assigned.get(name) ?? [])].sort(compareText);
  }

  nextSlotOf(name: AssociationName): Instant | null {
    const definition = this.definition(name);
    const slots = this.state.associations.get(name);
    if (definition === undefined || slots === undefined) return null;
    const { association } = definition;
    const { anchor, lastSlot, gaps } = slots;
    const firedAt = firedUntil(slots, this.seenAt);
    const known = this.#upcoming.get(name);
    if (
      known?.association === association &&
      known.anchor === anchor &&
      known.lastSlot === lastSlot &&
      known.gaps === gaps &&
      known.firedAt === firedAt
    ) {
      return known.at;
    }
    const at = upcomingSlot(association, slots, this.seenAt);
    this.#upcoming.set(name, { association, anchor, lastSlot, gaps, firedAt, at });
    return at;
  }

  /** Connected, known to the revision, and nothing out at it. */
  isFree(node: NodeState): boolean {
    return (
      node.connectedAt !== null &&
      node.job === null &&
      !this.#foreign.has(node.id) &&
      !this.#resting.has(node.id) &&
      !isAhead(this, node.id) &&
      this.fleet.nodes.has(node.id)
    );
  }

  /** What its agent runs and we have no job record of; null: nothing. Whoever waits there waits for another reason now. */
  setForeign(id: NodeId, run: RunId | null): void {
    if ((this.#foreign.get(id) ?? null) === run) return;
    if (run === null) this.#foreign.delete(id);
    else this.#foreign.set(id, run);
    this.touchNode(id);
  }

  runsForeign(id: NodeId, run: RunId): boolean {
    return this.#foreign.get(id) === run;
  }

  /** It refused a job for now. */
  rest(id: NodeId, until: Instant): void {
    this.#resting.set(id, until);
    this.touchNode(id);
  }

  restsUntil(id: NodeId): Instant | null {
    return this.#resting.get(id) ?? null;
  }

  /** Whether it rested: it may be asked again. */
  wake(id: NodeId): boolean {
    if (!this.#resting.delete(id)) return false;
    this.touchNode(id);
    return true;
  }

  /** A node is connected and not asked: it rests, runs something else, or has seen more than we know. */
  get anyHeldBack(): boolean {
    return this.#foreign.size + this.#resting.size + this.seen.size > 0;
  }

  hasCapacity(name: AssociationName): boolean {
    const association = this.state.associations.get(name);
    const definition = this.definition(name);
    if (association === undefined || definition === undefined) return false;
    const targets = this.assigned.get(name)?.size ?? 0;
    return association.inFlight < concurrencyMax(definition.association.maxConcurrency, targets);
  }

  /** The next node of an execution that could start: pending there, connected and free. Taken out of the queue. */
  takeReady(execution: Execution): NodeState | null {
    for (;;) {
      const id = this.queues.take(execution.id);
      if (id === null) return null;
      const node = this.state.nodes.get(id);
      const pending = execution.runs.get(id)?.phase === 'Pending';
      // Held back again since it lined up: whatever lets it go lines it up anew.
      if (node === undefined || !pending || !this.isFree(node)) continue;
      if (this.mayRunOn(execution, node)) return node;
    }
  }

  /** A free node lines up wherever a run is owed to it. */
  lineUp(node: NodeState): void {
    if (!this.isFree(node)) return;
    for (const assignment of node.assignments.values()) this.#lineUpFor(assignment, node);
  }

  #lineUpFor({ execution: id, last }: Assignment, node: NodeState): void {
    const execution = id === null ? undefined : this.state.executions.get(id);
    if (execution?.runs.get(node.id)?.phase !== 'Pending' || execution.closed !== null) return;
    if (this.mayRunOn(execution, node)) {
      this.enqueue(execution, node, last?.outcome.startedAt ?? null);
    }
  }

  /** Whoever waits in the open execution lines up again: what held them back has changed. */
  lineUpAll(name: AssociationName): void {
    const open = this.state.associations.get(name)?.open ?? null;
    const execution = open === null ? undefined : this.state.executions.get(open);
    if (execution === undefined || execution.phases.Pending === 0) return;
    this.touchPending(execution);
    for (const run of execution.runs.values()) {
      const node = run.phase === 'Pending' ? this.state.nodes.get(run.node) : undefined;
      const assignment = node?.assignments.get(name);
      if (node === undefined || assignment === undefined || !this.isFree(node)) continue;
      this.#lineUpFor(assignment, node);
    }
    this.hopeful.add(name);
  }

  enqueue(execution: Execution, node: NodeState, lastRunAt: Instant | null): void {
    this.queues.add(execution.id, node.id, lastRunAt);
    this.hopeful.add(execution.association);
  }

  /** Derives every index from state again: after a replay. */
  reindex(): void {
    this.assigned.clear();
    this.queues.clear();
    for (const name of this.state.associations.keys()) this.assigned.set(name, new Set());
    for (const node of this.state.nodes.values()) {
      for (const name of node.assignments.keys()) this.assign(name, node.id);
      this.lineUp(node);
    }
    const ended = [...this.state.executions.values()].filter((each) => each.endedAt !== null);
    this.history.clear();
    for (const execution of ended.sort((a, b) => (a.endedAt ?? 0) - (b.endedAt ?? 0))) {
      this.dirty.ended.add(execution.id);
      this.history.place(execution);
    }
    this.#rebuildRings();
    this.dirty.all = true;
  }

  assign(name: AssociationName, node: NodeId): void {
    let nodes = this.assigned.get(name);
    if (nodes === undefined) {
      nodes = new Set();
      this.assigned.set(name, nodes);
    }
    nodes.add(node);
  }

  touch(association: AssociationName, nodes: Iterable<NodeId>): void {
    this.dirty.associations.add(association);
    for (const node of nodes) this.dirty.nodes.add(node);
  }

  /** The node's own file, and those of its associations: they count who is silent and why others wait. */
  touchNode(id: NodeId): void {
    this.dirty.nodes.add(id);
    const assignments = this.state.nodes.get(id)?.assignments.keys() ?? [];
    for (const name of assignments) this.dirty.associations.add(name);
  }

  touchPending(execution: Execution): void {
    if (execution.phases.Pending === 0) return;
    this.dirty.associations.add(execution.association);
    for (const run of execution.runs.values()) {
      if (run.phase === 'Pending') this.dirty.nodes.add(run.node);
    }
  }
}

function isSameNode(a: Node, b: Node): boolean {
  if (a.name !== b.name || a.publicKey !== b.publicKey || a.file !== b.file) return false;
  const keys = Object.keys(a.tags);
  return (
    keys.length === Object.keys(b.tags).length && keys.every((key) => a.tags[key] === b.tags[key])
  );
}

function dependentsIn(
  revision: LoadedRevision,
): ReadonlyMap<AssociationName, readonly AssociationName[]> {
  const dependents = new Map<AssociationName, AssociationName[]>();
  for (const { association } of revision.definitions.values()) {
    for (const name of association.dependsOn) {
      const known = dependents.get(name);
      if (known === undefined) dependents.set(name, [association.name]);
      else known.push(association.name);
    }
  }
  return dependents;
}
