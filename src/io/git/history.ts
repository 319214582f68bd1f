import type { Commit } from './commit-object.ts';
import { parseCommit } from './commit-object.ts';
import { DamagedObject } from './git-error.ts';
import type { ObjectReader } from './object-reader.ts';

/** How far a walk goes before it gives up: far beyond any repository of files that people write. */
const COMMITS_MAX = 500_000;
const MESSAGES_MAX = 1_000;

export type Relation = {
  readonly kind: 'same' | 'descendant' | 'diverged' | 'unprovable';
  /** First-parent commits of the tip that `known` does not have; null unless same or descendant. */
  readonly distance: number | null;
  /** Messages of the commits that `known` does not have, newest first, at most 1,000. */
  readonly messages: readonly string[];
};

const UNPROVABLE: Relation = { kind: 'unprovable', distance: null, messages: [] };

type Visit = {
  readonly oid: string;
  readonly commit: Commit | null;
  readonly parents: readonly string[];
  fromTip: boolean;
  fromKnown: boolean;
  queued: boolean;
};

/**
 * How `tip` relates to `known`. `shallow` are the commits whose parents were never fetched: where the answer hangs on
 * one of them it is `unprovable`, and more history has to be fetched before anything is decided.
 * @throws DamagedObject when a commit that the tip needs is missing although its child is not shallow
 */
export async function relate(
  reader: ObjectReader,
  commits: { readonly known: string; readonly tip: string },
  shallow: ReadonlySet<string>,
): Promise<Relation> {
  const { known, tip } = commits;
  if (known === tip) return { kind: 'same', distance: 0, messages: [] };
  const walk = await walkApart(reader, commits, shallow);
  const isDescendant = walk.visits.get(known)?.fromTip === true;
  const fresh = [...walk.visits.values()].filter((visit) => visit.fromTip && !visit.fromKnown);
  const isCut = (visit: Visit) => visit.commit === null || shallow.has(visit.oid);
  const missing = fresh.find((visit) => visit.commit === null);
  if (missing !== undefined) throw new DamagedObject(`commit ${missing.oid} is missing`);
  if (!walk.complete) return UNPROVABLE;
  if (!isDescendant && fresh.some(isCut)) return UNPROVABLE;
  if (!isDescendant) return { kind: 'diverged', distance: null, messages: [] };
  if (blursAtShallow(walk.visits, fresh, isCut)) return UNPROVABLE;
  fresh.sort((a, b) => clockOf(b) - clockOf(a));
  return {
    kind: 'descendant',
    distance: firstParentDistance(walk.visits, tip),
    messages: fresh.slice(0, MESSAGES_MAX).map((visit) => visit.commit?.message ?? ''),
  };
}

/**
 * A side branch that forks below a cut looks new all the way down, old messages included, and an old trailer must not
 * release a new guard. So where known history is cut, everything new has to stand on `known`.
 */
function blursAtShallow(
  visits: ReadonlyMap<string, Visit>,
  fresh: readonly Visit[],
  isCut: (visit: Visit) => boolean,
): boolean {
  if (![...visits.values()].some((visit) => visit.fromKnown && isCut(visit))) return false;
  return fresh.some((visit) => visit.parents.length === 0);
}

/**
 * Visits everything reachable from the tip and not from `known`. Newest first by the committers' clocks; a wrong clock
 * costs extra steps, never a wrong answer: the walk ends only when no commit is left that only the tip reaches.
 */
async function walkApart(
  reader: ObjectReader,
  commits: { readonly known: string; readonly tip: string },
  shallow: ReadonlySet<string>,
): Promise<{ readonly visits: ReadonlyMap<string, Visit>; readonly complete: boolean }> {
  const visits = new Map<string, Visit>();
  const queue: Visit[] = [];
  let onlyTip = 0; // how many in the queue
  let oldestFromTip = Number.POSITIVE_INFINITY;

  async function reach(oid: string, side: { readonly tip: boolean; readonly known: boolean }) {
    const visit = visits.get(oid) ?? (await visitOf(reader, oid, shallow));
    const isNew = !visits.has(oid);
    visits.set(oid, visit);
    const fromTip = visit.fromTip || side.tip;
    const fromKnown = visit.fromKnown || side.known;
    if (!isNew && fromTip === visit.fromTip && fromKnown === visit.fromKnown) return;
    if (visit.queued && isOnlyTip(visit)) onlyTip -= 1;
    visit.fromTip = fromTip;
    visit.fromKnown = fromKnown;
    if (fromTip) oldestFromTip = Math.min(oldestFromTip, clockOf(visit));
    if (isOnlyTip(visit)) onlyTip += 1;
    if (!visit.queued) insertByClock(queue, visit);
    visit.queued = true;
  }

  await reach(commits.tip, { tip: true, known: false });
  await reach(commits.known, { tip: false, known: true });
  for (let visit = queue.shift(); visit !== undefined; visit = queue.shift()) {
    // Known history as young as the oldest new commit may still turn out to contain it: without this slop a merge
    // of an old branch would repeat messages that were accepted long ago.
    if (onlyTip === 0 && clockOf(visit) < oldestFromTip) break;
    visit.queued = false;
    if (isOnlyTip(visit)) onlyTip -= 1;
    for (const parent of visit.parents)
      await reach(parent, { tip: visit.fromTip, known: visit.fromKnown });
    if (visits.size > COMMITS_MAX) return { visits, complete: false };
  }
  return { visits, complete: true };
}

const isOnlyTip = (visit: Visit): boolean => visit.fromTip && !visit.fromKnown;

const clockOf = (visit: Visit): number => visit.commit?.committedAt ?? 0;

function insertByClock(queue: Visit[], visit: Visit): void {
  let low = 0;
  let high = queue.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = queue[middle];
    if (other !== undefined && clockOf(other) >= clockOf(visit)) low = middle + 1;
    else high = middle;
  }
  queue.splice(low, 0, visit);
}

/** A commit that is missing has no parents; `relate` decides whether it may be missing. */
async function visitOf(
  reader: ObjectReader,
  oid: string,
  shallow: ReadonlySet<string>,
): Promise<Visit> {
  const object = await reader.read(oid);
  if (object !== null && object.kind !== 'commit') throw new DamagedObject(`${oid} is no commit`);
  const commit = object === null ? null : parseCommit(object.bytes);
  const parents = commit === null || shallow.has(oid) ? [] : commit.parents;
  return { oid, commit, parents, fromTip: false, fromKnown: false, queued: false };
}

function firstParentDistance(visits: ReadonlyMap<string, Visit>, tip: string): number {
  let distance = 0;
  for (let visit = visits.get(tip); visit !== undefined && isOnlyTip(visit); distance++)
    visit = visits.get(visit.parents[0] ?? '');
  return distance;
}
