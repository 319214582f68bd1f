/**
 * A whole installation on loopback for one test file: a bare repository behind `git http-backend`, the daemon and its
 * agents as processes of the shipped program. Nothing in it is a fake but the faults that a test asks for.
 */
import assert from 'node:assert/strict';
import { createHash, createHmac, randomBytes, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import { parse } from 'yaml';
import { registerAgent } from '../../src/agent/register.ts';
import type { Finished, Service } from '../../src/cli/demo/processes.ts';
import { runCommand, startService } from '../../src/cli/demo/processes.ts';
import { askDaemon } from '../../src/control/client.ts';
import type { ControlRoute } from '../../src/control/routes.ts';
import type { Json } from '../../src/core/model/json.ts';
import type { StatusSummary } from '../../src/core/report/summary.ts';
import { loadOrCreateKeyFile } from '../../src/protocol/key-file.ts';
import { PROGRAM } from '../fakes/built-program.ts';
import type { GitRepo } from '../fakes/git-repo.ts';
import { makeRepo, tempDir } from '../fakes/git-repo.ts';
import type { FakeGitServer } from '../fakes/git-server.ts';
import { startGitServer } from '../fakes/git-server.ts';
import type { Files } from './files.ts';

export const STATUS_BRANCH = 'reconciled/status';

const INSTANCE = 'real';
/** Two cores that other tests share: a start takes seconds, and a hung daemon is still found. */
const DEADLINE_MS = 30_000;
const LOOK_MS = 100;
const LOG_LINES_SHOWN = 25;

export type FleetOptions = {
  readonly files: Files;
  /** Nodes to register and start, with the tags that their activations give. */
  readonly nodes: { readonly [name: string]: { readonly [tag: string]: string } };
  readonly pollInterval?: string;
  readonly statusInterval?: string;
  readonly stateDir?: string;
  readonly environment?: NodeJS.ProcessEnv;
  /** Further lines of daemon.yaml. */
  readonly configLines?: readonly string[];
};

/** What a node's file on the status branch says of one association. */
export type AssociationLine = {
  readonly AssociationName: string;
  readonly Status: string;
  readonly DetailedStatus?: string;
  readonly OutputTail?: string;
  readonly Summary?: string;
  readonly ExitCode?: number;
  readonly Pending?: { readonly Reason: string };
};

export type Fleet = {
  readonly dir: string;
  readonly repo: GitRepo;
  readonly server: FakeGitServer;
  readonly config: string;
  readonly stateDir: string;
  readonly httpUrl: string;
  readonly agentsUrl: string;
  readonly webhookSecret: string;
  /** The daemon that runs now, or ran last. */
  readonly daemon: Service;
  agent(name: string): Service;
  nodeId(name: string): string;
  /** Where `RECONCILED_ROOT` points on that node. */
  root(name: string): string;
  /** Lines of a file on a node; none while there is no such file. */
  lines(name: string, file: string): readonly string[];
  startDaemon(environment?: NodeJS.ProcessEnv): Promise<Service>;
  /** Starts one and does not wait for it to be ready: it may be about to refuse. */
  launchDaemon(environment?: NodeJS.ProcessEnv): Service;
  startAgent(name: string): Service;
  /** A node that joins with an activation of its own, which is committed first. */
  join(name: string, tags: { readonly [tag: string]: string }): Promise<void>;
  commit(files: Readonly<{ [path: string]: string | null }>, message?: string): string;
  /** What a forge sends after a push; the answer's status code. */
  poke(signature?: string): Promise<number>;
  run(args: readonly string[], allowed?: readonly number[]): Promise<Finished>;
  ask(route: ControlRoute, values?: { readonly [key: string]: Json }): Promise<Json>;
  summary(): StatusSummary | null;
  nodeFile(name: string): { readonly Associations: readonly AssociationLine[] } | null;
  line(name: string, association: string): AssociationLine | null;
  /** A state of the world that is to come about by itself. @throws AssertionError with what stands instead */
  until(holds: () => boolean | Promise<boolean>, what: string, deadlineMs?: number): Promise<void>;
  /** Every node compliant at this revision, said by the status branch. */
  converged(revision: string, deadlineMs?: number): Promise<StatusSummary>;
  /** For as long as an undesired reaction would surely have needed. */
  stays(holds: () => boolean, what: string, forMs: number): Promise<void>;
  daemonLog(): string;
  close(): Promise<void>;
};

export async function openFleet(options: FleetOptions): Promise<Fleet> {
  const dir = tempDir('real-');
  for (const folder of ['etc', 'log', 'nodes', 'git']) mkdirSync(join(dir, folder));
  const repo = makeRepo(join(dir, 'git'));
  const server = await startGitServer({ root: join(dir, 'git') });
  const stateDir = options.stateDir ?? join(dir, 'state');
  const [agentsPort, httpPort] = [await freePort(), await freePort()];
  const httpUrl = `http://127.0.0.1:${httpPort}`;
  const agentsUrl = `wss://127.0.0.1:${agentsPort}`;
  const webhookSecret = randomBytes(16).toString('hex');
  const config = join(dir, 'etc', 'daemon.yaml');
  const socket = join(stateDir, 'control.sock');
  const services = new Map<string, Service>();
  const leave = new AbortController();
  writeFileSync(join(dir, 'etc', 'webhook'), webhookSecret, { mode: 0o600 });
  writeFileSync(
    config,
    [
      `instance: ${INSTANCE}`,
      `source: { url: "${server.url}/fleet.git", pollInterval: ${options.pollInterval ?? '500ms'} }`,
      `status: { interval: ${options.statusInterval ?? '200ms'} }`,
      `stateDir: ${stateDir}`,
      `agents: { listen: "127.0.0.1:${agentsPort}" }`,
      `http: { listen: "127.0.0.1:${httpPort}" }`,
      ...(options.configLines ?? []),
      `webhooks: [{ provider: github, secretFile: ${join(dir, 'etc', 'webhook')} }]`,
      '',
    ].join('\n'),
  );
  const base: NodeJS.ProcessEnv = {
    PATH: process.env['PATH'],
    HOME: dir,
    LANG: 'C.UTF-8',
    NO_COLOR: '1',
  };

  const root = (name: string): string => join(dir, 'nodes', name);
  const logFile = (name: string): string => join(dir, 'log', `${name}.log`);
  const textOf = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : '');

  function launch(name: string, args: readonly string[], environment = {}): Service {
    const env = { ...base, ...options.environment, ...environment };
    const service = startService(name, [...PROGRAM, ...args], logFile(name), env);
    services.set(name, service);
    return service;
  }
  const running = (name: string): Service => {
    const service = services.get(name);
    assert(service !== undefined, `${name} was never started`);
    return service;
  };

  function nodeId(name: string): string {
    const agent = parse(readFileSync(join(root(name), 'etc', 'reconciled', 'agent.yaml'), 'utf8'));
    return String((agent as { readonly nodeId: unknown }).nodeId);
  }

  const show = (path: string): string | null =>
    repo.tip(STATUS_BRANCH) === null || !repo.list(STATUS_BRANCH).includes(path)
      ? null
      : repo.show(path, STATUS_BRANCH);

  async function register(name: string, activation: Activation): Promise<void> {
    const { identity } = await loadOrCreateKeyFile(join(dir, 'etc', 'daemon.key'));
    await registerAgent(
      {
        server: agentsUrl,
        serverKey: identity.publicKey,
        activation,
        root: root(name),
        agentVersion: '0',
        log: () => undefined,
      },
      AbortSignal.any([leave.signal, AbortSignal.timeout(DEADLINE_MS)]),
    );
  }

  const fleet: Fleet = {
    dir,
    repo,
    server,
    config,
    stateDir,
    httpUrl,
    agentsUrl,
    webhookSecret,
    get daemon() {
      return running('daemon');
    },
    agent: running,
    nodeId,
    root,
    lines: (name, file) =>
      textOf(join(root(name), file))
        .split('\n')
        .slice(0, -1),
    launchDaemon: (environment) => launch('daemon', ['daemon', '--config', config], environment),
    async startDaemon(environment) {
      const daemon = fleet.launchDaemon(environment);
      await fleet.until(() => {
        assert.equal(daemon.exitCode, null, `the daemon left: ${tail(fleet.daemonLog())}`);
        return answers(`${httpUrl}/readyz`);
      }, 'the daemon is ready');
      return daemon;
    },
    // Relative, as a person types it: steps run in folders of their own, and must find the root from there.
    startAgent: (name) => launch(name, ['agent', 'run', '--root', relative('', root(name))]),
    async join(name, tags) {
      const activation = newActivation();
      fleet.commit(activationFile(activation, name, tags), `let ${name} join`);
      await register(name, activation);
      fleet.startAgent(name);
    },
    commit: (files, message = 'change') => repo.commit(files, { message }),
    async poke(signature) {
      const body = JSON.stringify({ ref: 'refs/heads/main' });
      const digest = createHmac('sha256', webhookSecret).update(body).digest('hex');
      const answer = await request(`${httpUrl}/webhooks/git`, {
        method: 'POST',
        body,
        headers: { 'x-hub-signature-256': signature ?? `sha256=${digest}` },
      });
      await answer.body.dump();
      return answer.statusCode;
    },
    run: (args, allowed = [0]) =>
      runCommand({
        argv: [...PROGRAM, ...args],
        env: base,
        cwd: dir,
        allowed,
        signal: leave.signal,
      }),
    ask: (route, values = {}) => askDaemon(socket, route, values),
    summary() {
      const text = show('summary.json');
      return text === null ? null : (JSON.parse(text) as StatusSummary);
    },
    nodeFile(name) {
      const id = nodeId(name);
      const text = show(`nodes/${id.slice(3, 5)}/${id}.json`);
      return text === null ? null : JSON.parse(text);
    },
    line: (name, association) =>
      fleet.nodeFile(name)?.Associations.find((each) => each.AssociationName === association) ??
      null,
    async until(holds, what, deadlineMs = DEADLINE_MS) {
      const end = performance.now() + deadlineMs;
      while (performance.now() < end) {
        if (await holds()) return;
        await sleep(LOOK_MS);
      }
      assert.fail(
        `not within ${deadlineMs} ms: ${what}\n${JSON.stringify(fleet.summary(), null, 1)}\n${tail(fleet.daemonLog())}`,
      );
    },
    async converged(revision, deadlineMs = DEADLINE_MS) {
      const agents = [...services.keys()].filter((name) => name !== 'daemon').length;
      const summaries: StatusSummary[] = [];
      await fleet.until(
        () => {
          const summary = fleet.summary();
          if (summary?.revision !== revision || summary.verdict !== 'compliant') return false;
          summaries.push(summary);
          return summary.nodes.compliant >= agents;
        },
        `converged at ${revision.slice(0, 7)}`,
        deadlineMs,
      );
      const last = summaries.at(-1);
      assert(last !== undefined);
      return last;
    },
    async stays(holds, what, forMs) {
      const end = performance.now() + forMs;
      while (performance.now() < end) {
        assert(holds(), `it was to stay so: ${what}`);
        await sleep(LOOK_MS);
      }
    },
    daemonLog: () => textOf(logFile('daemon')),
    async close() {
      leave.abort();
      await Promise.all([...services.values()].map((service) => service.stop()));
      await server.close();
      if (process.env['KEEP'] === undefined) rmSync(dir, { recursive: true, force: true });
      else process.stderr.write(`kept ${dir}\n`);
    },
  };

  try {
    const activations = Object.entries(options.nodes).map(
      ([name, tags]) => [name, tags, newActivation()] as const,
    );
    const files = activations.map(([name, tags, activation]) =>
      activationFile(activation, name, tags),
    );
    repo.commit(Object.assign({}, options.files, ...files), { message: 'State the fleet' });
    await fleet.startDaemon();
    await Promise.all(activations.map(([name, , activation]) => register(name, activation)));
    for (const [name] of activations) fleet.startAgent(name);
  } catch (error) {
    await fleet.close();
    throw error;
  }
  return fleet;
}

export type Activation = { readonly id: string; readonly code: string };

export const newActivation = (): Activation => ({
  id: randomUUID(),
  code: randomBytes(32).toString('base64url'),
});

export function activationFile(
  { id, code }: Activation,
  name: string,
  tags: { readonly [tag: string]: string },
  expires = '2099-01-01T00:00:00Z',
): Files {
  const content = {
    ActivationId: id,
    ActivationCodeHash: `sha256:${createHash('sha256').update(code).digest('hex')}`,
    DefaultInstanceName: name,
    RegistrationLimit: 2,
    ExpirationDate: expires,
    Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
  };
  return { [`activations/${id}.json`]: `${JSON.stringify(content)}\n` };
}

const tail = (text: string): string => text.split('\n').slice(-LOG_LINES_SHOWN).join('\n');

async function answers(url: string): Promise<boolean> {
  try {
    const { statusCode, body } = await request(url, { signal: AbortSignal.timeout(2_000) });
    await body.dump();
    return statusCode === 200;
  } catch {
    return false; // it does not listen yet
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}
