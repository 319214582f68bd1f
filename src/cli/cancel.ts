import type { Command } from './command.ts';
import { CONFIG } from './command.ts';
import { EXIT } from './exit.ts';
import { ask, asker, messageOf } from './local-control.ts';

export const command: Command = {
  arguments: [{ syntax: '<execution>', about: 'its id, as executions list prints it' }],
  flags: [CONFIG],
  examples: ['reconciled executions list', 'reconciled cancel 5f0c…'],
  async run(call, context) {
    const { env } = context;
    const answer = await ask(call, context, 'cancel', {
      by: asker(env),
      execution: call.args[0] ?? '',
    });
    context.stdout.write(`${messageOf(answer)}\n`);
    return EXIT.done;
  },
};
