/** The standing of a whole fleet, in one walk over the assignments. */
import type { AssociationName, NodeId } from '../model/brand.ts';
import type { TypeCompliance } from '../model/compliance.ts';
import { totalOf } from '../model/compliance.ts';
import { compareText } from '../model/problem.ts';
import type {
  AssignmentStanding,
  AssociationStanding,
  FleetStanding,
  NodeCategory,
  NodeStanding,
  Standings,
} from '../model/standing.ts';
import { standingOf } from './assignment.ts';
import type { Facts } from './facts.ts';
import { silenceOf } from './silence.ts';
import type { AssociationTally, Tally } from './tally.ts';
import {
  add,
  newAssociationTally,
  newTally,
  overallDetail,
  overallStatus,
  sortedFailing,
  statusCounts,
} from './tally.ts';
import { isNonCompliant, summarizeTypes, typesOf, worstType } from './types.ts';

/** Nodes between two places to stop: about a millisecond with twenty associations each. */
const NODES_PER_STEP = 200;

export function assess(facts: Facts): Standings {
  const slices = assessInSlices(facts);
  for (;;) {
    const slice = slices.next();
    if (slice.done === true) return slice.value;
  }
}

/**
 * As `assess`; yields so that the caller can let other work through. A node that changes meanwhile stands as it was when it
 * was looked at; the definitions and the nodes must stay the same, or the caller begins again.
 */
export function* assessInSlices(facts: Facts): Generator<undefined, Standings> {
  const tallies = new Map<AssociationName, AssociationTally>();
  for (const name of facts.state.associations.keys()) tallies.set(name, newAssociationTally());
  const nodes = new Map<NodeId, NodeStanding>();
  let unreported = 0;
  let walked = 0;
  for (const id of facts.nodes.keys()) {
    const silent = silenceOf(facts, id);
    const tally = newTally();
    let mute = silent !== null;
    for (const standing of standingsOf(facts, id)) {
      add(tally, standing);
      mute ||= cannotBeAsked(standing);
      const of = tallies.get(standing.association);
      if (of !== undefined) count(of, id, standing, silent !== null);
    }
    if (mute) unreported++;
    nodes.set(id, nodeStanding(id, tally, reportedBy(facts, id), silent));
    if (++walked % NODES_PER_STEP === 0) yield;
  }
  const associations = new Map<AssociationName, AssociationStanding>();
  for (const [name, tally] of tallies) {
    associations.set(name, associationStanding(facts, name, tally));
  }
  return {
    fleet: fleetStanding(nodes, associations, unreported),
    associations,
    nodes,
    of: (node) => sortedStandings(facts, node),
  };
}

/** One node as it stands now: for what changed after the walk. */
export function assessNode(facts: Facts, id: NodeId): NodeStanding | null {
  if (!facts.nodes.has(id)) return null;
  const tally = newTally();
  for (const standing of standingsOf(facts, id)) add(tally, standing);
  return nodeStanding(id, tally, reportedBy(facts, id), silenceOf(facts, id));
}

export const sortedStandings = (facts: Facts, id: NodeId): AssignmentStanding[] =>
  standingsOf(facts, id).sort((a, b) => compareText(a.association, b.association));

const reportedBy = (facts: Facts, id: NodeId): Iterable<TypeCompliance> =>
  facts.state.nodes.get(id)?.compliance.types.values() ?? [];

function standingsOf(facts: Facts, id: NodeId): AssignmentStanding[] {
  const node = facts.nodes.has(id) ? facts.state.nodes.get(id) : undefined;
  if (node === undefined) return [];
  const standings: AssignmentStanding[] = [];
  for (const assignment of node.assignments.values()) {
    standings.push(standingOf(facts, node, assignment));
  }
  return standings;
}

/** A revision that is not loaded names no targets; then nothing is known to be missing. */
function unknownIdsOf(facts: Facts, name: AssociationName): readonly string[] {
  const targets = facts.definitions.get(name)?.association.targets ?? [];
  return targets
    .flatMap((target) => (target.kind === 'ids' ? target.ids : []))
    .filter((id) => !facts.nodes.has(id as NodeId))
    .sort(compareText);
}

const cannotBeAsked = ({ waiting, detailedStatus }: AssignmentStanding): boolean =>
  waiting?.reason === 'offline' || detailedStatus === 'Unreachable';

function count(
  of: AssociationTally,
  node: NodeId,
  standing: AssignmentStanding,
  silent: boolean,
): void {
  add(of.tally, standing);
  if (silent) of.silent++;
  if (standing.rating === 'failing') of.failing.push({ node, standing });
  if (standing.waiting !== null) {
    const { reason } = standing.waiting;
    of.waiting.set(reason, (of.waiting.get(reason) ?? 0) + 1);
  }
}

function nodeStanding(
  node: NodeId,
  tally: Tally,
  reported: Iterable<TypeCompliance>,
  silent: NodeStanding['silent'],
): NodeStanding {
  const { waiting } = tally.ratings;
  const types = typesOf(tally, reported);
  const severity = types.reduce(worstType, tally.severity);
  const failing = tally.ratings.failing > 0 || types.some(isNonCompliant);
  const category: NodeCategory = failing
    ? 'failing'
    : silent !== null
      ? 'silent'
      : waiting > 0
        ? 'pending'
        : 'compliant';
  return {
    node,
    category,
    status: tally.total === 0 ? null : overallStatus(tally),
    counts: statusCounts(tally),
    compliance: types.some(isNonCompliant)
      ? 'NON_COMPLIANT'
      : types.length > 0
        ? 'COMPLIANT'
        : null,
    types,
    severity,
    ratings: tally.ratings,
    silent,
  };
}

function associationStanding(
  facts: Facts,
  association: AssociationName,
  { tally, silent, waiting, failing }: AssociationTally,
): AssociationStanding {
  const unknownIds = unknownIdsOf(facts, association);
  tally.unreported += unknownIds.length;
  return {
    association,
    status: overallStatus(tally),
    detailedStatus: overallDetail(tally),
    counts: statusCounts(tally),
    targets: tally.total,
    ratings: tally.ratings,
    compliant: totalOf(tally.items.COMPLIANT),
    nonCompliant: totalOf(tally.items.NON_COMPLIANT),
    silent,
    waiting,
    calendar: facts.calendarOf?.(association) ?? null,
    suspendExpired: isSuspendOver(facts, association),
    failing: sortedFailing(failing),
    unknownIds,
  };
}

function isSuspendOver(facts: Facts, name: AssociationName): boolean {
  const suspend = facts.definitions.get(name)?.association.suspend ?? null;
  return suspend !== null && suspend.until <= facts.now;
}

function fleetStanding(
  nodes: ReadonlyMap<NodeId, NodeStanding>,
  associations: ReadonlyMap<AssociationName, AssociationStanding>,
  unreported: number,
): FleetStanding {
  const ofNodes = { failing: 0, silent: 0, pending: 0, compliant: 0, total: nodes.size };
  let silent = 0;
  for (const node of nodes.values()) {
    ofNodes[node.category]++;
    if (node.silent !== null) silent++;
  }
  const ofAssociations = { total: associations.size, Success: 0, Failed: 0, Pending: 0 };
  let unknownIds = 0;
  for (const association of associations.values()) {
    ofAssociations[association.status]++;
    unknownIds += association.unknownIds.length;
  }
  const pending = ofNodes.pending > 0 || unknownIds > 0;
  return {
    verdict:
      ofNodes.failing > 0 ? 'failing' : silent > 0 ? 'silent' : pending ? 'pending' : 'compliant',
    nodes: ofNodes,
    associations: ofAssociations,
    compliance: summarizeTypes(nodes.values()),
    unreported,
  };
}

/** What `daemon --once` leaves with (contract §8): 4 some nodes failed, 5 some did not report. */
export function exitCodeOf(fleet: FleetStanding): 0 | 4 | 5 {
  if (fleet.nodes.failing > 0) return 4;
  return fleet.unreported > 0 ? 5 : 0;
}
