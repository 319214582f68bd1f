/**
 * Everything the demonstration stands on: a folder, a bare repository behind a real Git server, a daemon and its agents.
 * It speaks to them as anyone would: through commands, Git and the web hook.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import { ReconcileError } from '../../core/model/errors.ts';
import type { GitServer } from '../../io/git/serve-http.ts';
import { serveGit } from '../../io/git/serve-http.ts';
import type { Finished, Service } from './processes.ts';
import { runCommand, startService } from './processes.ts';

export type Stage = {
  readonly dir: string;
  /** A clone of the fleet's repository: what an author has on a laptop. */
  readonly work: string;
  readonly config: string;
  readonly repositoryUrl: string;
  readonly httpUrl: string;
  git(...args: string[]): Promise<string>;
  /** Runs a command of this very program; exit codes other than 0 must be allowed. */
  reconciled(args: readonly string[], allowed?: readonly number[]): Promise<Finished>;
  commit(message: string): Promise<string>;
  /** Resolves when it is ready. */
  startDaemon(): Promise<Service>;
  /** Registers a node below `nodes/<name>` and starts its agent. */
  joinNode(name: string, command: JoinCommand): Promise<Service>;
  startAgent(name: string): Service;
  close(): Promise<void>;
};

export type JoinCommand = { readonly args: readonly string[]; readonly code: string };

export type Summary = {
  readonly revision: string | null;
  readonly verdict: string;
  readonly nodes: { readonly total: number; readonly compliant: number; readonly pending: number };
  readonly invalidFilesTotal: number;
};

const READY_DEADLINE_MS = 120_000;
export const STATUS_REF = 'origin/reconciled/status';

export async function openStage(options: {
  readonly dir: string;
  readonly sample: string;
  /** argv prefix that runs this program: `[node, bin/reconciled.mjs]`. */
  readonly program: readonly string[];
  /** `15s`; the web hook makes a push known at once unless `poke` is off. */
  readonly pollInterval?: string;
  readonly poke?: boolean;
  readonly signal: AbortSignal;
}): Promise<Stage> {
  const { dir, program, signal, pollInterval = '15s', poke: pokes = true } = options;
  const work = join(dir, 'fleet');
  const config = join(dir, 'etc', 'daemon.yaml');
  const services: Service[] = [];
  let daemonIsUp = false;
  const secret = randomBytes(24).toString('hex');
  const [agentsPort, httpPort] = [await freePort(), await freePort()];
  const httpUrl = `http://127.0.0.1:${httpPort}`;
  const env = gitEnvironment(dir);
  for (const folder of ['etc', 'log', 'nodes', 'git']) {
    await mkdir(join(dir, folder), { recursive: true, mode: 0o700 });
  }

  const git = async (...args: string[]): Promise<string> => {
    const done = await runCommand({ argv: ['git', ...args], cwd: work, env, signal });
    return done.stdout.trim();
  };

  const bare = join(dir, 'git', 'fleet.git');
  await runCommand({ argv: ['git', 'init', '-q', '--bare', '-b', 'main', bare], env, signal });
  await runCommand({
    argv: ['git', '-C', bare, 'config', 'http.receivepack', 'true'],
    env,
    signal,
  });
  const server: GitServer = await serveGit({
    root: join(dir, 'git'),
    host: '127.0.0.1',
    port: 0,
    onPush: () => {
      if (pokes && daemonIsUp) poke(httpUrl, secret, signal);
    },
  });
  const repositoryUrl = `${server.url}/fleet.git`;
  await cp(options.sample, work, { recursive: true });
  await git('init', '-q', '-b', 'main');
  await git('remote', 'add', 'origin', repositoryUrl);
  await writeFile(join(dir, 'etc', 'webhook-secret'), secret, { mode: 0o600 });
  await writeFile(
    config,
    [
      'instance: demo',
      `source: { url: "${repositoryUrl}", branch: main, pollInterval: ${pollInterval} }`,
      'status: { interval: 1s }',
      `stateDir: ${join(dir, 'state')}`,
      `agents: { listen: "127.0.0.1:${agentsPort}" }`,
      `http: { listen: "127.0.0.1:${httpPort}" }`,
      'webhooks:',
      `  - { provider: github, secretFile: ${join(dir, 'etc', 'webhook-secret')} }`,
      '',
    ].join('\n'),
    { mode: 0o600 },
  );

  const reconciled: Stage['reconciled'] = (args, allowed = [0]) =>
    runCommand({
      argv: [...program, ...args],
      env: { ...env, NO_COLOR: '1' },
      cwd: dir,
      allowed,
      signal,
    });

  function start(name: string, args: readonly string[]): Service {
    const service = startService(name, [...program, ...args], join(dir, 'log', `${name}.log`), env);
    services.push(service);
    return service;
  }

  const startAgent = (name: string): Service =>
    start(name, ['agent', 'run', '--root', join(dir, 'nodes', name)]);

  return {
    dir,
    work,
    config,
    repositoryUrl,
    httpUrl,
    git,
    reconciled,
    async commit(message) {
      await git('add', '-A');
      await git('commit', '-q', '-m', message);
      await git('push', '-q', 'origin', 'main');
      return git('rev-parse', 'HEAD');
    },
    async startDaemon() {
      const daemon = start('daemon', ['daemon', '--config', config]);
      await until(
        async () => {
          if (daemon.exitCode !== null) throw daemonLeft(dir, daemon.exitCode);
          return (await statusOf(`${httpUrl}/readyz`, signal)) === 200;
        },
        `the daemon is not ready; see ${join(dir, 'log', 'daemon.log')}`,
        signal,
      );
      daemonIsUp = true;
      return daemon;
    },
    async joinNode(name, { args, code }) {
      const root = join(dir, 'nodes', name);
      await mkdir(root, { recursive: true, mode: 0o700 });
      await runCommand({
        argv: [...program, ...args, '--root', root],
        env: { ...env, RECONCILED_ACTIVATION_CODE: code },
        signal,
      });
      return startAgent(name);
    },
    startAgent,
    async close() {
      daemonIsUp = false;
      await Promise.all(services.splice(0).map((service) => service.stop()));
      await server.close();
    },
  };
}

/** The status branch as a reviewer fetches it; null before the first status commit. */
export async function readSummary(stage: Stage): Promise<Summary | null> {
  const refs = await stage.git('ls-remote', 'origin', 'refs/heads/reconciled/status');
  if (refs === '') return null;
  await stage.git(
    'fetch',
    '-q',
    'origin',
    `+refs/heads/reconciled/status:refs/remotes/${STATUS_REF}`,
  );
  return JSON.parse(await stage.git('show', `${STATUS_REF}:summary.json`)) as Summary;
}

/** The line that `activation create` prints, taken apart: what a person would paste on the new machine. */
export function parseJoinCommand(output: string): JoinCommand {
  const line = /RECONCILED_ACTIVATION_CODE=(\S+) (?:\S*\/)?reconciled (agent register .*)$/m.exec(
    output,
  );
  if (line === null) {
    throw new ReconcileError('DEMO_NO_JOIN_COMMAND', `no join command in:\n${output}`, {
      retry: 'never',
    });
  }
  return { code: line[1] ?? '', args: (line[2] ?? '').split(' ') };
}

/** Asks again every 200 ms. @throws ReconcileError DEMO_TIMEOUT */
export async function until(
  holds: () => Promise<boolean>,
  complaint: string,
  signal: AbortSignal,
  deadlineMs = READY_DEADLINE_MS,
): Promise<void> {
  const end = Date.now() + deadlineMs;
  while (Date.now() < end) {
    if (await holds()) return;
    await sleep(200, undefined, { signal });
  }
  throw new ReconcileError('DEMO_TIMEOUT', complaint, { retry: 'never' });
}

function daemonLeft(dir: string, code: number): ReconcileError {
  const log = join(dir, 'log', 'daemon.log');
  return new ReconcileError('DEMO_DAEMON_LEFT', `the daemon left with ${code}; see ${log}`, {
    retry: 'never',
  });
}

async function statusOf(url: string, signal: AbortSignal): Promise<number | null> {
  try {
    const { statusCode, body } = await request(url, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(2_000)]),
    });
    await body.dump();
    return statusCode;
  } catch (error) {
    if (signal.aborted) throw error;
    return null; // not listening yet: the caller asks again until its deadline
  }
}

/** What a forge does after a push. Lost pokes are healed by the poll, so a failure is only worth a line. */
function poke(httpUrl: string, secret: string, signal: AbortSignal): void {
  const body = JSON.stringify({ ref: 'refs/heads/main' });
  const digest = createHmac('sha256', secret).update(body).digest('hex');
  request(`${httpUrl}/webhooks/git`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', 'x-hub-signature-256': `sha256=${digest}` },
    signal: AbortSignal.any([signal, AbortSignal.timeout(2_000)]),
  }).then(
    (answer) => answer.body.dump(),
    (error: unknown) => {
      if (!signal.aborted) process.stderr.write(`web hook not delivered: ${String(error)}\n`);
    },
  );
}

/** No configuration of the person who runs it: the same demonstration on every machine. */
function gitEnvironment(dir: string): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    HOME: dir,
    LANG: 'C.UTF-8',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_NAME: 'Ada Operator',
    GIT_AUTHOR_EMAIL: 'ada@example.org',
    GIT_COMMITTER_NAME: 'Ada Operator',
    GIT_COMMITTER_EMAIL: 'ada@example.org',
    GIT_TERMINAL_PROMPT: '0',
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      probe.close(() => {
        resolve(port);
      });
    });
  });
}
