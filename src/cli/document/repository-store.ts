import type { StoreLookup } from '../../core/document/prepared.ts';
import { storeOf } from '../../core/load/store.ts';
import { loadFiles, openFiles } from '../load-repository.ts';

/** The Parameter Store of a repository as its files lie on disk. */
export async function storeOfRepository(dir: string, signal: AbortSignal): Promise<StoreLookup> {
  const { catalog } = await loadFiles(await openFiles(dir, null), {}, signal);
  return storeOf(catalog.parameters);
}
