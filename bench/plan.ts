/**
 * `reconciled plan` over a whole fleet, as a pipeline would run it: a real process, the files of the repository on disk, a
 * status folder as the daemon writes it, one parameter changed. Budget: ≤ 5 s, ≤ 512 MiB for 10,000 nodes × 20
 * associations each. The yardstick beside it reads the same bytes with `yaml.parse` and `JSON.parse`, and decides nothing.
 *
 *   node --import tsx bench/plan.ts [--nodes 10000] [--associations 1000]
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { parse } from 'yaml';
import { loadFiles, openFiles } from '../src/cli/load-repository.ts';
import { assess } from '../src/core/compliance/assess.ts';
import { commitId } from '../src/core/model/brand.ts';
import { renderFiles } from '../src/core/report/report-files.ts';
import { boundWaiting, waitingOf } from '../src/core/world/waiting.ts';
import { hello, TestFleet } from '../test/fakes/fleet.ts';
import { gitEnv } from '../test/fakes/git-repo.ts';
import { writeFleet } from './generate-fleet.ts';

const { values } = parseArgs({
  options: {
    nodes: { type: 'string', default: '10000' },
    associations: { type: 'string', default: '1000' },
  },
});

const dir = mkdtempSync(join(tmpdir(), 'reconciled-bench-'));
const repo = join(dir, 'repo');
const status = join(dir, 'status');
try {
  await writeFleet(repo, {
    nodes: Number(values.nodes),
    associations: Number(values.associations),
    documents: 300,
  });
  const git = (...args: string[]): string =>
    execFileSync('git', ['-C', repo, ...args], { env: gitEnv, encoding: 'utf8' }).trim();
  git('init', '-q', '-b', 'main');
  git('add', '-A');
  git('commit', '-q', '-m', 'State the fleet');
  await writeStatus(git('rev-parse', 'HEAD'));
  const port = join(repo, 'parameters', 'port.yaml');
  writeFileSync(port, readFileSync(port, 'utf8').replace('8080', '9090'));
  const yardstickMs = readEverything();
  for (const command of ['validate', 'plan'] as const) measure(command, yardstickMs);
} finally {
  rmSync(dir, { recursive: true, force: true });
}

/** A fleet that has run everything once. */
async function writeStatus(commit: string): Promise<void> {
  const signal = new AbortController().signal;
  const { catalog, definitions } = await loadFiles(await openFiles(repo, null), {}, signal);
  const fleet = new TestFleet();
  const { world } = fleet;
  fleet.accept({ commit: commitId(commit), catalog, definitions });
  for (const node of world.fleet.nodes.keys()) {
    fleet.happen({ kind: 'connected', node, hello: hello() });
  }
  fleet.runAll();
  const view = {
    state: world.state,
    catalog,
    definitions,
    nodes: world.fleet.nodes,
    standings: assess({
      now: fleet.now,
      state: world.state,
      definitions,
      nodes: world.fleet.nodes,
      boundWaiting: (name) => boundWaiting(world, name),
      waitingOf: (execution, run) => waitingOf(world, execution, run),
    }),
    plan: null,
    foreignPaths: [],
    contested: false,
    sign: () => '',
  };
  const all = { nodes: [], associations: [], endedExecutions: [], all: true, existing: () => null };
  for (const [path, text] of renderFiles(view, all)) {
    if (text === null) continue;
    mkdirSync(dirname(join(status, path)), { recursive: true });
    writeFileSync(join(status, path), text);
  }
}

function readEverything(): number {
  const start = performance.now();
  for (const root of [repo, status]) {
    for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || entry.parentPath.includes('.git')) continue;
      const text = readFileSync(join(entry.parentPath, entry.name), 'utf8');
      if (entry.name.endsWith('.yaml')) parse(text);
      if (entry.name.endsWith('.json')) JSON.parse(text);
    }
  }
  return performance.now() - start;
}

function measure(command: 'validate' | 'plan', yardstickMs: number): void {
  const launcher = fileURLToPath(new URL('../bin/reconciled.mjs', import.meta.url));
  const extra = command === 'plan' ? ['--status', status] : [];
  const probe = `data:text/javascript,process.on('exit',()=>{const u=process.resourceUsage();process.stderr.write('RSS '+u.maxRSS+' CPU '+(u.userCPUTime+u.systemCPUTime)/1e6+'\\n')})`;
  const start = performance.now();
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', probe, launcher, command, repo, ...extra, '--format', 'json'],
    { encoding: 'utf8', maxBuffer: 1 << 28 },
  );
  const ms = performance.now() - start;
  const [, rssKiB, cpuSeconds] = /^RSS (\d+) CPU ([\d.]+)$/m.exec(stderr) ?? [];
  const rssMiB = Math.round(Number(rssKiB) / 1024);
  const { summary, counts } = JSON.parse(stdout) as { summary?: unknown; counts?: unknown };
  console.log(
    `${command}: ${(ms / 1000).toFixed(2)} s (${Number(cpuSeconds).toFixed(2)} s of CPU), ${rssMiB} MiB, ${(ms / yardstickMs).toFixed(2)} x reading it all (${(yardstickMs / 1000).toFixed(2)} s) ${JSON.stringify(summary ?? counts)}`,
  );
}
