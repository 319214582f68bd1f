import type { Command } from './command.ts';
import { CONFIG } from './command.ts';
import { EXIT } from './exit.ts';
import { ask, asker, messageOf } from './local-control.ts';

export const command: Command = {
  flags: [CONFIG],
  examples: ['reconciled pause', 'reconciled resume'],
  async run(call, context) {
    const answer = await ask(call, context, 'pause', { by: asker(context.env) });
    context.stdout.write(`${messageOf(answer)}\n`);
    return EXIT.done;
  },
};
