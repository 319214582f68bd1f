/**
 * The last word on the status branch. Told to leave, the daemon does not render a large fleet once more: whoever told it waits,
 * and the next start publishes what is missing, since all of it is in the journal.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ReconcileError } from '../core/model/errors.ts';
import type { Loop } from './loop.ts';
import { onePass } from './loop.ts';

export type Leaving = Pick<Loop, 'world' | 'inbox' | 'ports' | 'publisher' | 'perform' | 'log'>;

/** `TimeoutStopSec` of the unit covers the first. Whoever runs `--once` wants its report. */
const LAST_MS_MAX = { told: 5_000, converged: 20_000 } as const;
/** About a second of work; told to leave, nothing larger is begun. */
const LAST_FILES_MAX = { told: 1_000, converged: Number.POSITIVE_INFINITY } as const;
const LOOK_MS = 20;

/** `why`: somebody told it to leave, or it has done what `--once` asked for. An unreachable host keeps neither. */
export async function lastPublish(leaving: Leaving, why: 'told' | 'converged'): Promise<void> {
  const { world, publisher, log } = leaving;
  const deadline = AbortSignal.timeout(LAST_MS_MAX[why]);
  const done = new AbortController();
  const passing = passes(leaving, deadline, done.signal);
  try {
    await Promise.race([publish(), passing]);
  } catch (cause) {
    if (!(cause instanceof ReconcileError) && !deadline.aborted) throw cause;
    log.warn({ message: String(cause) }, 'left without a last status commit');
  } finally {
    done.abort();
    await Promise.allSettled([passing]);
  }

  async function publish(): Promise<void> {
    await publisher.ended();
    if (world.revision === null || world.remainder !== null) return;
    const files = publisher.waiting;
    if (files <= LAST_FILES_MAX[why]) await publisher.flush(deadline);
    else log.info({ files }, 'left without a last status commit: the next start publishes');
  }
}

/** A publish ends with a record. Resolves when `done` aborts; rejects when its disk still refuses at the deadline. */
async function passes(leaving: Leaving, deadline: AbortSignal, done: AbortSignal): Promise<void> {
  const bell = { ring: () => undefined, wait: () => Promise.resolve() };
  const loop: Loop = { ...leaving, bell, onPass: () => undefined };
  while (!done.aborted) {
    if (loop.inbox.size > 0) await onePass(loop, deadline);
    await sleep(LOOK_MS);
  }
}
