import type { Command } from './command.ts';
import { CONFIG, usage } from './command.ts';
import { EXIT } from './exit.ts';
import { acceptedText, ask, asker, isHeld } from './local-control.ts';

export const command: Command = {
  arguments: [{ syntax: '[commit]', about: 'full id of the revision' }],
  flags: [
    CONFIG,
    {
      syntax: '--recover',
      about: 'go on with the state that is there, be it none, in a new epoch that agents follow',
    },
  ],
  examples: [
    'reconciled status',
    'reconciled accept 0123456789abcdef0123456789abcdef01234567',
    'reconciled accept --recover',
  ],
  async run(call, context) {
    const { env } = context;
    const commit = call.args[0] ?? '';
    const recover = call.is('recover');
    if (recover === (commit !== '')) throw usage('name the commit to accept, or --recover');
    const answer = await ask(call, context, 'accept', { by: asker(env), commit, recover });
    context.stdout.write(`${acceptedText(answer)}\n`);
    return isHeld(answer) ? EXIT.held : EXIT.done;
  },
};
