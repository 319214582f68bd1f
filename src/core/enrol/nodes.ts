/** Who is a node: what registration gave and what a node file says, put together. The file wins (contract §6). */

import type { NodeId } from '../model/brand.ts';
import type { Catalog } from '../model/catalog.ts';
import type { Node, NodeFile, Registration } from '../model/node.ts';
import type { State } from '../model/state.ts';

type Registry = Pick<State, 'registrations' | 'revoked'>;

/**
 * Every node that may take jobs. A node needs a key from either side; `Revoked: true` in its file or a local revocation
 * takes it out. Tags of a file replace the registered ones whole.
 */
export function nodesOf(catalog: Catalog, registry: Registry): ReadonlyMap<NodeId, Node> {
  const nodes = new Map<NodeId, Node>();
  for (const id of new Set([...registry.registrations.keys(), ...catalog.nodes.keys()])) {
    const node = nodeOf(id, catalog, registry);
    if (node !== null) nodes.set(id, node);
  }
  return nodes;
}

/** One of them; null when it is revoked or has no key. */
export function nodeOf(id: NodeId, catalog: Catalog, registry: Registry): Node | null {
  const registration = registry.registrations.get(id) ?? null;
  const file = catalog.nodes.get(id) ?? null;
  if (file?.revoked === true || registry.revoked.has(id)) return null;
  const publicKey = file?.publicKey ?? registration?.publicKey ?? null;
  return publicKey === null ? null : put(id, publicKey, registration, file);
}

function put(
  id: NodeId,
  publicKey: string,
  registration: Registration | null,
  file: NodeFile | null,
): Node {
  return {
    id,
    name: file?.name ?? registration?.name ?? id,
    publicKey,
    tags: file?.tags ?? registration?.tags ?? {},
    registration,
    file: file?.file ?? null,
  };
}
