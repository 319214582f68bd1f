import type { Plugin } from './plugin.ts';
import { runShellScript } from './run-shell-script.ts';

const all: readonly Plugin[] = [runShellScript];

/** By action; its keys are what `prepareRun` calls handlers. */
export const plugins: ReadonlyMap<string, Plugin> = new Map(
  all.map((plugin) => [plugin.action, plugin]),
);
