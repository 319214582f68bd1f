/**
 * Folders that downloads made beside their destinations, which may be anywhere on the node. Each is written down in the scratch
 * folder of its run before it is made: a program that is killed removes nothing, and with the run its folders go.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, isAbsolute, join } from 'node:path';
import { isSystemError } from '../../disk/errors.ts';
import { makeScratchDir, removeScratch, writeScratch } from '../../disk/scratch.ts';

const RECORD = /^staged-[0-9a-f]{16}$/;
export const stagedName = (id: string): string => `.reconciled-${id}`;
const PATH_BYTES_MAX = 4_096;
const STAGED = /^\.reconciled-[0-9a-f]{16}$/;

export function recordStaged(scratch: string, id: string, dir: string): void {
  makeScratchDir(scratch);
  writeScratch(join(scratch, `staged-${id}`), dir, 0o600);
}

export function forgetStaged(scratch: string, id: string): void {
  removeScratch(join(scratch, `staged-${id}`));
}

/** What downloads of the run left. A script may have put anything there: what is no record of ours names nothing. */
export function stagedIn(scratch: string): readonly string[] {
  try {
    return readdirSync(scratch, { withFileTypes: true })
      .filter((entry) => entry.isFile() && RECORD.test(entry.name))
      .map((entry) => join(scratch, entry.name))
      .filter((file) => statSync(file).size <= PATH_BYTES_MAX)
      .map((file) => readFileSync(file, 'utf8'))
      .filter((dir) => isAbsolute(dir) && !dir.includes('\0') && STAGED.test(basename(dir)));
  } catch (cause) {
    if (!isSystemError(cause)) throw cause;
    return []; // no scratch folder, or none any more
  }
}
