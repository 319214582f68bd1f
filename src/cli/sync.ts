import type { Command } from './command.ts';
import { CONFIG, FORMAT } from './command.ts';
import { EXIT } from './exit.ts';
import { acceptedText, ask, asker, isHeld } from './local-control.ts';
import { printJson } from './print.ts';

export const command: Command = {
  flags: [CONFIG, FORMAT('json')],
  examples: ['reconciled sync'],
  async run(call, context) {
    const { env } = context;
    const answer = await ask(call, context, 'sync', { by: asker(env) });
    if (call.text('format') === 'json') printJson(context, answer);
    else
      context.stdout.write(`${acceptedText(answer)}
`);
    return isHeld(answer) ? EXIT.held : EXIT.done;
  },
};
