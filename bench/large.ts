/**
 * The budgets of a large fleet, through the program as people run it: 1,000 associations, 300 documents, 10,000 nodes.
 * `validate` + `plan` offline (≤ 5 s together, ≤ 512 MiB), daemon start to ready (≤ 3 s). Yardstick beside it: Node starting and
 * parsing the same files with plain `yaml.parse`.
 *
 *   node --import tsx bench/large.ts
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from './free-port.ts';

const launcher = fileURLToPath(new URL('../bin/reconciled.mjs', import.meta.url));
const generator = fileURLToPath(new URL('./generate-fleet.ts', import.meta.url));
const root = fileURLToPath(new URL('..', import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'reconciled-large-'));
const fleet = join(dir, 'fleet');

type Run = { readonly ms: number; readonly peakMiB: number; readonly code: number };

/** Wall time and the peak of resident memory, as /proc tells it while the process lives. */
async function run(args: readonly string[]): Promise<Run> {
  const begin = performance.now();
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'ignore', 'inherit'],
    cwd: root,
  });
  let peakKiB = 0;
  const watch = setInterval(() => {
    peakKiB = Math.max(peakKiB, peakOf(child.pid ?? 0));
  }, 20);
  const [code] = (await once(child, 'exit')) as [number];
  clearInterval(watch);
  return { ms: performance.now() - begin, peakMiB: Math.round(peakKiB / 1024), code };
}

function peakOf(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0);
  } catch {
    return 0; // it has just left
  }
}

const git = (...args: string[]): string =>
  execFileSync('git', ['-c', 'gc.auto=0', '-c', 'user.name=b', '-c', 'user.email=b@b', ...args], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' },
  });

function report(name: string, fields: { readonly [key: string]: number }): void {
  console.log(JSON.stringify({ bench: 'large', name, ...fields }));
}

/** Start of a daemon until /readyz says so. */
async function startToReady(
  config: string,
  http: number,
): Promise<{ ms: number; peakMiB: number }> {
  const begin = performance.now();
  const daemon = spawn(process.execPath, [launcher, 'daemon', '--config', config], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${http}/readyz`).then(
      (response) => response.status,
      () => 0,
    );
    if (answer === 200) break;
    if (daemon.exitCode !== null) throw new Error('the daemon left');
    await sleep(50); // asking takes time of the same two cores
  }
  const ms = performance.now() - begin;
  await sleep(5_000); // its first status commit
  const peakMiB = Math.round(peakOf(daemon.pid ?? 0) / 1024);
  daemon.kill('SIGTERM');
  await once(daemon, 'exit');
  return { ms, peakMiB };
}

try {
  await run(['--import', 'tsx', generator, fleet]);
  const plain = await run([
    '--input-type=module',
    '-e',
    `import { readdirSync, readFileSync } from 'node:fs'; import { join } from 'node:path'; import { parseAllDocuments } from 'yaml';
     const walk = (d) => { for (const e of readdirSync(d, { withFileTypes: true })) { const p = join(d, e.name); if (e.isDirectory()) walk(p); else if (/ya?ml$/.test(p)) parseAllDocuments(readFileSync(p, 'utf8')).forEach((x) => x.toJS()); } };
     walk(${JSON.stringify(fleet)});`,
  ]);
  report('yardstick: plain YAML parse', { ms: plain.ms, peakMiB: plain.peakMiB });
  git('init', '-q', '-b', 'main', fleet);
  git('-C', fleet, 'add', '-A');
  git('-C', fleet, 'commit', '-q', '-m', 'fleet');
  git('-C', fleet, 'gc', '-q');
  const validate = await run([launcher, 'validate', fleet]);
  report('validate', { ms: validate.ms, peakMiB: validate.peakMiB, code: validate.code });
  const plan = await run([launcher, 'plan', fleet, '--base', 'HEAD', '--format', 'json']);
  report('plan', { ms: plan.ms, peakMiB: plan.peakMiB, code: plan.code });
  const bare = join(dir, 'fleet.git');
  git('clone', '-q', '--bare', fleet, bare);
  const [agents, http] = [await freePort(), await freePort()];
  const config = join(dir, 'daemon.yaml');
  writeFileSync(
    config,
    `instance: bench\nsource: { url: ${bare} }\nstateDir: ${join(dir, 'state')}\nagents: { listen: "127.0.0.1:${agents}" }\nhttp: { listen: "127.0.0.1:${http}" }\nlog: { level: warn }\n`,
  );
  const first = await startToReady(config, http);
  report('daemon: first start to ready', first);
  const again = await startToReady(config, http);
  report('daemon: restart to ready', again);
  const both = validate.ms + plan.ms;
  console.log(
    `validate + plan ${(both / 1000).toFixed(1)} s (budget 5 s; ${(both / plain.ms).toFixed(2)} × plain parsing), peak ${Math.max(validate.peakMiB, plan.peakMiB)} MiB (budget 512); ` +
      `start to ready ${(first.ms / 1000).toFixed(1)} s, again ${(again.ms / 1000).toFixed(1)} s (budget 3 s), daemon peak ${again.peakMiB} MiB`,
  );
} finally {
  rmSync(dir, { recursive: true, force: true });
}
