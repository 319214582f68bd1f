/**
 * Who starts now. Associations with open capacity take nodes in the order "oldest last run first, then id"; among
 * associations: due first, then those that others depend on, then those that name nodes by id, then by name (contract §6, §5).
 */
import type { Instant } from '../model/brand.ts';
import { compareText } from '../model/problem.ts';
import type { Execution } from '../model/state.ts';
import { silenceOf } from './epoch.ts';
import { openOf } from './executions.ts';
import type { Turn } from './turn.ts';
import { emit } from './turn.ts';
import type { World } from './world.ts';

/** An agent starts nothing later than this after the hand-over (contract §6). */
export const JOB_VALID_MS = 5 * 60_000;

/** Hand-overs of one pass, so that answers are read in between; the rest follows in the next pass at once. */
export const OFFERS_PER_PASS = 50;

/** Emits offers for everything that may start; true when the limit of one pass cut it short. */
export function dispatch(turn: Turn): boolean {
  const { world } = turn;
  if (world.state.paused !== null || silenceOf(world.state) !== null) return false;
  let offers = 0;
  for (const execution of candidates(world)) {
    while (mayStart(world, execution)) {
      if (offers === OFFERS_PER_PASS) return true;
      const node = world.takeReady(execution);
      if (node === null) break;
      const run = execution.runs.get(node.id);
      if (run === undefined) continue;
      offers++;
      const notAfter = (turn.now + JOB_VALID_MS) as Instant;
      const ref = { execution: execution.id, node: node.id, run: run.run };
      emit(turn, { kind: 'offered', ...ref, at: turn.now, notAfter });
      world.timers.push({ kind: 'run', phase: 'Offered', ...ref, at: (notAfter + 1) as Instant });
      turn.effects.push({
        kind: 'send-job',
        ...ref,
        occasion: run.occasion,
        association: execution.association,
      });
    }
    world.hopeful.delete(execution.association);
  }
  return false;
}

function mayStart(world: World, execution: Execution): boolean {
  return (
    execution.closed === null &&
    world.bearsFailures(execution) &&
    execution.phases.Pending > 0 &&
    world.gateOf(execution.association).waiting === null &&
    world.hasCapacity(execution.association)
  );
}

function candidates(world: World): readonly Execution[] {
  const open: Execution[] = [];
  for (const name of world.hopeful) {
    const execution = openOf(world, name);
    if (execution === null || !mayStart(world, execution)) world.hopeful.delete(name);
    else open.push(execution);
  }
  return open.sort(
    (a, b) =>
      a.openedAt - b.openedAt ||
      world.depthOf(a.association) - world.depthOf(b.association) ||
      Number(namesNodes(world, b)) - Number(namesNodes(world, a)) ||
      compareText(a.association, b.association),
  );
}

function namesNodes(world: World, execution: Execution): boolean {
  const targets = world.definition(execution.association)?.association.targets ?? [];
  return targets.some((target) => target.kind === 'ids');
}
