/**
 * Events → pass → wait. One pass at a time; whatever happens during a pass is taken by the next. Between passes the loop
 * sleeps until an event arrives, a timer of the world falls due, or the publisher wants to be asked again.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Effect, Reason } from '../core/world/effects.ts';
import type { World } from '../core/world/world.ts';
import type { Logger } from '../io/log.ts';
import type { Inbox } from '../reconcile/inbox.ts';
import { createInbox } from '../reconcile/inbox.ts';
import { pass } from '../reconcile/pass.ts';
import type { Ports } from '../reconcile/ports.ts';
import type { Publisher } from '../reconcile/publish.ts';

/** Longer sleeps are cut here: the wall clock may be set while we sleep, and setTimeout has its own limit. */
const SLEEP_MS_MAX = 30_000;

export type PassObserver = (measured: {
  readonly durationMs: number;
  readonly events: number;
  readonly reasons: readonly Reason[];
}) => void;

/** Wakes the loop; a wake-up that comes while it works is not lost. */
export type Bell = {
  ring(): void;
  /** Resolves at the next ring, after `ms`, or when the signal aborts. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
};

export function createBell(): Bell {
  let rung = false;
  let wake: (() => void) | null = null;
  return {
    ring() {
      rung = true;
      wake?.();
    },
    wait: (ms, signal) =>
      new Promise((resolve) => {
        const done = (): void => {
          clearTimeout(timer);
          signal.removeEventListener('abort', done);
          wake = null;
          rung = false;
          resolve();
        };
        const timer = setTimeout(done, ms);
        signal.addEventListener('abort', done, { once: true });
        wake = done;
        if (rung || signal.aborted) done();
      }),
  };
}

export function openInbox(bell: Bell): Inbox {
  return createInbox(() => {
    bell.ring();
  });
}

export type Loop = {
  readonly world: World;
  readonly inbox: Inbox;
  readonly bell: Bell;
  readonly ports: Pick<Ports, 'clock' | 'journal'>;
  readonly publisher: Publisher;
  readonly perform: (effects: readonly Effect[]) => void;
  readonly log: Logger;
  readonly onPass: PassObserver;
};

/** Runs until the signal aborts; a pass that has begun is finished first. @throws whatever a pass throws: a bug, or a dead disk */
export async function runLoop(loop: Loop, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const more = await onePass(loop, signal);
    // A revision that is put in force by several passes is reported as a whole.
    const again = loop.world.remainder === null ? loop.publisher.tick(signal) : null;
    if (more)
      await nextTurn(); // whoever asks is answered between two passes
    else if (loop.inbox.size === 0) await loop.bell.wait(sleepMs(loop, again), signal);
  }
}

/** One pass, logged; true when the next must follow at once. */
export async function onePass(loop: Loop, signal: AbortSignal): Promise<boolean> {
  const { world, inbox, ports, perform, log } = loop;
  const events = inbox.size;
  const start = ports.clock.monotonicMs();
  const { reasons, more } = await pass(world, inbox, ports, perform, signal);
  loop.onPass({ durationMs: ports.clock.monotonicMs() - start, events, reasons });
  for (const reason of reasons) log.info(reason.fields, reason.event);
  return more;
}

function sleepMs({ world, ports }: Loop, publishAtMs: number | null): number {
  const timer = world.timers.peek();
  const now = ports.clock.now();
  const monotonic = ports.clock.monotonicMs();
  const waits = [
    SLEEP_MS_MAX,
    ...(timer === undefined ? [] : [timer.at - now]),
    ...(publishAtMs === null ? [] : [publishAtMs - monotonic]),
  ];
  return Math.max(1, Math.min(...waits));
}
