/**
 * Actions whose inputs are judged as AWS's agent judges them and whose deed is not built: they fail with a text that says so.
 * `validate` refuses them before (`action-not-built`); these are for documents that nobody saw before they were downloaded.
 */
import { updateRequest } from '../../../core/document/agent-update.ts';
import { packageRequest } from '../../../core/document/configure-package.ts';
import { domainJoinArguments } from '../../../core/document/domain-join.ts';
import { inventoryPolicy } from '../../../core/document/inventory-policy.ts';
import type { Plugin } from './plugin.ts';

const unbuilt = (action: string, what: string, stdout = '') =>
  ({
    kind: 'failure',
    text: `${action}: ${what} is not built in this version of reconciled`,
    stdout,
  }) as const;

/** @see spec/documents.md §4.4 */
export const configurePackage: Plugin = {
  action: 'aws:configurePackage',
  plan({ inputs, action }) {
    const request = packageRequest(inputs);
    if (!request.ok) return { kind: 'failure', text: request.error };
    return unbuilt(action, 'installing packages');
  },
};

/** @see spec/documents.md §4.5 */
export const softwareInventory: Plugin = {
  action: 'aws:softwareInventory',
  plan({ inputs, action }) {
    const policy = inventoryPolicy(inputs);
    if (!policy.ok) return { kind: 'failure', text: policy.error };
    return unbuilt(action, 'gathering inventory');
  },
};

/** @see spec/documents.md §4.13 */
export const updateSsmAgent: Plugin = {
  action: 'aws:updateSsmAgent',
  plan({ inputs, action }) {
    const request = updateRequest(inputs);
    if (!request.ok) return { kind: 'failure', text: request.error };
    return unbuilt(action, 'updating the agent');
  },
};

/** @see spec/documents.md §4.8 */
export const domainJoin: Plugin = {
  action: 'aws:domainJoin',
  plan({ inputs, action }) {
    const stdout = 'Domain join failed.';
    const args = domainJoinArguments(inputs, '');
    if (args.ok) return unbuilt(action, 'joining a directory', stdout);
    const text = `Failed to build domain join command because : ${args.error}`;
    return { kind: 'failure', text, stdout };
  },
};
