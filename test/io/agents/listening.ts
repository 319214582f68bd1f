/** A real server on loopback, and peers that speak the protocol by hand. */
import { once } from 'node:events';
import { TLSSocket } from 'node:tls';
import { WebSocket } from 'ws';
import type { NodeId } from '../../../src/core/model/brand.ts';
import { present } from '../../../src/core/model/errors.ts';
import type { AgentsServer, AgentsServerOptions } from '../../../src/io/agents/server.ts';
import { openAgentsServer } from '../../../src/io/agents/server.ts';
import type { Identity } from '../../../src/protocol/keys.ts';
import { makeIdentity, nodeIdOf } from '../../../src/protocol/keys.ts';
import type { AgentMessage, ServerMessage } from '../../../src/protocol/messages.ts';
import { signHello } from '../../../src/protocol/sign.ts';
import { tlsKeyOf } from '../../../src/protocol/tls.ts';
import type { AgentEvent } from '../../../src/reconcile/ports.ts';
import { daemon, hello } from '../../protocol/messages.ts';

export type Listening = {
  readonly server: AgentsServer;
  readonly url: string;
  readonly events: AgentEvent[];
  readonly logged: { readonly event: string; readonly reason: unknown }[];
};

export async function withServer(
  overrides: Partial<AgentsServerOptions>,
  body: (listening: Listening) => Promise<void>,
): Promise<void> {
  const events: AgentEvent[] = [];
  const logged: { event: string; reason: unknown }[] = [];
  const server = await openAgentsServer({
    listen: '127.0.0.1:0',
    tls: 'made',
    proxyKeys: [],
    instance: 'test',
    daemon,
    authorise: () => Promise.resolve({ kind: 'welcome', name: 'web-1' }),
    sink: (event) => events.push(event),
    nodeCount: () => 1_000,
    log: (event, fields) => logged.push({ event, reason: fields['reason'] }),
    ...overrides,
  });
  const scheme = server.tlsKey === '' ? 'ws' : 'wss';
  try {
    await body({ server, url: `${scheme}://127.0.0.1:${server.address.port}`, events, logged });
  } finally {
    await server.close();
  }
}

export type HandPeer = {
  readonly node: NodeId;
  readonly socket: WebSocket;
  readonly said: ServerMessage[];
  /** The next message of the server. */
  next(): Promise<ServerMessage>;
  say(message: AgentMessage): void;
  /** Answers the proof, with whatever is to be wrong about it. */
  introduce(overrides?: Partial<AgentMessage & { kind: 'hello' }>, as?: Identity): Promise<void>;
  readonly closed: Promise<unknown>;
};

export async function dial(url: string, identity = makeIdentity()): Promise<HandPeer> {
  const socket = new WebSocket(`${url}/v1/agent`, { rejectUnauthorized: false });
  const said: ServerMessage[] = [];
  const unread: ServerMessage[] = [];
  let wake: () => void = () => undefined;
  let tlsKey = '';
  socket.on('upgrade', ({ socket: raw }) => {
    if (raw instanceof TLSSocket)
      tlsKey = tlsKeyOf(present(raw.getPeerX509Certificate(), 'TLS').raw);
  });
  socket.on('message', (data: Buffer) => {
    const message = JSON.parse(data.toString()) as ServerMessage;
    said.push(message);
    unread.push(message);
    wake();
  });
  socket.on('error', () => wake());
  const closed = new Promise<void>((resolve) => {
    socket.on('close', () => {
      wake();
      resolve();
    });
  });
  await once(socket, 'open');
  const node = present(nodeIdOf(identity.publicKey), 'a made key has an id');

  const peer: HandPeer = {
    node,
    socket,
    said,
    closed,
    async next() {
      for (let waits = 0; waits < 50; waits++) {
        const message = unread.shift();
        if (message !== undefined) return message;
        if (socket.readyState === WebSocket.CLOSED) break;
        await new Promise<void>((resolve) => {
          wake = resolve;
          setTimeout(resolve, 100).unref();
        });
      }
      throw new Error('the server said nothing');
    },
    say: (message) => socket.send(JSON.stringify(message)),
    async introduce(overrides = {}, as = identity) {
      const proof = await peer.next();
      if (proof.kind !== 'proof') throw new Error('the server did not begin with a proof');
      const recipient = overrides.recipient ?? null;
      const claim = { instance: proof.instance, nonce: proof.nonce, tlsKey, node, recipient };
      const signature = signHello(as, claim);
      peer.say(hello({ node, publicKey: identity.publicKey, tlsKey, signature, ...overrides }));
    },
  };
  return peer;
}

/** Ten seconds and more: a slow machine starts a process in three. */
export async function until(holds: () => boolean, what: string): Promise<void> {
  for (let i = 0; i < 2_000; i++) {
    if (holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`never came true: ${what}`);
}
