import { inputOf } from '../../../core/document/inputs.ts';
import type { Plugin } from './plugin.ts';
import { planProgram } from './script-inputs.ts';

const INSTALL: { readonly [family: string]: readonly string[] } = {
  amazon: ['yum install -y docker', 'yum update -y docker', 'service docker start'],
  redhat: [
    'yum install -y yum-utils',
    'yum-config-manager --add-repo https://download.docker.com/linux/rhel/docker-ce.repo',
    'yum install -y docker-ce',
    'systemctl start docker',
  ],
};
const UNINSTALL: { readonly [family: string]: readonly string[] } = {
  amazon: ['yum remove -y docker'],
  redhat: ['yum remove -y docker-engine'],
};
const SECONDS_EACH = 120;

/** `aws:configureDocker`, for the two distributions that AWS's agent knows. @see spec/documents.md §4.10 */
export const configureDocker: Plugin = {
  action: 'aws:configureDocker',

  plan(order, node, paths) {
    const action = inputOf(order.inputs, 'action') ?? '';
    if (action !== 'Install' && action !== 'Uninstall') {
      const shown = typeof action === 'string' ? action : JSON.stringify(action);
      return { kind: 'failure', text: `configure Action is set to unsupported value: ${shown}` };
    }
    const family = /^Amazon Linux/.test(node.platformName)
      ? 'amazon'
      : /^Red Hat/.test(node.platformName)
        ? 'redhat'
        : '';
    const commands = (action === 'Install' ? INSTALL : UNINSTALL)[family];
    if (commands === undefined) {
      const text = `aws:configureDocker knows Amazon Linux and Red Hat, not ${node.platformName}`;
      return { kind: 'failure', text };
    }
    const lines = commands.map((command) => `timeout ${SECONDS_EACH} ${command} || exit $?\n`);
    return planProgram(order, node, paths, lines.join(''));
  },
};
