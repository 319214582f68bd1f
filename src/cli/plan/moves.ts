/**
 * The side that a plan compares with, as far as it is needed to say what moves: calendars, groups, and the associations
 * that were edited. A fleet has ten thousand files of nodes, and of what did not change nothing is read.
 */
import type { AssociationName } from '../../core/model/brand.ts';
import type { Catalog } from '../../core/model/catalog.ts';
import type { Fleet } from '../../core/world/fleet.ts';
import type { Move, Side } from '../../core/world/moves.ts';
import { movesOf } from '../../core/world/moves.ts';
import type { RevisionPlan } from '../../core/world/plan-revision.ts';
import type { Question } from '../../core/world/upcoming.ts';
import type { Snapshot } from '../../reconcile/ports.ts';
import type { Loaded } from '../load-repository.ts';
import { loadFiles } from '../load-repository.ts';
import type { Baseline } from './baseline.ts';
import { lastGoodOf } from './baseline.ts';

/** Empty where nothing is applied, or this clone lacks what is. */
export async function movesBetween(
  baseline: Baseline,
  after: Pick<Loaded, 'catalog' | 'definitions'>,
  { plan, fleet }: { readonly plan: RevisionPlan; readonly fleet: Fleet },
  { from, signal }: Pick<Question, 'from'> & { readonly signal: AbortSignal },
): Promise<ReadonlyMap<AssociationName, Move>> {
  const before = await sideOf(baseline, after, plan, signal);
  if (before === null) return new Map();
  return movesOf(baseline.world, { before, after, plan, fleet }, { from, earlierSlots: 'fired' });
}

async function sideOf(
  baseline: Baseline,
  { catalog }: Pick<Loaded, 'catalog'>,
  plan: RevisionPlan,
  signal: AbortSignal,
): Promise<Side | null> {
  const { loaded, snapshot } = baseline;
  if (loaded !== null || snapshot === null) return loaded;
  const edited = [...plan.values()].some(({ change }) => change === 'update');
  const files = snapshot.files.filter((file) => isNeeded(file, edited, catalog));
  return loadFiles(
    { ...snapshot, files },
    { lastGood: lastGoodOf(baseline), readBlob: (blob) => snapshot.read(blob) },
    signal,
  );
}

/** What an edited association refers to has to be there for it to be understood. */
function isNeeded(
  { path, blob }: Snapshot['files'][number],
  edited: boolean,
  after: Pick<Catalog, 'files'>,
): boolean {
  const [folder = ''] = path.split('/');
  if (path === 'reconciled.yaml' || folder === 'calendars' || folder === 'groups') return true;
  if (!edited) return false;
  if (folder !== 'associations') return folder === 'documents' || folder === 'parameters';
  return after.files.get(path) !== blob;
}
