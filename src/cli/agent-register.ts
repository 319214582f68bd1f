import { registerAgent } from '../agent/register.ts';
import { AGENT_ROOT, rootOf } from './agent-root.ts';
import type { Command } from './command.ts';
import { usage } from './command.ts';
import { EXIT } from './exit.ts';
import { lineLog } from './line-log.ts';
import { versionOf } from './version.ts';

/** Repeating it is harmless: the key stays, and so does the node's id. */
export const command: Command = {
  leavesGracefully: true,
  flags: [
    { syntax: '--server <url>', about: 'wss://host:port of the daemon', required: true },
    { syntax: '--server-key <key>', about: 'public key of the daemon, ed25519:…', required: true },
    { syntax: '--activation-id <id>', about: 'activation; not for a node with a node file' },
    AGENT_ROOT,
  ],
  examples: [
    'RECONCILED_ACTIVATION_CODE=… reconciled agent register --server wss://ops.example.org:7443 --server-key ed25519:… --activation-id …',
    'reconciled agent register --server wss://ops.example.org:7443 --server-key ed25519:…   # its public key is in a node file',
  ],
  async run(call, context) {
    const { env, signal } = context;
    const id = call.given('activation-id');
    const code = env['RECONCILED_ACTIVATION_CODE'] ?? '';
    if (id !== null && code === '') {
      throw usage('--activation-id needs its code in RECONCILED_ACTIVATION_CODE');
    }
    const registered = await registerAgent(
      {
        server: call.text('server'),
        serverKey: call.text('server-key'),
        activation: id === null ? null : { id, code },
        root: rootOf(call),
        agentVersion: await versionOf(),
        log: lineLog(context.stderr),
      },
      signal,
    );
    context.stdout.write(
      `registered ${registered.nodeId} (${registered.name})\n` +
        `key        ${registered.publicKey}\n` +
        `wrote      ${registered.configFile}\n` +
        `next       reconciled agent run${rootArgument(rootOf(call))}\n`,
    );
    return EXIT.done;
  },
};

const rootArgument = (root: string): string => (root === '' ? '' : ` --root ${root}`);
