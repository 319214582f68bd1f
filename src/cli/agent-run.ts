import { runAgent } from '../agent/run.ts';
import { AGENT_ROOT, rootOf } from './agent-root.ts';
import type { Command } from './command.ts';
import { EXIT } from './exit.ts';
import { lineLog } from './line-log.ts';
import { versionOf } from './version.ts';

/** Leaves at once when it is told to; a step that runs goes on without it, and the next start adopts it. */
export const command: Command = {
  leavesGracefully: true,
  flags: [AGENT_ROOT],
  examples: ['reconciled agent run', 'reconciled agent run --root /tmp/node-1'],
  async run(call, context) {
    const { signal } = context;
    await runAgent(
      { root: rootOf(call), agentVersion: await versionOf(), log: lineLog(context.stderr) },
      signal,
    );
    return EXIT.done;
  },
};
