/** Who waits for which answer: control requests and nodes at the door, by id, each with an end. */
import { randomUUID } from 'node:crypto';
import type { Admission } from '../core/enrol/register.ts';
import { ReconcileError } from '../core/model/errors.ts';
import type { Answer } from '../core/world/effects.ts';
import type { Event } from '../core/world/events.ts';
import type { Inbox } from '../reconcile/inbox.ts';

type Waiting<Value> = { resolve(value: Value): void; reject(cause: unknown): void };

export type WaitingRoom<Value> = {
  /** Posts the event that `make` builds around a fresh id and waits for its answer. */
  ask(inbox: Inbox, make: (id: string) => Event): Promise<Value>;
  answer(id: string, value: Value): void;
};

/** Nobody waits longer than this: the journal may be waiting for its disk. */
const ANSWER_MS_MAX = 30_000;
const WAITING_MAX = 20_000;

export function openWaitingRoom<Value>(): WaitingRoom<Value> {
  const waiting = new Map<string, Waiting<Value>>();
  return {
    ask: (inbox, make) =>
      new Promise<Value>((resolve, reject) => {
        if (waiting.size >= WAITING_MAX) {
          reject(busy('too many requests wait already'));
          return;
        }
        const id = randomUUID();
        const timer = setTimeout(() => {
          waiting.delete(id);
          reject(
            busy(
              'no answer in time; the journal may be waiting for its disk. What was asked is done once it can be: look before you ask again',
            ),
          );
        }, ANSWER_MS_MAX);
        const settle = (): void => {
          clearTimeout(timer);
          waiting.delete(id);
        };
        waiting.set(id, {
          resolve(value) {
            settle();
            resolve(value);
          },
          reject(cause) {
            settle();
            reject(cause);
          },
        });
        inbox.push(make(id)).catch((cause: unknown) => {
          waiting.get(id)?.reject(cause);
        });
      }),
    answer: (id, value) => waiting.get(id)?.resolve(value),
  };
}

export type DeskRooms = {
  readonly answers: WaitingRoom<Answer>;
  readonly admissions: WaitingRoom<Admission>;
};

export const openDeskRooms = (): DeskRooms => ({
  answers: openWaitingRoom<Answer>(),
  admissions: openWaitingRoom<Admission>(),
});

const busy = (message: string): ReconcileError =>
  new ReconcileError('DAEMON_BUSY', message, { retry: 'backoff' });
