/**
 * What the steps of a run with secrets wrote, as they wrote it: raw in 0600 files while the run lasts, because nobody but the
 * agent could tell a value from other bytes. Its results hold the masked text, so at its end the files go; a mark in the
 * run folder says so to an agent that comes after a crash. Their blocks are freed, not overwritten. The scratch folder, where
 * ssh finds its key, goes with them, whoever killed the program that should have removed it.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isDiskError } from '../../disk/errors.ts';
import { removeScratch, removeScratchTree, writeScratch } from '../../disk/scratch.ts';
import { namesIn, SUPERVISOR_FILE } from './run-folder.ts';
import { stagedIn } from './staged.ts';
import { outputFile } from './supervisor.ts';

const markOf = (folder: string): string => join(folder, 'secret');

export function markSecret(folder: string): void {
  writeScratch(markOf(folder), '', 0o600);
}

export const scratchOf = (folder: string): string => join(folder, 'scratch');

/**
 * The run is over. A folder without the mark keeps its outputs. What a script has made unremovable (a mount, a folder in the place
 * of a file) stays until the folder goes, and ends no agent.
 */
export function dropSecretOutputs(folder: string): void {
  const scratch = scratchOf(folder);
  for (const dir of stagedIn(scratch)) removeIfPossible(() => removeScratchTree(dir));
  removeIfPossible(() => removeScratchTree(scratch));
  if (!existsSync(markOf(folder))) return;
  for (const name of namesIn(folder)) {
    if (!/^s\d+$/.test(name)) continue;
    for (const which of ['out', 'err'] as const)
      removeIfPossible(() => removeScratch(outputFile(join(folder, name), which)));
  }
}

function removeIfPossible(remove: () => void): void {
  try {
    remove();
  } catch (cause) {
    if (!isDiskError(cause)) throw cause;
  }
}

/** Of every run but the one that goes on: before the executor is opened. */
export function sweepSecretOutputs(runsDir: string, active: string | null): void {
  for (const name of namesIn(runsDir)) {
    if (name !== active && name !== SUPERVISOR_FILE) dropSecretOutputs(join(runsDir, name));
  }
}
