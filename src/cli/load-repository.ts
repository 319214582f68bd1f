/** The files of a repository as an author sees them: as they lie on disk, or in a revision. */

import { BUILT_ACTIONS } from '../core/document/built-actions.ts';
import type { LoadCache } from '../core/load/load.ts';
import type { BlobId } from '../core/model/brand.ts';
import { readLibrary } from '../io/library.ts';
import type { LoadedHere } from '../io/load-here.ts';
import { loadHere } from '../io/load-here.ts';
import { openDirectory } from '../io/source/directory.ts';
import { openRevision } from '../io/source/revision.ts';
import type { Snapshot } from '../reconcile/ports.ts';

export type Loaded = LoadedHere;

export const openFiles = (dir: string, rev: string | null): Promise<Snapshot> =>
  rev === null ? openDirectory(dir) : openRevision(dir, rev);

export async function loadFiles(
  snapshot: Snapshot,
  options: {
    readonly lastGood?: ReadonlyMap<string, BlobId>;
    readonly readBlob?: (blob: BlobId) => Promise<Uint8Array>;
    readonly cache?: LoadCache;
  },
  signal: AbortSignal,
): Promise<Loaded> {
  return loadHere(
    snapshot,
    { library: await readLibrary(), builtActions: BUILT_ACTIONS, ...options },
    signal,
  );
}
