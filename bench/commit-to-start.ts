/**
 * Commit → last start: 1,000 connected agents (protocol clients with pinned keys), MaxConcurrency 100 %, file watch; a real
 * daemon in a process of its own, a real bare repository. Budget p99 ≤ 2 s (contract §10). Yardstick beside it: the same jobs
 * signed and answered without a daemon, `bench/fan-out.ts`.
 *
 *   node --import tsx bench/commit-to-start.ts [--nodes 1000] [--rounds 5]
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

if (process.argv[2] === 'clients')
  await speak(process.argv[3] ?? '', process.argv[4] ?? '', process.argv[5] ?? '');
else await measure();

async function measure(): Promise<void> {
  const { values } = parseArgs({
    options: {
      nodes: { type: 'string', default: '1000' },
      rounds: { type: 'string', default: '5' },
    },
  });
  const count = Number(values.nodes);
  const dir = mkdtempSync(join(tmpdir(), 'reconciled-bench-'));
  const work = join(dir, 'work');
  const bare = join(dir, 'fleet.git');
  const git = (...args: string[]): string =>
    execFileSync('git', ['-c', 'user.name=b', '-c', 'user.email=b@b', ...args], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' },
    });
  git('init', '-q', '--bare', '-b', 'main', bare);
  git('clone', '-q', bare, work);
  for (const folder of ['nodes', 'associations', 'documents']) mkdirSync(join(work, folder));
  const identities = Array.from({ length: count }, makeIdentity);
  const files = identities.map(
    (each) => `InstanceId: ${nodeIdOf(each.publicKey)}\nPublicKey: ${each.publicKey}\n`,
  );
  writeFileSync(join(work, 'nodes', 'all.yaml'), files.join('---\n'));
  writeFileSync(join(dir, 'keys.json'), JSON.stringify(identities.map(identityToPem)));
  const state = (round: number): void => {
    writeFileSync(
      join(work, 'documents', 'Bench.yaml'),
      `schemaVersion: "2.2"\nmainSteps:\n  - action: aws:runShellScript\n    name: bench\n    inputs: { runCommand: ["echo ${round}"] }\n`,
    );
    writeFileSync(
      join(work, 'associations', 'bench.yaml'),
      'AssociationName: bench\nName: Bench\nTargets: [{ Key: InstanceIds, Values: ["*"] }]\nMaxConcurrency: 100%\n',
    );
    git('-C', work, 'add', '-A');
    git('-C', work, 'commit', '-q', '-m', `round ${round}`);
  };
  state(0);
  git('-C', work, 'push', '-q', 'origin', 'main');
  const [agents, http] = [await freePort(), await freePort()];
  const config = join(dir, 'daemon.yaml');
  writeFileSync(
    config,
    `instance: bench\nsource: { url: ${bare} }\nstateDir: ${join(dir, 'state')}\nagents: { listen: "127.0.0.1:${agents}" }\nhttp: { listen: "127.0.0.1:${http}" }\nlog: { level: warn }\n`,
  );
  const { identity } = await loadOrCreateKeyFile(join(dir, 'daemon.key'));
  const daemon = spawn(process.execPath, [launcher, 'daemon', '--config', config], {
    stdio: 'inherit',
  });
  const clients = spawn(
    process.execPath,
    [
      '--import',
      'tsx',
      program,
      'clients',
      `wss://127.0.0.1:${agents}`,
      join(dir, 'keys.json'),
      identity.publicKey,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const arrivals: number[][] = [];
  let text = '';
  clients.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) arrivals.push(JSON.parse(line) as number[]);
  });
  try {
    while (arrivals.length < 1) await sleep(50); // everyone has run the first revision
    const last: number[] = [];
    const all: number[] = [];
    for (let round = 1; round <= Number(values.rounds); round++) {
      await sleep(3_000);
      state(round);
      const pushed = Date.now();
      git('-C', work, 'push', '-q', 'origin', 'main');
      while (arrivals.length < round + 1) await sleep(10);
      const delays = (arrivals[round] ?? []).map((at) => at - pushed).sort((a, b) => a - b);
      all.push(...delays);
      last.push(delays.at(-1) ?? Number.NaN);
    }
    all.sort((a, b) => a - b);
    const p99 = all[Math.floor(all.length * 0.99)] ?? Number.NaN;
    console.log(
      JSON.stringify({
        bench: 'commit-to-start',
        nodes: count,
        lastMs: last,
        p50Ms: all[all.length >> 1],
        p99Ms: p99,
      }),
    );
    console.log(
      `push → last start of ${count} agents: p99 ${p99} ms, ${(p99 / 2_000).toFixed(2)} × the budget of 2 s (git push itself included)`,
    );
  } finally {
    clients.kill('SIGKILL');
    daemon.kill('SIGTERM');
    await once(daemon, 'exit');
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Prints the arrivals of each full round. */
async function speak(server: string, keysFile: string, serverKey: string): Promise<void> {
  const pems = JSON.parse(readFileSync(keysFile, 'utf8')) as string[];
  let arrivals: number[] = [];
  const onRun = (atMs: number): void => {
    arrivals.push(atMs);
    if (arrivals.length < pems.length) return;
    process.stdout.write(`${JSON.stringify(arrivals)}\n`);
    arrivals = [];
  };
  await connectAnswering({ server, serverKey, pems, runMs: 0, onRun });
}
