import { limitMemory, programBytesMax } from '../agent/executor/programs/memory-limit.ts';
import { waitFor } from '../agent/executor/programs/patience.ts';
import { performOrder } from '../agent/executor/programs/perform.ts';
import type { Command } from './command.ts';
import { EXIT } from './exit.ts';

export const command: Command = {
  arguments: [
    { syntax: '<order>', about: "the executor's order, a file that is read and removed" },
  ],
  flags: [],
  examples: [
    'reconciled agent perform 0.order        # the executor starts this; nobody else needs to',
  ],
  async run(call, { stdout, stderr, env, signal }) {
    limitMemory(programBytesMax());
    const tell = (line: string): void => {
      stdout.write(line);
    };
    const patience = { signal, wait: waitFor, tell };
    const { ok, text } = await performOrder(call.args[0] ?? '', env, patience);
    (ok ? stdout : stderr).write(text);
    return ok ? EXIT.done : EXIT.error;
  },
};
