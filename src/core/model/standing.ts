/**
 * How things stand: what compliance judges and reports print. Words and spellings are AWS's (spec/state-manager.md §5, §6);
 * what AWS has no word for (silence, why something waits) sits in fields of its own.
 */
import type { AssociationName, Instant, NodeId } from './brand.ts';
import type {
  ComplianceExecutionSummary,
  ComplianceStatus,
  ItemCounts,
  ItemSeverity,
  ReportedItem,
} from './compliance.ts';
import type { DetailedStatus } from './run.ts';
import type { Execution, LastOutcome, Run } from './state.ts';

/** Why a pending run does not run now (contract §5); a closed list. */
export const pendingReasons = [
  'offline',
  'busy',
  'concurrency',
  'error-threshold',
  'calendar',
  'alarm',
  'dependency',
  'rollout',
  'suspended',
  'paused',
  'schedule',
] as const;
export type PendingReason = (typeof pendingReasons)[number];

export type Waiting = {
  readonly reason: PendingReason;
  /** When it may end by itself; null: nobody knows. */
  readonly until: Instant | null;
  /** Which calendar, alarm, dependency or ring, or who suspended it; absent where the reason says it all. */
  readonly detail?: string;
};

/** `GetCalendarState` of all calendars of an association together: CLOSED while any of them is. */
export type CalendarStanding = {
  readonly state: 'OPEN' | 'CLOSED';
  /** `NextTransitionTime`; null: none in the years that one looks ahead. */
  readonly nextTransition: Instant | null;
  /** One sentence for each that cannot be read, and is closed because of that. */
  readonly alerts: readonly string[];
};

/** `InstanceAssociationStatusInfo.Status`. */
export type TargetStatus = 'Pending' | 'Success' | 'Failed' | 'Skipped';

/** Associated: bound, and nothing of this generation has run or is owed. */
export type TargetDetailedStatus = DetailedStatus | 'Associated' | 'Pending' | 'InProgress';

/**
 * ok: the generation in force was applied, or the node had a reason to skip it; a repetition may be due. failing: it
 * failed, or what was applied last did. waiting: it has not run yet.
 */
export type Rating = 'ok' | 'failing' | 'waiting';

/** One association on one node. */
export type AssignmentStanding = {
  readonly association: AssociationName;
  readonly status: TargetStatus;
  readonly detailedStatus: TargetDetailedStatus;
  /** AUTO: by the last outcome. MANUAL: by the item that was reported. Null when there is none yet. */
  readonly compliance: ComplianceStatus | null;
  /** The association's (advice H-21); of a MANUAL one as the item says. */
  readonly severity: ItemSeverity;
  /** Of a MANUAL association: what was reported for it. */
  readonly item: ReportedItem | null;
  readonly rating: Rating;
  /** The run that `status` speaks of while it is Pending; null when none is owed. */
  readonly owed: { readonly execution: Execution; readonly run: Run } | null;
  /** Why the owed run waits; null when it is out, or when nothing is owed. */
  readonly waiting: Waiting | null;
  /** The outcome that `status` speaks of, or the one before the owed run. */
  readonly outcome: LastOutcome | null;
  /** When `outcome` is a Skipped: what ran before it. */
  readonly applied: LastOutcome | null;
};

/** How many targets have each status; what nobody has is left out. */
export type StatusCounts = { readonly [status in TargetStatus]?: number };

export type RatingCounts = { readonly [rating in Rating]: number };

export type FailingTarget = { readonly node: NodeId; readonly standing: AssignmentStanding };

/** `AssociationDescription.Overview` and what a report says beside it. */
export type AssociationStanding = {
  readonly association: AssociationName;
  readonly status: 'Pending' | 'Success' | 'Failed';
  readonly detailedStatus: TargetDetailedStatus | 'Creating';
  readonly counts: StatusCounts;
  readonly targets: number;
  readonly ratings: RatingCounts;
  readonly compliant: number;
  readonly nonCompliant: number;
  /** Targets without contact for an hour. */
  readonly silent: number;
  /** Pending targets by the reason why they wait. */
  readonly waiting: ReadonlyMap<PendingReason, number>;
  /** How its calendars stand; null: it has none. */
  readonly calendar: CalendarStanding | null;
  /** Its suspend is over, and still in the file. */
  readonly suspendExpired: boolean;
  /** Sorted by node id. */
  readonly failing: readonly FailingTarget[];
  /** Ids that the targets name and that no node has, sorted. */
  readonly unknownIds: readonly string[];
};

/** `ResourceComplianceSummaryItem`: one type on one node. */
export type TypeStanding = {
  readonly complianceType: string;
  readonly status: ComplianceStatus;
  /** Highest among what is not compliant; UNSPECIFIED when everything is. */
  readonly overallSeverity: ItemSeverity;
  /** Items of each status and severity. */
  readonly counts: ItemCounts;
  /** Null of Association: every item of it has its own. */
  readonly executionSummary: ComplianceExecutionSummary | null;
};

/** `ComplianceSummaryItem`: nodes of each status and overall severity, for one type. */
export type TypeSummary = { readonly complianceType: string; readonly counts: ItemCounts };

/** What a node comes to, worst first. */
export type NodeCategory = 'failing' | 'silent' | 'pending' | 'compliant';

export type NodeStanding = {
  readonly node: NodeId;
  readonly category: NodeCategory;
  /** `InstanceInformation.AssociationStatus`; null without associations. */
  readonly status: 'Pending' | 'Success' | 'Failed' | null;
  readonly counts: StatusCounts;
  readonly compliance: ComplianceStatus | null;
  /** Per compliance type: Association first, then by name. */
  readonly types: readonly TypeStanding[];
  /** Highest among what is failing; null when nothing is. */
  readonly severity: ItemSeverity | null;
  readonly ratings: RatingCounts;
  /** No contact for an hour; since when, null when there never was one. */
  readonly silent: { readonly since: Instant | null } | null;
};

/** One word for the whole fleet: `compliant` is green, and nothing else is. */
export type Verdict = 'compliant' | 'pending' | 'silent' | 'failing';

export type FleetStanding = {
  readonly verdict: Verdict;
  readonly nodes: { readonly [category in NodeCategory]: number } & { readonly total: number };
  readonly associations: {
    readonly total: number;
    readonly Success: number;
    readonly Failed: number;
    readonly Pending: number;
  };
  /** Per compliance type, Association first, then by name. */
  readonly compliance: readonly TypeSummary[];
  /** Nodes that owe an answer and cannot be asked: offline, unreachable or silent. */
  readonly unreported: number;
};

/** Everything about one moment of a fleet. */
export type Standings = {
  readonly fleet: FleetStanding;
  readonly associations: ReadonlyMap<AssociationName, AssociationStanding>;
  readonly nodes: ReadonlyMap<NodeId, NodeStanding>;
  /** Every association of a node, sorted by name; empty for a node that is not enrolled. */
  of(node: NodeId): readonly AssignmentStanding[];
};
