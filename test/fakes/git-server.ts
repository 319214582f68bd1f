import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { GitServer } from '../../src/io/git/serve-http.ts';
import {
  isPush,
  listen,
  repositoryOf,
  runBackend,
  sendAnswer,
} from '../../src/io/git/serve-http.ts';

/** What goes wrong with one request. `lost-answer`: applied, then the connection dies. `hang`: nothing, for ever. */
export type Fault =
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly headers?: { readonly [name: string]: string };
    }
  | { readonly kind: 'hang' }
  | { readonly kind: 'stall-body'; readonly bytes: number }
  | { readonly kind: 'drop' }
  | { readonly kind: 'lost-answer' }
  | { readonly kind: 'garbage' }
  | { readonly kind: 'delay'; readonly ms: number };

export type FakeGitServer = GitServer & {
  /** Requests so far, e.g. `GET /fleet.git/info/refs?service=git-upload-pack`. */
  readonly requests: readonly string[];
  /** Decides each request's fate from now on; null ends all faults. */
  fail(decide: ((request: IncomingMessage) => Fault | null) | null): void;
  /** The next `count` pushes (POST git-receive-pack) meet this fault. */
  failPushes(fault: Fault, count?: number): void;
  /** Runs before a push reaches Git: a competing pusher fits here. */
  beforePush(action: (() => void) | null): void;
};

export type FakeGitServerOptions = {
  readonly root: string;
  /** Basic credentials that every request must bring. */
  readonly auth?: { readonly username: string; readonly password: string };
  readonly onPush?: (repository: string) => void;
};

/** The real thing, `git http-backend`, behind a server that can be told to misbehave. */
export async function startGitServer(options: FakeGitServerOptions): Promise<FakeGitServer> {
  const requests: string[] = [];
  let decide: ((request: IncomingMessage) => Fault | null) | null = null;
  let competing: (() => void) | null = null;
  const hanging = new Set<() => void>();

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    requests.push(`${request.method} ${request.url}`);
    if (!isAllowed(request, options.auth)) {
      request.resume();
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end();
      return;
    }
    const fault = decide?.(request) ?? null;
    if (fault !== null && (await misbehave(fault, request, response))) return;
    if (isPush(request)) competing?.();
    const answer = await runBackend(options.root, request);
    if (isPush(request) && answer.status === 200) options.onPush?.(repositoryOf(request));
    if (fault?.kind === 'lost-answer') request.socket.destroy();
    else if (fault?.kind === 'stall-body') {
      response.writeHead(answer.status, Object.fromEntries(answer.headers));
      response.write(answer.body.subarray(0, fault.bytes));
    } else sendAnswer(response, answer);
  }

  /** True when the request ends here. */
  async function misbehave(
    fault: Fault,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<boolean> {
    switch (fault.kind) {
      case 'status':
        request.resume();
        response.writeHead(fault.status, fault.headers ?? {}).end('no');
        return true;
      case 'hang':
        await new Promise<void>((resolve) => {
          hanging.add(resolve);
          request.socket.once('close', resolve);
        });
        return true;
      case 'drop':
        request.socket.destroy();
        return true;
      case 'garbage':
        request.resume();
        response.writeHead(200, { 'content-type': 'text/html' }).end('<html>welcome</html>');
        return true;
      case 'delay':
        await sleep(fault.ms);
        return false;
      case 'lost-answer':
      case 'stall-body':
        return false;
    }
  }

  const server = await listen({ host: '127.0.0.1', port: 0 }, handle);
  return {
    url: server.url,
    requests,
    async close() {
      for (const release of hanging) release();
      await server.close();
    },
    fail(next) {
      decide = next;
    },
    failPushes(fault, count = 1) {
      let left = count;
      decide = (request) => (isPush(request) && left-- > 0 ? fault : null);
    },
    beforePush(action) {
      competing = action;
    },
  };
}

function isAllowed(request: IncomingMessage, auth: FakeGitServerOptions['auth']): boolean {
  if (auth === undefined) return true;
  const wanted = Buffer.from(`${auth.username}:${auth.password}`).toString('base64');
  return request.headers.authorization === `Basic ${wanted}`;
}
