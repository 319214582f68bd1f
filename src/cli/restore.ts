import { resolve } from 'node:path';
import { restoreBackup } from '../daemon/restore.ts';
import type { Command } from './command.ts';
import { CONFIG } from './command.ts';
import { EXIT } from './exit.ts';

export const command: Command = {
  arguments: [{ syntax: '<file>', about: 'what reconciled backup wrote' }],
  flags: [CONFIG],
  examples: [
    'reconciled restore /var/backups/reconciled-2027-01-31.backup --config /etc/reconciled/daemon.yaml',
  ],
  async run(call, { stdout }) {
    const done = await restoreBackup(resolve(call.args[0] ?? ''), resolve(call.text('config')));
    stdout.write(
      [
        `restored ${done.instance} as of ${done.createdAt} into ${done.stateDir}, epoch ${done.epoch}`,
        ...done.written.map((file) => `wrote ${file}, which was missing`),
        'nodes tell what they ran since, as they come back: nothing runs twice',
        '',
      ].join('\n'),
    );
    return EXIT.done;
  },
};
