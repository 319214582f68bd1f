import assert from 'node:assert/strict';
import { request } from 'node:https';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { test } from 'node:test';
import { makeIdentity } from '../../../src/protocol/keys.ts';
import { signHello, verifyProof } from '../../../src/protocol/sign.ts';
import { daemon, hello, noon, result, run, step } from '../../protocol/messages.ts';
import { dial, until, withServer } from './listening.ts';

test('the server speaks first, and its proof binds the TLS key of the connection', () =>
  withServer({}, async ({ url, server }) => {
    const peer = await dial(url);
    const proof = await peer.next();
    assert.ok(proof.kind === 'proof');
    assert.deepEqual(proof.tlsKeys, [server.tlsKey]);
    assert.ok(verifyProof(daemon.publicKey, proof, proof.signature));
    peer.socket.terminate();
  }));

test('a proven node is welcomed, told its spread, and reported without its join code', () =>
  withServer({}, async ({ url, events }) => {
    const peer = await dial(url);
    await peer.introduce({ activation: { id: 'a', code: 'secret' } });
    assert.deepEqual(await peer.next(), {
      kind: 'welcome',
      name: 'web-1',
      heartbeatMs: 30_000,
      reconnectSpreadMs: 4_000,
    });
    await until(() => events.length === 1, 'connected');
    assert.ok(events[0]?.kind === 'connected');
    assert.equal(events[0].hello.activation, null);
    peer.socket.terminate();
    await until(() => events.at(-1)?.kind === 'disconnected', 'disconnected');
  }));

const impostor = makeIdentity();
const wrong = {
  'signed by another key': { as: impostor, overrides: {}, reason: 'hello-signature' },
  'under another node’s id': {
    as: undefined,
    overrides: { node: hello().node },
    reason: 'node-key-mismatch',
  },
  'for another TLS key, as a relay would': {
    as: undefined,
    overrides: { tlsKey: 'a'.repeat(64) },
    reason: 'tls-key-mismatch',
  },
  'as if there were no TLS': {
    as: undefined,
    overrides: { tlsKey: '' },
    reason: 'tls-key-mismatch',
  },
  'of another protocol': { as: undefined, overrides: { protocol: 2 }, reason: 'protocol-version' },
} as const;
for (const [name, { as, overrides, reason }] of Object.entries(wrong)) {
  test(`dropped without a word: a hello ${name}`, () =>
    withServer({}, async ({ url, events, logged }) => {
      const peer = await dial(url);
      await peer.introduce(overrides, as);
      await peer.closed;
      assert.deepEqual(
        logged.map((line) => line.reason),
        [reason],
      );
      assert.deepEqual(
        peer.said.map(({ kind }) => kind),
        ['proof'],
      );
      assert.equal(events.length, 0);
    }));
}

test('dropped: a hello that was recorded on another connection', () =>
  withServer({}, async ({ url, server, logged }) => {
    const identity = makeIdentity();
    const first = await dial(url, identity);
    const proof = await first.next();
    assert.ok(proof.kind === 'proof');
    const { tlsKey } = server;
    const { nonce } = proof;
    const claim = { instance: 'test', nonce, tlsKey, node: first.node, recipient: null };
    const recorded = signHello(identity, claim);
    const second = await dial(url, identity);
    await second.introduce({ signature: recorded });
    await second.closed;
    assert.deepEqual(
      logged.map(({ reason }) => reason),
      ['hello-signature'],
    );
    first.socket.terminate();
  }));

test('dropped: anything but a hello first, no JSON, binary, a second hello', async () => {
  for (const [what, reason] of [
    [JSON.stringify({ kind: 'accepted', run: run('1') }), 'no-hello'],
    ['{', 'malformed'],
    [Buffer.from('{}'), 'malformed'],
  ] as const) {
    await withServer({}, async ({ url, logged }) => {
      const peer = await dial(url);
      peer.socket.send(what);
      await peer.closed;
      assert.deepEqual(
        logged.map((line) => line.reason),
        [reason],
      );
    });
  }
});

test('a node whose time has not come is told to wait, a revoked one why; both are closed', async () => {
  for (const admission of [
    { kind: 'wait', code: 'UNKNOWN_ACTIVATION', message: 'not yet', retryAfterMs: 2_000 },
    { kind: 'refused', code: 'REVOKED', message: 'revoked', wrongCode: false },
  ] as const) {
    await withServer({ authorise: () => Promise.resolve(admission) }, async ({ url, events }) => {
      const peer = await dial(url);
      await peer.introduce();
      const said = await peer.next();
      assert.equal(said.kind, admission.kind);
      await peer.closed;
      assert.equal(events.length, 0);
    });
  }
});

test('five wrong join codes a minute from one address, and the sixth is not even looked at', () => {
  let asked = 0;
  const authorise = () => {
    asked += 1;
    const refused = {
      kind: 'refused',
      code: 'WRONG_CODE',
      message: 'wrong',
      wrongCode: true,
    } as const;
    return Promise.resolve(refused);
  };
  return withServer({ authorise }, async ({ url }) => {
    const kinds: string[] = [];
    for (let attempt = 0; attempt < 6; attempt++) {
      const peer = await dial(url);
      await peer.introduce({ activation: { id: 'a', code: `${attempt}` } });
      kinds.push((await peer.next()).kind);
    }
    assert.deepEqual(kinds, [...Array.from({ length: 5 }, () => 'refused'), 'wait']);
    assert.equal(asked, 5);
  });
});

test('a newer session of a node replaces the older one, in this order', () =>
  withServer({}, async ({ url, server, events }) => {
    const identity = makeIdentity();
    const older = await dial(url, identity);
    await older.introduce();
    await older.next();
    const newer = await dial(url, identity);
    await newer.introduce();
    await newer.next();
    await older.closed;
    await until(() => events.length === 3, 'three events');
    assert.deepEqual(
      events.map(({ kind }) => kind),
      ['connected', 'disconnected', 'connected'],
    );
    assert.equal(events[0]?.session, events[1]?.session);
    assert.ok(server.send(newer.node, { kind: 'ack', run: run('1') }));
    assert.deepEqual(await newer.next(), { kind: 'ack', run: run('1') });
    newer.socket.terminate();
  }));

test('of two machines with one key the first stays, and the second is told why it may not come in', () =>
  withServer({}, async ({ url, server, events, logged }) => {
    const identity = makeIdentity();
    const come = async (bootId: string) => {
      const peer = await dial(url, identity);
      await peer.introduce({ facts: { ...hello().facts, bootId } });
      return { peer, answer: await peer.next() };
    };
    const first = await come('a');
    assert.equal(first.answer.kind, 'welcome');
    // Nobody can tell it from the same machine after a reboot.
    assert.equal((await come('b')).answer.kind, 'welcome');
    assert.deepEqual(server.twins(), []);
    const back = await come('a');
    assert.equal(back.answer.kind, 'welcome');
    assert.deepEqual(server.twins(), [first.peer.node]);

    const { answer, peer } = await come('b');
    assert.ok(answer.kind === 'wait');
    assert.equal(answer.code, 'NodeCloned');
    assert.match(answer.message, /another machine has the key of this node .*register it anew/);
    await peer.closed;
    assert.ok(logged.some(({ reason }) => reason === 'twin'));
    const sessions = events.filter(({ kind }) => kind === 'connected').length;
    assert.equal(sessions, 3);
    assert.equal(events.at(-1)?.kind, 'connected');
    back.peer.socket.terminate();
  }));

test('what a node says arrives in order; after a drop nothing more does', () =>
  withServer({}, async ({ url, server, events }) => {
    const peer = await dial(url);
    await peer.introduce();
    await peer.next();
    for (const label of ['1', '2', '3']) peer.say({ kind: 'result', result: result(label) });
    await until(() => events.length === 4, 'all arrived');
    const runs = events.flatMap((event) =>
      event.kind === 'message' && event.message.kind === 'result' ? [event.message.result.run] : [],
    );
    assert.deepEqual(runs, [run('1'), run('2'), run('3')]);
    server.drop(peer.node, 'revoked');
    assert.ok(!server.send(peer.node, { kind: 'ack', run: run('1') }));
    peer.say({ kind: 'accepted', run: run('4') });
    await peer.closed;
    assert.equal(events.at(-1)?.kind, 'disconnected');
  }));

test('a peer that does not read is dropped, and sending never waits for it', () =>
  withServer({ limits: { bufferedBytes: 256 * 1024 } }, async ({ url, server, logged }) => {
    const peer = await dial(url);
    await peer.introduce();
    await peer.next();
    peer.socket.pause();
    const reason = 'x'.repeat(2_000);
    let sent = 0;
    while (server.send(peer.node, { kind: 'cancel', run: run('1'), reason })) {
      sent += 1;
      assert.ok(sent < 100_000, 'it was never dropped');
      if (sent % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    assert.deepEqual(
      logged.map((line) => line.reason),
      ['slow'],
    );
    peer.socket.terminate();
  }));

test('a peer that answers no ping is dropped; one that does stays', () =>
  withServer({ limits: { heartbeatMs: 400 } }, async ({ url, events, logged }) => {
    const deaf = await dial(url);
    await deaf.introduce();
    await deaf.next();
    const well = await dial(url);
    await well.introduce();
    await well.next();
    deaf.socket.pause();
    await until(() => logged.length === 1, 'one dropped');
    await until(() => events.at(-1)?.kind === 'disconnected', 'its end is told');
    assert.equal(logged[0]?.reason, 'silent');
    assert.equal(events.filter(({ kind }) => kind === 'disconnected').length, 1);
    assert.equal(events.at(-1)?.node, deaf.node);
    deaf.socket.terminate();
    well.socket.terminate();
  }));

test('each of a few peers is asked once per interval, not oftener', () =>
  withServer({ limits: { heartbeatMs: 300 } }, async ({ url }) => {
    const peer = await dial(url);
    await peer.introduce();
    await peer.next();
    let pings = 0;
    peer.socket.on('ping', () => pings++);
    const beganMs = performance.now();
    await until(() => pings === 3, 'three pings');
    assert.ok(
      performance.now() - beganMs > 450,
      'two intervals lie between the first and the third',
    );
    peer.socket.terminate();
  }));

test('a flood is read slowly and loses nothing', () =>
  withServer({ limits: { rate: { burst: 10, perSecond: 5_000 } } }, async ({ url, events }) => {
    const peer = await dial(url);
    await peer.introduce();
    await peer.next();
    const begin = performance.now();
    for (let i = 0; i < 3_000; i++) peer.say({ kind: 'accepted', run: run('1') });
    await until(() => events.length === 3_001, 'all arrived');
    assert.ok(performance.now() - begin > 200, 'it was slowed down');
    peer.socket.terminate();
  }));

test('who says nothing is cut at the handshake’s deadline', () =>
  withServer({ limits: { handshakeMs: 50 } }, async ({ url, logged }) => {
    const peer = await dial(url);
    await peer.closed;
    assert.deepEqual(
      logged.map((line) => line.reason),
      ['handshake-timeout'],
    );
  }));

test('connections end at their limit', () =>
  withServer({ limits: { connections: 2 } }, async ({ url, server }) => {
    const peers = [await dial(url), await dial(url)];
    await assert.rejects(dial(url));
    assert.equal(server.stats().connections, 2);
    for (const peer of peers) peer.socket.terminate();
  }));

test('nothing else is served', () =>
  withServer({}, async ({ url, server }) => {
    const status = await new Promise((resolve, reject) => {
      request(url.replace('wss', 'https'), { rejectUnauthorized: false }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end();
    });
    assert.equal(status, 404);
    // Old TLS and no TLS at all end quietly.
    const raw = connect(server.address.port, '127.0.0.1').on('error', () => undefined);
    raw.write('GET / HTTP/1.1\r\n\r\n');
    await new Promise((resolve) => raw.on('close', resolve).resume());
  }));

test('plain ws:// off loopback is refused before it listens', async () => {
  for (const listen of ['0.0.0.0:0', ':0', '[::]:0', 'example.org:0']) {
    await assert.rejects(
      withServer({ listen, tls: 'plain' }, () => Promise.resolve()),
      {
        code: 'AGENTS_LISTEN',
      },
    );
  }
  await withServer({ tls: 'plain' }, async ({ url, events }) => {
    const peer = await dial(url);
    await peer.introduce();
    assert.equal((await peer.next()).kind, 'welcome');
    await until(() => events.length === 1, 'connected');
    peer.socket.terminate();
  });
});

test('a taken port and an unusable certificate say so', () =>
  withServer({}, async ({ server }) => {
    const taken = { listen: `127.0.0.1:${server.address.port}` };
    const body = (): Promise<void> => Promise.resolve();
    await assert.rejects(withServer(taken, body), { code: 'AGENTS_LISTEN', exitCode: 1 });
    await assert.rejects(withServer({ tls: { cert: 'x', key: 'y' } }, body), {
      code: 'AGENTS_LISTEN',
      exitCode: 78,
    });
  }));

const unreadable = {
  'a reason that is too long': { steps: [step({ reason: 'x'.repeat(2_001) })] },
  'an exit code out of range': { steps: [step({ exitCode: -2 })] },
};
for (const [name, overrides] of Object.entries(unreadable)) {
  test(`a result with ${name} is accounted as a failure, and its session goes on`, () =>
    withServer({}, async ({ url, events, logged }) => {
      const peer = await dial(url);
      await peer.introduce();
      await peer.next();
      peer.say({ kind: 'result', result: result('1', overrides) });
      peer.say({ kind: 'started', run: run('2'), at: noon });
      await until(() => events.length === 3, 'both messages');
      const [, told, next] = events;
      assert.ok(told?.kind === 'message' && told.message.kind === 'result');
      const { status, executionSummary, finishedAt } = told.message.result;
      assert.deepEqual([told.message.result.run, status, finishedAt], [run('1'), 'Failed', noon]);
      assert.match(executionSummary, /^the result of this run cannot be read: result\.steps\.0\./);
      assert.ok(next?.kind === 'message' && next.message.kind === 'started');
      assert.deepEqual(
        logged.map(({ event }) => event),
        ['agent-result-unreadable'],
      );
      peer.socket.terminate();
    }));
}

test('dropped: what is no message, and a result that does not say of which run', () =>
  withServer({}, async ({ url, logged }) => {
    for (const said of ['nonsense', { kind: 'result', result: { run: 'x' } }]) {
      const peer = await dial(url);
      await peer.introduce();
      await peer.next();
      peer.socket.send(typeof said === 'string' ? said : JSON.stringify(said));
      await peer.closed;
    }
    assert.deepEqual(
      logged.map(({ reason }) => reason),
      ['malformed', 'malformed'],
    );
  }));

test('a peer that said it closes and keeps the line is let go at the first word to it', () =>
  withServer({}, async ({ url, server, events }) => {
    const peer = await dial(url);
    await peer.introduce();
    await peer.next();
    await until(() => events.length === 1, 'connected');
    const socket = (peer.socket as unknown as { readonly _socket: Socket })._socket;
    socket.removeAllListeners('data');
    socket.removeAllListeners('end');
    socket.pause();
    socket.write(Buffer.from([0x88, 0x80, 1, 2, 3, 4])); // a close frame, masked and empty
    const ack = { kind: 'ack', run: run('1') } as const;
    await until(() => !server.send(peer.node, ack), 'nothing can be sent');
    assert.deepEqual(
      events.map(({ kind }) => kind),
      ['connected', 'disconnected'],
    );
    assert.equal(server.stats().sessions, 0);
    socket.destroy();
  }));
