import { join } from 'node:path';

/** Where things are on a node. `root` is '' on a real one; `--root DIR` puts all of it below DIR. */
export type AgentPaths = {
  readonly root: string;
  readonly configFile: string;
  readonly stateDir: string;
};

export function agentPaths(root: string, stateDir?: string): AgentPaths {
  return {
    root,
    configFile: `${root}/etc/reconciled/agent.yaml`,
    stateDir: stateDir ?? `${root}/var/lib/reconciled-agent`,
  };
}

/** Fixed, so that a script finds it wherever the state directory is: below RECONCILED_ROOT. */
export const complianceDir = (root: string): string =>
  `${root}/var/lib/reconciled-agent/compliance`;
export const keyFile = (stateDir: string): string => join(stateDir, 'node.key');
export const ledgerDir = (stateDir: string): string => join(stateDir, 'ledger');
export const runsDir = (stateDir: string): string => join(stateDir, 'runs');
