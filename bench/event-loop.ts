/**
 * Delay of the daemon's event loop while a large fleet runs: 10,000 connected nodes (protocol clients in a process of their
 * own), 20 associations on each, all on 30-minute schedules spread over the half hour, runs of four seconds, ten percent at a
 * time: 111 runs a second. Budget: p99 ≤ 50 ms over ten minutes, as `/metrics` tells it (which counts from a tick of 20 ms).
 *
 *   ulimit -n 24000; node --import tsx bench/event-loop.ts [MINUTES, default 10] [--nodes 10000] [--profile DIR] [--json]
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { loadOrCreateKeyFile } from '../src/protocol/key-file.ts';
import { identityToPem, makeIdentity, nodeIdOf } from '../src/protocol/keys.ts';
import { connectAnswering } from './answering-clients.ts';
import { freePort } from './free-port.ts';

const program = fileURLToPath(import.meta.url);
const launcher = fileURLToPath(new URL('../bin/reconciled.mjs', import.meta.url));

const ASSOCIATIONS = 1_000;
const PER_NODE = 20;
const ROLES = ASSOCIATIONS / PER_NODE;
const PERIOD_MINUTES = 30;
const RUN_MS = 4_000;
const budgetMs = 50;

if (process.argv[2] === 'clients') {
  const [, , , server = '', keysFile = '', serverKey = ''] = process.argv;
  await speak(server, keysFile, serverKey);
} else await measure();

async function measure(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      nodes: { type: 'string', default: '10000' },
      profile: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const minutes = Number(positionals[0] ?? 10);
  const nodes = Number(values.nodes);
  const dir = mkdtempSync(join(tmpdir(), 'reconciled-bench-'));
  const bare = makeSource(dir, nodes);
  const [agents, http] = [await freePort(), await freePort()];
  const config = join(dir, 'daemon.yaml');
  writeFileSync(
    config,
    `instance: bench\nsource: { url: ${bare} }\nstateDir: ${join(dir, 'state')}\nagents: { listen: "127.0.0.1:${agents}" }\nhttp: { listen: "127.0.0.1:${http}" }\nlog: { level: warn }\n`,
  );
  const { identity } = await loadOrCreateKeyFile(join(dir, 'daemon.key'));
  const profile =
    values.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${values.profile}`];
  const daemon = spawn(process.execPath, [...profile, launcher, 'daemon', '--config', config], {
    stdio: 'inherit',
  });
  const server = `wss://127.0.0.1:${agents}`;
  const clients = spawn(
    process.execPath,
    ['--import', 'tsx', program, 'clients', server, join(dir, 'keys.json'), identity.publicKey],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let runs = 0;
  clients.stdout.on('data', (chunk: Buffer) => {
    runs = Number(chunk.toString().trimEnd().split('\n').at(-1));
  });
  try {
    const scrape = (): Promise<Scrape> => readMetrics(http);
    while ((await scrape().catch(() => null))?.nodesConnected !== nodes) await sleep(1_000);
    await sleep(90_000); // the schedule has begun, and the first status of everyone is on the branch
    await scrape(); // begins the interval that is measured
    const [beganAt, before, runsBefore] = [performance.now(), cpuSeconds(daemon.pid), runs];
    await sleep(minutes * 60_000);
    const { p99Ms, maxMs } = await scrape();
    const seconds = (performance.now() - beganAt) / 1_000;
    const figures = {
      nodes,
      minutes: seconds / 60,
      runsPerSecond: (runs - runsBefore) / seconds,
      runsPerSecondDue: (nodes * PER_NODE) / (PERIOD_MINUTES * 60),
      p99Ms,
      maxMs,
      cpuPercent: ((cpuSeconds(daemon.pid) - before) / seconds) * 100,
      load: Number(readFileSync('/proc/loadavg', 'utf8').split(' ')[0]),
    };
    const ratio = figures.p99Ms / budgetMs;
    if (values.json) console.log(JSON.stringify({ bench: 'event-loop', ...figures, ratio }));
    else {
      console.log(
        `${nodes} nodes, ${figures.runsPerSecond.toFixed(0)} runs/s of ${figures.runsPerSecondDue.toFixed(0)} due, ` +
          `${figures.minutes.toFixed(1)} minutes: event loop p99 ${figures.p99Ms.toFixed(0)} ms, longest ${figures.maxMs.toFixed(0)} ms, ` +
          `${figures.cpuPercent.toFixed(0)} % of a core, load ${figures.load}; ${ratio.toFixed(2)} × the budget`,
      );
    }
  } finally {
    clients.kill('SIGKILL');
    daemon.kill('SIGTERM');
    await once(daemon, 'exit');
    rmSync(dir, { recursive: true, force: true });
  }
}

/** A bare repository with the fleet, and the nodes' keys beside it. */
function makeSource(dir: string, nodes: number): string {
  const work = join(dir, 'work');
  const bare = join(dir, 'fleet.git');
  const git = (...args: string[]): void => {
    execFileSync('git', ['-c', 'user.name=b', '-c', 'user.email=b@b', ...args], {
      env: { PATH: process.env['PATH'], GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' },
    });
  };
  git('init', '-q', '--bare', '-b', 'main', bare);
  git('clone', '-q', bare, work);
  for (const folder of ['nodes', 'associations', 'documents']) mkdirSync(join(work, folder));
  const identities = Array.from({ length: nodes }, makeIdentity);
  writeFileSync(join(dir, 'keys.json'), JSON.stringify(identities.map(identityToPem)));
  for (let role = 0; role < ROLES; role++) {
    const files = identities
      .filter((_, i) => i % ROLES === role)
      .map(
        ({ publicKey }) =>
          `InstanceId: ${nodeIdOf(publicKey)}\nPublicKey: ${publicKey}\nTags: [{ Key: role, Value: role-${role} }]\n`,
      );
    writeFileSync(join(work, 'nodes', `${role}.yaml`), files.join('---\n'));
  }
  for (let i = 0; i < ASSOCIATIONS; i++) {
    const name = `assoc-${String(i).padStart(4, '0')}`;
    writeFileSync(join(work, 'associations', `${name}.yaml`), association(i, name));
  }
  writeFileSync(
    join(work, 'documents', 'Bench.yaml'),
    'schemaVersion: "2.2"\nmainSteps:\n  - action: aws:runShellScript\n    name: bench\n    inputs: { runCommand: ["true"] }\n',
  );
  git('-C', work, 'add', '-A');
  git('-C', work, 'commit', '-q', '-m', 'fleet');
  git('-C', work, 'push', '-q', 'origin', 'main');
  return bare;
}

/** With the flag it begins with its schedule, not with 200,000 first runs at once. */
function association(i: number, name: string): string {
  const minute = Math.floor((i * PERIOD_MINUTES) / ASSOCIATIONS);
  return `AssociationName: ${name}
Name: Bench
Targets: [{ Key: "tag:role", Values: [role-${i % ROLES}] }]
ScheduleExpression: cron(${minute}/${PERIOD_MINUTES} * * * ? *)
ApplyOnlyAtCronInterval: true
MaxConcurrency: 10%
`;
}

type Scrape = {
  readonly nodesConnected: number;
  readonly p99Ms: number;
  readonly maxMs: number;
};

async function readMetrics(port: number): Promise<Scrape> {
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
  const text = await answer.text();
  const read = (metric: string): number =>
    Number(new RegExp(`^reconciled_${metric} (\\S+)$`, 'm').exec(text)?.[1]);
  return {
    nodesConnected: read('nodes_connected'),
    p99Ms: read('event_loop_delay_p99_seconds') * 1_000,
    maxMs: read('event_loop_delay_max_seconds') * 1_000,
  };
}

/** User and system time of a process, all threads. */
function cpuSeconds(pid: number | undefined): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Prints how many runs have begun, once a second. */
async function speak(server: string, keysFile: string, serverKey: string): Promise<void> {
  const pems = JSON.parse(readFileSync(keysFile, 'utf8')) as string[];
  let runs = 0;
  setInterval(() => process.stdout.write(`${runs}\n`), 1_000);
  await connectAnswering({ server, serverKey, pems, runMs: RUN_MS, onRun: () => runs++ });
}
