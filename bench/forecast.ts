/**
 * `reconciled forecast` of 1,000 associations over 30 days, as a person or a pipeline would ask: a real process, the
 * files on disk. Budget: ≤ 5 s. The yardstick beside it reads the same files with `yaml.parse` and walks the same window
 * with croner for as many of the associations as fit into a second.
 *
 *   node --import tsx bench/forecast.ts [--nodes 1000] [--associations 1000] [--days 30]
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Cron } from 'croner';
import { parse } from 'yaml';
import { writeFleet } from './generate-fleet.ts';

const { values } = parseArgs({
  options: {
    nodes: { type: 'string', default: '1000' },
    associations: { type: 'string', default: '1000' },
    days: { type: 'string', default: '30' },
  },
});
const days = Number(values.days);
const FROM = '2026-03-20T00:00:00Z';

const dir = mkdtempSync(join(tmpdir(), 'reconciled-bench-'));
try {
  await writeFleet(dir, {
    nodes: Number(values.nodes),
    associations: Number(values.associations),
    documents: 300,
  });
  const read = timed(readEverything);
  console.log(`yardstick: reading it all with yaml.parse ${seconds(read.ms)}`);
  const walk = timed(walkWithCroner);
  console.log(
    `yardstick: croner ${((walk.ms * 1000) / walk.value).toFixed(1)} us for each slot of every half hour in UTC`,
  );
  for (const format of ['json', 'text', 'ics']) measure(format, read.ms);
} finally {
  rmSync(dir, { recursive: true, force: true });
}

function readEverything(): void {
  for (const entry of readdirSync(dir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.yaml')) continue;
    parse(readFileSync(join(entry.parentPath, entry.name), 'utf8'));
  }
}

/** Slots walked in about a second. */
function walkWithCroner(): number {
  const start = performance.now();
  let slots = 0;
  while (performance.now() - start < 1_000) {
    const cron = new Cron('0 */30 * * * *', { timezone: 'UTC', mode: '6-part' });
    slots += cron.nextRuns(days * 48, new Date(FROM)).length;
  }
  return slots;
}

function measure(format: string, yardstickMs: number): void {
  const launcher = fileURLToPath(new URL('../bin/reconciled.mjs', import.meta.url));
  const probe = `data:text/javascript,process.on('exit',()=>{const u=process.resourceUsage();process.stderr.write('RSS '+u.maxRSS+' CPU '+(u.userCPUTime+u.systemCPUTime)/1e6+'\\n')})`;
  const argv = ['forecast', dir, '--from', FROM, '--until', `${days}d`, '--format', format];
  const { value, ms } = timed(() =>
    spawnSync(process.execPath, ['--import', probe, launcher, ...argv], {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    }),
  );
  const [, rssKiB, cpuSeconds] = /^RSS (\d+) CPU ([\d.]+)$/m.exec(value.stderr) ?? [];
  console.log(
    `${format}: ${seconds(ms)} (${Number(cpuSeconds).toFixed(2)} s of CPU), ${Math.round(Number(rssKiB) / 1024)} MiB, ` +
      `${(ms / yardstickMs).toFixed(2)} x reading it all; ${told(format, value.stdout)}`,
  );
}

function told(format: string, stdout: string): string {
  const size = `${(stdout.length / 1e6).toFixed(1)} MB printed`;
  if (format !== 'json') return size;
  const report = JSON.parse(stdout) as {
    readonly runs: readonly unknown[];
    readonly completeUntil: string;
    readonly associations: readonly { readonly runs: number }[];
  };
  const counted = report.associations.reduce((sum, { runs }) => sum + runs, 0);
  return `${counted} runs counted, ${report.runs.length} listed until ${report.completeUntil}, ${size}`;
}

function timed<Value>(work: () => Value): { readonly value: Value; readonly ms: number } {
  const start = performance.now();
  const value = work();
  return { value, ms: performance.now() - start };
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}
