/**
 * Health, metrics and the web hook. One declared route table, everything else is 404; small bodies, short deadlines, no
 * names of nodes. Loopback by default.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { ReconcileError } from '../core/model/errors.ts';
import type { Listen } from '../io/config.ts';
import type { WebhookKey } from './webhook.ts';
import { isSignedPush } from './webhook.ts';

export type Health = {
  /** Alive: the loop makes progress. */
  live(): boolean;
  /** Ready: a revision is in force, the door is open, the journal takes records. */
  ready(): { readonly ready: boolean; readonly reasons: readonly string[] };
  metrics(): Promise<string>;
  /** A signed push was announced. */
  poke(): 'taken' | 'deferred';
  readonly webhooks: readonly WebhookKey[];
};

type Route = {
  readonly method: 'GET' | 'POST';
  answer(request: IncomingMessage, health: Health): Promise<Reply> | Reply;
};
type Reply = { readonly status: number; readonly body: string; readonly type?: string };

const routes: { readonly [path: string]: Route } = {
  '/healthz': {
    method: 'GET',
    answer: (_, health) =>
      health.live() ? { status: 200, body: 'ok\n' } : { status: 503, body: 'no progress\n' },
  },
  '/readyz': {
    method: 'GET',
    answer: (_, health) => {
      const { ready, reasons } = health.ready();
      return ready
        ? { status: 200, body: 'ready\n' }
        : { status: 503, body: `${reasons.join('\n')}\n` };
    },
  },
  '/metrics': {
    method: 'GET',
    answer: async (_, health) => ({
      status: 200,
      body: await health.metrics(),
      type: 'text/plain; version=0.0.4; charset=utf-8',
    }),
  },
  '/webhooks/git': { method: 'POST', answer: webhook },
};

const WEBHOOK_BYTES_MAX = 1024 * 1024;
/** Node looks for connections that are too slow this often: by default rarer than the deadlines themselves. */
const TIMEOUTS_MS = { headers: 5_000, request: 10_000, lookEvery: 1_000 };
const CONNECTIONS_MAX = 256;

/** @throws ReconcileError HTTP_LISTEN (retry `never`) */
export async function openHttp(
  listen: Listen,
  health: Health,
  onError: (error: unknown) => void,
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const server = createServer(
    {
      headersTimeout: TIMEOUTS_MS.headers,
      requestTimeout: TIMEOUTS_MS.request,
      connectionsCheckingInterval: TIMEOUTS_MS.lookEvery,
      maxHeaderSize: 16 * 1024,
    },
    (request, response) => {
      handle(request, response, health).catch((error: unknown) => {
        onError(error);
        send(response, { status: 500, body: 'failed\n' });
      });
    },
  );
  server.maxConnections = CONNECTIONS_MAX;
  await bind(server, listen);
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : listen.port,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function bind(server: Server, { host, port }: Listen): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      reject(
        new ReconcileError('HTTP_LISTEN', `cannot listen on ${host}:${port}: ${cause.message}`, {
          retry: 'never',
          cause,
        }),
      );
    });
    server.listen(port, host, resolve);
  });
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  health: Health,
): Promise<void> {
  const path = (request.url ?? '').split('?')[0] ?? '';
  const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
  // HEAD is GET whose body is left out, which node does by itself: what probes of load balancers send.
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  if (route === undefined || route.method !== method) {
    request.resume();
    send(response, { status: 404, body: 'not found\n' });
    return;
  }
  send(response, await route.answer(request, health));
}

/** Only a poke: the signature over the raw body is checked, and then the body is ignored (contract §4). */
async function webhook(request: IncomingMessage, health: Health): Promise<Reply> {
  const body = await rawBody(request);
  if (body === null) return { status: 413, body: 'too large\n' };
  if (!isSignedPush(request.headers, body, health.webhooks)) {
    return { status: 401, body: 'not signed\n' };
  }
  return { status: 202, body: health.poke() === 'taken' ? 'looking\n' : 'looking soon\n' };
}

async function rawBody(request: IncomingMessage): Promise<Buffer | null> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request) {
    const chunk = part as Buffer;
    bytes += chunk.length;
    if (bytes > WEBHOOK_BYTES_MAX) return null;
    parts.push(chunk);
  }
  return Buffer.concat(parts);
}

function send(response: ServerResponse, { status, body, type = 'text/plain' }: Reply): void {
  if (response.headersSent) return;
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
  });
  response.end(body);
}
