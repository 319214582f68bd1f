import type { Command } from './command.ts';
import { demo } from './demo/demo.ts';
import { EXIT } from './exit.ts';
import { isColourful } from './print.ts';

export const command: Command = {
  leavesGracefully: true,
  flags: [{ syntax: '--dir <dir>', about: 'where everything goes; a new temporary folder else' }],
  examples: ['reconciled demo', 'reconciled demo --dir /tmp/fleet'],
  async run(call, context) {
    const { signal } = context;
    await demo({
      dir: call.given('dir'),
      colour: isColourful(context.stdout, context.env),
      signal,
    });
    return EXIT.done;
  },
};
