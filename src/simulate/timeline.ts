/** Virtual time: what happens next. Events of one instant happen in the order in which they were asked for. */
import { createHeap } from '../core/world/heap.ts';

export type Timeline = {
  /** Milliseconds since the story began. */
  readonly nowMs: number;
  /** Events that have happened. */
  readonly count: number;
  /** What `label` names happens after so long; it may wait for promises that resolve without the timeline. */
  after(delayMs: number, label: string, action: () => void | Promise<void>): void;
  /**
   * Lets events happen until `untilMs`, or until `keepGoing` says no; after each, everything that waits for what it
   * resolved has had its turn. `onEvent` is told after that. @throws what an action throws: a bug
   */
  run(untilMs: number, options?: RunOptions): Promise<void>;
};

export type RunOptions = {
  readonly onEvent?: (label: string) => void;
  readonly keepGoing?: () => boolean;
};

type Entry = {
  readonly atMs: number;
  readonly order: number;
  readonly label: string;
  readonly action: () => void | Promise<void>;
};

/** A turn of the event loop: by then everything that could resolve has. */
const settled = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

export function createTimeline(): Timeline {
  const heap = createHeap<Entry>(
    (a, b) => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order),
  );
  let nowMs = 0;
  let count = 0;
  let order = 0;

  return {
    get nowMs() {
      return nowMs;
    },
    get count() {
      return count;
    },
    after(delayMs, label, action) {
      heap.push({ atMs: nowMs + Math.max(0, Math.round(delayMs)), order: order++, label, action });
    },
    async run(untilMs, { onEvent, keepGoing = () => true } = {}) {
      while (keepGoing()) {
        const next = heap.peek();
        if (next === undefined || next.atMs > untilMs) break;
        heap.pop();
        nowMs = next.atMs;
        count += 1;
        await next.action();
        await settled();
        onEvent?.(next.label);
      }
      if (heap.peek() === undefined || (heap.peek()?.atMs ?? 0) > untilMs)
        nowMs = Math.max(nowMs, untilMs);
    },
  };
}
