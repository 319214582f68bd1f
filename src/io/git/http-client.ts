import type { HttpClient } from 'isomorphic-git';
import { ReconcileError } from '../../core/model/errors.ts';
import { readAuthorities, readAuthorization } from './credentials.ts';
import { isFileFailure } from './errno.ts';
import type { GitScope } from './git-error.ts';
import { DamagedObject, gitError } from './git-error.ts';
import { withoutSecrets } from './remote-url.ts';

export type HttpLimits = {
  /** No connection or no answer after this long. */
  readonly headersTimeoutMs: number;
  /** No byte for this long within an answer. */
  readonly bodyTimeoutMs: number;
  /** A whole operation: listing, fetch. */
  readonly deadlineMs: number;
  readonly pushDeadlineMs: number;
  /** Largest answer taken, packs included. */
  readonly bytesMax: number;
  /** Reading through what a fetch brought, after it has come. */
  readonly unpackDeadlineMs: number;
};
export const HTTP_LIMITS: HttpLimits = {
  headersTimeoutMs: 30_000,
  bodyTimeoutMs: 60_000,
  deadlineMs: 120_000,
  pushDeadlineMs: 60_000,
  bytesMax: 512 << 20,
  unpackDeadlineMs: 300_000,
};

export type RemoteConfig = {
  /** Checked by `parseRemoteUrl`. */
  readonly url: string;
  readonly scope: GitScope;
  readonly credentialsFile: string | null;
  /** PEM certificates to trust instead of the built-in ones; read at each operation, as the credentials are. */
  readonly caFile?: string | null;
  readonly limits: HttpLimits;
};

type HttpRequest = {
  readonly url: string;
  readonly method?: string | undefined;
  readonly headers?: { [name: string]: string } | undefined;
  readonly body?: AsyncIterable<Uint8Array> | Iterable<Uint8Array> | undefined;
};

/** Headers that a redirect or a retry must not change; the library's own headers come on top. */
const USER_AGENT = 'git/reconciled';

/**
 * The HTTP client of every Git conversation: connections die with the operation, waits end, answers have a bound,
 * redirects are refused (a server must not choose another host for our credentials), and a bad status is a typed error
 * here, where its meaning is known.
 */
async function openHttpClient(
  remote: RemoteConfig,
  ca: string | null,
  signal: AbortSignal,
): Promise<HttpClient & { readonly close: () => Promise<void> }> {
  const { Agent, request } = await import('undici'); // a repository on this machine is read without
  const { headersTimeoutMs, bodyTimeoutMs } = remote.limits;
  const dispatcher = new Agent({
    connect: { timeout: headersTimeoutMs, ...(ca === null ? {} : { ca }) },
    headersTimeout: headersTimeoutMs,
    bodyTimeout: bodyTimeoutMs,
  });

  async function send(wanted: HttpRequest) {
    const authorization = await readAuthorization(remote.credentialsFile, remote.scope);
    const body = wanted.body === undefined ? undefined : await collect(wanted.body);
    const answer = await request(wanted.url, {
      method: wanted.method === 'POST' ? 'POST' : 'GET',
      headers: {
        'user-agent': USER_AGENT,
        ...wanted.headers,
        ...(authorization === null ? {} : { authorization }),
      },
      ...(body === undefined ? {} : { body }),
      dispatcher,
      signal,
    });
    if (answer.statusCode !== 200) {
      await answer.body.dump({ limit: 4_096 });
      throw statusError(remote, answer.statusCode);
    }
    return answer;
  }

  return {
    async request(wanted) {
      try {
        const answer = await send(wanted);
        return {
          url: wanted.url,
          method: wanted.method ?? 'GET',
          headers: Object.fromEntries(
            Object.entries(answer.headers).map(([name, value]) => [name, String(value)]),
          ),
          statusCode: answer.statusCode,
          statusMessage: String(answer.statusCode),
          body: limited(answer.body, remote, signal),
        };
      } catch (error) {
        throw transportError(remote, error);
      }
    },
    close: () => dispatcher.destroy(),
  };
}

async function collect(body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of body) parts.push(part);
  return Buffer.concat(parts);
}

async function* limited(
  body: AsyncIterable<Uint8Array>,
  remote: RemoteConfig,
  signal: AbortSignal,
): AsyncIterableIterator<Uint8Array> {
  let bytes = 0;
  try {
    for await (const part of body) {
      signal.throwIfAborted();
      bytes += part.length;
      if (bytes > remote.limits.bytesMax)
        throw gitError(
          remote.scope,
          'TOO_LARGE',
          `${withoutSecrets(remote.url)} sent more than ${remote.limits.bytesMax} bytes`,
        );
      yield part;
    }
  } catch (error) {
    throw transportError(remote, error);
  }
}

function statusError(remote: RemoteConfig, status: number): ReconcileError {
  const where = withoutSecrets(remote.url);
  if (status === 401 || status === 403)
    return gitError(
      remote.scope,
      'AUTH',
      `${where} answered ${status}; check the credentials file and what its account may do`,
    );
  if (status >= 300 && status < 400)
    return gitError(
      remote.scope,
      'UNREACHABLE',
      `${where} redirects (${status}); redirects are not followed, configure the final URL`,
    );
  if (status === 404)
    return gitError(
      remote.scope,
      'UNREACHABLE',
      `${where} answered 404; check the URL, and the credentials: hosts hide private repositories`,
    );
  return gitError(remote.scope, 'UNREACHABLE', `${where} answered ${status}`);
}

const TIMEOUT_NAMES = new Set([
  'TimeoutError',
  'HeadersTimeoutError',
  'BodyTimeoutError',
  'ConnectTimeoutError',
]);

/** Whatever a Git conversation throws, as a typed error; the caller's own abort stays what it is. */
function transportError(remote: RemoteConfig, error: unknown): unknown {
  if (error instanceof ReconcileError || error instanceof DamagedObject) return error;
  if (isFileFailure(error)) return error; // of the mirror, whose keeper knows what to do
  const where = withoutSecrets(remote.url);
  if (!(error instanceof Error))
    return gitError(remote.scope, 'UNREACHABLE', `${where} failed`, error);
  if (TIMEOUT_NAMES.has(error.name))
    return gitError(remote.scope, 'TIMEOUT', `${where} did not answer in time`, error);
  if (error.name === 'AbortError') return error; // the caller's, seen from inside a request
  return gitError(
    remote.scope,
    'UNREACHABLE',
    `cannot talk to ${where}: ${error.message.slice(0, 200)}`,
    error,
  );
}

/**
 * One operation: its own connections and one deadline over all of its requests.
 * @throws what `transportError` makes of it; the caller's own abort as it is
 */
export async function withHttp<Value>(
  remote: RemoteConfig,
  deadline: { readonly signal: AbortSignal; readonly ms: number },
  operation: (http: HttpClient) => Promise<Value>,
): Promise<Value> {
  const ca = await readAuthorities(remote);
  deadline.signal.throwIfAborted();
  // By hand, because AbortSignal.any leaves a trace on the daemon's signal at every poll.
  const ending = new AbortController();
  const onAbort = () => ending.abort(deadline.signal.reason);
  const onTimeout = () => ending.abort(new DOMException('deadline', 'TimeoutError'));
  const timer = setTimeout(onTimeout, deadline.ms);
  deadline.signal.addEventListener('abort', onAbort, { once: true });
  const http = await openHttpClient(remote, ca, ending.signal);
  try {
    return await operation(http);
  } catch (error) {
    throw deadline.signal.aborted ? error : transportError(remote, error);
  } finally {
    clearTimeout(timer);
    deadline.signal.removeEventListener('abort', onAbort);
    await http.close();
  }
}
