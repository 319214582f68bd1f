/**
 * Files of nodes that changed while others were rendered. state.json vouches for node files: for who is registered, for the
 * generation that "in force" means in them, for the executions their runs are owed in. So it may be rendered only when no node
 * has changed since its file was: at the very end of this, without a turn in between.
 */
import type { NodeId } from '../core/model/brand.ts';
import { nodeFile } from '../core/report/node-file.ts';
import { nodePath } from '../core/report/paths.ts';
import type { ReportFile } from '../core/report/report-files.ts';
import type { ReportView } from '../core/report/view.ts';
import type { World } from '../core/world/world.ts';
import { lookAgain } from './look.ts';
import type { Ports } from './ports.ts';

/** Moves marks of nodes to `late`: pages and summaries do not know of these changes yet, so whoever asked puts them back. */
export function* lateFiles(
  world: World,
  clock: Ports['clock'],
  view: ReportView,
  late: Set<NodeId>,
): Generator<ReportFile> {
  const { nodes } = world.dirty;
  for (let [id] = nodes; id !== undefined; [id] = nodes) {
    if (world.revision?.catalog !== view.catalog) return; // nothing of this view is wanted any more
    nodes.delete(id);
    late.add(id);
    yield [nodePath(id), nodeFile(lookAgain(world, clock, view, id), id)];
  }
}
