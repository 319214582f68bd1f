/** What a supervisor finds in its folder when it gets a task; written ahead where the next one is foreseen. */
import { makeScratchSubdir, writeScratch } from '../../disk/scratch.ts';
import { launchText } from './launch.ts';
import type { Program, Script } from './plugins/plugin.ts';
import { programScript } from './program.ts';
import type { TaskPlace } from './run-folder.ts';
import { scriptFile, scriptFolder, taskFile } from './supervisor.ts';

/** `folder`: where it is the only file. */
export type TaskFile = {
  readonly folder?: string;
  readonly path: string;
  readonly text: string;
  readonly mode: number;
};

export function filesOf(
  place: TaskPlace,
  plan: Script | Program,
  secretNames: readonly string[],
): readonly TaskFile[] {
  const { dir, n } = place;
  const script = plan.kind === 'script' ? plan : programScript(place, plan);
  const folder = scriptFolder(dir, n);
  const path = scriptFile(dir, n, script.interpreter === undefined ? 'sh' : 'ps1');
  const text = launchText(script, path, secretNames);
  return [
    { folder, path, text: script.text, mode: 0o700 },
    { path: taskFile(dir, n, 'run'), text, mode: 0o600 },
  ];
}

export const isSame = (a: TaskFile, b: TaskFile): boolean => a.path === b.path && a.text === b.text;

export function writeTaskFile({ folder, path, text, mode }: TaskFile): void {
  if (folder !== undefined) makeScratchSubdir(folder);
  writeScratch(path, text, mode);
}
