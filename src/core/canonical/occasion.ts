/** Identity of runs and executions: pure hashes, so a daemon that lost everything computes the same ids (contract §6). */

import type {
  AssociationName,
  CommitId,
  Digest,
  ExecutionId,
  Instant,
  NodeId,
  RunId,
} from '../model/brand.ts';
import { executionId, formatInstant, isCommitId, parseInstant, runId } from '../model/brand.ts';
import { unreachable } from '../model/errors.ts';
import type { Occasion } from '../model/run.ts';
import { shortHash, shortHashes } from './identity.ts';

/**
 * `slot:2026-01-31T12:00:00Z`, `change:<commit>@<position>`, `target:<commit>@<position>` or `target:<registration>`,
 * `manual:<request>`, `retry:<n>:<run>`. The position tells a commit that is accepted a second time, after another one, from
 * the first time: it is a new change and runs again. Records of before have none. A program that is upgraded and taken back changes
 * documents under one commit, twice to the same content: there `.<version>` of the association follows the position.
 */
export function formatOccasion(occasion: Occasion): string {
  switch (occasion.kind) {
    case 'slot':
      return `slot:${formatInstant(occasion.at)}`;
    case 'change':
      return `change:${occasion.commit}@${occasion.position}${versionOf(occasion)}`;
    case 'target':
      return `target:${occasion.commit}@${occasion.position}`;
    case 'manual':
      return `manual:${occasion.request}`;
    case 'retry':
      return `retry:${occasion.attempt}:${occasion.run}`;
    default:
      return unreachable(occasion);
  }
}

const versionOf = ({ version }: Occasion & { kind: 'change' }): string =>
  version === undefined ? '' : `.${version}`;

/** The commit that a change is named after; null for every other occasion. */
export function changeCommitOf(occasion: string): CommitId | null {
  const commit = /^change:([^@]*)(?:@\d+(?:\.\d+)?)?$/.exec(occasion)?.[1] ?? '';
  return isCommitId(commit) ? commit : null;
}

/** The slot that it is named after; null for every other occasion. */
export function slotInstant(occasion: string): Instant | null {
  return occasion.startsWith(SLOT) ? parseInstant(occasion.slice(SLOT.length)) : null;
}

const SLOT = 'slot:';

/** How often it was tried again so far, and the run that this one takes the place of; null for every other occasion. */
export function retryOf(
  occasion: string,
): { readonly attempt: number; readonly run: string } | null {
  const [, attempt, run = ''] = /^retry:(\d+):(.*)$/.exec(occasion) ?? [];
  return attempt === undefined ? null : { attempt: Number(attempt), run };
}

export function runIdOf(
  node: NodeId,
  association: AssociationName,
  generation: Digest,
  occasion: string,
): RunId {
  return runId(shortHash(['run', node, association, generation, occasion]));
}

/** `runIdOf` of one node after another: an execution names ten thousand. */
export function runNamer(
  association: AssociationName,
  generation: Digest,
  occasion: string,
): (node: NodeId) => RunId {
  const hashOf = shortHashes(['run'], [association, generation, occasion]);
  return (node) => runId(hashOf(node));
}

/** Two executions of one occasion differ by what they run: the generation is part of the id. */
export function executionIdOf(
  association: AssociationName,
  generation: Digest,
  occasion: string,
): ExecutionId {
  return executionId(shortHash(['execution', association, generation, occasion]));
}
