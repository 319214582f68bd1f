/** The actions of the language and where each can run (spec/documents.md §3.2). */
import type { PlatformType } from './prepared.ts';

/** Known is not built: what this program can do is said by its set of handlers. */
export const KNOWN_ACTIONS: ReadonlySet<string> = new Set([
  'aws:applications',
  'aws:cloudWatch',
  'aws:configureDaemon',
  'aws:configureDocker',
  'aws:configurePackage',
  'aws:domainJoin',
  'aws:downloadContent',
  'aws:psModule',
  'aws:refreshAssociation',
  'aws:runDockerAction',
  'aws:runDocument',
  'aws:runPowerShellScript',
  'aws:runShellScript',
  'aws:softwareInventory',
  'aws:updateAgent',
  'aws:updateSsmAgent',
]);

/** Its steps are those of another document. */
export const RUN_DOCUMENT = 'aws:runDocument';

/** Their `runCommand` is a script: text put into it is code. */
export const SCRIPT_ACTIONS: ReadonlySet<string> = new Set([
  'aws:runShellScript',
  'aws:runPowerShellScript',
  'aws:psModule',
]);

/** No node of these platforms can ever perform them. */
const IMPOSSIBLE: { readonly [platform in PlatformType]: ReadonlySet<string> } = {
  Linux: new Set([
    'aws:applications',
    'aws:psModule',
    'aws:updateAgent',
    'aws:configureDaemon',
    // AWS's agent has a handler there that does nothing of use.
    'aws:cloudWatch',
  ]),
  Windows: new Set(['aws:runShellScript', 'aws:configureDaemon']),
  MacOS: new Set([
    'aws:applications',
    'aws:psModule',
    'aws:updateAgent',
    'aws:configureDaemon',
    'aws:downloadContent',
    'aws:runDocument',
    'aws:configureDocker',
    'aws:runDockerAction',
    'aws:domainJoin',
    'aws:cloudWatch',
  ]),
};

/** False when the language says that such a node skips or fails the action whatever its agent has. */
export function runsOn(action: string, platformType: PlatformType): boolean {
  return KNOWN_ACTIONS.has(action) && !IMPOSSIBLE[platformType].has(action);
}
