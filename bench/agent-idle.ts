/**
 * An agent that is connected and has nothing to do: memory and processor time over 20 s, as plain Node runs the built program
 * (tsc without checks into node_modules/.cache; tsx would add its compiler to the figures), beside an empty Node process.
 * V8 tidies its heap once, half a minute after a start; what that takes is told beside it. Processor time is the scheduler's, in
 * nanoseconds: a tick of the clock is a tenth of the budget.
 * Contract §10: at most 90 MiB and 0.2 % of a core. Usage: node --import tsx bench/agent-idle.ts [SECONDS] [--json]
 */
import type { ChildProcess } from 'node:child_process';
import { execFileSync, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { registerAgent } from '../src/agent/register.ts';
import { daemon, listen } from './protocol-clients.ts';

const SETTLE_SECONDS = 40;
const seconds = Number(process.argv[2] ?? 20) || 20;
const repository = fileURLToPath(new URL('..', import.meta.url));
const built = join(repository, 'node_modules', '.cache', 'bench-agent');
const compiler = join(repository, 'node_modules', 'typescript', 'bin', 'tsc');
const options = ['-p', 'tsconfig.build.json', '--outDir', built, '--noCheck'];
execFileSync(process.execPath, [compiler, ...options], { cwd: repository, stdio: 'inherit' });

const server = await listen(() => undefined);
const root = await mkdtemp(join(tmpdir(), 'bench-agent-idle-'));
await registerAgent(
  {
    server: `wss://127.0.0.1:${server.address.port}`,
    serverKey: daemon.publicKey,
    activation: null,
    root,
    agentVersion: '0',
    log: () => undefined,
  },
  AbortSignal.timeout(10_000),
);
const entry = ['agent/run.js', 'src/agent/run.js'].map((path) => join(built, path)).find(exists);
const program = `
  const { runAgent } = await import(${JSON.stringify(pathToFileURL(entry ?? '').href)});
  await runAgent({ root: ${JSON.stringify(root)}, agentVersion: '0', log() {} }, new AbortController().signal);
`;
const agent = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: 'inherit' });
const empty = spawn(process.execPath, ['-e', 'setInterval(() => {}, 60000)'], { stdio: 'inherit' });
while (server.stats().sessions === 0) await delay(20);
await delay(5_000);
const connected = cpuSeconds(agent);
await delay(SETTLE_SECONDS * 1_000);
const settled = cpuSeconds(agent);
await delay(seconds * 1_000);
const figures = {
  rssMiB: rssMiB(agent),
  emptyNodeMiB: rssMiB(empty),
  cpuPercent: ((cpuSeconds(agent) - settled) / seconds) * 100,
  settlingMs: (settled - connected) * 1_000,
  ratio: rssMiB(agent) / 90,
};
agent.kill('SIGKILL');
empty.kill('SIGKILL');
await server.close();
await rm(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
await rm(built, { recursive: true, force: true });

if (process.argv.includes('--json'))
  console.log(JSON.stringify({ bench: 'agent-idle', ...figures }));
else {
  console.log(
    `idle agent: ${figures.rssMiB.toFixed(0)} MiB (empty Node ${figures.emptyNodeMiB.toFixed(0)}), ` +
      `${figures.cpuPercent.toFixed(2)} % of a core over ${seconds} s (${figures.settlingMs.toFixed(0)} ms in the ${SETTLE_SECONDS} s before); ratio to 90 MiB: ${figures.ratio.toFixed(2)}`,
  );
}

/** What all its threads have had of the processors. */
function cpuSeconds({ pid }: ChildProcess): number {
  const each = readdirSync(`/proc/${pid}/task`).map((thread) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').split(' ')[0]),
  );
  return each.reduce((sum, ns) => sum + ns, 0) / 1e9;
}

function rssMiB({ pid }: ChildProcess): number {
  const match = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
  return Number(match?.[1] ?? 0) / 1024;
}

function exists(path: string): boolean {
  try {
    readFileSync(path);
    return true;
  } catch {
    return false;
  }
}
