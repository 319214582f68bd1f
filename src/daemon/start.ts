/**
 * From a directory on disk to a daemon that knows where it stands: replay, recover when the state is lost, boot, read the
 * accepted revision again. After this the loop may run.
 */
import { ReconcileError } from '../core/model/errors.ts';
import { recover } from '../reconcile/recover.ts';
import type { Loop } from './loop.ts';
import { onePass } from './loop.ts';
import type { Parts } from './wire.ts';
import { verifiedBy } from './wire.ts';

export async function start(parts: Parts, loop: Loop, signal: AbortSignal): Promise<void> {
  const { world, inbox, config, identity, log, ports } = parts;
  if (world.state.instance === null) await recoverState(parts, loop, signal);
  const known = world.state.instance;
  if (known !== null && known.name !== config.instance) {
    throw new ReconcileError(
      'INSTANCE_CHANGED',
      `${config.stateDir} belongs to instance ${known.name}, the configuration says ${config.instance}`,
      { retry: 'never', exitCode: 78 },
    );
  }
  inbox.post({
    kind: 'boot',
    instance: config.instance,
    daemonKey: identity.publicKey,
  });
  await onePass(loop, signal);
  log.info(
    {
      instance: config.instance,
      revision: world.state.accepted?.commit ?? null,
      nodes: world.state.nodes.size,
      executions: world.state.executions.size,
      at: ports.clock.now(),
    },
    'state restored',
  );
}

/** An empty state directory beside a status branch of this instance is a loss, not a beginning. */
async function recoverState(parts: Parts, loop: Loop, signal: AbortSignal): Promise<void> {
  const { ports, config, identity, log, inbox } = parts;
  const tip = await readTip(parts, signal);
  if (tip === null) return;
  const recovery = await recover(tip, {
    instance: config.instance,
    now: ports.clock.now(),
    verify: verifiedBy(identity),
  });
  if (recovery === null) return;
  inbox.post({ kind: 'recovered', records: recovery.records });
  await onePass(loop, signal);
  log.warn(
    { commit: tip.commit, nodes: recovery.nodes.length, problems: recovery.problems.length },
    'state directory was lost: rebuilt from the status branch',
  );
}

/** A source that has never been reached has no status branch to lose; the loop will say that it is unreachable. */
async function readTip({ ports, log }: Parts, signal: AbortSignal) {
  try {
    return await ports.status.tip(signal);
  } catch (cause) {
    if (!(cause instanceof ReconcileError) || cause.retry === 'never') throw cause;
    log.warn({ code: cause.code, message: cause.message }, 'status branch not reachable at start');
    throw new ReconcileError(
      'RECOVERY_UNREACHABLE',
      `the state directory is empty and the status branch cannot be read (${cause.code}): whether state was lost cannot be told. Starting again will try again`,
      { retry: 'backoff', cause },
    );
  }
}
