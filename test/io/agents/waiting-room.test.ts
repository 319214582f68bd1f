import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, Socket } from 'node:net';
import test from 'node:test';
import { present } from '../../../src/core/model/errors.ts';
import { makeReconnectThrottle } from '../../../src/io/agents/reconnect-throttle.ts';
import { makeWaitingRoom } from '../../../src/io/agents/waiting-room.ts';
import { makeIdentity, nodeIdOf } from '../../../src/protocol/keys.ts';
import { dial, until, withServer } from './listening.ts';

let port = 1;

/** Never connected; whom it says to come from is all that counts. */
function from(remoteAddress: string): Socket {
  const socket = new Socket();
  Object.defineProperties(socket, {
    remoteAddress: { value: remoteAddress },
    remotePort: { value: port++ },
  });
  return socket;
}

test('waiting room: when it is full, the oldest of the network that holds most makes room', () => {
  const cut: string[] = [];
  const room = makeWaitingRoom({ connections: 4, graceMs: 0 }, (network) => cut.push(network));
  const friend = from('192.0.2.1');
  const crowd = ['2001:db8::1', '2001:db8::2:1', '2001:db8:0:0:9::1'].map(from);
  for (const [at, socket] of [friend, ...crowd].entries()) room.enter(socket, at);
  room.enter(from('198.51.100.7'), 10);
  assert.equal(room.size, 4);
  assert.deepEqual(cut, ['2001:db8:0:0'], 'addresses of one /64 are one network');
  assert.deepEqual(
    [friend, ...crowd].map(({ destroyed }) => destroyed),
    [false, true, false, false],
  );
});

test('waiting room: who is welcome counts no more, and a crowd that has just come is not cut', () => {
  const room = makeWaitingRoom({ connections: 2, graceMs: 1_000 }, () => undefined);
  const fleet = Array.from({ length: 5 }, () => from('203.0.113.9'));
  for (const socket of fleet) room.enter(socket, 0);
  assert.ok(fleet.every(({ destroyed }) => !destroyed));
  for (const socket of fleet) room.leave(socket);
  assert.equal(room.size, 0);
  room.enter(from('203.0.113.9'), 5_000);
  assert.ok(
    fleet.every(({ destroyed }) => !destroyed),
    'they are in',
  );
});

for (const tls of ['made', 'plain'] as const) {
  test(`the door: silent connections do not keep a node out, and leave nothing behind (${tls})`, () =>
    withServer({ tls, limits: { waiting: { connections: 3, graceMs: 0 } } }, async (listening) => {
      const { server, logged } = listening;
      const silent = Array.from({ length: 6 }, () => connect(server.address.port, '127.0.0.1'));
      const closed = Promise.all(silent.slice(0, 3).map((socket) => once(socket, 'close')));
      for (const socket of silent) socket.on('error', () => undefined).resume();
      await Promise.all(silent.map((socket) => once(socket, 'connect')));
      await closed;
      const peer = await dial(listening.url);
      await peer.introduce();
      assert.equal((await peer.next()).kind, 'welcome');
      assert.ok(server.stats().waiting <= 3, 'it is in, and the others are bounded');
      assert.ok(logged.some(({ reason }) => reason === 'crowded'));
      for (const socket of silent) socket.destroy();
      await until(() => server.stats().waiting === 0, 'nobody waits');
      assert.equal(server.stats().sessions, 1);
    }));
}

test('reconnects: a burst, then so many a minute; who is sent away owes nothing for asking', () => {
  const throttle = makeReconnectThrottle({ burst: 3, perMinute: 6, nodesMax: 2 });
  const node = present(nodeIdOf(makeIdentity().publicKey), 'a made key has an id');
  const waits = [0, 0, 0, 0, 0].map((at) => throttle.waitMs(node, at));
  assert.deepEqual(waits, [0, 0, 0, 10_000, 10_000]);
  assert.equal(throttle.waitMs(node, 10_000), 0);
  assert.equal(throttle.waitMs(node, 10_000), 10_000);
});

test('the door: a node that comes in too often is told when to come again', () =>
  withServer(
    { limits: { reconnects: { burst: 1, perMinute: 1, nodesMax: 9 } } },
    async (listening) => {
      const identity = makeIdentity();
      const kinds: string[] = [];
      for (let time = 0; time < 2; time++) {
        const peer = await dial(listening.url, identity);
        await peer.introduce();
        const said = await peer.next();
        kinds.push(said.kind === 'wait' ? said.code : said.kind);
      }
      assert.deepEqual(kinds, ['welcome', 'TooManyReconnects']);
      assert.equal(listening.events.filter(({ kind }) => kind === 'connected').length, 1);
    },
  ));
