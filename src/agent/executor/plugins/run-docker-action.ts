import { dockerArguments } from '../../../core/document/docker-action.ts';
import { quote } from '../launch.ts';
import type { Plugin } from './plugin.ts';
import { planProgram } from './script-inputs.ts';

/** `aws:runDockerAction`: one call of docker, every part one argument. @see spec/documents.md §4.11 */
export const runDockerAction: Plugin = {
  action: 'aws:runDockerAction',

  plan(order, node, paths) {
    const args = dockerArguments(order.inputs);
    if (!args.ok) return { kind: 'failure', text: args.error };
    // Below `--root` first, so that a guest may bring its own.
    const path = node.root === '' ? '' : `PATH=${quote(`${node.root}/usr/bin`)}:$PATH\n`;
    const text = `${path}exec docker ${args.value.map(quote).join(' ')}\n`;
    return planProgram(order, node, paths, text);
  },
};
