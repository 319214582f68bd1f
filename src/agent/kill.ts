/** Why a task or a run is killed. */
import type { Job } from '../protocol/messages.ts';
import type { Decision } from './decision.ts';
import { nothing } from './decision.ts';
import type { Kill } from './flow.ts';
import type { ActiveRun } from './ledger.ts';
import { runningTask } from './task-order.ts';

/** Recorded first, killed second; a second reason for the same task changes nothing. */
export function kill(active: ActiveRun, why: Kill): Decision {
  const { run } = active.job;
  const running = runningTask(active);
  if (why.scope === 'run' ? active.stop !== null : running?.kill !== null) return nothing;
  return {
    records: [{ kind: 'killed', run, kill: why }],
    effects: running === null ? [] : [{ kind: 'kill', run }],
  };
}

export const stepTimeout: Kill = {
  scope: 'step',
  status: 'TimedOut',
  reason: 'killed, because its time-out had passed',
};

export const runTimeout = ({ timeoutMs }: Job): Kill => ({
  scope: 'run',
  status: 'TimedOut',
  reason: `stopped, because the whole run may take ${(timeoutMs ?? 0) / 1000} s`,
});
