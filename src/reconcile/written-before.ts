/** What stands on the status branch and is not rendered again: history, and the last plan. */
import type { ExecutionId } from '../core/model/brand.ts';
import {
  executionsPath,
  isKeptExecutionPath,
  PLAN_PATH,
  STATE_PATH,
} from '../core/report/paths.ts';
import type { World } from '../core/world/world.ts';
import type { StatusTip } from './ports.ts';

/** Of a file; null removes it. What is rendered stays text until it is known to be news. */
export type Content = string | Uint8Array | null;

/** History and the last plan are not rendered again: what stands there stays; whatever else is not ours goes. */
export async function keepHistory(
  before: StatusTip,
  files: Map<string, Content>,
  complete: boolean,
  firstDay: string,
): Promise<void> {
  for (const path of await before.list('')) {
    if (files.has(path) || path === STATE_PATH) continue;
    const keeps = path === PLAN_PATH || isKeptExecutionPath(path, firstDay);
    if (keeps && complete) files.set(path, await before.read(path));
    else if (!keeps && !complete) files.set(path, null);
  }
}

/** The files of history that gain lines now, as they stand. */
export async function textsOf(
  before: StatusTip | null,
  ended: readonly ExecutionId[],
  world: World,
): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>();
  if (before === null) return texts;
  for (const id of ended) {
    const execution = world.state.executions.get(id);
    if (execution === undefined || execution.endedAt === null) continue;
    const path = executionsPath(execution.association, execution.endedAt);
    if (texts.has(path)) continue;
    const bytes = await before.read(path);
    if (bytes !== null) texts.set(path, Buffer.from(bytes).toString());
  }
  return texts;
}
