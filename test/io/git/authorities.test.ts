import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import test from 'node:test';
import { HTTP_LIMITS, withHttp } from '../../../src/io/git/http-client.ts';
import { makeCertificate } from '../../../src/protocol/tls.ts';

/** A server with a certificate that nobody has signed but itself; gives what an answer of it is. */
async function serving(t: TestContext) {
  const dir = await mkdtemp(path.join(tmpdir(), 'reconciled-ca-'));
  t.after(() => rm(dir, { recursive: true }));
  const { cert, key } = makeCertificate('localhost');
  const server = createServer({ cert, key }, (_, response) => response.end('hello'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const file = path.join(dir, 'ca.pem');
  await writeFile(file, cert);
  const url = `https://localhost:${(server.address() as AddressInfo).port}/fleet.git`;
  const ask = (caFile: string | null) =>
    withHttp(
      { url, scope: 'SOURCE', credentialsFile: null, caFile, limits: HTTP_LIMITS },
      { signal: new AbortController().signal, ms: 5_000 },
      async (http) => (await http.request({ url })).statusCode,
    );
  return { dir, file, ask };
}

test('a server is trusted for the certificates that are configured, and for no other reason', async (t) => {
  const { dir, file, ask } = await serving(t);
  assert.equal(await ask(file), 200);
  await assert.rejects(ask(null), { code: 'SOURCE_UNREACHABLE' });
  const other = path.join(dir, 'other.pem');
  await writeFile(other, makeCertificate('localhost').cert);
  await assert.rejects(ask(other), { code: 'SOURCE_UNREACHABLE' });
});

test('a file of certificates that cannot be read is told as what it is', async (t) => {
  const { dir, ask } = await serving(t);
  await assert.rejects(ask(path.join(dir, 'missing.pem')), {
    code: 'SOURCE_AUTH',
    message: /certificates in .*missing\.pem/,
  });
});
