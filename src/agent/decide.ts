/**
 * The agent's mind: what an event means, given the ledger. Pure, so that the simulator runs this very code. The caller performs
 * `ahead`, makes `records` durable, applies them, and only then performs `effects`, in order; a crash in between loses effects,
 * never records, and `restarted` makes up for them.
 *
 * The law: no run id starts twice, and what was started is accounted for.
 */
import type { Instant, RunId } from '../core/model/brand.ts';
import { unreachable } from '../core/model/errors.ts';
import { answer } from './answer.ts';
import type { AgentContext, AgentInput, Decision, StartEffect } from './decision.ts';
import { nothing } from './decision.ts';
import { kill, runTimeout, stepTimeout } from './kill.ts';
import type { ActiveRun, LedgerState } from './ledger.ts';
import type { Task, TaskExited } from './ports.ts';
import { sameTask } from './ports.ts';
import { begin, locked, startAfter, taskEnded, taskUnborn } from './proceed.ts';
import { rebootRefused, resume } from './resume.ts';
import { runningTask } from './task-order.ts';

export function decide(
  context: AgentContext,
  state: LedgerState,
  input: AgentInput,
  now: Instant,
): Decision {
  switch (input.kind) {
    case 'said':
      return answer(context, state, input.message, now);
    case 'restarted':
      return state.active === null ? nothing : resume(context, state.active, now);
    case 'begin':
      return forActive(state, input.run, (active) => begin(context, active, now));
    case 'locked':
      return forActive(state, input.run, (active) => locked(active, input.message, now));
    case 'task-ended':
      return forTask(state, input, (active) => taskEnded(context, active, input, now));
    case 'task-unborn':
      return forTask(state, input, (active) => taskUnborn(context, active, input.task, now));
    case 'reboot-refused':
      return forActive(state, input.run, (active) =>
        rebootRefused(context, active, input.why, now),
      );
    case 'task-deadline':
      return forTask(state, input, (active) => kill(active, stepTimeout));
    case 'run-deadline':
      return forActive(state, input.run, (active) => kill(active, runTimeout(active.job)));
    default:
      return unreachable(input);
  }
}

/**
 * What may be done as soon as a task has exited: the `ahead` of the decision about its end, if that is a start. That decision
 * follows, and nothing else is decided in between.
 */
export function decideExit(
  context: AgentContext,
  { active }: LedgerState,
  { run, task, exitCode }: Pick<TaskExited, 'run' | 'task' | 'exitCode'>,
  now: Instant,
): StartEffect | null {
  if (exitCode !== 0 || active?.job.run !== run) return null;
  const running = runningTask(active);
  if (running === null || !sameTask(running.task, task)) return null;
  return startAfter(context, active, now);
}

function forActive(
  state: LedgerState,
  run: RunId,
  then: (active: ActiveRun) => Decision,
): Decision {
  return state.active?.job.run === run ? then(state.active) : nothing;
}

/** Late words about a task that has ended are ignored. */
function forTask(
  state: LedgerState,
  { run, task }: { readonly run: RunId; readonly task: Task },
  then: (active: ActiveRun) => Decision,
): Decision {
  return forActive(state, run, (active) => {
    const running = runningTask(active);
    return running !== null && sameTask(running.task, task) ? then(active) : nothing;
  });
}
