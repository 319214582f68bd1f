import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import type { TestContext } from 'node:test';
import test from 'node:test';
import { request } from 'undici';
import type { Health } from '../../src/daemon/http.ts';
import { openHttp } from '../../src/daemon/http.ts';

const SECRET = Buffer.from('a secret');

async function serving(t: TestContext, changed: Partial<Health> = {}) {
  let pokes = 0;
  const http = await openHttp(
    { host: '127.0.0.1', port: 0 },
    {
      live: () => true,
      ready: () => ({ ready: true, reasons: [] }),
      metrics: () => Promise.resolve('reconciled_up 1\n'),
      poke: () => {
        pokes++;
        return 'taken';
      },
      webhooks: [{ provider: 'github', secret: SECRET }],
      ...changed,
    },
    (error) => assert.fail(String(error)),
  );
  t.after(() => http.close());
  const ask = async (path: string, options: Parameters<typeof request>[1] = {}) => {
    const { statusCode, body } = await request(`http://127.0.0.1:${http.port}${path}`, options);
    return { code: statusCode, text: await body.text() };
  };
  const push = (body: string | Buffer, headers: { [name: string]: string } = {}) =>
    ask('/webhooks/git', { method: 'POST', body, headers: { ...signed(body), ...headers } });
  /** Less the moment, and what undici makes of connections. */
  const headersOf = async (path: string, method: 'GET' | 'HEAD') => {
    const answer = await request(`http://127.0.0.1:${http.port}${path}`, { method });
    const text = await answer.body.text();
    const { date: _, connection: __, 'keep-alive': ___, ...headers } = answer.headers;
    return { code: answer.statusCode, headers, text };
  };
  return { ask, push, headersOf, pokes: () => pokes };
}

const signed = (body: string | Buffer): { readonly [name: string]: string } => ({
  'x-hub-signature-256': `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`,
});

test('alive, ready and metrics', async (t) => {
  const { ask } = await serving(t);
  assert.deepEqual(await ask('/healthz'), { code: 200, text: 'ok\n' });
  assert.deepEqual(await ask('/readyz'), { code: 200, text: 'ready\n' });
  assert.deepEqual(await ask('/metrics?x=1'), { code: 200, text: 'reconciled_up 1\n' });
});

test('not alive and not ready are 503, with reasons', async (t) => {
  const { ask } = await serving(t, {
    live: () => false,
    ready: () => ({ ready: false, reasons: ['no revision is in force yet'] }),
  });
  assert.equal((await ask('/healthz')).code, 503);
  assert.deepEqual(await ask('/readyz'), { code: 503, text: 'no revision is in force yet\n' });
});

for (const ready of [true, false]) {
  for (const path of ['/healthz', '/readyz', '/metrics']) {
    test(`HEAD ${path} is GET without the body, ${ready ? 'ready' : 'not ready'}`, async (t) => {
      const { headersOf } = await serving(t, {
        live: () => ready,
        ready: () => ({ ready, reasons: ['not yet'] }),
      });
      const got = await headersOf(path, 'GET');
      assert.equal(Number(got.headers['content-length']), got.text.length);
      assert.deepEqual(await headersOf(path, 'HEAD'), { ...got, text: '' });
    });
  }
}

for (const c of [
  { name: 'a path nobody declared', path: '/', method: 'GET' },
  { name: 'a property that every object has', path: '/constructor', method: 'GET' },
  { name: 'an action by GET', path: '/webhooks/git', method: 'GET' },
  { name: 'an action by HEAD', path: '/webhooks/git', method: 'HEAD' },
  { name: 'a question by POST', path: '/metrics', method: 'POST' },
  { name: 'the control of the daemon', path: '/v1/pause', method: 'POST' },
] as const) {
  test(`${c.name} is 404`, async (t) => {
    const { ask, pokes } = await serving(t);
    const text = c.method === 'HEAD' ? '' : 'not found\n';
    assert.deepEqual(await ask(c.path, { method: c.method }), { code: 404, text });
    assert.equal(pokes(), 0);
  });
}

test('a signed push is a poke, whatever its body says', async (t) => {
  const { push, pokes } = await serving(t);
  assert.equal((await push('{"ref":"refs/heads/main"}')).code, 202);
  assert.equal((await push('not JSON at all')).code, 202);
  assert.equal((await push('')).code, 202);
  assert.equal(pokes(), 3);
});

test('a push without a right signature is 401 and no poke', async (t) => {
  const { ask, push, pokes } = await serving(t);
  assert.equal((await push('x', { 'x-hub-signature-256': 'sha256=00' })).code, 401);
  assert.equal((await ask('/webhooks/git', { method: 'POST', body: 'x' })).code, 401);
  assert.equal(pokes(), 0);
});

test('a body of 1 MiB is read, one of a byte more is 413 and no poke', async (t) => {
  const { push, pokes } = await serving(t);
  assert.equal((await push(Buffer.alloc(1024 * 1024))).code, 202);
  assert.equal((await push(Buffer.alloc(1024 * 1024 + 1))).code, 413);
  assert.equal(pokes(), 1);
});
