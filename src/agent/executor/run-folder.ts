import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { RunId } from '../../core/model/brand.ts';
import { systemCode } from '../../disk/errors.ts';
import { killGroup, processStart } from './process.ts';
import type { OutputEnds } from './supervisor.ts';
import { identityFile, outputFile, taskFile } from './supervisor.ts';

/** Named by the run id, whose grammar is checked; no name that anybody else chose is ever part of a path. */
export const runFolder = (runsDir: string, run: RunId): string => join(runsDir, run);

/** A run has one folder per supervisor it needed, named by the first task that it performed. */
export const supervisorFolder = (folder: string, firstTask: number): string =>
  join(folder, `s${firstTask}`);

/** Where a task of an earlier process was performed: the folder of its supervisor, and its number there. */
export type TaskPlace = { readonly dir: string; readonly n: number };

/** Null when no supervisor was ever given to this task. */
export function findTask(folder: string, sequence: number): TaskPlace | null {
  const firsts = namesIn(folder)
    .map((name) => /^s(\d{1,5})$/.exec(name)?.[1])
    .filter((first) => first !== undefined)
    .map(Number)
    .filter((first) => first <= sequence);
  if (firsts.length === 0) return null;
  const first = Math.max(...firsts);
  return { dir: supervisorFolder(folder, first), n: sequence - first };
}

/** The first line of `n.exit` says where the task's output begins in the files of its supervisor. */
const exitFile = /^(\d{1,12}) (\d{1,12})\n(?:(\d{1,3})\n)?$/;

export function outputStartOf(place: TaskPlace): OutputEnds {
  return recordedStartOf(place) ?? { out: 0, err: 0 };
}

/** Where a task's output ends, that of an ended one: at the next task's, if that has begun, or with the files as they are now. */
export function outputEndOf({ dir, n }: TaskPlace): OutputEnds {
  // In this order: if the next one has not begun afterwards, nothing in the files was its own.
  const ends = { out: sizeOf(outputFile(dir, 'out')), err: sizeOf(outputFile(dir, 'err')) };
  return recordedStartOf({ dir, n: n + 1 }) ?? ends;
}

function recordedStartOf({ dir, n }: TaskPlace): OutputEnds | null {
  const [, out, err] = exitFile.exec(readOrNull(taskFile(dir, n, 'exit')) ?? '') ?? [];
  return out === undefined || err === undefined ? null : { out: Number(out), err: Number(err) };
}

/** When the supervisor left the code, in whole milliseconds; null when the file is gone. */
export function codeWrittenAt({ dir, n }: TaskPlace): number | null {
  const written = statSync(taskFile(dir, n, 'exit'), { throwIfNoEntry: false });
  return written === undefined ? null : Math.floor(written.mtimeMs);
}

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

/** The code that the supervisor left; null while there is none. */
export function exitCodeOf({ dir, n }: TaskPlace): number | null {
  // Without its line break it is not written yet.
  const code = exitFile.exec(readOrNull(taskFile(dir, n, 'exit')) ?? '')?.[3];
  return code === undefined ? null : Number(code);
}

/** The file is made before the task begins: without it, it never did. */
export const hasBegun = ({ dir, n }: TaskPlace): boolean => existsSync(taskFile(dir, n, 'exit'));

/** The process group that a task's supervisor leads, and whether the supervisor itself lives; null: never recorded. */
export function groupOf({
  dir,
}: TaskPlace): { readonly pgid: number; readonly lives: boolean } | null {
  const [pidText = '', startText = ''] = (readOrNull(identityFile(dir)) ?? '').trim().split(' ');
  const pgid = Number(pidText);
  if (!Number.isInteger(pgid) || pgid <= 1) return null;
  return { pgid, lives: processStart(pgid) === startText };
}

/**
 * A task whose supervisor is dead ends with it: nobody would ever learn its code. While a group has members the kernel gives
 * its number to nobody else, so a process of that number with another start means that the group is gone.
 */
export function endOrphans(place: TaskPlace): void {
  const group = groupOf(place);
  if (group !== null && !group.lives && processStart(group.pgid) === null) killGroup(group.pgid);
}

export function namesIn(dir: string): readonly string[] {
  try {
    return readdirSync(dir);
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return [];
    throw cause;
  }
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return null;
    throw cause;
  }
}
