/**
 * Local control: HTTP on a unix socket in the state directory. Whoever may open the socket may ask; its file mode is the
 * authorisation. Bodies are small JSON, every request has a deadline, unknown routes are 404.
 */
import { chmod, rm } from 'node:fs/promises';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { ReconcileError } from '../core/model/errors.ts';
import type { Json } from '../core/model/json.ts';
import { isJsonObject } from '../core/model/json.ts';
import type { ControlAnswer, ControlRequest, ControlRoute } from './routes.ts';
import { CONTROL_ROUTES } from './routes.ts';

export type ControlHandler = (request: ControlRequest) => Promise<ControlAnswer>;

const BODY_BYTES_MAX = 256 * 1024;
const REQUEST_MS_MAX = 120_000;
/** Owner and group: add an operator to the daemon's group to let them in. */
const SOCKET_MODE = 0o660;

export async function openControl(
  path: string,
  handle: ControlHandler,
  onError: (error: unknown) => void,
): Promise<{ close(): Promise<void> }> {
  await rm(path, { force: true }); // left by a killed daemon; the state directory's lock says that it is gone
  const server = createServer({ requestTimeout: REQUEST_MS_MAX }, (request, response) => {
    answer(request, response, handle).catch((error: unknown) => {
      onError(error);
      reply(response, 500, { ok: false, code: 'INTERNAL', message: 'the daemon failed to answer' });
    });
  });
  await listen(server, path);
  await chmod(path, SOCKET_MODE);
  return {
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(path, { force: true });
    },
  };
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      reject(
        new ReconcileError('CONTROL_LISTEN', `cannot listen on ${path}: ${cause.message}`, {
          retry: 'never',
          cause,
        }),
      );
    });
    server.listen(path, resolve);
  });
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  handle: ControlHandler,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://control');
  const route = routeOf(request.method ?? '', url.pathname);
  if (route === null) {
    reply(response, 404, { ok: false, code: 'NO_ROUTE', message: `no route ${url.pathname}` });
    return;
  }
  const values =
    request.method === 'POST' ? await bodyOf(request) : Object.fromEntries(url.searchParams);
  if (values === null) {
    reply(response, 400, { ok: false, code: 'BAD_BODY', message: 'the body is not a JSON object' });
    return;
  }
  const answered = await handle({ route, values });
  reply(response, answered.ok ? 200 : 409, answered);
}

function routeOf(method: string, path: string): ControlRoute | null {
  for (const [name, route] of Object.entries(CONTROL_ROUTES)) {
    if (route.method === method && route.path === path) return name as ControlRoute;
  }
  return null;
}

async function bodyOf(request: IncomingMessage): Promise<{ [key: string]: Json } | null> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request) {
    const chunk = part as Buffer;
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) return null;
    parts.push(chunk);
  }
  try {
    const value: unknown = JSON.parse(Buffer.concat(parts).toString() || '{}');
    return isJsonObject(value) ? value : null;
  } catch {
    return null; // not JSON: the caller says so
  }
}

function reply(response: ServerResponse, status: number, value: ControlAnswer): void {
  if (response.headersSent) return;
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify(value)}\n`);
}
