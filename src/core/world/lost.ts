/** Runs of which nobody will hear any more. Whoever reads that is told so; a result that comes all the same replaces it. */
import type { NodeState } from '../model/state.ts';
import { findRun, finish, untold } from './on-run.ts';
import type { Turn } from './turn.ts';

export function lose(
  turn: Turn,
  { execution, run }: NonNullable<ReturnType<typeof findRun>>,
  detailedStatus: 'Interrupted' | 'Unreachable',
  summary: string,
): void {
  finish(turn, {
    execution: execution.id,
    association: execution.association,
    node: run.node,
    outcome: untold(run, { status: 'Failed', detailedStatus, summary, finishedAt: turn.now }),
  });
}

/**
 * The node is shut out, and what it runs with it: there is no session over which it could tell how that ended, so nothing is
 * gained by waiting until the deadline, and the place that it holds is free. What was not started goes back as at every disconnection.
 */
export function loseShutOut(turn: Turn, { id, job }: NodeState): void {
  const found = job === null ? null : findRun(turn, id, job.run, job.execution);
  if (found === null || (found.run.phase !== 'Started' && found.run.phase !== 'Unreachable')) {
    return;
  }
  lose(
    turn,
    found,
    'Unreachable',
    'the node was shut out during the run; how it ended is not known',
  );
}
