/**
 * A slot of ten thousand nodes hashes ten thousand run ids, which takes longer than anybody should wait. So they are made over
 * several passes before the slot fires; nothing of it is in the state until then, and whoever forgets them makes them again.
 */
import { runNamer } from '../canonical/occasion.ts';
import type { AssociationName, Digest, NodeId, RunId } from '../model/brand.ts';
import type { World } from './world.ts';

/** Run ids of one occasion that is about to be opened. */
export type PreparedRuns = {
  readonly generation: Digest;
  readonly occasion: string;
  readonly ids: Map<NodeId, RunId>;
};

/** Ids of one pass: some five milliseconds. */
export const PREPARED_PER_PASS = 1_000;

type Occasion = Pick<PreparedRuns, 'generation' | 'occasion'>;

/** True when every id is there, or few are missing: the slot may fire. */
export function prepareRuns(world: World, name: AssociationName, of: Occasion): boolean {
  const nodes = world.assigned.get(name);
  if (nodes === undefined) return true;
  const { ids } = preparedFor(world, name, of) ?? begin(world, name, of);
  const nameOf = runNamer(name, of.generation, of.occasion);
  let made = 0;
  for (const node of nodes) {
    if (ids.has(node)) continue;
    if (made === PREPARED_PER_PASS) return false;
    ids.set(node, nameOf(node));
    made++;
  }
  return true;
}

/** Null: nothing is prepared for this occasion. */
export function preparedFor(
  world: World,
  name: AssociationName,
  { generation, occasion }: Occasion,
): PreparedRuns | null {
  const known = world.prepared.get(name);
  return known?.generation === generation && known.occasion === occasion ? known : null;
}

function begin(world: World, name: AssociationName, of: Occasion): PreparedRuns {
  const prepared = { ...of, ids: new Map<NodeId, RunId>() };
  world.prepared.set(name, prepared);
  return prepared;
}
