/**
 * The diff: one association as it was last applied against the one that is wanted now. Says what changes, for whom, and
 * why; who runs when is the rollout's business. The trigger table is spec/state-manager.md §1.3 with the contract's §5.
 */

import type { CommitId, NodeId } from '../model/brand.ts';
import type { RepositorySettings } from '../model/catalog.ts';
import type { AssociationDigests, Definition } from '../model/definition.ts';
import { compareText } from '../model/problem.ts';
import type { Trigger } from '../model/state.ts';

export type Change = 'create' | 'update' | 'delete' | 'unchanged';

/** What is different, in the order people look for it. All but the last two make every target run again. */
export type Edit =
  | 'document'
  | 'parameters'
  | 'parameter values'
  | 'output'
  | 'schedule'
  | 'targets'
  | 'settings';

export type AssociationPlan = {
  readonly change: Change;
  readonly edits: readonly Edit[];
  /** Nodes that the targets did not match before, sorted. */
  readonly joins: readonly NodeId[];
  /** Nodes they no longer match, sorted. Nothing is undone there (spec/state-manager.md §1.10). */
  readonly leaves: readonly NodeId[];
  /** What starts now; null when nothing does. */
  readonly start: Start | null;
};

export type Start = {
  /** `owed`: only nodes that wait for a run already. */
  readonly who: 'all' | 'joins' | 'owed';
  readonly trigger: Trigger;
  /** Without its revision: "document changed". */
  readonly reason: string;
};

export type AssociationSides = {
  readonly before: AssociationDigests | null;
  readonly after: Definition | null;
  /** Nodes assigned until now, sorted. */
  readonly assigned: readonly NodeId[];
  /** Nodes the wanted targets match, sorted; empty when `after` is null. */
  readonly targets: readonly NodeId[];
  /** The repository's word on T7. */
  readonly triggers: RepositorySettings['triggers'];
};

export function planAssociation(sides: AssociationSides): AssociationPlan {
  const { before, after } = sides;
  const { added, removed } = differences(sides.assigned, sides.targets);
  if (after === null) {
    return { change: 'delete', edits: [], joins: [], leaves: sides.assigned, start: null };
  }
  const edits = before === null ? [] : editsBetween(before, after.digests);
  const change = before === null ? 'create' : edits.length > 0 ? 'update' : 'unchanged';
  const start = startOf(sides, after, { edits, joined: added.length > 0 });
  return { change, edits, joins: added, leaves: removed, start };
}

/** `ApplyOnlyAtCronInterval` suppresses every start but the schedule's and an operator's (T1, T3–T5, T9–T12). */
function startOf(
  { before, triggers: { parameterValues } }: AssociationSides,
  after: Definition,
  { edits, joined }: { readonly edits: readonly Edit[]; readonly joined: boolean },
): Start | null {
  if (after.association.applyOnlyAtCronInterval) return null;
  if (before === null) return { who: 'all', trigger: 'create', reason: 'new association' };
  const rerun = edits.find((edit) => reruns(edit) && (parameterValues || edit !== VALUES));
  if (rerun !== undefined) {
    return { who: 'all', trigger: triggers[rerun], reason: `${sentences[rerun]} changed` };
  }
  if (joined) return { who: 'joins', trigger: 'target', reason: 'newly matched by the targets' };
  // What is owed already is owed with the new values; nobody else runs for them.
  return edits.includes(VALUES)
    ? { who: 'owed', trigger: 'parameter', reason: 'parameter values changed' }
    : null;
}

const VALUES = 'parameter values';

const reruns = (edit: Edit): boolean => edit !== 'targets' && edit !== 'settings';

const triggers: { [edit in Edit]: Trigger } = {
  document: 'document',
  parameters: 'edit',
  'parameter values': 'parameter',
  output: 'edit',
  schedule: 'edit',
  targets: 'target',
  settings: 'edit',
};

const sentences: { [edit in Edit]: string } = {
  document: 'document',
  parameters: 'parameters',
  'parameter values': 'parameter values',
  output: 'output location',
  schedule: 'schedule',
  targets: 'targets',
  settings: 'settings',
};

/** Empty when nothing of the definition differs. */
export function editsBetween(
  before: AssociationDigests,
  after: AssociationDigests,
): readonly Edit[] {
  const edits = (['document', 'parameters', 'output', 'schedule', 'targets'] as const)
    .filter((key) => before[key] !== after[key])
    .map((key): Edit => {
      const isWritten = key !== 'parameters' || before.written !== after.written;
      return isWritten ? key : VALUES;
    });
  if (edits.length > 0 || before.whole === after.whole) return edits;
  return ['settings'];
}

/** Both lists sorted; one walk. */
export function differences(
  before: readonly NodeId[],
  after: readonly NodeId[],
): { readonly added: readonly NodeId[]; readonly removed: readonly NodeId[] } {
  const added: NodeId[] = [];
  const removed: NodeId[] = [];
  let i = 0;
  let j = 0;
  for (;;) {
    const a = before[i];
    const b = after[j];
    if (a === undefined && b === undefined) return { added, removed };
    const order = a === undefined ? 1 : b === undefined ? -1 : compareText(a, b);
    if (order <= 0) i++;
    if (order >= 0) j++;
    if (order < 0 && a !== undefined) removed.push(a);
    if (order > 0 && b !== undefined) added.push(b);
  }
}

/** "document changed in 1a2b3c4": what a run says of itself for ever. */
export function reasonIn(start: Start, commit: CommitId): string {
  return `${start.reason} in ${commit.slice(0, 7)}`;
}
