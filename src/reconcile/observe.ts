/**
 * Looks at the source and turns what it sees into events. Single flight: never two fetches at once, never a plan from two
 * trees. A tip that was judged stays judged until the accepted revision or the tip changes.
 */
import { allowedDeletes } from '../core/accept/accept.ts';
import { filesInForce } from '../core/load/load.ts';
import type { CommitId } from '../core/model/brand.ts';
import { ReconcileError, unreachable } from '../core/model/errors.ts';
import type { Event, LoadedRevision } from '../core/world/events.ts';
import type { World } from '../core/world/world.ts';
import type { Inbox } from './inbox.ts';
import type { Ports, SourceObservation } from './ports.ts';

type SourcePorts = Pick<Ports, 'source' | 'loader'>;

export type Observer = {
  /** One look at the remote; resolves when its consequences are durable. Concurrent calls share the look that is under way. */
  observe(signal: AbortSignal): Promise<void>;
  /** No look has succeeded for this long: the report says so until one does. */
  missed(code: string, forMs: number): void;
  /** Reads the accepted revision again: after a restart, before anything else is looked at. */
  restore(signal: AbortSignal): Promise<void>;
  /** An operator names the commit: neither ancestry nor guard is asked. */
  accept(commit: CommitId, by: string, signal: AbortSignal): Promise<void>;
};

export function createObserver(
  world: World,
  inbox: Inbox,
  ports: SourcePorts,
  beforeFirst: (signal: AbortSignal) => Promise<void>,
): Observer {
  let underWay: Promise<void> | null = null;
  let judged: { readonly tip: CommitId; readonly accepted: CommitId | null } | null = null;

  /** Waits for the look that is under way, then runs alone. */
  async function alone(work: () => Promise<void>): Promise<void> {
    while (underWay !== null) await Promise.allSettled([underWay]);
    const mine = work().finally(() => {
      underWay = null;
    });
    underWay = mine;
    return mine;
  }

  /** There is no pass any more once the daemon leaves: a look must not wait for one, or nobody could leave. */
  async function push(event: Event, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const left = rejection(signal);
    try {
      await Promise.race([inbox.push(event), left.promise]);
    } finally {
      left.forget();
    }
  }

  async function look(signal: AbortSignal): Promise<void> {
    await lookAtTip(signal);
    if (world.state.unread !== null) await push({ kind: 'source-read' }, signal);
  }

  async function lookAtTip(signal: AbortSignal): Promise<void> {
    if (world.state.accepted === null) await beforeFirst(signal);
    const accepted = world.state.accepted?.commit ?? null;
    if (accepted !== null && world.revision === null) await restore(accepted, signal);
    const seen = await ports.source.observe(accepted, signal);
    switch (seen.ancestry) {
      case 'same':
        judged = null;
        return push({ kind: 'source-same' }, signal);
      case 'diverged':
      case 'unprovable':
      case 'gone':
        judged = null;
        return push({ kind: 'source-stuck', tip: seen.tip, ancestry: seen.ancestry }, signal);
      case 'first':
      case 'descendant':
        return take(seen, accepted, signal);
      default:
        return unreachable(seen.ancestry);
    }
  }

  async function take(
    seen: SourceObservation,
    accepted: CommitId | null,
    signal: AbortSignal,
  ): Promise<void> {
    const { tip } = seen;
    if (tip === null || (judged?.tip === tip && judged.accepted === accepted)) return;
    const revision = await load(tip, signal);
    const event: Event = {
      kind: 'revision',
      revision,
      ancestry: seen.ancestry,
      distance: seen.distance ?? 0,
      allowDelete: allowedDeletes(seen.messages),
      acceptedBy: null,
    };
    await push(event, signal);
    judged = { tip, accepted };
  }

  async function restore(accepted: CommitId, signal: AbortSignal): Promise<void> {
    await push({ kind: 'restored', revision: await load(accepted, signal) }, signal);
  }

  /** What is in force is the ground for what comes next. Where it cannot be read, an operator goes on without it. */
  async function restoreIfReadable(accepted: CommitId, signal: AbortSignal): Promise<void> {
    try {
      await restore(accepted, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof ReconcileError)) throw error;
    }
  }

  /** What is in force now stays in force where the new tree is invalid; after a restart its own tree says what that is. */
  async function load(commit: CommitId, signal: AbortSignal): Promise<LoadedRevision> {
    const snapshot = await ports.source.snapshot(commit, signal);
    const lastGood =
      world.revision?.catalog.files ??
      (world.state.accepted === null
        ? new Map()
        : filesInForce(snapshot.files, world.state.invalidFiles));
    return ports.loader.load(snapshot, lastGood, signal);
  }

  return {
    observe: (signal) => underWay ?? alone(() => look(signal)),
    missed(code, forMs) {
      if (world.state.unread === null) inbox.post({ kind: 'source-unread', code, forMs });
    },
    restore: (signal) =>
      alone(async () => {
        const accepted = world.state.accepted?.commit;
        if (accepted !== undefined && world.revision === null) await restore(accepted, signal);
      }),
    accept: (commit, by, signal) =>
      alone(async () => {
        // A state that was lost is recovered first: an operator accepts a commit, not the loss of everything else.
        if (world.state.accepted === null) await beforeFirst(signal);
        const accepted = world.state.accepted?.commit ?? null;
        if (accepted !== null && world.revision === null) await restoreIfReadable(accepted, signal);
        const revision = await load(commit, signal);
        const event: Event = {
          kind: 'revision',
          revision,
          ancestry: accepted === null ? 'first' : 'descendant',
          distance: 1,
          allowDelete: 0,
          acceptedBy: by,
        };
        await push(event, signal);
        judged = null;
      }),
  };
}

/** Rejects when the signal aborts; a signal that lives as long as the daemon must not collect listeners. */
function rejection(signal: AbortSignal): { readonly promise: Promise<never>; forget(): void } {
  let abort = (): void => undefined;
  const promise = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
  });
  return { promise, forget: () => signal.removeEventListener('abort', abort) };
}
