import type { Command } from './command.ts';
import { CONFIG, FORMAT } from './command.ts';
import { EXIT } from './exit.ts';
import { ask, asker, messageOf } from './local-control.ts';
import { printJson } from './print.ts';

export const command: Command = {
  arguments: [{ syntax: '<association...>', about: 'names of associations' }],
  flags: [
    CONFIG,
    { syntax: '--node <id>', about: 'only on this node', many: true },
    FORMAT('json'),
  ],
  examples: [
    'reconciled run web-config',
    'reconciled run web-config web-service --node mi-0123456789abcdef0',
  ],
  async run(call, context) {
    const { env } = context;
    const answer = await ask(call, context, 'run', {
      by: asker(env),
      associations: [...call.args],
      nodes: [...call.list('node')],
    });
    if (call.text('format') === 'json') printJson(context, answer);
    else context.stdout.write(`${messageOf(answer)}\n`);
    return EXIT.done;
  },
};
