import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Event } from '../../../src/core/world/events.ts';
import { keepAlarms } from '../../../src/daemon/alarms.ts';
import { openAlarms, stateIn } from '../../../src/io/alarms/alarms.ts';
import { openLog } from '../../../src/io/log.ts';

for (const { text, state } of [
  { text: 'OK', state: 'OK' },
  { text: '  ALARM since noon\n', state: 'ALARM' },
  { text: 'INSUFFICIENT_DATA', state: 'INSUFFICIENT_DATA' },
  { text: '{"AlarmName":"x","StateValue":"ALARM"}', state: 'ALARM' },
  { text: '{"StateValue":"OK"', state: 'UNKNOWN' },
  { text: '{"StateValue":["OK"]}', state: 'UNKNOWN' },
  { text: 'ok', state: 'UNKNOWN' },
  { text: 'OKAY', state: 'UNKNOWN' },
  { text: 'UNKNOWN', state: 'UNKNOWN' },
  { text: '', state: 'UNKNOWN' },
]) {
  test(`stateIn ${JSON.stringify(text)} is ${state}`, () => {
    assert.equal(stateIn(text).state, state);
    assert.equal(stateIn(text).problem === null, state !== 'UNKNOWN');
  });
}

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'alarms-'));
});
after(() => rm(folder, { recursive: true }));

const never = new AbortController().signal;
const at = (from: { readonly file: string } | { readonly url: string }) =>
  openAlarms([{ name: 'budget', from, intervalMs: 20 }]);

test('a file is read anew each time, and one that is not there is UNKNOWN', async () => {
  const file = join(folder, 'budget');
  const port = at({ file });
  assert.equal((await port.read('budget', never)).state, 'UNKNOWN');
  await writeFile(file, 'ALARM');
  assert.deepEqual(await port.read('budget', never), { state: 'ALARM', problem: null });
});

test('a pipe is no file: it is not waited for', async () => {
  const file = join(folder, 'pipe');
  execFileSync('mkfifo', [file]);
  const reading = await at({ file }).read('budget', never);
  assert.equal(reading.state, 'UNKNOWN');
  assert.match(reading.problem ?? '', /is no file/);
});

test('whoever leaves does not wait for a file', async () => {
  const file = join(folder, 'slow');
  await writeFile(file, 'OK');
  const port = at({ file });
  const leaving = new AbortController();
  const reading = port.read('budget', leaving.signal);
  leaving.abort();
  assert.equal((await reading).state, 'UNKNOWN');
  const again = await port.read('budget', never);
  assert.ok(again.state === 'OK' || /has not answered yet/.test(again.problem ?? ''));
});

test('a name that the configuration does not have is UNKNOWN', async () => {
  assert.equal((await at({ file: '/dev/null' }).read('other', never)).state, 'UNKNOWN');
});

for (const { path, state } of [
  { path: '/ok', state: 'OK' },
  { path: '/moved', state: 'UNKNOWN' },
  { path: '/broken', state: 'UNKNOWN' },
  { path: '/endless', state: 'UNKNOWN' },
]) {
  test(`over HTTP ${path} is ${state}`, async () => {
    const server = createServer((request, answer) => {
      if (request.url === '/ok') answer.end('OK');
      else if (request.url === '/moved') answer.writeHead(302, { location: '/ok' }).end();
      else if (request.url === '/broken') answer.writeHead(500).end('OK');
      else answer.end('OK '.repeat(30_000));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      const reading = await at({ url: `http://127.0.0.1:${port}${path}` }).read('budget', never);
      assert.equal(reading.state, state);
    } finally {
      server.close();
    }
  });
}

test('a host that is not there is UNKNOWN, and says why', async () => {
  const { state, problem } = await at({ url: 'http://127.0.0.1:1/' }).read('budget', never);
  assert.equal(state, 'UNKNOWN');
  assert.match(problem ?? '', /ECONNREFUSED|bad port/);
});

test('the world is told of changes, and of nothing else', async () => {
  const file = join(folder, 'told');
  await writeFile(file, 'OK');
  const told: string[] = [];
  const post = (event: Event): void => {
    if (event.kind === 'alarms') told.push([...event.states].join(' '));
  };
  const leave = new AbortController();
  const kept = keepAlarms(
    at({ file }),
    { inbox: { post }, log: openLog({ level: 'error' }) },
    leave.signal,
  );
  while (told.length < 1) await sleep(5);
  await sleep(100);
  await writeFile(`${file}.new`, 'ALARM');
  await rename(`${file}.new`, file);
  while (told.length < 2) await sleep(5);
  leave.abort();
  await kept;
  assert.deepEqual(told, ['budget,OK', 'budget,ALARM']);
});
