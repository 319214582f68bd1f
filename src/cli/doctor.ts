import { loadDaemonConfig } from '../io/config.ts';
import type { Command } from './command.ts';
import { CONFIG, FORMAT } from './command.ts';
import { checkConfigured, checkHere, checkNode } from './doctor/checks.ts';
import type { Finding } from './doctor/finding.ts';
import { EXIT } from './exit.ts';
import { printJson, printTable } from './print.ts';

/** Looks and changes nothing. */
export const command: Command = {
  flags: [CONFIG, FORMAT('json')],
  examples: ['reconciled doctor', 'reconciled doctor --config daemon.yaml --format json'],
  async run(call, context) {
    const findings: Finding[] = [...checkHere(Date.now()), ...(await checkNode(''))];
    try {
      const config = await loadDaemonConfig(call.text('config'));
      findings.push({ check: 'configuration', level: 'ok', message: `${config.file} is valid` });
      findings.push(...(await checkConfigured(config, context.signal)));
    } catch (cause) {
      findings.push({
        check: 'configuration',
        level: 'fail',
        message: String((cause as Error).message),
      });
    }
    const isHealthy = findings.every(({ level }) => level !== 'fail');
    if (call.text('format') === 'json')
      printJson(context, { healthy: isHealthy, checks: findings });
    else {
      const rows = findings.map(({ check, level, message }) => [level, check, message]);
      printTable(context, ['', 'CHECK', 'FOUND'], rows);
    }
    return isHealthy ? EXIT.done : EXIT.error;
  },
};
