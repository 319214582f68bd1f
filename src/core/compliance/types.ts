/** Compliance by type: of a node (`ListResourceComplianceSummaries`) and of the fleet (`ListComplianceSummaries`). */
import type {
  ItemCounts,
  ItemSeverity,
  OpenItemCounts,
  TypeCompliance,
} from '../model/compliance.ts';
import {
  ASSOCIATION_TYPE,
  noItems,
  statusOfCounts,
  totalOf,
  worstOf,
} from '../model/compliance.ts';
import { compareText } from '../model/problem.ts';
import type { NodeStanding, TypeStanding, TypeSummary } from '../model/standing.ts';
import type { Tally } from './tally.ts';
import { worse } from './tally.ts';

/** Association, when any association of the node has an item, then what its documents reported, by name. */
export function typesOf(
  { items }: Pick<Tally, 'items'>,
  reported: Iterable<TypeCompliance>,
): readonly TypeStanding[] {
  const own: TypeStanding[] = [];
  if (totalOf(items.COMPLIANT) + totalOf(items.NON_COMPLIANT) > 0) {
    own.push(typeStanding(ASSOCIATION_TYPE, items, null));
  }
  const others: TypeStanding[] = [];
  for (const { complianceType, counts, executionSummary } of reported) {
    others.push(typeStanding(complianceType, counts, executionSummary));
  }
  return [...own, ...others.sort(byType)];
}

function typeStanding(
  complianceType: string,
  counts: ItemCounts,
  executionSummary: TypeStanding['executionSummary'],
): TypeStanding {
  return {
    complianceType,
    status: statusOfCounts(counts),
    overallSeverity: worstOf(counts.NON_COMPLIANT) ?? 'UNSPECIFIED',
    counts,
    executionSummary,
  };
}

export const isNonCompliant = ({ status }: TypeStanding): boolean => status === 'NON_COMPLIANT';

/** Association items are counted by whoever tallies what fails: here it is about the others. */
export const worstType = (worst: ItemSeverity | null, type: TypeStanding): ItemSeverity | null =>
  isNonCompliant(type) ? worse(worst, type.overallSeverity) : worst;

/** Nodes, not items: a node counts once per type, under its status and its overall severity there. */
export function summarizeTypes(nodes: Iterable<NodeStanding>): readonly TypeSummary[] {
  const byName = new Map<string, OpenItemCounts>();
  for (const { types } of nodes) {
    for (const { complianceType, status, overallSeverity } of types) {
      const counts = byName.get(complianceType) ?? noItems();
      byName.set(complianceType, counts);
      counts[status][overallSeverity]++;
    }
  }
  return [...byName].map(([complianceType, counts]) => ({ complianceType, counts })).sort(byType);
}

const byType = (
  a: Pick<TypeStanding, 'complianceType'>,
  b: Pick<TypeStanding, 'complianceType'>,
): number =>
  Number(b.complianceType === ASSOCIATION_TYPE) - Number(a.complianceType === ASSOCIATION_TYPE) ||
  compareText(a.complianceType, b.complianceType);
