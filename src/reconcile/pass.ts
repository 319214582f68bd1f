/**
 * One trip through the river: drain the events, advance the world, make the records durable, perform the effects, mark
 * what the report must rewrite. It never waits for a script; runs outlive passes.
 */

import { advance } from '../core/world/advance.ts';
import type { Effect, Reason } from '../core/world/effects.ts';
import type { World } from '../core/world/world.ts';
import { appendUntilDurable } from './durable.ts';
import type { Inbox } from './inbox.ts';
import type { Ports } from './ports.ts';

export type PassResult = {
  readonly reasons: readonly Reason[];
  /** A limit cut the pass short: the next one follows at once. */
  readonly more: boolean;
};

const nothing: ReturnType<Inbox['drain']> = { events: [], settle: () => undefined };

export type Perform = (effects: readonly Effect[]) => void;

export async function pass(
  world: World,
  inbox: Inbox,
  ports: Pick<Ports, 'clock' | 'journal'>,
  perform: Perform,
  signal: AbortSignal,
): Promise<PassResult> {
  // A large revision takes several passes, and what happens meanwhile finds it in force as a whole.
  const { events, settle } = world.remainder === null ? inbox.drain() : nothing;
  const at = ports.clock.now();
  const { records, effects, reasons, more } = advance(world, events, at);
  try {
    await appendUntilDurable(ports, { at, records }, signal); // durable before anyone sees an effect
  } catch (cause) {
    settle(cause instanceof Error ? cause : new Error(String(cause)));
    throw cause;
  }
  perform(effects); // jobs, acks, answers
  settle();
  return { reasons, more: more || inbox.size > 0 };
}
