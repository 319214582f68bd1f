/**
 * The reference model of machines that a step restarts (exit code 194): only such a step restarts one, it goes on where it was,
 * and no run does it more often than it may.
 */
import type { NodeId, RunId } from '../../src/core/model/brand.ts';

/** As the stock agent has it. */
const RESTARTS_MAX = 15;
export const EXIT_RESTART = 194;

export type RestartModelOptions = {
  readonly broken: (promise: string, detail: string) => never;
  readonly sometimes: (situation: string) => void;
};

export function createRestartModel({ broken, sometimes }: RestartModelOptions) {
  /** Run → the step that ended with 194 and has not begun again, and where. */
  const asking = new Map<RunId, { readonly step: string; readonly node: NodeId }>();
  /** Those of them whose machine has been down since. */
  const down = new Set<RunId>();
  /** Run and step → restarts after which it began again. */
  const done = new Map<string, number>();
  const restarts = new Map<RunId, number>();

  /** How often this step has begun, this time included, is right; true when it goes on after a restart. */
  function onBegin(run: RunId, step: string, times: number): boolean {
    const asked = asking.get(run);
    const key = `${run} ${step}`;
    if (asked !== undefined) {
      if (!down.has(run)) broken('restart', `${run} goes on, and its machine did not restart`);
      if (asked.step !== step) {
        broken('restart', `${run} goes on at step ${step}, not at ${asked.step}`);
      }
      asking.delete(run);
      down.delete(run);
      done.set(key, (done.get(key) ?? 0) + 1);
      sometimes('step goes on after a restart');
    }
    if (times > 1 + (done.get(key) ?? 0))
      broken('P3', `step ${step} of ${run} began ${times} times`);
    return asked !== undefined;
  }

  /** With exit code 194. */
  function onEnd(run: RunId, ended: { readonly step: string; readonly node: NodeId }): void {
    asking.set(run, ended);
  }

  /** The agent restarts its machine for this run. */
  function onAsked(run: RunId): void {
    if (!asking.has(run)) broken('restart', `a machine restarts for ${run}, which did not ask`);
    const count = (restarts.get(run) ?? 0) + 1;
    restarts.set(run, count);
    if (count > RESTARTS_MAX) broken('restart', `${run} restarts its machine ${count} times`);
    if (count === RESTARTS_MAX) sometimes('all restarts used up');
  }

  /** For whatever reason: who asked for it has got it. */
  function onDown(node: NodeId): void {
    for (const [run, asked] of asking) if (asked.node === node) down.add(run);
  }

  /** Its node knows nothing of it any more. */
  function onForgotten(run: RunId): void {
    asking.delete(run);
    down.delete(run);
    restarts.delete(run);
    for (const key of done.keys()) if (key.startsWith(`${run} `)) done.delete(key);
  }

  return { onBegin, onEnd, onAsked, onDown, onForgotten };
}
