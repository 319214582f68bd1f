import { existsSync } from 'node:fs';
import type { NodeEnvironment, Plugin } from './plugin.ts';
import { planScript } from './script-inputs.ts';

/** `aws:runPowerShellScript`, where PowerShell is installed. @see spec/documents.md §4.2 */
export const runPowerShellScript: Plugin = {
  action: 'aws:runPowerShellScript',

  plan(order, node, paths) {
    const plan = planScript(order, node, paths);
    if (plan.kind === 'failure') return plan;
    const program = powerShell(node);
    if (program === null) {
      const text = 'failed to run commands: fork/exec /usr/bin/pwsh: no such file or directory';
      return { kind: 'failure', text };
    }
    // A byte-order mark, as AWS's agent writes it, and HOME as it forces it.
    const environment = { ...plan.environment, HOME: '/' };
    return { ...plan, text: `\uFEFF${plan.text}`, environment, interpreter: [program, '-f'] };
  },
};

/** Below `--root` first, so that a guest may bring its own. */
function powerShell({ root }: NodeEnvironment): string | null {
  const places = ['/usr/bin/powershell', '/usr/bin/pwsh'];
  const below = root === '' ? [] : places.map((place) => root + place);
  return [...below, ...places].find((place) => existsSync(place)) ?? null;
}
