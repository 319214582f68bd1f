import { createHash, randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import { Agent, request } from 'undici';
import { ReconcileError } from '../../../core/model/errors.ts';
import type { DownloadFile } from '../../../disk/download-file.ts';
import { digestAuthorization } from './digest-auth.ts';
import type { Patience } from './patience.ts';
import { again } from './patience.ts';
import { DownloadError, PassingError } from './placed.ts';

export type HttpAuth =
  | { readonly method: 'None' }
  | { readonly method: 'Basic' | 'Digest'; readonly username: string; readonly password: string };

export type HttpAnswer = {
  readonly status: number;
  readonly headers: { readonly [name: string]: string };
  readonly body: Readable;
};

const REDIRECTS_MAX = 5;
const quietMs = 60_000;

export type HttpOptions = {
  readonly auth?: HttpAuth;
  /** Headers of a request to this URL, e.g. its signature. */
  readonly headers?: (url: URL) => { readonly [name: string]: string };
  /** False refuses `http:`, also as the target of a redirect. */
  readonly allowInsecure: boolean;
  readonly signal: AbortSignal;
  /** True: the caller asks otherwise after this answer, and it is not followed. */
  readonly isForCaller?: (answer: Omit<HttpAnswer, 'body'>) => boolean;
};

/**
 * GET with redirects; the body is a stream that the caller drains. Credentials and headers go to the first origin only.
 * @throws DownloadError for a scheme that is not allowed, too many redirects, a server that cannot be reached
 */
export async function get(url: string, options: HttpOptions): Promise<HttpAnswer> {
  const { signal } = options;
  const agent = new Agent({
    connect: { timeout: quietMs },
    headersTimeout: quietMs,
    bodyTimeout: quietMs,
  });
  let at = new URL(url);
  const { origin } = at;
  const { auth = { method: 'None' } } = options;
  let authorization = auth.method === 'Basic' ? basicAuthorization(auth) : null;
  let challenged = false;
  for (let redirects = 0; ; ) {
    if (at.protocol !== 'https:' && !(at.protocol === 'http:' && options.allowInsecure))
      throw new DownloadError(`${shown(at)} is not https`);
    const isOurs = at.origin === origin;
    const answer = await reach(at, () =>
      request(at, {
        dispatcher: agent,
        signal,
        headers: {
          'user-agent': 'reconciled',
          ...(isOurs ? options.headers?.(at) : {}),
          ...(isOurs && authorization !== null ? { authorization } : authorizationIn(at)),
        },
      }),
    );
    const headers = Object.fromEntries(
      Object.entries(answer.headers).map(([name, value]) => [name, String(value ?? '')]),
    );
    const { statusCode: status } = answer;
    if (status === 401 && auth.method === 'Digest' && isOurs && !challenged) {
      challenged = true;
      await answer.body.dump({ limit: 65_536 });
      authorization = digestAuthorization(headers['www-authenticate'] ?? '', auth, {
        method: 'GET',
        path: at.pathname + at.search,
        cnonce: randomBytes(8).toString('hex'),
      });
      if (authorization === null) throw new DownloadError(`${shown(at)} offers no Digest we know`);
      continue;
    }
    const location = headers['location'];
    const isEnd = status < 300 || status > 399 || location === undefined;
    if (isEnd || options.isForCaller?.({ status, headers }) === true)
      return { status, headers, body: answer.body };
    await answer.body.dump({ limit: 65_536 });
    redirects += 1;
    if (redirects > REDIRECTS_MAX) throw new DownloadError(`more than ${REDIRECTS_MAX} redirects`);
    if (!URL.canParse(location, at.href)) throw new DownloadError('a redirect leads to no URL');
    at = new URL(location, at.href);
    // An answer to a challenge is for the one place that was asked for.
    if (auth.method === 'Digest') [authorization, challenged] = [null, false];
  }
}

/** What a URL says of itself, as `user:password@`; for this place only. */
function authorizationIn({ username, password }: URL): { readonly authorization?: string } {
  if (username === '' && password === '') return {};
  try {
    const [user, secret] = [decodeURIComponent(username), decodeURIComponent(password)];
    return { authorization: basicAuthorization({ username: user, password: secret }) };
  } catch {
    return {}; // a percent sign that encodes nothing
  }
}

/** What `download` asks for, and how. */
export type Wanted = {
  /** For people. */
  readonly name: string;
  readonly ask: () => Promise<HttpAnswer>;
  /** '' when any content will do. */
  readonly sha256: string;
};

/**
 * The body into `file`, which is closed then; when this throws, it holds nothing to be used. What may pass is tried again,
 * each time from the first byte: a status too, but for 403 as with AWS's agent, and 401, which would only lock somebody out.
 * @throws DownloadError for another status, another digest, a cut answer
 */
export async function download(
  { name, ask, sha256 }: Wanted,
  patience: Patience,
  file: DownloadFile,
): Promise<void> {
  try {
    await again(async () => {
      const answer = await ask();
      const { status, body } = answer;
      if (status !== 200) {
        dropBody(body);
        const Failure = status === 401 || status === 403 ? DownloadError : PassingError;
        throw new Failure(`${name} answers ${status}`);
      }
      const digest = await pour(answer, file, name);
      if (sha256 !== '' && digest !== sha256)
        throw new DownloadError(`SHA-256 of ${name} is ${digest}, not ${sha256}`);
    }, patience);
  } finally {
    await file.close();
  }
}

/** @returns the SHA-256 of all that the answer held */
async function pour(
  { body, headers }: HttpAnswer,
  file: DownloadFile,
  name: string,
): Promise<string> {
  await file.rewind();
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      hash.update(chunk);
      bytes += chunk.length;
      await file.write(chunk);
    }
  } catch (cause) {
    // Ours, or the disk's: no server can heal that.
    if (cause instanceof DownloadError || cause instanceof ReconcileError) throw cause;
    throw new PassingError(`${name} broke off after ${bytes} bytes`);
  }
  const length = headers['content-length'];
  if (length !== undefined && headers['content-encoding'] === undefined && Number(length) !== bytes)
    throw new PassingError(`${name} broke off after ${bytes} of ${length} bytes`);
  return hash.digest('hex');
}

/** An answer that nobody reads; destroying it is an error to whoever listens. */
export function dropBody(body: Readable): void {
  body.on('error', () => undefined).destroy();
}

/** For people: what a URL carries besides its place may be secret. */
export const shown = ({ protocol, host, pathname }: URL): string =>
  `${protocol}//${host}${pathname}`;

async function reach<Answer>(url: URL, call: () => Promise<Answer>): Promise<Answer> {
  try {
    return await call();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new PassingError(`${shown(url)} cannot be reached: ${why}`);
  }
}

export const basicAuthorization = (auth: { username: string; password: string }): string =>
  `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString('base64')}`;
