/**
 * Compliance items as documents report them: the input of `PutComplianceItems` (spec/state-manager.md §6.3), checked and
 * cut to what is kept. Names and severities are AWS's.
 */
import type { AssociationName, Instant, RunId } from './brand.ts';

export type ComplianceStatus = 'COMPLIANT' | 'NON_COMPLIANT';

/** Worst first. An association's own severity is one of these, too, but for INFORMATIONAL. */
export const itemSeverities = [
  'CRITICAL',
  'HIGH',
  'MEDIUM',
  'LOW',
  'INFORMATIONAL',
  'UNSPECIFIED',
] as const;
export type ItemSeverity = (typeof itemSeverities)[number];

/** 0 for the worst. */
export const severityRank = (severity: ItemSeverity): number => itemSeverities.indexOf(severity);

/** `ComplianceItemEntry`. Who it is about is never in it: that is the node whose session it came through. */
export type ComplianceItem = {
  /** Of type Association: the id of the association. */
  readonly id: string;
  readonly title: string;
  readonly severity: ItemSeverity;
  readonly status: ComplianceStatus;
  readonly details: { readonly [key: string]: string };
};

export type SeverityCounts = { readonly [severity in ItemSeverity]: number };

/** How many items of each status and severity. */
export type ItemCounts = { readonly [status in ComplianceStatus]: SeverityCounts };

export type ComplianceExecutionSummary = {
  readonly executionTime: Instant;
  readonly executionId: string;
  readonly executionType: string;
};

/** One call of `PutComplianceItems`, less its addressee. */
export type CompliancePut = {
  readonly complianceType: string;
  readonly uploadType: 'COMPLETE' | 'PARTIAL';
  readonly executionSummary: ComplianceExecutionSummary;
  /** As given; '' when it was not. */
  readonly itemContentHash: string;
  /** Worst first, as many as fit; of type Association always all. */
  readonly items: readonly ComplianceItem[];
  /** Of all items, kept or not. */
  readonly counts: ItemCounts;
};

/** AWS's names of what is wrong with a call. */
export const putRefusals = [
  'InvalidItemContentException',
  'InvalidResourceId',
  'InvalidResourceType',
  'ItemSizeLimitExceededException',
  'TotalSizeLimitExceededException',
  'ComplianceTypeCountLimitExceededException',
] as const;
export type PutRefusal = (typeof putRefusals)[number];

export type RefusedPut = { readonly code: PutRefusal; readonly file: string; readonly why: string };

/** What the steps of one run have reported. */
export type ComplianceReport = {
  readonly puts: readonly CompliancePut[];
  readonly refused: readonly RefusedPut[];
};

/** Newest content of one type on one node, with what it first came with: a repetition changes nothing. */
export type TypeCompliance = Omit<CompliancePut, 'uploadType'> & {
  /** Whose run reported it: it goes when that association leaves the node. */
  readonly association: AssociationName;
  readonly run: RunId;
};

/** The one item that speaks for a MANUAL association on a node. */
export type ReportedItem = Omit<ComplianceItem, 'id'> & {
  readonly executionSummary: ComplianceExecutionSummary;
  readonly run: RunId;
};

export const ASSOCIATION_TYPE = 'Association';
/** Quota of AWS. */
export const CUSTOM_TYPES_MAX = 10;
/** Of the items that a node's file shows; beyond it they are counted only. */
export const NODE_ITEMS_BYTES_MAX = 64 * 1024;
export const isCustomType = (type: string): boolean => type.startsWith('Custom:');

export function countItems(items: Iterable<ComplianceItem>): ItemCounts {
  const counts = noItems();
  for (const { status, severity } of items) counts[status][severity]++;
  return counts;
}

export type OpenItemCounts = {
  readonly [status in ComplianceStatus]: { [severity in ItemSeverity]: number };
};

export const noItems = (): OpenItemCounts => ({ COMPLIANT: noCounts(), NON_COMPLIANT: noCounts() });

const noCounts = (): { [severity in ItemSeverity]: number } => ({
  CRITICAL: 0,
  HIGH: 0,
  MEDIUM: 0,
  LOW: 0,
  INFORMATIONAL: 0,
  UNSPECIFIED: 0,
});

export const totalOf = (counts: SeverityCounts): number =>
  itemSeverities.reduce((sum, severity) => sum + counts[severity], 0);

/** Highest severity that is counted; null when nothing is. */
export const worstOf = (counts: SeverityCounts): ItemSeverity | null =>
  itemSeverities.find((severity) => counts[severity] > 0) ?? null;

/** Any item that is not compliant makes all of its type so (§6.4). */
export const statusOfCounts = (counts: ItemCounts): ComplianceStatus =>
  totalOf(counts.NON_COMPLIANT) > 0 ? 'NON_COMPLIANT' : 'COMPLIANT';
