/** What a process that begins anew does with a run that is not over, before and after a restart of the machine. */
import type { Instant } from '../core/model/brand.ts';
import type { AgentContext, Decision, Effect } from './decision.ts';
import { nothing } from './decision.ts';
import type { ActiveRun, LedgerRecord } from './ledger.ts';
import { armOf, proceed } from './proceed.ts';
import { after, isRebooted, orderOf, runningTask } from './task-order.ts';

/** A process begins anew and finds a run that is not over. */
export function resume(context: AgentContext, active: ActiveRun, now: Instant): Decision {
  const { job, startedAt } = active;
  const { run } = job;
  if (startedAt === null) {
    // The machine may have restarted since it was meant to run: its tasks will run in this boot, and none was cut.
    const { bootId } = context;
    const records: readonly LedgerRecord[] =
      active.bootId === bootId ? [] : [{ kind: 'intent', run, bootId, at: now }];
    return { records, effects: [{ kind: 'begin', run }] };
  }
  if (active.rebooting) return afterReboot(context, active, now);
  const running = runningTask(active);
  if (running === null) return proceed(context, active, now, []);
  const order = orderOf(context, active, running.task);
  const killAgain: readonly Effect[] = running.kill === null ? [] : [{ kind: 'kill', run }];
  const isNewDoubt = active.foreseen?.inDoubt === false;
  return {
    records: isNewDoubt ? [{ kind: 'doubted', run }] : [],
    effects: [
      ...armOf(job, startedAt, now),
      { kind: 'adopt', order, rebooted: isRebooted(context, active) },
      ...killAgain,
    ],
  };
}

/** The agent is back before the machine went down, or after it: then the step that asked runs again, and no other did. */
function afterReboot(context: AgentContext, active: ActiveRun, now: Instant): Decision {
  const { job, startedAt } = active;
  const { run } = job;
  if (!isRebooted(context, active)) return { records: [], effects: [{ kind: 'reboot', run }] };
  const rebooted: LedgerRecord = { kind: 'rebooted', run, bootId: context.bootId };
  const decision = proceed(context, after(active, rebooted), now, [rebooted]);
  const effects = [...armOf(job, startedAt ?? now, now), ...decision.effects];
  return { ...decision, effects };
}

export function rebootRefused(
  context: AgentContext,
  active: ActiveRun,
  why: string,
  now: Instant,
): Decision {
  if (!active.rebooting) return nothing;
  const refused: LedgerRecord = { kind: 'reboot-refused', run: active.job.run, why };
  const decision = proceed(context, after(active, refused), now, [refused]);
  const told: Effect = { kind: 'warn', event: 'machine-does-not-restart', detail: why };
  return { ...decision, effects: [told, ...decision.effects] };
}
