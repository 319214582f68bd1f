/** Where events wait for the next pass. Whoever needs to know that an event is durable waits for what `push` returns. */
import type { Event } from '../core/world/events.ts';

export type Inbox = {
  /** Resolves when the pass that took the event has its records on disk; rejects when the daemon leaves first. */
  push(event: Event): Promise<void>;
  /** As `push`, for those who do not wait. */
  post(event: Event): void;
  /** At most `EVENTS_PER_PASS` of them, oldest first; `settle` tells their senders. */
  drain(): { readonly events: readonly Event[]; settle(failure?: Error): void };
  readonly size: number;
};

/** So that a storm of results is taken in slices, and acks go out in between. */
export const EVENTS_PER_PASS = 250;

type Waiting = { readonly event: Event; settle(failure?: Error): void };

export function createInbox(wake: () => void): Inbox {
  let waiting: Waiting[] = [];

  function enqueue(event: Event, settle: Waiting['settle']): void {
    waiting.push({ event, settle });
    wake();
  }

  return {
    push: (event) =>
      new Promise((resolve, reject) => {
        enqueue(event, (failure) => (failure === undefined ? resolve() : reject(failure)));
      }),
    post: (event) => enqueue(event, () => undefined),
    drain() {
      const taken = waiting.slice(0, EVENTS_PER_PASS);
      waiting = waiting.slice(EVENTS_PER_PASS);
      return {
        events: taken.map((each) => each.event),
        settle: (failure) => {
          for (const each of taken) each.settle(failure);
        },
      };
    },
    get size() {
      return waiting.length;
    },
  };
}
