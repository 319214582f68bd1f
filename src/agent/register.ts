import { setTimeout as delay } from 'node:timers/promises';
import type { Instant, NodeId } from '../core/model/brand.ts';
import { present, ReconcileError } from '../core/model/errors.ts';
import { ensureDir } from '../disk/files.ts';
import { lockDirectory } from '../disk/lock.ts';
import { loadOrCreateKeyFile } from '../protocol/key-file.ts';
import { isPublicKeyText, nodeIdOf } from '../protocol/keys.ts';
import { loadOrCreateIdentityFile } from '../secrets/identity-file.ts';
import { loadAgentConfig, saveAgentConfig } from './config.ts';
import { retryDelayMs } from './connection.ts';
import { gatherFacts } from './facts/facts.ts';
import { agentPaths, keyFile } from './paths.ts';
import type { Log } from './ports.ts';
import type { Ending, SessionOptions, Welcome } from './session.ts';
import { isAllowedServer, openSession } from './session.ts';
import { ownIdentityFile } from './vault.ts';

export type RegisterOptions = {
  readonly server: string;
  readonly serverKey: string;
  /** Null for a node whose public key stands in a node file: it has no join code. */
  readonly activation: { readonly id: string; readonly code: string } | null;
  /** '' on a real node. */
  readonly root: string;
  readonly agentVersion: string;
  readonly log: Log;
};

export type Registered = {
  readonly nodeId: NodeId;
  readonly publicKey: string;
  readonly name: string;
  readonly configFile: string;
};

/**
 * Makes this machine a node: a key of its own, one conversation with the daemon, and `agent.yaml`. Repeating it is harmless.
 * Waits while the activation (or node file) is in no accepted revision yet, and while the daemon is not reachable.
 * @throws ReconcileError REGISTER_USAGE (exit 64), REGISTER_REFUSED, SERVER_UNTRUSTED, STATE_LOCKED, IDENTITY_… (retry `never`); what `signal`
 *   aborts with
 */
export async function registerAgent(
  options: RegisterOptions,
  signal: AbortSignal,
): Promise<Registered> {
  const { server, serverKey, root } = options;
  checkUsage(options);
  const { stateDir, configFile } = agentPaths(root);
  await ensureDir(stateDir);
  const lock = await lockDirectory(stateDir);
  try {
    const { identity } = await loadOrCreateKeyFile(keyFile(stateDir));
    const nodeId = present(nodeIdOf(identity.publicKey), 'a key that was loaded has an id');
    const facts = await gatherFacts(options.agentVersion);
    const { recipient } = await loadOrCreateIdentityFile(ownIdentityFile(stateDir));
    const nothingYet = {
      fence: { epoch: 0, position: 0 },
      running: null,
      startedAt: null as Instant | null,
      lastRuns: [],
      recipient,
    };
    const welcome = await introduce(
      {
        server,
        serverKey,
        identity,
        node: nodeId,
        hello: () => ({ facts, ...nothingYet, activation: options.activation }),
      },
      { log: options.log, signal },
    );
    const identities = await identitiesIn(configFile);
    await saveAgentConfig(configFile, { server, serverKey, nodeId, stateDir, identities });
    return { nodeId, publicKey: identity.publicKey, name: welcome.name, configFile };
  } finally {
    await lock.release();
  }
}

/** What an operator wrote there stays when a node registers again. */
async function identitiesIn(configFile: string): Promise<readonly string[]> {
  try {
    return (await loadAgentConfig(configFile)).identities;
  } catch (cause) {
    if (cause instanceof ReconcileError) return [];
    throw cause;
  }
}

function checkUsage({ server, serverKey }: RegisterOptions): void {
  const usage = (message: string): ReconcileError =>
    new ReconcileError('REGISTER_USAGE', message, { retry: 'never', exitCode: 64 });
  if (!isAllowedServer(server)) {
    throw usage(`--server must be wss://host:port (ws:// on loopback only), not ${server}`);
  }
  if (!isPublicKeyText(serverKey)) throw usage('--server-key must be ed25519:…');
}

/** Until the daemon has welcomed us once. */
async function introduce(
  options: Omit<SessionOptions, 'onWelcome' | 'onMessage'>,
  { log, signal }: { readonly log: Log; readonly signal: AbortSignal },
): Promise<Welcome> {
  for (let failures = 0; ; failures++) {
    signal.throwIfAborted();
    const welcomed: { by: Welcome | null } = { by: null };
    const session = openSession({
      ...options,
      onWelcome: (welcome) => {
        welcomed.by = welcome;
        session.close();
      },
      onMessage: () => undefined,
    });
    const close = (): void => session.close();
    signal.addEventListener('abort', close);
    const ending = await session.ended;
    signal.removeEventListener('abort', close);
    if (welcomed.by !== null) return welcomed.by;
    throwIfFinal(ending, options.server);
    const waitMs = retryDelayMs(ending, { failures, spreadMs: 0, random: Math.random() });
    log('waiting', { ...ending, waitMs });
    await delay(waitMs, undefined, { signal });
  }
}

function throwIfFinal(ending: Ending, server: string): void {
  if (ending.kind === 'refused') {
    const message = `${server} refused this node: ${ending.message} (${ending.code})`;
    throw new ReconcileError('REGISTER_REFUSED', message, { retry: 'never' });
  }
  if (ending.kind === 'untrusted') {
    const message = `${server} is not the daemon that --server-key names: ${ending.reason}`;
    throw new ReconcileError('SERVER_UNTRUSTED', message, { retry: 'never' });
  }
}
