/** Who waits for a turn in an execution: oldest last run first, then id (contract §5). */
import type { ExecutionId, Instant, NodeId } from '../model/brand.ts';
import type { Heap } from './heap.ts';
import { createHeap } from './heap.ts';

export type Queues = {
  /** A node lines up once, however often it comes and goes. */
  add(execution: ExecutionId, node: NodeId, lastRunAt: Instant | null): void;
  /** Taken out; null when nobody waits. */
  take(execution: ExecutionId): NodeId | null;
  drop(execution: ExecutionId): void;
  clear(): void;
};

type Waiting = { readonly lastRunAt: number; readonly node: NodeId };
type Queue = { readonly heap: Heap<Waiting>; readonly nodes: Set<NodeId> };

export function createQueues(): Queues {
  const queues = new Map<ExecutionId, Queue>();
  return {
    add(execution, node, lastRunAt) {
      let queue = queues.get(execution);
      if (queue === undefined) {
        queue = { heap: createHeap(earlierTurn), nodes: new Set() };
        queues.set(execution, queue);
      }
      if (queue.nodes.has(node)) return;
      queue.nodes.add(node);
      queue.heap.push({ lastRunAt: lastRunAt ?? 0, node });
    },
    take(execution) {
      const queue = queues.get(execution);
      const entry = queue?.heap.pop();
      if (queue === undefined || entry === undefined) return null;
      queue.nodes.delete(entry.node);
      return entry.node;
    },
    drop: (execution) => {
      queues.delete(execution);
    },
    clear: () => {
      queues.clear();
    },
  };
}

const earlierTurn = (a: Waiting, b: Waiting): boolean =>
  a.lastRunAt < b.lastRunAt || (a.lastRunAt === b.lastRunAt && a.node < b.node);
