import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import type { RawData } from 'ws';
import { WebSocket } from 'ws';
import type { NodeId } from '../core/model/brand.ts';
import type { Identity } from '../protocol/keys.ts';
import type { AgentMessage, ServerMessage } from '../protocol/messages.ts';
import { MESSAGE_BYTES_MAX, PROTOCOL_VERSION } from '../protocol/messages.ts';
import { parseServerMessage } from '../protocol/parse.ts';
import { signHello, verifyProof } from '../protocol/sign.ts';
import { tlsKeyOf } from '../protocol/tls.ts';

export type Hello = AgentMessage & { kind: 'hello' };
/** What a hello says beyond who says it. */
export type HelloFacts = Pick<
  Hello,
  'facts' | 'fence' | 'running' | 'startedAt' | 'lastRuns' | 'recipient' | 'activation'
>;
type Proof = ServerMessage & { kind: 'proof' };
export type Welcome = ServerMessage & { kind: 'welcome' };

export type SessionOptions = {
  /** `wss://host:port`, or `ws://` on loopback. */
  readonly server: string;
  /** Pinned: nothing of ours is sent to a server that does not prove to have it. */
  readonly serverKey: string;
  readonly identity: Identity;
  readonly node: NodeId;
  /** Asked for when the server has proven itself. */
  readonly hello: () => HelloFacts;
  readonly onWelcome: (welcome: Welcome) => void;
  readonly onMessage: (message: ServerMessage) => void;
  readonly handshakeTimeoutMs?: number;
};

/** How a session ended. `untrusted`: it was not our daemon, and it has learned nothing from us. */
export type Ending =
  | { readonly kind: 'closed'; readonly reason: string }
  | { readonly kind: 'untrusted'; readonly reason: string }
  | {
      readonly kind: 'wait';
      readonly code: string;
      readonly message: string;
      readonly retryAfterMs: number;
    }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string };

export type Session = {
  /** Dropped unless the server has welcomed us: whatever matters is said again then. */
  send(message: AgentMessage): void;
  close(): void;
  readonly ended: Promise<Ending>;
};

const handshakeTimeoutMsDefault = 15_000;
/** So many heartbeats may be missed. */
const patience = 2.5;

/** One connection, from dialling to its end. Never rejects. */
export function openSession(options: SessionOptions): Session {
  const handshakeTimeoutMs = options.handshakeTimeoutMs ?? handshakeTimeoutMsDefault;
  const socket = new WebSocket(new URL('/v1/agent', options.server), {
    perMessageDeflate: false,
    maxPayload: MESSAGE_BYTES_MAX,
    handshakeTimeout: handshakeTimeoutMs,
    followRedirects: false,
    minVersion: 'TLSv1.3',
    // No authority and no date is asked: the pinned key vouches for the key of this very certificate.
    rejectUnauthorized: false,
  });
  let phase: 'proof' | 'hello' | 'open' = 'proof';
  let tlsKey: string | null = null;
  let ending: Ending | null = null;
  let silenceMs = handshakeTimeoutMs;
  let silence = setTimeout(() => end({ kind: 'closed', reason: 'silent' }), silenceMs);

  const ended = new Promise<Ending>((resolve) => {
    socket.on('close', (code) => {
      clearTimeout(silence);
      resolve(ending ?? { kind: 'closed', reason: `closed by the server (${code})` });
    });
  });

  function end(why: Ending): void {
    ending ??= why;
    socket.terminate();
  }

  function heard(): void {
    // Until the welcome there is one deadline for all: whoever only pings would hold the node for ever.
    if (phase !== 'open') return;
    clearTimeout(silence);
    silence = setTimeout(() => end({ kind: 'closed', reason: 'silent' }), silenceMs);
  }

  function receive(message: ServerMessage): void {
    switch (phase) {
      case 'proof': {
        const objection = objectionTo(message, options, tlsKey);
        if (objection !== null) return end({ kind: 'untrusted', reason: objection });
        phase = 'hello';
        return socket.send(JSON.stringify(helloTo(message as Proof, options, tlsKey ?? '')));
      }
      case 'hello':
        if (message.kind === 'wait' || message.kind === 'refused') return end(message);
        if (message.kind !== 'welcome') return end({ kind: 'closed', reason: 'no welcome' });
        phase = 'open';
        silenceMs = patience * message.heartbeatMs;
        heard();
        options.onWelcome(message);
        return options.onMessage(message);
      case 'open':
        return options.onMessage(message);
    }
  }

  socket.on('upgrade', (response) => {
    tlsKey = tlsKeyOfPeer(response, options.server);
  });
  socket.on('ping', heard);
  socket.on('message', (data, isBinary) => {
    heard();
    const parsed = isBinary ? null : parseServerMessage(textOf(data));
    if (parsed?.ok === true) receive(parsed.value);
    else end({ kind: 'closed', reason: `malformed message: ${parsed?.error ?? 'binary'}` });
  });
  socket.on('error', (cause) => {
    ending ??= { kind: 'closed', reason: cause.message };
  });

  return {
    ended,
    send: (message) => {
      if (phase === 'open') socket.send(JSON.stringify(message));
    },
    close: () => end({ kind: 'closed', reason: 'closed by us' }),
  };
}

/** True for `wss:`, and for `ws:` to this machine itself. */
export function isAllowedServer(server: string): boolean {
  if (!URL.canParse(server)) return false;
  const { protocol, hostname } = new URL(server);
  return protocol === 'wss:' || (protocol === 'ws:' && loopbackHosts.has(hostname));
}

const loopbackHosts: ReadonlySet<string> = new Set(['127.0.0.1', '[::1]', 'localhost']);

/** '' on a plain connection, null when TLS shows no certificate. */
function tlsKeyOfPeer({ socket }: IncomingMessage, server: string): string | null {
  if (!(socket instanceof TLSSocket)) return isAllowedServer(server) ? '' : null;
  const certificate = socket.getPeerX509Certificate();
  return certificate === undefined ? null : tlsKeyOf(certificate.raw);
}

/** Why this is not the daemon we are pinned to; null when it is. */
function objectionTo(
  message: ServerMessage,
  { serverKey }: SessionOptions,
  tlsKey: string | null,
): string | null {
  if (message.kind !== 'proof') return 'it did not begin with a proof';
  const { daemonKey, instance, nonce, tlsKeys, signature } = message;
  if (message.protocol !== PROTOCOL_VERSION) return `it speaks protocol ${message.protocol}`;
  if (daemonKey !== serverKey) return `its key is ${daemonKey}, not the pinned one`;
  if (!verifyProof(serverKey, { instance, nonce, tlsKeys }, signature)) return 'its proof is false';
  if (tlsKey === null) return 'its TLS key cannot be read';
  if (tlsKey !== '' && !tlsKeys.includes(tlsKey)) return 'its proof is for another TLS key';
  return null;
}

function helloTo({ instance, nonce }: Proof, options: SessionOptions, tlsKey: string): Hello {
  const { identity, node } = options;
  const said = options.hello();
  return {
    kind: 'hello',
    protocol: PROTOCOL_VERSION,
    node,
    publicKey: identity.publicKey,
    tlsKey,
    signature: signHello(identity, {
      instance,
      nonce,
      tlsKey,
      node,
      recipient: said.recipient,
    }),
    ...said,
  };
}

const textOf = (data: RawData): string =>
  Array.isArray(data) ? Buffer.concat(data).toString() : Buffer.from(data as Buffer).toString();
