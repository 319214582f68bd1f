import type { AgentMessage } from '../protocol/messages.ts';
import { rest } from '../waiting/rest.ts';
import type { Log } from './ports.ts';
import type { Ending, Session, SessionOptions } from './session.ts';
import { openSession } from './session.ts';

export type Connection = {
  /** Dropped while there is no session. */
  send(message: AgentMessage): void;
  /** Resolves when the signal has ended it. */
  readonly ended: Promise<void>;
};

const firstRetryMs = 500;
const retryMsMax = 120_000;
/** Of a daemon that has said how many we are: as long as nodes spread over it come no denser than it asked for. */
const retryMsMaxKnown = 15_000;
/** A session that is cut sooner has been no success: whatever it was cut for would be said again at once. */
const steadyMs = 2_000;
/** Whoever was welcomed knows that a daemon is there: it is asked again within 8 s, however often it dies. */
const failuresWelcomedMax = 4;
/** Someone has to change something first: ask seldom. */
const refusedRetryMs = 60_000;

/** Keeps a session to the daemon until `signal`: every end is followed by another attempt, spread by full jitter. */
export function keepConnected(
  options: SessionOptions & { readonly log: Log; readonly random: () => number },
  signal: AbortSignal,
): Connection {
  let session: Session | null = null;

  async function loop(): Promise<void> {
    let failures = 0;
    let spreadMs = 0;
    const isOver = (): boolean => signal.aborted;
    while (!isOver()) {
      let welcomedAtMs: number | null = null;
      const dialled = openSession({
        ...options,
        onWelcome: (welcome) => {
          welcomedAtMs = performance.now();
          spreadMs = welcome.reconnectSpreadMs;
          options.log('connected', { server: options.server, name: welcome.name });
          options.onWelcome(welcome);
        },
      });
      session = dialled;
      const close = (): void => dialled.close();
      signal.addEventListener('abort', close);
      const ending = await dialled.ended;
      signal.removeEventListener('abort', close);
      session = null;
      if (isOver()) return;
      failures = failuresBefore(failures, welcomedAtMs, performance.now());
      const backoffMsMax = backoffMsMaxAfter(spreadMs);
      const random = options.random();
      const waitMs = retryDelayMs(ending, { failures, spreadMs, random, backoffMsMax });
      options.log('disconnected', { ...ending, waitMs });
      failures += 1;
      await rest(waitMs, signal);
    }
  }

  return { send: (message) => session?.send(message), ended: loop() };
}

/** Attempts that failed in a row; a session that lasted begins a new row. Pure. */
export function failuresBefore(
  failures: number,
  welcomedAtMs: number | null,
  endedAtMs: number,
): number {
  if (welcomedAtMs === null) return failures;
  return endedAtMs - welcomedAtMs >= steadyMs ? 0 : Math.min(failures, failuresWelcomedMax);
}

/**
 * How far the back-off may grow, by the spread that the last welcome dictated; 0 is none. After an outage that hit nodes and
 * daemon alike nobody knows how many come back: then two minutes. Otherwise a daemon that was away for a minute has its
 * fleet back within the spread, or 15 s. Pure.
 */
export const backoffMsMaxAfter = (spreadMs: number): number =>
  spreadMs === 0 ? retryMsMax : Math.min(retryMsMax, Math.max(retryMsMaxKnown, spreadMs));

/** A random part of what was dictated, or of a back-off that doubles; `random` is in [0, 1). Pure. */
export function retryDelayMs(
  ending: Ending,
  {
    failures,
    spreadMs,
    random,
    backoffMsMax = retryMsMax,
  }: { failures: number; spreadMs: number; random: number; backoffMsMax?: number },
): number {
  switch (ending.kind) {
    case 'wait':
      return Math.round(ending.retryAfterMs * (1 + random * 0.2));
    case 'refused':
    case 'untrusted':
      return Math.round(refusedRetryMs * (0.5 + random));
    case 'closed': {
      const backoffMs = Math.min(backoffMsMax, firstRetryMs * 2 ** Math.min(failures, 10));
      return Math.round(random * Math.min(retryMsMax, Math.max(spreadMs, backoffMs)));
    }
  }
}
