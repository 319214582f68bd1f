import { loadOrCreateIdentityFile } from '../secrets/identity-file.ts';
import type { Command } from './command.ts';
import { EXIT } from './exit.ts';

/** What `age-keygen -o` does, where age is not installed. */
export const command: Command = {
  arguments: [
    { syntax: '<file>', about: 'the identity, made with mode 0600; an existing one stays' },
  ],
  flags: [],
  examples: ['reconciled parameter keygen /etc/reconciled/role-web.key'],
  async run(call, context) {
    const { recipient } = await loadOrCreateIdentityFile(call.args[0] ?? '');
    context.stdout.write(`${recipient}\n`);
    return EXIT.done;
  },
};
