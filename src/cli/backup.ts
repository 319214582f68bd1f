import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { instant } from '../core/model/brand.ts';
import { ReconcileError } from '../core/model/errors.ts';
import { backUp } from '../daemon/backup.ts';
import { loadDaemonConfig } from '../io/config.ts';
import type { Command } from './command.ts';
import { CONFIG } from './command.ts';
import { EXIT } from './exit.ts';

/** Beside a running daemon as well as without one. The file holds the key: keep it as you keep the key. */
export const command: Command = {
  arguments: [{ syntax: '<file>', about: 'where to write it; must not exist' }],
  flags: [CONFIG],
  examples: ['reconciled backup /var/backups/reconciled-$(date +%F).backup'],
  async run(call, { stdout }) {
    const file = resolve(call.args[0] ?? '');
    if (existsSync(file)) {
      throw new ReconcileError('FILE_EXISTS', `${file} exists; name a new file`, {
        retry: 'never',
      });
    }
    const config = await loadDaemonConfig(call.text('config'));
    const { bytes, nodes, escrow } = await backUp(config, file, instant(Date.now()));
    const holds =
      escrow === 'held' ? 'key, escrow identity and configuration' : 'key and configuration';
    stdout.write(
      [
        `wrote ${file}: state of ${config.instance} with ${nodes} registered nodes, ${holds}, ${bytes} bytes`,
        escrow === 'held'
          ? 'it holds the private key of the daemon and opens its secrets: keep it where you would keep those'
          : 'it holds the private key of the daemon: keep it where you would keep that',
        ...(escrow === 'not-made'
          ? [
              'the escrow identity that is configured has not been made yet: back up again once the daemon has started',
            ]
          : []),
        '',
      ].join('\n'),
    );
    return EXIT.done;
  },
};
