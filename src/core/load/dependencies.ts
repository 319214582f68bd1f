/** Associations that wait for each other in a circle: none of them could ever run. */
import { compareText } from '../model/problem.ts';

export type DependencyNode = { readonly name: string; readonly dependsOn: readonly string[] };

/**
 * For each name that lies on a circle, one such circle as a path that begins and ends with it. Names that only lead to a
 * circle are not in it. Linear in names and dependencies; the order of the input does not matter.
 */
export function dependencyCircles(
  nodes: readonly DependencyNode[],
): ReadonlyMap<string, readonly string[]> {
  const sorted = [...nodes].sort((a, b) => compareText(a.name, b.name));
  const dependsOn = new Map(sorted.map(({ name, dependsOn }) => [name, dependsOn]));
  const circles = new Map<string, readonly string[]>();
  for (const component of components(dependsOn)) {
    for (const name of component) {
      const path = pathBack(name, component, dependsOn);
      if (path !== null) circles.set(name, path);
    }
  }
  return circles;
}

type Graph = ReadonlyMap<string, readonly string[]>;

/** Sets of names that all reach each other (Tarjan), without recursion: a chain may be 10,000 long. */
function components(graph: Graph): readonly ReadonlySet<string>[] {
  const found: ReadonlySet<string>[] = [];
  const order = new Map<string, number>();
  const low = new Map<string, number>();
  const open: string[] = [];
  const isOpen = new Set<string>();
  for (const root of graph.keys()) {
    if (order.has(root)) continue;
    const path: { readonly name: string; next: number }[] = [enter(root)];
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const to = graph.get(top.name)?.[top.next++];
      if (to === undefined) {
        path.pop();
        leave(top.name, path.at(-1)?.name);
      } else if (graph.has(to) && !order.has(to)) path.push(enter(to));
      else if (isOpen.has(to)) lower(top.name, order.get(to) ?? 0);
    }
  }
  return found;

  function enter(name: string): { readonly name: string; next: number } {
    low.set(name, order.size);
    order.set(name, order.size);
    open.push(name);
    isOpen.add(name);
    return { name, next: 0 };
  }

  function lower(name: string, to: number): void {
    low.set(name, Math.min(low.get(name) ?? 0, to));
  }

  function leave(name: string, parent: string | undefined): void {
    if (parent !== undefined) lower(parent, low.get(name) ?? 0);
    if (low.get(name) !== order.get(name)) return;
    const members = new Set<string>();
    for (let member = open.pop(); member !== undefined; member = open.pop()) {
      isOpen.delete(member);
      members.add(member);
      if (member === name) break;
    }
    found.push(members);
  }
}

/** The shortest way from a name back to itself inside its component; null when there is none. */
function pathBack(
  name: string,
  component: ReadonlySet<string>,
  graph: Graph,
): readonly string[] | null {
  if (component.size > PATHS_MAX) return [name, '…', name];
  const cameFrom = new Map<string, string>();
  const queue = [name];
  for (const at of queue) {
    for (const to of graph.get(at) ?? []) {
      if (to === name) return [name, ...trace(at, name, cameFrom), name];
      if (!component.has(to) || cameFrom.has(to)) continue;
      cameFrom.set(to, at);
      queue.push(to);
    }
  }
  return null;
}

/** Looking for a way back costs the component for each of its members. */
const PATHS_MAX = 50;

function trace(
  end: string,
  start: string,
  cameFrom: ReadonlyMap<string, string>,
): readonly string[] {
  const path: string[] = [];
  for (let at: string | undefined = end; at !== undefined && at !== start; at = cameFrom.get(at)) {
    path.unshift(at);
  }
  return path;
}
