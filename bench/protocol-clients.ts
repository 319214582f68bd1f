/**
 * Agents that only speak: connected, proven, answering every job with `accepted` after checking its signature. Run as a
 * process of its own, so that what is measured is the server: node --import tsx bench/protocol-clients.ts URL COUNT KEY
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { openSession } from '../src/agent/session.ts';
import { instant } from '../src/core/model/brand.ts';
import { present } from '../src/core/model/errors.ts';
import type { AgentsServer, AgentsServerOptions } from '../src/io/agents/server.ts';
import { openAgentsServer } from '../src/io/agents/server.ts';
import { makeIdentity, nodeIdOf } from '../src/protocol/keys.ts';
import { parseJob } from '../src/protocol/parse.ts';
import { verifyEnvelope } from '../src/protocol/sign.ts';

export const daemon = makeIdentity();

export async function listen(sink: AgentsServerOptions['sink']): Promise<AgentsServer> {
  return openAgentsServer({
    listen: '127.0.0.1:0',
    tls: 'made',
    proxyKeys: [],
    instance: 'bench',
    daemon,
    authorise: () => Promise.resolve({ kind: 'welcome', name: 'bench' }),
    sink,
    nodeCount: () => 0,
    log: () => undefined,
  });
}

export type Clients = { stop(): Promise<void> };

/** Resolves when all are connected. */
export async function connectClients(server: AgentsServer, count: number): Promise<Clients> {
  const url = `wss://127.0.0.1:${server.address.port}`;
  const program = fileURLToPath(import.meta.url);
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', program, url, `${count}`, daemon.publicKey],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  );
  while (server.stats().sessions < count) {
    if (child.exitCode !== null) throw new Error('the clients ended');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return {
    async stop() {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

const handshakesAtOnce = 32;

async function speak(server: string, count: number, serverKey: string): Promise<void> {
  const facts = {
    hostname: 'bench',
    platformType: 'Linux' as const,
    platformName: 'Linux',
    platformVersion: '',
    architecture: 'x86_64',
    agentVersion: '0',
    bootId: 'bench',
  };
  const hello = {
    facts,
    fence: { epoch: 0, position: 0 },
    running: null,
    startedAt: instant(0),
    lastRuns: [],
    recipient: null,
    activation: null,
  };
  let left = count;
  const connectOne = (): Promise<void> =>
    new Promise((resolve) => {
      const identity = makeIdentity();
      const session = openSession({
        server,
        serverKey,
        identity,
        node: present(nodeIdOf(identity.publicKey), 'a made key has an id'),
        hello: () => hello,
        onWelcome: () => resolve(),
        onMessage: (message) => {
          if (message.kind !== 'job') return;
          const job = parseJob(message.envelope.payload);
          if (!job.ok || !verifyEnvelope(serverKey, message.envelope)) throw new Error('bad job');
          session.send({ kind: 'accepted', run: job.value.run });
        },
        handshakeTimeoutMs: 60_000,
      });
    });
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await connectOne();
    }
  };
  await Promise.all(Array.from({ length: handshakesAtOnce }, worker));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , server = '', count = '0', serverKey = ''] = process.argv;
  await speak(server, Number(count), serverKey);
}
