import type { Command } from './command.ts';
import { CONFIG } from './command.ts';
import { EXIT } from './exit.ts';
import { acceptedText, ask, asker } from './local-control.ts';

export const command: Command = {
  arguments: [{ syntax: '<commit>', about: 'full id of the revision' }],
  flags: [CONFIG],
  examples: ['reconciled status', 'reconciled accept 0123456789abcdef0123456789abcdef01234567'],
  async run(call, context) {
    const { env } = context;
    const answer = await ask(call, context, 'accept', {
      by: asker(env),
      commit: call.args[0] ?? '',
    });
    context.stdout.write(`${acceptedText(answer)}\n`);
    return EXIT.done;
  },
};
