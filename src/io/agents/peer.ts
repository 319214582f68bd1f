import { randomBytes } from 'node:crypto';
import type { RawData, WebSocket } from 'ws';
import type { RunId } from '../../core/model/brand.ts';
import { instant } from '../../core/model/brand.ts';
import type { Identity } from '../../protocol/keys.ts';
import { nodeIdOf } from '../../protocol/keys.ts';
import type { AgentMessage, ServerMessage } from '../../protocol/messages.ts';
import { PROTOCOL_VERSION } from '../../protocol/messages.ts';
import { parseAgentMessage } from '../../protocol/parse.ts';
import { signProof, verifyHello } from '../../protocol/sign.ts';
import { salvageResult } from '../../protocol/unreadable.ts';
import type { AgentsLimits } from './limits.ts';
import { makeTokenBucket } from './token-bucket.ts';

export type Hello = AgentMessage & { kind: 'hello' };

/** What a peer must be told and may claim; the same for all connections. */
export type Introduction = {
  readonly instance: string;
  readonly daemon: Identity;
  /** Empty on a plain listener without proxies. */
  readonly tlsKeys: readonly string[];
  /** The listener itself has no TLS: an agent on this host sees none either. */
  readonly plain: boolean;
};

export type PeerHandlers = {
  /** The hello is proven. Nothing more is read until this resolves to true (welcomed) or false (told and closed). */
  onHello(hello: Hello): Promise<boolean>;
  onMessage(message: AgentMessage): void;
  /** A result that cannot be read: `onMessage` has got a failure in its place. */
  onUnreadable(run: RunId, why: string): void;
  onClose(): void;
  /** Why it was dropped: a stable word, and what it was about. */
  onDrop(reason: string, detail: string): void;
};

export type Peer = {
  /** False when it was not sent; a peer that does not read is dropped. */
  send(message: ServerMessage): boolean;
  ping(): void;
  /** A last word, then the end. */
  say(message: ServerMessage): void;
  drop(reason: string): void;
};

/** One connection from the proof to the end. The server speaks first; the agent's first message is its hello. */
export function attachPeer(
  socket: WebSocket,
  introduction: Introduction,
  limits: AgentsLimits,
  handlers: PeerHandlers,
): Peer {
  const nonce = randomBytes(32).toString('base64');
  const bucket = makeTokenBucket(limits.rate);
  let phase: 'hello' | 'deciding' | 'open' | 'over' = 'hello';
  let alive = true;
  let resume: NodeJS.Timeout | undefined;
  const handshake = setTimeout(() => drop('handshake-timeout'), limits.handshakeMs);

  function drop(reason: string, detail = ''): void {
    if (phase === 'over') return;
    phase = 'over';
    handlers.onDrop(reason, detail);
    socket.terminate();
  }

  function receive(data: RawData, isBinary: boolean): void {
    if (isBinary) return drop('malformed', 'binary');
    const raw = textOf(data);
    const parsed = parseAgentMessage(raw);
    if (!parsed.ok) return unreadable(raw, parsed.error);
    const message = parsed.value;
    switch (phase) {
      case 'hello': {
        if (message.kind !== 'hello') return drop('no-hello');
        const objection = objectionTo(message, introduction, nonce);
        if (objection !== null) return drop(objection);
        phase = 'deciding';
        socket.pause();
        handlers.onHello(message).then(
          (welcomed) => {
            if (phase !== 'deciding') return;
            clearTimeout(handshake);
            if (welcomed) phase = 'open';
            socket.resume();
          },
          () => drop('admission-failed'),
        );
        return;
      }
      case 'open':
        if (message.kind === 'hello') return drop('second-hello');
        return handlers.onMessage(message);
      case 'deciding':
      case 'over':
        return; // read before the pause took effect, or too late
    }
  }

  /** A dropped result would be sent again for ever: it ends its run as a failure, and that is acked. */
  function unreadable(raw: string, why: string): void {
    const result = phase === 'open' ? salvageResult(raw, why, instant(Date.now())) : null;
    if (result === null) return drop('malformed', why);
    handlers.onUnreadable(result.run, why);
    handlers.onMessage({ kind: 'result', result });
  }

  socket.on('message', (data: RawData, isBinary: boolean) => {
    const pauseMs = bucket.take(1 + sizeOf(data) / 16_384, performance.now());
    if (pauseMs > 0) {
      socket.pause();
      clearTimeout(resume);
      resume = setTimeout(() => socket.resume(), pauseMs);
    }
    receive(data, isBinary);
  });
  socket.on('pong', () => {
    alive = true;
  });
  socket.on('error', () => undefined); // 'close' follows
  socket.on('close', () => {
    clearTimeout(handshake);
    clearTimeout(resume);
    phase = 'over';
    handlers.onClose();
  });
  socket.send(JSON.stringify(proofOf(introduction, nonce)));

  return {
    send(message) {
      if (phase === 'over') return false;
      if (socket.readyState !== socket.OPEN) {
        // It said that it closes and keeps the line: nothing will ever be read again.
        drop('closing');
        return false;
      }
      if (socket.bufferedAmount > limits.bufferedBytes) {
        drop('slow');
        return false;
      }
      socket.send(JSON.stringify(message));
      return true;
    },
    ping() {
      if (!alive) return drop('silent');
      if (socket.bufferedAmount > limits.bufferedBytes) return drop('slow');
      alive = false;
      socket.ping();
    },
    say(message) {
      if (phase === 'over') return;
      socket.send(JSON.stringify(message));
      socket.close();
      // Whoever does not answer the close is cut by the handshake's deadline.
      setTimeout(() => socket.terminate(), limits.handshakeMs).unref();
    },
    drop,
  };
}

function proofOf(introduction: Introduction, nonce: string): ServerMessage {
  const { instance, daemon, tlsKeys } = introduction;
  const signature = signProof(daemon, { instance, nonce, tlsKeys });
  const daemonKey = daemon.publicKey;
  return {
    kind: 'proof',
    protocol: PROTOCOL_VERSION,
    instance,
    nonce,
    tlsKeys,
    daemonKey,
    signature,
  };
}

/** Why the hello does not prove who says it; null when it does. */
function objectionTo(
  hello: Hello,
  { instance, tlsKeys, plain }: Introduction,
  nonce: string,
): string | null {
  const { node, publicKey, tlsKey, recipient, signature } = hello;
  if (hello.protocol !== PROTOCOL_VERSION) return 'protocol-version';
  if (nodeIdOf(publicKey) !== node) return 'node-key-mismatch';
  const isOurs = tlsKey === '' ? plain : tlsKeys.includes(tlsKey);
  if (!isOurs) return 'tls-key-mismatch';
  return verifyHello(publicKey, { instance, nonce, tlsKey, node, recipient }, signature)
    ? null
    : 'hello-signature';
}

const sizeOf = (data: RawData): number =>
  Array.isArray(data) ? data.reduce((sum, part) => sum + part.length, 0) : data.byteLength;
const textOf = (data: RawData): string =>
  Array.isArray(data) ? Buffer.concat(data).toString() : Buffer.from(data as Buffer).toString();
