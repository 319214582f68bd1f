import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Instant } from '../../core/model/brand.ts';
import { diskError, systemCode } from '../../disk/errors.ts';
import { removeScratchDir } from '../../disk/scratch.ts';
import { SPARE_PREFIX } from './executor.ts';
import { namesIn, SUPERVISOR_FILE } from './run-folder.ts';

/** Oldest folders go first when any of these is passed. */
export const RETENTION = { runs: 100, bytes: 256 * 1024 * 1024, ageMs: 7 * 24 * 3_600_000 };

type Folder = { readonly name: string; readonly bytes: number; readonly at: number };

/** Run folders that may go; pure. `keep` are the runs that are active or not acked. */
export function expiredFolders(
  folders: readonly Folder[],
  keep: ReadonlySet<string>,
  now: Instant,
  limits = RETENTION,
): readonly string[] {
  let runs = 0;
  let bytes = 0;
  return [...folders]
    .sort((a, b) => b.at - a.at)
    .filter((folder) => {
      runs += 1;
      bytes += folder.bytes;
      const fits = runs <= limits.runs && bytes <= limits.bytes && now - folder.at <= limits.ageMs;
      return !fits && !keep.has(folder.name);
    })
    .map(({ name }) => name);
}

/** Removes run folders beyond the limits. Their results are in the ledger; only whole outputs are lost. */
export async function sweepRunFolders(
  runsDir: string,
  keep: ReadonlySet<string>,
  now: Instant,
): Promise<void> {
  const folders: Folder[] = [];
  for (const name of namesIn(runsDir)) {
    if (name.startsWith(SPARE_PREFIX) || name === SUPERVISOR_FILE) continue;
    // What runs now is not looked into: its scripts make and remove what they like, and it stays whatever it holds.
    if (keep.has(name)) continue;
    const path = join(runsDir, name);
    const at = (await orGone(lstat(path)))?.mtimeMs;
    if (at !== undefined) folders.push({ name, bytes: await bytesIn(path), at });
  }
  for (const name of expiredFolders(folders, keep, now)) {
    await removeScratchDir(join(runsDir, name));
  }
}

/** Folders of supervisors that never got a run, left by a process that was killed. Before the executor is opened. */
export async function sweepSpares(runsDir: string): Promise<void> {
  for (const name of namesIn(runsDir)) {
    if (name.startsWith(SPARE_PREFIX)) await removeScratchDir(join(runsDir, name));
  }
}

async function bytesIn(dir: string): Promise<number> {
  let bytes = 0;
  for (const entry of (await orGone(readdir(dir, { withFileTypes: true }))) ?? []) {
    const path = join(dir, entry.name);
    bytes += entry.isDirectory() ? await bytesIn(path) : ((await orGone(lstat(path)))?.size ?? 0);
  }
  return bytes;
}

/** Null for what went away, or became something else, while we looked: a process left behind by a run may still work there. */
async function orGone<Value>(looked: Promise<Value>): Promise<Value | null> {
  try {
    return await looked;
  } catch (cause) {
    const code = systemCode(cause);
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw diskError('look at', 'a run folder', cause);
  }
}
