/** A process from its start to kill -9: whatever it waits for never comes once it is dead. */
import type { Timeline } from './timeline.ts';

export type Life = {
  readonly isAlive: boolean;
  end(): void;
  /** Happens only if the process still lives then. */
  after(delayMs: number, label: string, action: () => void | Promise<void>): void;
  /** As a port answers: after `delayMs` the work is done, after `answerMs` more the process hears of it. */
  wait<Value>(times: Wait, label: string, work: () => Value | Promise<Value>): Promise<Value>;
};

export type Wait = { readonly delayMs: number; readonly answerMs: number };

export function createLife(timeline: Timeline): Life {
  let isAlive = true;
  const life: Life = {
    get isAlive() {
      return isAlive;
    },
    end() {
      isAlive = false;
    },
    after(delayMs, label, action) {
      timeline.after(delayMs, label, () => (isAlive ? action() : undefined));
    },
    wait: (times, label, work) =>
      new Promise((resolve, reject) => {
        const answer = (settle: () => void): void => {
          life.after(times.answerMs, `${label} answers`, settle);
        };
        life.after(times.delayMs, label, () => {
          // Not awaited: work that dies half-way never comes to an end.
          Promise.resolve()
            .then(work)
            .then(
              (value) => answer(() => resolve(value)),
              (cause: unknown) => answer(() => reject(cause as Error)),
            );
        });
      }),
  };
  return life;
}
