/** What a plan compares with: the fleet as the status branch left it, or a revision taken as if it were in force. */

import { nodesOf } from '../../core/enrol/nodes.ts';
import type { LoadCache } from '../../core/load/load.ts';
import { filesInForce } from '../../core/load/load.ts';
import type { BlobId, CommitId, Instant } from '../../core/model/brand.ts';
import { commitId } from '../../core/model/brand.ts';
import type { RepositorySettings } from '../../core/model/catalog.ts';
import { ReconcileError } from '../../core/model/errors.ts';
import { readStatus } from '../../core/report/read.ts';
import type { NodeReading, ReadDepth } from '../../core/report/read-node.ts';
import { createFleet } from '../../core/world/fleet.ts';
import { World } from '../../core/world/world.ts';
import { openRevision } from '../../io/source/revision.ts';
import type { StatusFiles } from '../../io/status/read-status.ts';
import type { Snapshot } from '../../reconcile/ports.ts';
import { textsOf } from '../../reconcile/recover.ts';
import type { Loaded } from '../load-repository.ts';
import { loadFiles } from '../load-repository.ts';

export type Baseline = {
  /** Associations, assignments, registrations: what is applied, as far as anybody told. */
  readonly world: World;
  readonly commit: CommitId | null;
  /** The tree of `commit`; null without one, or where this clone does not hold it. */
  readonly snapshot: Snapshot | null;
  /** What the tree says, where it was read as a whole. */
  readonly loaded: Loaded | null;
};

/** What waits is part of a plan: a commit may set it free. How earlier runs ended is not. */
const OWED: ReadDepth = 'owed';

/** Of the status branch: its accepted revision, and every node it knows. Empty without one: then everything is new. */
export async function baselineOfStatus(
  dir: string,
  status: StatusFiles | null,
  { now }: { readonly now: Instant },
): Promise<Baseline> {
  const { world } = await observed(status, { now, depth: OWED });
  const commit = world.state.accepted?.commit ?? null;
  const snapshot = commit === null ? null : await treeIfHere(dir, commit);
  return { world, commit, snapshot, loaded: null };
}

/**
 * Of a revision that somebody names: as if all of it were applied, on the nodes of the status branch. What `near` holds too
 * is read there, not unpacked from the repository.
 */
export async function baselineOfRevision(
  dir: string,
  revision: string,
  status: StatusFiles | null,
  {
    now,
    near,
    signal,
  }: { readonly now: Instant; readonly near: Snapshot; readonly signal: AbortSignal },
): Promise<Baseline> {
  const { world: seen } = await observed(status, { now, depth: OWED });
  const snapshot = readingNear(await openRevision(dir, revision), near);
  if (snapshot.commit === seen.state.accepted?.commit) {
    return { world: seen, commit: snapshot.commit, snapshot, loaded: null };
  }
  const loaded = await loadFiles(snapshot, {}, signal);
  const { catalog, definitions } = loaded;
  const world = new World();
  world.seenAt = now;
  for (const registration of seen.state.registrations.values()) {
    world.apply({ kind: 'registered', registration });
  }
  for (const [node, revoked] of seen.state.revoked) {
    world.apply({ kind: 'revoked', node, ...revoked });
  }
  const commit = commitId(snapshot.commit ?? '');
  const fleet = createFleet(nodesOf(catalog, world.state));
  for (const [name, { association, digests }] of definitions) {
    world.apply({
      kind: 'association',
      name,
      version: 1,
      commit,
      file: association.file,
      digests,
      generationCommit: commit,
      anchor: now,
      lastSlot: now,
      rollout: null,
    });
    const nodes = fleet.resolve(association.targets, catalog.groups);
    world.apply({ kind: 'assigned', association: name, nodes });
  }
  world.apply({ kind: 'accepted', commit, position: 1, by: 'first', at: now });
  return { world, commit, snapshot, loaded };
}

/** Equal ids are equal bytes, wherever they lie. */
function readingNear(snapshot: Snapshot, near: Snapshot): Snapshot {
  const there = new Set(near.files.map(({ blob }) => blob));
  return { ...snapshot, read: (blob) => (there.has(blob) ? near : snapshot).read(blob) };
}

/** What was read of the baseline: base and head hold mostly the same files. */
export const cacheOf = ({ loaded }: Baseline): LoadCache => loaded?.cache ?? new Map();

/** Path → blob in force at the baseline: what stays in force where the head is invalid. */
export function lastGoodOf({ world, snapshot }: Baseline): ReadonlyMap<string, BlobId> {
  return snapshot === null ? new Map() : filesInForce(snapshot.files, world.state.invalidFiles);
}

/** The baseline's `reconciled.yaml`, which judges what comes after it; null when it cannot be read here. */
export async function settingsOf(
  { snapshot }: Baseline,
  signal: AbortSignal,
): Promise<RepositorySettings | null> {
  if (snapshot === null) return null;
  const files = snapshot.files.filter(({ path }) => path === 'reconciled.yaml');
  const { catalog } = await loadFiles({ ...snapshot, files }, {}, signal);
  return catalog.settings;
}

/** The fleet as a status branch left it, and its node files as they were read. Empty without one. */
export async function observed(
  status: StatusFiles | null,
  { now, depth }: { readonly now: Instant; readonly depth: ReadDepth },
): Promise<{ readonly world: World; readonly nodes: readonly NodeReading[] }> {
  const world = new World();
  world.seenAt = now;
  if (status === null) return { world, nodes: [] };
  // Whoever plans holds no key to check signatures against, and decides nothing with what is read.
  const read = readStatus(await textsOf(status), {
    verify: () => true,
    now,
    tip: null,
    depth,
  });
  if (!read.ok) {
    throw new ReconcileError(
      'STATUS_UNREADABLE',
      `cannot read this status: ${read.error.message}`,
      {
        retry: 'never',
      },
    );
  }
  for (const record of read.value.records) world.apply(record);
  world.reindex();
  return { world, nodes: read.value.nodes };
}

/** A shallow clone, as pipelines make them, may lack the accepted revision; the plan needs it for invalid files only. */
export async function treeIfHere(dir: string, commit: CommitId): Promise<Snapshot | null> {
  try {
    return await openRevision(dir, commit);
  } catch (cause) {
    if (!(cause instanceof ReconcileError)) throw cause;
    return null;
  }
}
