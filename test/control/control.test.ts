import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import test from 'node:test';
import { promisify } from 'node:util';
import { askDaemon } from '../../src/control/client.ts';
import type { ControlRequest } from '../../src/control/routes.ts';
import type { ControlHandler } from '../../src/control/server.ts';
import { openControl } from '../../src/control/server.ts';

async function folder(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'reconciled-control-'));
  t.after(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

async function listening(t: TestContext, handle: ControlHandler) {
  const socket = join(await folder(t), 'control.sock');
  const errors: unknown[] = [];
  const server = await openControl(socket, handle, (error) => errors.push(error));
  t.after(() => server.close());
  return { socket, errors, server };
}

test('a question and a wish arrive with their values, and the answer comes back', async (t) => {
  const asked: ControlRequest[] = [];
  const { socket } = await listening(t, (request) => {
    asked.push(request);
    return Promise.resolve({ ok: true, value: ['seen', request.route] });
  });
  assert.deepEqual(await askDaemon(socket, 'executions', { association: 'motd' }), [
    'seen',
    'executions',
  ]);
  await askDaemon(socket, 'run', { by: 'ada', associations: ['motd'], nodes: [] });
  assert.deepEqual(asked, [
    { route: 'executions', values: { association: 'motd' } },
    { route: 'run', values: { by: 'ada', associations: ['motd'], nodes: [] } },
  ]);
});

test("the daemon's refusal is an error with its code", async (t) => {
  const { socket } = await listening(t, () =>
    Promise.resolve({ ok: false, code: 'UNKNOWN_NODE', message: 'no such node' }),
  );
  await assert.rejects(askDaemon(socket, 'revoke', { node: 'x' }), {
    code: 'UNKNOWN_NODE',
    message: 'no such node',
  });
});

test('a handler that fails is 500 for who asked, and told to the daemon', async (t) => {
  const { socket, errors } = await listening(t, () => Promise.reject(new Error('bug')));
  await assert.rejects(askDaemon(socket, 'status'), { code: 'INTERNAL' });
  assert.equal(errors.length, 1);
});

for (const c of [
  { name: 'a path that is not in the table', method: 'GET', path: '/v1/secrets', code: 404 },
  { name: 'a question with the method of a wish', method: 'POST', path: '/v1/status', code: 404 },
  { name: 'a wish with the method of a question', method: 'GET', path: '/v1/pause', code: 404 },
  { name: 'a path with dots', method: 'GET', path: '/v1/../v1/status/', code: 404 },
  { name: 'a body that is no object', method: 'POST', path: '/v1/run', body: '[1]', code: 400 },
  { name: 'a body that is no JSON', method: 'POST', path: '/v1/run', body: '{', code: 400 },
]) {
  test(`control: ${c.name} is ${c.code}`, async (t) => {
    const { socket } = await listening(t, () => assert.fail('nobody may be asked'));
    assert.equal(await statusOf(socket, c), c.code);
  });
}

test('the socket is for owner and group, whatever the umask', async (t) => {
  const before = process.umask(0);
  t.after(() => process.umask(before));
  const { socket } = await listening(t, () => Promise.resolve({ ok: true, value: null }));
  assert.equal((await stat(socket)).mode & 0o777, 0o660);
});

test('whom the mode shuts out is told so, and nothing reaches the daemon', async (t) => {
  if (process.getuid?.() !== 0) return t.skip('needs root, to ask as somebody else');
  const { socket } = await listening(t, () => assert.fail('nobody may be asked'));
  await chmod(join(socket, '..'), 0o755);
  const stranger = { uid: 65_534, gid: 65_534 };
  const ask = `require('node:http').get({socketPath:${JSON.stringify(socket)},path:'/v1/status'},r=>console.log(r.statusCode)).on('error',e=>console.log(e.code))`;
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', ask], {
    ...stranger,
    cwd: '/',
  });
  assert.equal(stdout.trim(), 'EACCES');
});

test('no daemon is an error that says what to do', async (t) => {
  const socket = join(await folder(t), 'control.sock');
  await assert.rejects(askDaemon(socket, 'status'), { code: 'DAEMON_NOT_RUNNING' });
});

test('what a killed daemon left on the name is replaced; a closed one leaves nothing', async (t) => {
  const socket = join(await folder(t), 'control.sock');
  await writeFile(socket, '');
  const server = await openControl(
    socket,
    () => Promise.resolve({ ok: true, value: 1 }),
    (error) => assert.fail(String(error)),
  );
  assert.equal(await askDaemon(socket, 'status'), 1);
  await server.close();
  await assert.rejects(stat(socket), { code: 'ENOENT' });
});

function statusOf(
  socketPath: string,
  {
    method,
    path,
    body = '',
  }: { readonly method: string; readonly path: string; readonly body?: string },
): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ socketPath, method, path }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    request.on('error', reject);
    request.end(body);
  });
}
