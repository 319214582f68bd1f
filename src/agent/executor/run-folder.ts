import type { Stats } from 'node:fs';
import { existsSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { RunId } from '../../core/model/brand.ts';
import { isSystemError } from '../../disk/errors.ts';
import { readSmallFile } from '../../disk/regular-file.ts';
import { removeScratch, writeScratch } from '../../disk/scratch.ts';
import { killGroup, processStart } from './process.ts';
import type { OutputEnds, Supervisor } from './supervisor.ts';
import { outputFile, taskFile } from './supervisor.ts';
import { brokenFile, WAITING } from './supervisor-script.ts';

/** Named by the run id, whose grammar is checked; no name that anybody else chose is ever part of a path. */
export const runFolder = (runsDir: string, run: RunId): string => join(runsDir, run);

/** A run has one folder per supervisor it needed, named by the first task that it performed. */
export const supervisorFolder = (folder: string, firstTask: number): string =>
  join(folder, `s${firstTask}`);

/** Where a task was performed: the folder of its supervisor, and its number there. */
export type TaskPlace = { readonly dir: string; readonly n: number };

/** `supervisor`: who leads the process group of the task, if that is the last supervisor that was at work. */
export type FoundPlace = TaskPlace & {
  readonly supervisor: { readonly pgid: number; readonly start: string } | null;
};

/** Which supervisor is at work, told beside the run folders and not in one: a script may remove its own. Not the name of a run. */
export const SUPERVISOR_FILE = 'supervisor';

/** Before its first task is recorded as started: from then on a later agent must know who it is. */
export function recordSupervisor(runsDir: string, run: RunId, { pid, first }: Supervisor): void {
  const text = `${pid} ${processStart(pid) ?? ''} ${run} ${first}\n`;
  writeScratch(join(runsDir, SUPERVISOR_FILE), text, 0o600);
}

/** The run is over. */
export function forgetSupervisor(runsDir: string): void {
  removeScratch(join(runsDir, SUPERVISOR_FILE));
}

type Recorded = { readonly pid: number; readonly start: string; readonly first: number };

const supervisorLine = /^([1-9]\d{0,9}) (\d*) (\S+) (\d{1,5})\n$/;

/** Null when the last supervisor that was at work was not this run's. */
function recordedSupervisor(runsDir: string, run: RunId): Recorded | null {
  const text = readSmallFile(join(runsDir, SUPERVISOR_FILE), RECORD_BYTES_MAX) ?? '';
  const [, pid, start = '', whose, first] = supervisorLine.exec(text) ?? [];
  return whose === run && Number(pid) > 1
    ? { pid: Number(pid), start, first: Number(first) }
    : null;
}

/** Null when no supervisor was ever given to this task, as far as anything is left that says so. */
export function findTask(runsDir: string, run: RunId, sequence: number): FoundPlace | null {
  const folder = runFolder(runsDir, run);
  const recorded = recordedSupervisor(runsDir, run);
  const firsts = namesIn(folder)
    .map((name) => /^s(\d{1,5})$/.exec(name)?.[1])
    .filter((first) => first !== undefined)
    .map(Number);
  const all = recorded === null ? firsts : [...firsts, recorded.first];
  const first = Math.max(...all.filter((each) => each <= sequence));
  if (first < 0) return null; // also where there is none: the maximum of nothing is -Infinity
  const dir = supervisorFolder(folder, first);
  const n = sequence - first;
  if (recorded?.first !== first) return { dir, n, supervisor: null };
  const { pid, start } = recorded;
  return { dir, n, supervisor: { pgid: pid, start } };
}

/** What `n.exit` says, line by line (`supervisor-script.ts`). */
const exitFile = new RegExp(`^${WAITING}\n(?:(\\d{1,12}) (\\d{1,12})\n(?:(\\d{1,3})\n)?)?$`);

export function outputStartOf(place: TaskPlace): OutputEnds {
  return recordedStartOf(place) ?? { out: 0, err: 0 };
}

/** Where a task's output ends, that of an ended one: at the next task's, if that has begun, or with the files as they are now. */
export function outputEndOf({ dir, n }: TaskPlace): OutputEnds {
  // In this order: if the next one has not begun afterwards, nothing in the files was its own.
  const ends = { out: sizeOf(outputFile(dir, 'out')), err: sizeOf(outputFile(dir, 'err')) };
  return recordedStartOf({ dir, n: n + 1 }) ?? ends;
}

/** Where a task's output ends that has just ended, under a supervisor that has no next one yet. */
export function outputsEndAfter(dir: string, start: OutputEnds): OutputEnds {
  return {
    out: Math.max(start.out, sizeOf(outputFile(dir, 'out'))),
    err: Math.max(start.err, sizeOf(outputFile(dir, 'err'))),
  };
}

/** That a collector was killed, or found no room, while it kept the task's output; what it held then is lost. */
export const isBroken = ({ dir, n }: TaskPlace, stream: 'out' | 'err'): boolean =>
  existsSync(join(dir, brokenFile(stream, n)));

function recordedStartOf({ dir, n }: TaskPlace): OutputEnds | null {
  const [, out, err] =
    exitFile.exec(readSmallFile(taskFile(dir, n, 'exit'), RECORD_BYTES_MAX) ?? '') ?? [];
  return out === undefined || err === undefined ? null : { out: Number(out), err: Number(err) };
}

/** When the supervisor left the code, in whole milliseconds; null when the file is gone. */
export function codeWrittenAt({ dir, n }: TaskPlace): number | null {
  const written = fileAt(taskFile(dir, n, 'exit'));
  return written === null ? null : Math.floor(written.mtimeMs);
}

/** Infinite where there is no file any more: its end is nowhere, and no further task may write there. */
const sizeOf = (path: string): number => fileAt(path)?.size ?? Infinity;

/** The code that the supervisor left; null while there is none. */
export function exitCodeOf({ dir, n }: TaskPlace): number | null {
  // Without its line break it is not written yet.
  const code = exitFile.exec(readSmallFile(taskFile(dir, n, 'exit'), RECORD_BYTES_MAX) ?? '')?.[3];
  return code === undefined ? null : Number(code);
}

/**
 * That a task never began is believed when its supervisor says so, and never because nothing is found: a script may remove what it
 * likes, and would be started again. Only of the last supervisor: those before it wait for tasks that it has been given.
 */
export function neverBegan({ dir, n, supervisor }: FoundPlace): boolean {
  return (
    supervisor !== null &&
    readSmallFile(taskFile(dir, n, 'exit'), RECORD_BYTES_MAX) === `${WAITING}\n`
  );
}

/** The process group that a task's supervisor leads, and whether the supervisor itself lives; null: it is not known. */
export function groupOf({
  supervisor,
}: FoundPlace): { readonly pgid: number; readonly lives: boolean } | null {
  if (supervisor === null) return null;
  const { pgid, start } = supervisor;
  return { pgid, lives: processStart(pgid) === start };
}

/**
 * A task whose supervisor is dead ends with it: nobody would ever learn its code. While a group has members the kernel gives
 * its number to nobody else, so a process of that number with another start means that the group is gone.
 */
export function endOrphans(place: FoundPlace): void {
  const group = groupOf(place);
  if (group !== null && !group.lives && processStart(group.pgid) === null) killGroup(group.pgid);
}

/** Longer than anything that is written there by us. */
const RECORD_BYTES_MAX = 128;

/** Null for whatever else a script has put in its place. */
function fileAt(path: string): Stats | null {
  const found = orNull(() => lstatSync(path));
  return found?.isFile() === true ? found : null;
}

/** Nothing where there is no folder: a script may do with what it can reach what it likes, and ends no agent by it. */
export const namesIn = (dir: string): readonly string[] => orNull(() => readdirSync(dir)) ?? [];

function orNull<Value>(look: () => Value): Value | null {
  try {
    return look();
  } catch (cause) {
    if (isSystemError(cause)) return null;
    throw cause;
  }
}
