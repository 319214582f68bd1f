/** Where each file of the status branch is (contract §7). Built from checked ids only, so no path can be steered. */
import type { AssociationName, Instant, NodeId } from '../model/brand.ts';
import { isAssociationName } from '../model/brand.ts';

export const README_PATH = 'README.md';
export const SUMMARY_PATH = 'summary.json';
export const STATE_PATH = 'state.json';
export const PLAN_PATH = 'plan.json';

/** `nodes/<xx>/<node-id>.json`, xx being the first two hex digits of the id. */
export const nodePath = (node: NodeId): string => `nodes/${node.slice(3, 5)}/${node}.json`;

export const associationStatusPath = (name: AssociationName): string =>
  `associations/${name}/status.json`;
export const associationPagePath = (name: AssociationName): string =>
  `associations/${name}/README.md`;

/** A day's ended executions, by the UTC date of their end. */
export const executionsPath = (name: AssociationName, endedAt: Instant): string =>
  `executions/${new Date(endedAt).toISOString().slice(0, 10)}/${name}.jsonl`;

export const NODE_PATH_PATTERN = /^nodes\/([0-9a-f]{2})\/(mi-\1[0-9a-f]{15})\.json$/;

const DAY_MS = 86_400_000;

/** First day whose ended executions stay in the tip of the branch; older ones are in its history alone. */
export const firstDayKept = (now: Instant, retentionMs: number): string =>
  new Date(Math.max(0, now - Math.max(retentionMs, DAY_MS))).toISOString().slice(0, 10);

/** Those of `paths` that hold ended executions of before `firstDay`: what to remove. Other paths are left out. */
export function expiredExecutionPaths(
  paths: Iterable<string>,
  firstDay: string,
): readonly string[] {
  return [...paths].filter((path) => {
    const day = executionDay(path);
    return day !== null && day < firstDay;
  });
}

/** Is this a file of ended executions that a rebuild of the branch keeps as it is? */
export function isKeptExecutionPath(path: string, firstDay: string): boolean {
  const day = executionDay(path);
  return day !== null && day >= firstDay;
}

export function executionDay(path: string): string | null {
  const match = /^executions\/(\d{4}-\d\d-\d\d)\/([^/]+)\.jsonl$/.exec(path);
  return match?.[1] !== undefined && isAssociationName(match[2] ?? '') ? match[1] : null;
}
