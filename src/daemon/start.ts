/** From a directory on disk to a daemon that knows where it stands: whose state it is, and that nobody is connected. */
import { ReconcileError } from '../core/model/errors.ts';
import type { Loop } from './loop.ts';
import { onePass } from './loop.ts';
import type { Parts } from './wire.ts';

/** @throws ReconcileError INSTANCE_CHANGED (exit 78) when the state directory belongs to another instance */
export async function start(parts: Parts, loop: Loop, signal: AbortSignal): Promise<void> {
  const { world, inbox, config, identity, log } = parts;
  const known = world.state.instance;
  if (known !== null && known.name !== config.instance) {
    throw new ReconcileError(
      'INSTANCE_CHANGED',
      `${config.stateDir} belongs to instance ${known.name}, the configuration says ${config.instance}`,
      { retry: 'never', exitCode: 78 },
    );
  }
  inbox.post({ kind: 'boot', instance: config.instance, daemonKey: identity.publicKey });
  await onePass(loop, signal);
  log.info(
    {
      instance: config.instance,
      revision: world.state.accepted?.commit ?? null,
      nodes: world.state.nodes.size,
      executions: world.state.executions.size,
    },
    'state replayed',
  );
}
