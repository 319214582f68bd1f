import type { Command } from './command.ts';
import { CONFIG } from './command.ts';
import { EXIT } from './exit.ts';
import { ask, asker, messageOf } from './local-control.ts';

export const command: Command = {
  arguments: [{ syntax: '<node>', about: 'its id, or its name where only one has it' }],
  flags: [CONFIG],
  examples: ['reconciled node revoke mi-0123456789abcdef0', 'reconciled node revoke web-17'],
  async run(call, context) {
    const { env } = context;
    const answer = await ask(call, context, 'revoke', { by: asker(env), node: call.args[0] ?? '' });
    context.stdout.write(`${messageOf(answer)}\n`);
    return EXIT.done;
  },
};
