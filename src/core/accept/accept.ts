/**
 * May this revision act? Ancestry first, then the deletion guard (contract §4). Judged level-wise: the same question is
 * asked again at every observation, so a commit that repairs releases the source by itself.
 */

import type { CommitId } from '../model/brand.ts';
import type { RepositorySettings } from '../model/catalog.ts';
import { unreachable } from '../model/errors.ts';
import type { AcceptedBy, HeldCode } from '../model/state.ts';

/**
 * How the tip relates to the accepted revision. `unprovable`: history is missing even after deepening. `gone`: the branch
 * does not exist on the remote (it is held, never "empty").
 */
export type Ancestry = 'first' | 'same' | 'descendant' | 'diverged' | 'unprovable' | 'gone';

/** What a revision would take away, counted before it is accepted. */
export type Removal = {
  readonly associationsBefore: number;
  readonly associationsAfter: number;
  readonly associationsRemoved: number;
  /** Nodes that something targets now. */
  readonly nodesBefore: number;
  /** Nodes that a remaining association stops targeting, and nodes that nothing targets any more. */
  readonly nodesRemoved: number;
  /** Nodes on which a run would start at once. */
  readonly nodesAffected: number;
};

export type Verdict =
  | { readonly kind: 'accept'; readonly by: AcceptedBy }
  | { readonly kind: 'hold'; readonly code: HeldCode; readonly reason: string };

/** Ancestry alone; null when it does not stop the revision. `tip`: what an operator would accept. */
export function judgeAncestry(
  ancestry: Ancestry,
  tip: CommitId | null,
): (Verdict & { readonly kind: 'hold' }) | null {
  switch (ancestry) {
    case 'first':
    case 'same':
    case 'descendant':
      return null;
    case 'diverged':
      return hold(
        'SourceDiverged',
        `the branch was rewritten: the accepted revision is not an ancestor of its tip. If that is meant: ${acceptCall(tip)}`,
      );
    case 'unprovable':
      return hold(
        'SourceUnprovable',
        `the remote no longer has the history that would prove the tip descends from the accepted revision. If it is right: ${acceptCall(tip)}`,
      );
    case 'gone':
      return hold(
        'SourceGone',
        'the branch does not exist on the remote; nothing is removed because of that',
      );
    default:
      return unreachable(ancestry);
  }
}

/**
 * The guard of the accepted revision's own `reconciled.yaml`. `allowDelete` is the largest number that a
 * `Reconciled-Allow-Delete` trailer in accepted..tip names; it must cover the number the guard counted.
 */
export function judgeRemoval(
  removal: Removal,
  guards: RepositorySettings['guards'],
  options: {
    readonly first: boolean;
    readonly allowDelete: number;
    /** What an operator would accept; null: not known before the merge. */
    readonly tip: CommitId | null;
  },
): Verdict {
  if (options.first) return { kind: 'accept', by: 'first' };
  const offences = [
    ...offence(
      'EmptyTree',
      removal.associationsRemoved,
      emptied(removal) ? 0 : Infinity,
      'the revision has no association left',
    ),
    ...offence(
      'TooManyDeletions',
      removal.associationsRemoved,
      Math.max(
        share(guards.maxRemovedAssociationsPercent, removal.associationsBefore),
        guards.minRemovedAssociations,
      ),
      `the revision removes ${removal.associationsRemoved} of ${removal.associationsBefore} associations`,
    ),
    ...offence(
      'TooManyNodesRemoved',
      removal.nodesRemoved,
      Math.max(share(guards.maxRemovedNodesPercent, removal.nodesBefore), guards.minRemovedNodes),
      `the revision takes ${removal.nodesRemoved} of ${removal.nodesBefore} nodes out of targets`,
    ),
  ];
  const affectedMax = guards.maxAffectedNodes;
  if (affectedMax !== null && removal.nodesAffected > affectedMax) {
    return hold(
      'TooManyNodesAffected',
      `the revision would run on ${removal.nodesAffected} nodes at once; guards.maxAffectedNodes is ${affectedMax}. Accept it with: ${acceptCall(options.tip)}`,
    );
  }
  const worst = offences.find((each) => each.counted > options.allowDelete);
  if (worst !== undefined) {
    return hold(
      worst.code,
      `${worst.sentence}; a commit with the trailer "Reconciled-Allow-Delete: ${worst.counted}" releases it, or: ${acceptCall(options.tip)}`,
    );
  }
  return { kind: 'accept', by: offences.length > 0 ? 'trailer' : 'ancestry' };
}

const TRAILER = /^Reconciled-Allow-Delete:[ \t]*(\d{1,9})[ \t]*$/gim;

/** The largest number the trailers of these commit messages allow; 0 without one. */
export function allowedDeletes(messages: readonly string[]): number {
  const numbers = messages.flatMap((message) =>
    [...message.matchAll(TRAILER)].map((match) => Number(match[1])),
  );
  return Math.max(0, ...numbers);
}

/** As it can be typed: `accept` takes the full id only, and nothing else that is printed has it. */
const acceptCall = (tip: CommitId | null): string => `reconciled accept ${tip ?? '<commit>'}`;

const emptied = (removal: Removal): boolean =>
  removal.associationsBefore > 0 && removal.associationsAfter === 0;

const share = (percent: number, of: number): number => Math.floor((percent * of) / 100);

function offence(code: HeldCode, counted: number, max: number, sentence: string) {
  return counted > max ? [{ code, counted, sentence }] : [];
}

function hold(code: HeldCode, reason: string): Verdict & { readonly kind: 'hold' } {
  return { kind: 'hold', code, reason };
}
