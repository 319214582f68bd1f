/**
 * Nodes with more associations than State Manager allows (advice H-6: an older quota page, so a soft limit here). They run,
 * one after the other; an author should know that the last one may wait long.
 */
import type { Association } from '../model/association.ts';
import type { NodeId } from '../model/brand.ts';
import type { Problem } from '../model/problem.ts';

const ASSOCIATIONS_PER_NODE = 20;

type Targeted = { readonly association: Association; readonly nodes: Iterable<NodeId> };

/** One warning, at the association with which the first node has too many; empty when there is none. */
export function crowdedNodes(all: Iterable<Targeted>): readonly Problem[] {
  const counts = new Map<NodeId, number>();
  let crossing: Association | null = null;
  for (const { association, nodes } of all) {
    for (const node of nodes) {
      const count = (counts.get(node) ?? 0) + 1;
      counts.set(node, count);
      if (count > ASSOCIATIONS_PER_NODE) crossing ??= association;
    }
  }
  if (crossing === null) return [];
  const crowded = [...counts].filter(([, count]) => count > ASSOCIATIONS_PER_NODE);
  const [most, count] = crowded.reduce((a, b) => (isMore(b, a) ? b : a));
  const nodes = crowded.length === 1 ? '1 node has' : `${crowded.length} nodes have`;
  return [
    {
      code: 'crowded-node',
      severity: 'warning',
      file: crossing.file,
      line: crossing.line,
      column: 1,
      pointer: '',
      message: `${nodes} more than ${ASSOCIATIONS_PER_NODE} associations, the most ${count} (${most})`,
      hint: 'State Manager allows 20. Here they run one after the other, and the last ones may wait long.',
    },
  ];
}

/** Of equals the first by id, in whichever order they were counted. */
const isMore = (
  [id, count]: readonly [NodeId, number],
  [than, most]: readonly [NodeId, number],
): boolean => count > most || (count === most && id < than);
