import { spawn } from 'node:child_process';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Answers are held in memory: this serves a demonstration and tests, not a team. */
const ANSWER_BYTES_MAX = 256 << 20;
const BACKEND_DEADLINE_MS = 60_000;

type GitServerOptions = {
  /** Folder of bare repositories; `/fleet.git` is `<root>/fleet.git`. */
  readonly root: string;
  readonly host: '127.0.0.1' | '::1';
  /** 0 takes a free one. */
  readonly port: number;
  /** Called after a push was applied, with the path of the repository (`/fleet.git`). */
  readonly onPush?: (repository: string) => void;
};

export type GitServer = { readonly url: string; close(): Promise<void> };

/** A smart-HTTP Git server on loopback around the system's `git http-backend`. Everyone may read and push. */
export async function serveGit(options: GitServerOptions): Promise<GitServer> {
  return listen(options, async (request, response) => {
    const answer = await runBackend(options.root, request);
    sendAnswer(response, answer);
    if (isPush(request) && answer.status === 200) options.onPush?.(repositoryOf(request));
  });
}

/** Also the ground of the faulty server in the tests, which brings its own `handle`. */
export async function listen(
  place: Pick<GitServerOptions, 'host' | 'port'>,
  handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
): Promise<GitServer> {
  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500);
      response.end(error instanceof Error ? error.message : 'failed');
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(place.port, place.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  const host = place.host === '::1' ? '[::1]' : place.host;
  return { url: `http://${host}:${port}`, close: () => closeServer(server) };
}

export const isPush = (request: IncomingMessage): boolean =>
  request.method === 'POST' && (request.url ?? '').endsWith('/git-receive-pack');

export const repositoryOf = (request: IncomingMessage): string =>
  (request.url ?? '').replace(/\/(info\/refs|git-(upload|receive)-pack)(\?.*)?$/, '');

type BackendAnswer = {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
};

/** One CGI call. The child gets the request on stdin and an environment that holds nothing of ours. */
export function runBackend(root: string, request: IncomingMessage): Promise<BackendAnswer> {
  const child = spawn('git', ['http-backend'], {
    env: backendEnvironment(root, request),
    stdio: ['pipe', 'pipe', 'ignore'],
    timeout: BACKEND_DEADLINE_MS,
    killSignal: 'SIGKILL',
  });
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let bytes = 0;
    child.once('error', reject);
    // A backend that answers early closes its input; that is its right, and the answer says why.
    child.stdin.on('error', () => request.unpipe(child.stdin));
    child.stdout.on('data', (part: Buffer) => {
      bytes += part.length;
      if (bytes > ANSWER_BYTES_MAX) child.kill('SIGKILL');
      else parts.push(part);
    });
    child.once('close', (code) => {
      const answer = parseCgi(Buffer.concat(parts));
      if (answer === null) reject(new Error(`git http-backend ended with ${code} and no answer`));
      else resolve(answer);
    });
    request.pipe(child.stdin);
  });
}

export function sendAnswer(response: ServerResponse, answer: BackendAnswer): void {
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  response.end(answer.body);
}

function backendEnvironment(root: string, request: IncomingMessage): NodeJS.ProcessEnv {
  const [path = '', query = ''] = (request.url ?? '').split('?');
  const header = (name: string) => String(request.headers[name] ?? '');
  return {
    PATH: process.env['PATH'],
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_PROJECT_ROOT: root,
    GIT_HTTP_EXPORT_ALL: '1',
    GIT_PROTOCOL: header('git-protocol'),
    REQUEST_METHOD: request.method,
    PATH_INFO: decodeURIComponent(path),
    QUERY_STRING: query,
    CONTENT_TYPE: header('content-type'),
    CONTENT_LENGTH: header('content-length'),
    HTTP_CONTENT_ENCODING: header('content-encoding'),
    // A user of any name is what makes http-backend allow pushes.
    REMOTE_USER: 'git',
    REMOTE_ADDR: '127.0.0.1',
  };
}

function parseCgi(output: Buffer): BackendAnswer | null {
  const end = output.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const headers = new Map<string, string>();
  for (const line of output.toString('latin1', 0, end).split('\r\n')) {
    const colon = line.indexOf(':');
    headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  const status = Number.parseInt(headers.get('status') ?? '200', 10);
  headers.delete('status');
  return { status, headers, body: output.subarray(end + 4) };
}

async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise<void>((resolve, reject) =>
    server.close((error) => (error === undefined ? resolve() : reject(error))),
  );
}
