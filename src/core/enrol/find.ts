/** The node that a person means: its id, or its name where only one has it. */
import { nearest } from '../document/nearest.ts';
import type { NodeId } from '../model/brand.ts';
import type { Node } from '../model/node.ts';
import { compareText } from '../model/problem.ts';
import type { Result } from '../model/result.ts';
import { err, ok } from '../model/result.ts';

/** The error is a sentence with the nearest right thing. */
export function findNode(nodes: ReadonlyMap<NodeId, Node>, text: string): Result<Node, string> {
  const named = [...nodes.values()].filter(({ id, name }) => id === text || name === text);
  const byId = named.find(({ id }) => id === text);
  if (byId !== undefined) return ok(byId);
  const [only, ...others] = named.sort((a, b) => compareText(a.id, b.id));
  if (only === undefined) {
    const near = nearest(
      text,
      [...nodes.values()].flatMap(({ id, name }) => [name, id]),
    );
    return err(
      `no node is called ${JSON.stringify(text)}${near === null ? '' : `; nearest is ${near}`}`,
    );
  }
  if (others.length === 0) return ok(only);
  const ids = [only, ...others].slice(0, LISTED_MAX).map(({ id }) => id);
  return err(
    `${named.length} nodes are called ${JSON.stringify(text)}: name one of ${ids.join(', ')}`,
  );
}

const LISTED_MAX = 10;
