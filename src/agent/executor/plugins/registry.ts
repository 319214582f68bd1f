import { downloadContent } from './download-content.ts';
import type { Plugin } from './plugin.ts';
import { refreshAssociation } from './refresh-association.ts';
import { runDocument } from './run-document.ts';
import { runShellScript } from './run-shell-script.ts';

const all: readonly Plugin[] = [downloadContent, refreshAssociation, runDocument, runShellScript];

/** By action; its keys are what `prepareRun` calls handlers. */
export const plugins: ReadonlyMap<string, Plugin> = new Map(
  all.map((plugin) => [plugin.action, plugin]),
);
