import { randomBytes } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer as createPlainServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { isIP } from 'node:net';
import type { WebSocket } from 'ws';
import { WebSocketServer } from 'ws';
import type { NodeId } from '../../core/model/brand.ts';
import { ReconcileError } from '../../core/model/errors.ts';
import type { Identity } from '../../protocol/keys.ts';
import type { ServerMessage } from '../../protocol/messages.ts';
import { MESSAGE_BYTES_MAX } from '../../protocol/messages.ts';
import { makeCertificate, tlsKeyOf } from '../../protocol/tls.ts';
import type { AgentEvent, AgentsPort } from '../../reconcile/ports.ts';
import { makeJoinThrottle } from './join-throttle.ts';
import type { AgentsLimits } from './limits.ts';
import { AGENTS_LIMITS } from './limits.ts';
import type { Hello, Introduction, Peer } from './peer.ts';
import { attachPeer } from './peer.ts';
import { makeReconnectThrottle } from './reconnect-throttle.ts';
import { seldom } from './seldom.ts';
import { makeTwins } from './twins.ts';
import { makeWaitingRoom } from './waiting-room.ts';

/** Whether a node that has proven its key may come in. */
export type Admission =
  | { readonly kind: 'welcome'; readonly name: string }
  /** Not yet, e.g. its activation is in no accepted revision: it asks again. */
  | {
      readonly kind: 'wait';
      readonly code: string;
      readonly message: string;
      readonly retryAfterMs: number;
    }
  /** No. `wrongCode`: counts against its address. */
  | {
      readonly kind: 'refused';
      readonly code: string;
      readonly message: string;
      readonly wrongCode: boolean;
    };

export type AgentsServerOptions = {
  /** `host:port`, `[v6]:port` or `:port`. */
  readonly listen: string;
  /**
   * PEM of a certificate; `made`: one of our own, new at each start; `plain`: no TLS, on loopback only (a proxy on this
   * host, or tests).
   */
  readonly tls: { readonly cert: string; readonly key: string } | 'made' | 'plain';
  /** SHA-256 of the TLS keys of proxies in front, hex. */
  readonly proxyKeys: readonly string[];
  readonly instance: string;
  readonly daemon: Identity;
  readonly authorise: (hello: Hello) => Promise<Admission>;
  /** Gets every event in order. Must not throw. */
  readonly sink: (event: AgentEvent) => void;
  /** How many nodes there are: dictates the spread of reconnects. */
  readonly nodeCount: () => number;
  readonly log: (event: string, fields: { readonly [key: string]: unknown }) => void;
  readonly limits?: Partial<AgentsLimits>;
};

export type AgentsServer = AgentsPort & {
  readonly address: AddressInfo;
  /** SHA-256 of the TLS key that this server itself shows; '' when plain. */
  readonly tlsKey: string;
  /** What secrets of a connected node are encrypted for. */
  recipientOf(node: NodeId): string | null;
  /** Nodes of which a second machine has asked to come in lately. */
  twins(): readonly NodeId[];
  stats(): { readonly connections: number; readonly sessions: number; readonly waiting: number };
  /** Closes every session; nothing is reported after it resolves. */
  close(): Promise<void>;
};

type LiveSession = {
  readonly id: string;
  readonly peer: Peer;
  readonly recipient: string | null;
};

/** @throws ReconcileError AGENTS_LISTEN (retry `never`): the address is taken or foreign, or plain off loopback */
export async function openAgentsServer(options: AgentsServerOptions): Promise<AgentsServer> {
  const limits: AgentsLimits = { ...AGENTS_LIMITS, ...options.limits };
  const { sink } = options;
  const tell = seldom(options.log, () => performance.now());
  const { server, tlsKey } = createServer(options);
  const introduction: Introduction = {
    instance: options.instance,
    daemon: options.daemon,
    tlsKeys: tlsKey === '' ? options.proxyKeys : [tlsKey, ...options.proxyKeys],
    plain: tlsKey === '',
  };
  const joins = makeJoinThrottle(limits.joinFailures);
  const reconnects = makeReconnectThrottle(limits.reconnects);
  const twins = makeTwins(limits.twins);
  const room = makeWaitingRoom(limits.waiting, (network, held) =>
    tell('agent-rejected', network, { reason: 'crowded', network, held }),
  );
  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: MESSAGE_BYTES_MAX,
    clientTracking: false,
  });
  const peers = new Set<Peer>();
  const sessions = new Map<NodeId, LiveSession>();
  let closing = false;

  server.on('connection', (socket: Socket) => room.enter(socket, performance.now()));
  server.on('upgrade', (request: IncomingMessage, socket, head) => {
    const isFull = peers.size >= limits.connections;
    if (isFull) tell('agent-rejected', '', { reason: 'connections' });
    if (request.url !== '/v1/agent' || closing || isFull) {
      socket.destroy();
      return;
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      accept(webSocket, request.socket);
    });
  });

  function accept(socket: WebSocket, line: Socket): void {
    const address = line.remoteAddress ?? '';
    let session: { readonly node: NodeId; readonly id: string } | null = null;
    const peer = attachPeer(socket, introduction, limits, {
      onHello: async (hello) => {
        const admission = await admit(hello, address);
        if (closing || admission.kind !== 'welcome') {
          if (admission.kind !== 'welcome') peer.say(farewell(admission));
          return false;
        }
        const id = randomBytes(8).toString('hex');
        const { node } = hello;
        if (!peer.send(welcome(admission.name))) return false;
        room.leave(line);
        endSession(node, 'replaced');
        session = { node, id };
        sessions.set(node, { id, peer, recipient: hello.recipient });
        // A join code has done its work; it goes no further.
        sink({ kind: 'connected', node, session: id, hello: { ...hello, activation: null } });
        return true;
      },
      onMessage: (message) => {
        if (session === null || sessions.get(session.node)?.id !== session.id) return;
        sink({ kind: 'message', node: session.node, session: session.id, message });
      },
      onUnreadable: (run, reason) =>
        tell('agent-result-unreadable', session?.node ?? address, {
          reason,
          run,
          node: session?.node ?? null,
        }),
      onDrop: (reason, detail) =>
        tell('agent-dropped', session?.node ?? address, {
          reason,
          detail,
          address,
          node: session?.node ?? null,
        }),
      onClose: () => {
        peers.delete(peer);
        if (session !== null) forget(session.node, session.id);
      },
    });
    peers.add(peer);
  }

  async function admit(hello: Hello, address: string): Promise<Admission> {
    const nowMs = performance.now();
    const waitMs = hello.activation === null ? 0 : joins.waitMs(address, nowMs);
    if (waitMs > 0) {
      const message = 'too many wrong join codes from this address';
      return { kind: 'wait', code: 'TooManyAttempts', message, retryAfterMs: Math.ceil(waitMs) };
    }
    const admission = await options.authorise(hello);
    if (admission.kind === 'refused' && admission.wrongCode) joins.failed(address, nowMs);
    if (admission.kind !== 'welcome') return admission;
    const isConnected = sessions.has(hello.node);
    const twinMs = twins.waitMs(hello.node, hello.facts.bootId, { nowMs, isConnected });
    if (twinMs !== null) {
      tell('agent-rejected', hello.node, { reason: 'twin', node: hello.node, address });
      return { kind: 'wait', code: 'NodeCloned', message: CLONED, retryAfterMs: twinMs };
    }
    const againMs = reconnects.waitMs(hello.node, nowMs);
    if (againMs === 0) return admission;
    tell('agent-rejected', hello.node, { reason: 'reconnects', node: hello.node });
    const message = 'this node has come in too often';
    return { kind: 'wait', code: 'TooManyReconnects', message, retryAfterMs: Math.ceil(againMs) };
  }

  const welcome = (name: string): ServerMessage => ({
    kind: 'welcome',
    // A node's own hostname may be longer than the word that the agent reads.
    name: name.slice(0, 200),
    heartbeatMs: limits.heartbeatMs,
    reconnectSpreadMs: Math.min(
      limits.reconnectSpreadMsMax,
      limits.reconnectMsPerNode * options.nodeCount(),
    ),
  });

  /** Reported at once, so that whoever hears of a newer session has heard of the older one's end. */
  function forget(node: NodeId, id: string): void {
    if (sessions.get(node)?.id !== id) return;
    sessions.delete(node);
    if (!closing) sink({ kind: 'disconnected', node, session: id });
  }

  function endSession(node: NodeId, reason: string): void {
    const live = sessions.get(node);
    if (live === undefined) return;
    forget(node, live.id);
    live.peer.drop(reason);
  }

  const heartbeat = startHeartbeat(peers, limits.heartbeatMs);
  const address = await listen(server, options.listen, limits.backlog);

  return {
    address,
    tlsKey,
    send(node, message) {
      const live = sessions.get(node);
      if (live === undefined) return false;
      if (live.peer.send(message)) return true;
      // Told at once: a job that came back would be handed to the same session again and again.
      endSession(node, 'unsendable');
      return false;
    },
    drop: endSession,
    twins: () => twins.seen(performance.now()),
    recipientOf: (node) => sessions.get(node)?.recipient ?? null,
    stats: () => ({ connections: peers.size, sessions: sessions.size, waiting: room.size }),
    async close() {
      closing = true;
      heartbeat.stop();
      for (const peer of peers) peer.drop('closing');
      server.closeAllConnections();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}

const CLONED =
  'another machine has the key of this node and was here first; on a copy remove agent.yaml and the state folder, and register it anew';

const farewell = (admission: Exclude<Admission, { kind: 'welcome' }>): ServerMessage => {
  if (admission.kind === 'wait') return admission;
  const { kind, code, message } = admission;
  return { kind, code, message };
};

const peersPerTick = 10;

/** Every peer once per interval, a few at a time: pings to ten thousand at once would hold up everything else. */
function startHeartbeat(peers: ReadonlySet<Peer>, intervalMs: number): { stop(): void } {
  let timer = setTimeout(beginRound, intervalMs).unref();

  function beginRound(): void {
    const queue = [...peers];
    const tickMs = intervalMs / Math.max(1, Math.ceil(queue.length / peersPerTick));
    const beganMs = performance.now();
    let next = 0;
    const tick = (): void => {
      // By the time that has passed, not by ticks: a round of late ticks would take longer than peers are patient.
      const share = (performance.now() - beganMs + tickMs) / intervalMs;
      const due = Math.min(queue.length, Math.ceil(queue.length * share));
      for (const peer of queue.slice(next, due)) if (peers.has(peer)) peer.ping();
      next = due;
      timer = setTimeout(next < queue.length ? tick : beginRound, tickMs).unref();
    };
    tick();
  }

  return {
    stop: () => {
      clearTimeout(timer);
    },
  };
}

// --- listening ------------------------------------------------------------------------------------------------

function createServer({ listen, tls, instance }: AgentsServerOptions): {
  readonly server: Server;
  readonly tlsKey: string;
} {
  const http = { maxHeaderSize: 16 * 1024, headersTimeout: 10_000, requestTimeout: 10_000 };
  if (tls === 'plain') {
    if (!isLoopback(parseListen(listen).host))
      throw cannotListen(listen, 'plain ws:// is for loopback only');
    return { server: createPlainServer(http, refuseRequest), tlsKey: '' };
  }
  const { cert, key } = tls === 'made' ? makeCertificate(`reconciled ${instance}`) : tls;
  const secure = { cert, key, minVersion: 'TLSv1.3', handshakeTimeout: 10_000 } as const;
  try {
    const server = createTlsServer({ ...http, ...secure }, refuseRequest);
    return { server, tlsKey: tlsKeyOf(cert) };
  } catch (cause) {
    throw cannotListen(listen, 'the configured certificate or key is unusable', cause);
  }
}

/** Agents upgrade; nothing else is served here. */
function refuseRequest(_request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(404, { connection: 'close', 'content-length': '0' }).end();
}

async function listen(server: Server, where: string, backlog: number): Promise<AddressInfo> {
  const { host, port } = parseListen(where);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(cannotListen(where, cause.message, cause)));
    server.listen({ host, port, backlog }, resolve);
  });
  server.removeAllListeners('error');
  server.on('error', () => undefined); // of single connections; they close
  server.on('tlsClientError', () => undefined);
  return server.address() as AddressInfo;
}

function parseListen(where: string): { readonly host: string; readonly port: number } {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9.-]*)):(\d{1,5})$/.exec(where);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) throw cannotListen(where, 'it is no host:port');
  const host = match[1] ?? match[2] ?? '';
  return { host: host === '' ? '::' : host, port };
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));

function cannotListen(where: string, why: string, cause?: unknown): ReconcileError {
  const message = `cannot listen for agents on ${where}: ${why}`;
  // An address may be free or up a moment later, so the service is restarted; a configuration stays as wrong as it is.
  const mayPass = (cause as NodeJS.ErrnoException | undefined)?.syscall === 'listen';
  const exitCode = mayPass ? 1 : 78;
  return new ReconcileError('AGENTS_LISTEN', message, { retry: 'never', exitCode, cause });
}
