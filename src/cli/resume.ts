import type { Command } from './command.ts';
import { CONFIG } from './command.ts';
import { EXIT } from './exit.ts';
import { ask, asker, messageOf } from './local-control.ts';

export const command: Command = {
  arguments: [{ syntax: '[association]', about: 'only this one; the whole daemon else' }],
  flags: [CONFIG],
  examples: ['reconciled resume', 'reconciled resume web-config'],
  async run(call, context) {
    const { env } = context;
    const association = call.args[0] === undefined ? {} : { association: call.args[0] };
    const answer = await ask(call, context, 'resume', { by: asker(env), ...association });
    context.stdout.write(`${messageOf(answer)}\n`);
    return EXIT.done;
  },
};
