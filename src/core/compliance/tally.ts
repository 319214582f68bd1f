/** Counting standings: sums that do not depend on the order in which they are taken. */

import type { ItemSeverity, OpenItemCounts } from '../model/compliance.ts';
import { noItems, severityRank } from '../model/compliance.ts';
import { compareText } from '../model/problem.ts';
import type {
  AssignmentStanding,
  AssociationStanding,
  FailingTarget,
  PendingReason,
  Rating,
  StatusCounts,
  TargetDetailedStatus,
  TargetStatus,
} from '../model/standing.ts';

/** Standings under one heading: the targets of an association, or the associations of a node. */
export type Tally = {
  readonly counts: { [status in TargetStatus]?: number };
  readonly ratings: { [rating in Rating]: number };
  /** Items of type Association, one per assignment that has one. */
  readonly items: OpenItemCounts;
  total: number;
  /** Targets that have reported nothing for the generation in force. */
  unreported: number;
  started: number;
  bound: number;
  /** What all failures have in common; null before the first, Failed when they differ. */
  failure: TargetDetailedStatus | null;
  severity: ItemSeverity | null;
};

export const newTally = (): Tally => ({
  counts: {},
  ratings: { ok: 0, failing: 0, waiting: 0 },
  items: noItems(),
  total: 0,
  unreported: 0,
  started: 0,
  bound: 0,
  failure: null,
  severity: null,
});

export function add(tally: Tally, standing: AssignmentStanding): void {
  const { status, detailedStatus, rating, severity } = standing;
  tally.counts[status] = (tally.counts[status] ?? 0) + 1;
  tally.ratings[rating]++;
  tally.total++;
  if (standing.compliance !== null) tally.items[standing.compliance][severity]++;
  if (status === 'Pending' || (status === 'Skipped' && rating === 'waiting')) tally.unreported++;
  if (detailedStatus === 'InProgress' || detailedStatus === 'Unreachable') tally.started++;
  if (detailedStatus === 'Associated' && standing.outcome === null) tally.bound++;
  if (status === 'Failed') {
    tally.failure =
      (tally.failure ?? detailedStatus) === detailedStatus ? detailedStatus : 'Failed';
  }
  if (rating === 'failing') tally.severity = worse(tally.severity, severity);
}

export const worse = (a: ItemSeverity | null, b: ItemSeverity): ItemSeverity =>
  a !== null && severityRank(a) <= severityRank(b) ? a : b;

/** Failed hides behind nothing; Success needs a report of every target (spec/state-manager.md §5.6). */
export function overallStatus(tally: Tally): 'Pending' | 'Success' | 'Failed' {
  if ((tally.counts.Failed ?? 0) > 0) return 'Failed';
  return tally.unreported > 0 ? 'Pending' : 'Success';
}

export function overallDetail(tally: Tally): AssociationStanding['detailedStatus'] {
  switch (overallStatus(tally)) {
    case 'Failed':
      return tally.failure ?? 'Failed';
    case 'Pending':
      if (tally.started > 0) return 'InProgress';
      return tally.bound === tally.total ? 'Creating' : 'Pending';
    case 'Success':
      return tally.total > 0 && tally.counts.Skipped === tally.total ? 'Skipped' : 'Success';
  }
}

/** In AWS's order of writing, without zeros. */
export function statusCounts(tally: Tally): StatusCounts {
  const counts: { [status in TargetStatus]?: number } = {};
  for (const status of ['Pending', 'Success', 'Failed', 'Skipped'] as const) {
    const count = tally.counts[status];
    if (count !== undefined) counts[status] = count;
  }
  return counts;
}

/** An association while its targets are being counted. */
export type AssociationTally = {
  readonly tally: Tally;
  silent: number;
  readonly waiting: Map<PendingReason, number>;
  readonly failing: FailingTarget[];
};

export const newAssociationTally = (): AssociationTally => ({
  tally: newTally(),
  silent: 0,
  waiting: new Map(),
  failing: [],
});

export function sortedFailing(failing: FailingTarget[]): readonly FailingTarget[] {
  return failing.sort((a, b) => compareText(a.node, b.node));
}
