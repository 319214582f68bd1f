import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { WebSocketServer } from 'ws';
import { backoffMsMaxAfter, failuresBefore, retryDelayMs } from '../../src/agent/connection.ts';
import type { Ending, Session } from '../../src/agent/session.ts';
import { isAllowedServer, openSession } from '../../src/agent/session.ts';
import type { Identity } from '../../src/protocol/keys.ts';
import { makeIdentity } from '../../src/protocol/keys.ts';
import type { ServerMessage } from '../../src/protocol/messages.ts';
import { signProof } from '../../src/protocol/sign.ts';
import { makeCertificate, tlsKeyOf } from '../../src/protocol/tls.ts';
import { agent, agentNode, daemon, facts, run } from '../protocol/messages.ts';

/** A false daemon that begins with `first` and notes every byte that it is told. */
async function withFalseDaemon(
  first: (tlsKey: string) => ServerMessage | string,
  body: (url: string, heard: string[]) => Promise<void>,
): Promise<void> {
  const certificate = makeCertificate('false');
  const heard: string[] = [];
  const server = createServer({ ...certificate });
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket) => {
    const begin = first(tlsKeyOf(certificate.cert));
    socket.on('message', (data: Buffer) => heard.push(data.toString()));
    socket.on('error', () => undefined);
    socket.send(typeof begin === 'string' ? begin : JSON.stringify(begin));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    await body(`wss://127.0.0.1:${(server.address() as AddressInfo).port}`, heard);
  } finally {
    sockets.close();
    server.closeAllConnections();
    server.close();
  }
}

const open = (server: string): Session =>
  openSession({
    server,
    serverKey: daemon.publicKey,
    identity: agent,
    node: agentNode,
    hello: () => ({
      facts,
      fence: { epoch: 0, position: 0 },
      running: null,
      startedAt: null,
      lastRuns: [],
      recipient: null,
      activation: { id: 'a', code: 'secret' },
    }),
    onWelcome: () => undefined,
    onMessage: () => undefined,
    handshakeTimeoutMs: 2_000,
  });

function proof(by: Identity, tlsKeys: readonly string[]): ServerMessage {
  const claim = { instance: 'test', nonce: Buffer.alloc(32).toString('base64'), tlsKeys };
  const signature = signProof(by, claim);
  return { kind: 'proof', protocol: 1, daemonKey: by.publicKey, signature, ...claim };
}

const falsehoods: readonly (readonly [
  string,
  (tlsKey: string) => ServerMessage | string,
  RegExp,
])[] = [
  ['proves another key', (tlsKey) => proof(makeIdentity(), [tlsKey]), /not the pinned one/],
  [
    'names the pinned key and signs with another',
    (tlsKey) =>
      ({ ...proof(makeIdentity(), [tlsKey]), daemonKey: daemon.publicKey }) as ServerMessage,
    /proof is false/,
  ],
  [
    'repeats a proof that was made for another TLS key',
    () => proof(daemon, ['a'.repeat(64)]),
    /another TLS key/,
  ],
  ['repeats a proof of a plain listener', () => proof(daemon, []), /another TLS key/],
  [
    'speaks another protocol',
    (tlsKey) => ({ ...proof(daemon, [tlsKey]), protocol: 9 }) as ServerMessage,
    /protocol/,
  ],
  [
    'welcomes without a proof',
    () => ({ kind: 'welcome', reconnectSpreadMs: 0, heartbeatMs: 1_000, name: 'x' }),
    /proof/,
  ],
];
for (const [name, first, why] of falsehoods) {
  test(`the agent says nothing to a server that ${name}`, () =>
    withFalseDaemon(first, async (url, heard) => {
      const session = open(url);
      session.send({ kind: 'accepted', run: run('1') });
      const ending = await session.ended;
      assert.equal(ending.kind, 'untrusted');
      assert.match((ending as { reason: string }).reason, why);
      assert.deepEqual(heard, []);
    }));
}

test('nor to one that talks nonsense', () =>
  withFalseDaemon(
    () => 'nonsense',
    async (url, heard) => {
      assert.equal((await open(url).ended).kind, 'closed');
      assert.deepEqual(heard, []);
    },
  ));

test('to one that proves itself, once, with its TLS key among others, it says hello', () =>
  withFalseDaemon(
    (tlsKey) => proof(daemon, ['b'.repeat(64), tlsKey]),
    async (url, heard) => {
      const session = open(url);
      while (heard.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      session.close();
      await session.ended;
      const [first = ''] = heard;
      assert.equal((JSON.parse(first) as { kind: string }).kind, 'hello');
    },
  ));

test('a server that accepts and falls silent is left', async () => {
  const { createServer: createTcpServer } = await import('node:net');
  const silent = createTcpServer().listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const session = openSession({
    server: `ws://127.0.0.1:${(silent.address() as AddressInfo).port}`,
    serverKey: daemon.publicKey,
    identity: agent,
    node: agentNode,
    hello: () => assert.fail('never asked'),
    onWelcome: () => undefined,
    onMessage: () => undefined,
    handshakeTimeoutMs: 100,
  });
  assert.equal((await session.ended).kind, 'closed');
  silent.close();
});

test('a server that only pings is left at the same deadline', async () => {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  server.on('connection', (socket) => {
    const pings = setInterval(() => socket.ping(), 50);
    socket.on('close', () => clearInterval(pings));
  });
  const session = openSession({
    server: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    serverKey: daemon.publicKey,
    identity: agent,
    node: agentNode,
    hello: () => assert.fail('never asked'),
    onWelcome: () => undefined,
    onMessage: () => undefined,
    handshakeTimeoutMs: 500,
  });
  const held = AbortSignal.timeout(8_000);
  const ending = await Promise.race([session.ended, once(held, 'abort')]);
  assert.deepEqual(ending, { kind: 'closed', reason: 'silent' });
  session.close();
  server.close();
});

for (const [server, allowed] of [
  ['wss://example.org:7443', true],
  ['ws://127.0.0.1:1', true],
  ['ws://[::1]:1', true],
  ['ws://localhost:1', true],
  ['ws://127.0.0.1.example.org', false],
  ['ws://10.0.0.1:1', false],
  ['http://127.0.0.1', false],
  ['nonsense', false],
] as const) {
  test(`${server} is ${allowed ? 'allowed' : 'refused'} as a server`, () => {
    assert.equal(isAllowedServer(server), allowed);
  });
}

const closed: Ending = { kind: 'closed', reason: '' };
for (const c of [
  {
    name: 'a lost session is renewed within the dictated spread',
    ending: closed,
    failures: 0,
    spreadMs: 40_000,
    want: [0, 40_000],
  },
  { name: 'failures back off', ending: closed, failures: 4, spreadMs: 0, want: [0, 8_000] },
  {
    name: 'never beyond two minutes',
    ending: closed,
    failures: 1_000,
    spreadMs: 0,
    want: [0, 120_000],
  },
  {
    name: 'wait says when',
    ending: { kind: 'wait', code: '', message: '', retryAfterMs: 1_000 } as const,
    failures: 9,
    spreadMs: 0,
    want: [1_000, 1_200],
  },
  {
    name: 'a refusal is asked about seldom',
    ending: { kind: 'refused', code: '', message: '' } as const,
    failures: 0,
    spreadMs: 0,
    want: [30_000, 90_000],
  },
]) {
  test(`retry: ${c.name}`, () => {
    const { ending, failures, spreadMs } = c;
    const delays = [0, 1].map((random) => retryDelayMs(ending, { failures, spreadMs, random }));
    assert.deepEqual(delays, c.want);
  });
}

for (const [name, spreadMs, wantMax] of [
  ['a daemon that was never there', 0, 120_000],
  ['of one node', 4, 15_000],
  ['of a thousand', 4_000, 15_000],
  ['of ten thousand, within the spread', 40_000, 40_000],
  ['of more than thirty thousand', 120_000, 120_000],
] as const) {
  test(`retry: however long the daemon is away: ${name}`, () => {
    const backoffMsMax = backoffMsMaxAfter(spreadMs);
    const about = { spreadMs, random: 1, backoffMsMax };
    const delays = [5, 8, 50].map((failures) => retryDelayMs(closed, { ...about, failures }));
    assert.ok(delays.every((ms) => ms <= wantMax && ms >= Math.max(spreadMs, 15_000)));
    assert.equal(delays.at(-1), wantMax);
  });
}

for (const [name, failures, welcomedAtMs, want] of [
  ['never welcomed', 9, null, 9],
  ['welcomed and cut at once', 3, 99_000, 3],
  ['welcomed and cut at once, time and again', 9, 99_000, 4],
  ['one that lasted', 9, 80_000, 0],
] as const) {
  test(`the row of failures after a session: ${name}`, () => {
    assert.equal(failuresBefore(failures, welcomedAtMs, 100_000), want);
  });
}
