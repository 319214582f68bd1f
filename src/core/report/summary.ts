/** `summary.json`: the page for machines, and what `reconciled status` prints for people. */
import { prettyCanonicalJson } from '../canonical/json.ts';
import type { ComplianceSeverity } from '../model/association.ts';
import type { AssociationName, NodeId } from '../model/brand.ts';
import { formatInstant } from '../model/brand.ts';
import type { ItemSeverity } from '../model/compliance.ts';
import { ASSOCIATION_TYPE, severityRank } from '../model/compliance.ts';
import type { Problem } from '../model/problem.ts';
import { compareProblems, compareText } from '../model/problem.ts';
import type {
  AssociationStanding,
  FleetStanding,
  NodeStanding,
  StatusCounts,
  Verdict,
} from '../model/standing.ts';
import { summaryFields } from './compliance-json.ts';
import { capBytes, visibleJson } from './escape.ts';
import { holdNote } from './holds.ts';
import type { ReportView } from './view.ts';

export const SUMMARY_FORMAT_VERSION = 1;
/** Failing and silent nodes, invalid files and foreign paths that are named; the counts are of all. */
export const NAMED_MAX = 100;
const TEXT_BYTES_MAX = 500;

export type StatusSummary = {
  readonly formatVersion: number;
  readonly instance: string;
  /** Accepted revision; null before the first. */
  readonly revision: string | null;
  readonly verdict: Verdict;
  readonly paused: { readonly by: string; readonly at: string } | null;
  readonly held: {
    readonly tip: string | null;
    readonly code: string;
    readonly reason: string;
  } | null;
  /** The source has not been read since then; null: it is, or is not missed for long. */
  readonly unread: { readonly code: string; readonly since: string } | null;
  /** Two daemons write the branch: what it tells is what either believes. */
  readonly contested: boolean;
  readonly nodes: FleetStanding['nodes'];
  readonly associations: readonly AssociationSummary[];
  /** Nodes by compliance type (`ListComplianceSummaries`): at most a hundred types. */
  readonly compliance: readonly ComplianceSummary[];
  /** Worst first: by severity, then by how many associations fail, then by id. */
  readonly failing: readonly NodeSummary[];
  readonly silent: readonly NodeSummary[];
  readonly silentTotal: number;
  readonly unreported: number;
  readonly invalidFiles: readonly InvalidFile[];
  readonly invalidFilesTotal: number;
  readonly foreignPaths: readonly string[];
};

export type AssociationSummary = {
  readonly name: AssociationName;
  readonly status: AssociationStanding['status'];
  readonly detailedStatus: string;
  readonly validity: 'Valid' | 'Invalid';
  readonly severity: ComplianceSeverity;
  readonly targets: number;
  readonly counts: StatusCounts;
  readonly silent: number;
  readonly failing: number;
  readonly waiting: { readonly [reason: string]: number };
  /** What holds it back as a whole, in a few words; null: nothing. */
  readonly hold: string | null;
};

/** `ComplianceSummaryItem`. */
export type ComplianceSummary = {
  readonly ComplianceType: string;
  readonly CompliantSummary: {
    readonly CompliantCount: number;
    readonly SeveritySummary: { readonly [severity: string]: number };
  };
  readonly NonCompliantSummary: {
    readonly NonCompliantCount: number;
    readonly SeveritySummary: { readonly [severity: string]: number };
  };
};

export type NodeSummary = {
  readonly node: NodeId;
  readonly name: string;
  readonly severity: ItemSeverity | null;
  /** Of its associations: names, at most ten. */
  readonly failing: readonly AssociationName[];
  readonly failingTotal: number;
  /** Types, beside Association, that a document reported as not compliant; at most ten. */
  readonly nonCompliantTypes: readonly string[];
  readonly silentSince: string | null;
};

export type InvalidFile = {
  readonly file: string;
  /** False: nothing of it was ever in force. */
  readonly lastGoodInForce: boolean;
  readonly problems: readonly Pick<Problem, 'line' | 'column' | 'code' | 'message' | 'hint'>[];
};

const NAMES_PER_NODE_MAX = 10;
const PROBLEMS_PER_FILE_MAX = 5;

export function summarize(view: ReportView): StatusSummary {
  const { state, standings } = view;
  const { fleet } = standings;
  const nodes = [...standings.nodes.values()];
  const failing = nodes.filter((node) => node.category === 'failing').sort(worstFirst);
  const silent = nodes
    .filter((node) => node.silent !== null)
    .sort((a, b) => compareText(a.node, b.node));
  const invalid = invalidFilesOf(view);
  return {
    formatVersion: SUMMARY_FORMAT_VERSION,
    instance: state.instance?.name ?? '',
    revision: state.accepted?.commit ?? null,
    verdict: fleet.verdict,
    paused:
      state.paused === null ? null : { by: state.paused.by, at: formatInstant(state.paused.at) },
    held:
      state.held === null
        ? null
        : { tip: state.held.tip, code: state.held.code, reason: state.held.reason },
    unread:
      state.unread === null
        ? null
        : { code: state.unread.code, since: formatInstant(state.unread.since) },
    contested: view.contested,
    nodes: fleet.nodes,
    associations: [...standings.associations.values()]
      .sort((a, b) => compareText(a.association, b.association))
      .map((standing) => associationSummary(view, standing)),
    compliance: fleet.compliance.slice(0, NAMED_MAX).map(({ complianceType, counts }) => ({
      ComplianceType: complianceType,
      ...summaryFields(counts),
    })),
    failing: failing.slice(0, NAMED_MAX).map((node) => nodeSummary(view, node)),
    silent: silent.slice(0, NAMED_MAX).map((node) => nodeSummary(view, node)),
    silentTotal: silent.length,
    unreported: fleet.unreported,
    invalidFiles: invalid.slice(0, NAMED_MAX),
    invalidFilesTotal: invalid.length,
    foreignPaths: view.foreignPaths
      .slice(0, NAMED_MAX)
      .map((path) => capBytes(path, TEXT_BYTES_MAX)),
  };
}

export const summaryFile = (summary: StatusSummary): string =>
  visibleJson(prettyCanonicalJson(summary));

function worstFirst(a: NodeStanding, b: NodeStanding): number {
  return (
    severityRank(a.severity ?? 'UNSPECIFIED') - severityRank(b.severity ?? 'UNSPECIFIED') ||
    b.ratings.failing - a.ratings.failing ||
    compareText(a.node, b.node)
  );
}

function associationSummary(view: ReportView, standing: AssociationStanding): AssociationSummary {
  const { association: name, status, detailedStatus, targets, counts, silent } = standing;
  return {
    name,
    status,
    detailedStatus,
    validity: view.catalog.invalidAssociations.has(name) ? 'Invalid' : 'Valid',
    severity: view.definitions.get(name)?.association.complianceSeverity ?? 'UNSPECIFIED',
    targets,
    counts,
    silent,
    failing: standing.failing.length,
    waiting: Object.fromEntries(standing.waiting),
    hold: holdNote(view, name),
  };
}

function nodeSummary(
  view: ReportView,
  { node, severity, ratings, silent, types }: NodeStanding,
): NodeSummary {
  const failing =
    ratings.failing === 0
      ? []
      : view.standings
          .of(node)
          .filter((standing) => standing.rating === 'failing')
          .sort((a, b) => severityRank(a.severity) - severityRank(b.severity))
          .map((standing) => standing.association);
  return {
    node,
    name: capBytes(view.nodes.get(node)?.name ?? node, TEXT_BYTES_MAX),
    severity,
    failing: failing.slice(0, NAMES_PER_NODE_MAX),
    failingTotal: ratings.failing,
    nonCompliantTypes: types
      .filter((type) => type.status === 'NON_COMPLIANT' && type.complianceType !== ASSOCIATION_TYPE)
      .map((type) => type.complianceType)
      .slice(0, NAMES_PER_NODE_MAX),
    silentSince: silent?.since === null || silent === null ? null : formatInstant(silent.since),
  };
}

function invalidFilesOf({ catalog }: ReportView): InvalidFile[] {
  const problems = new Map<string, Problem[]>();
  for (const problem of [...catalog.problems].sort(compareProblems)) {
    if (problem.severity === 'error' && catalog.invalid.has(problem.file)) {
      const ofFile = problems.get(problem.file) ?? [];
      problems.set(problem.file, ofFile);
      ofFile.push(problem);
    }
  }
  return [...catalog.invalid.entries()]
    .sort(([a], [b]) => compareText(a, b))
    .map(([file, { lastGood }]) => ({
      file,
      lastGoodInForce: lastGood !== null,
      problems: (problems.get(file) ?? []).slice(0, PROBLEMS_PER_FILE_MAX).map(inShort),
    }));
}

const inShort = ({ line, column, code, message, hint }: Problem) => ({
  line,
  column,
  code,
  message: capBytes(message, TEXT_BYTES_MAX),
  hint: capBytes(hint, TEXT_BYTES_MAX),
});
