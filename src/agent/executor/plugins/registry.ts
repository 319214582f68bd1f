import { configureDocker } from './configure-docker.ts';
import { downloadContent } from './download-content.ts';
import type { Plugin } from './plugin.ts';
import { refreshAssociation } from './refresh-association.ts';
import { runDockerAction } from './run-docker-action.ts';
import { runDocument } from './run-document.ts';
import { runPowerShellScript } from './run-powershell-script.ts';
import { runShellScript } from './run-shell-script.ts';
import { configurePackage, domainJoin, softwareInventory, updateSsmAgent } from './unbuilt.ts';

const all: readonly Plugin[] = [
  configureDocker,
  configurePackage,
  domainJoin,
  downloadContent,
  refreshAssociation,
  runDockerAction,
  runDocument,
  runPowerShellScript,
  runShellScript,
  softwareInventory,
  updateSsmAgent,
];

/** By action; its keys are what `prepareRun` calls handlers. */
export const plugins: ReadonlyMap<string, Plugin> = new Map(
  all.map((plugin) => [plugin.action, plugin]),
);
