import type { Command } from './command.ts';
export const command: Command = {
  arguments: [{ syntax: '[dir]', about: '' }],
  flags: [],
  examples: [],
  run: () => Promise.resolve(0),
};
