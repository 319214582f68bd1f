/** Asks a daemon on this machine through its control socket. */
import { Client } from 'undici';
import { ReconcileError } from '../core/model/errors.ts';
import type { Json } from '../core/model/json.ts';
import type { ControlAnswer, ControlRoute } from './routes.ts';
import { CONTROL_ROUTES } from './routes.ts';

const ANSWER_MS_MAX = 120_000;

/**
 * @throws ReconcileError DAEMON_NOT_RUNNING when nobody listens, NOT_ALLOWED when the socket's mode forbids it, or the
 *   daemon's own code
 */
export async function askDaemon(
  socketPath: string,
  route: ControlRoute,
  values: { readonly [key: string]: Json } = {},
  signal: AbortSignal = AbortSignal.timeout(ANSWER_MS_MAX),
): Promise<Json> {
  const { method, path } = CONTROL_ROUTES[route];
  const client = new Client('http://control', { socketPath, bodyTimeout: ANSWER_MS_MAX });
  try {
    const query = new URLSearchParams(
      Object.fromEntries(Object.entries(values).map(([key, value]) => [key, String(value)])),
    );
    const { body } = await client.request({
      method,
      path: method === 'GET' ? `${path}?${query}` : path,
      body: method === 'POST' ? JSON.stringify(values) : null,
      signal,
      headersTimeout: ANSWER_MS_MAX,
    });
    const answer = (await body.json()) as ControlAnswer;
    if (answer.ok) return answer.value;
    throw new ReconcileError(answer.code, answer.message, { retry: 'never' });
  } catch (cause) {
    throw typed(cause, socketPath);
  } finally {
    await client.destroy();
  }
}

function typed(cause: unknown, socketPath: string): unknown {
  const code = (cause as { readonly code?: unknown }).code;
  if (code === 'ENOENT' || code === 'ECONNREFUSED') {
    return new ReconcileError(
      'DAEMON_NOT_RUNNING',
      `no daemon listens on ${socketPath}: start it, or name the configuration of the one that runs with --config`,
      { retry: 'never', cause },
    );
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return new ReconcileError(
      'NOT_ALLOWED',
      `you may not open ${socketPath}: ask as root, or join the daemon's group`,
      { retry: 'never', cause },
    );
  }
  return cause;
}
