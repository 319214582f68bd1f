/**
 * Durable records per second for groups of 1 to 1,000 against a plain loop of write + fdatasync of the same bytes, and replay of
 * a million records against reading the same bytes and parsing the same JSON. Prints ratios: 1 is the yardstick's speed.
 */
import { closeSync, fdatasyncSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { nodeDisk } from '../src/disk/node-disk.ts';
import { compactHere } from '../src/journal/compact.ts';
import { encodeFrame } from '../src/journal/frames.ts';
import type { Journal } from '../src/journal/journal.ts';
import { openJournal } from '../src/journal/journal.ts';

type Run = {
  readonly kind: string;
  readonly run: string;
  readonly node: string;
  readonly at: number;
};

const record = (at: number): Run => ({
  kind: 'run-finished',
  run: `k3v9q2m7${(at % 1_000_000).toString(32).padStart(18, '0')}`,
  node: `mi-${at.toString(16).padStart(17, '0')}`,
  at: 1_780_000_000_000 + at,
});

const root = await mkdtemp(join(process.argv[2] ?? tmpdir(), 'bench-journal-'));
const perSecond = (count: number, ms: number): number => Math.round((count / ms) * 1000);
/** The disk is shared with whatever else runs: short rounds in turn, and the median of their ratios. */
const rounds = 7;
const roundMs = 250;

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}

function open(dir: string, onRecord: (run: Run) => void = () => undefined): Promise<Journal<Run>> {
  const format = { name: 'bench', version: 1 };
  return openJournal<Run>({ disk: nodeDisk, dir: join(root, dir), format, onRecord });
}

function yardstickPerSecond(name: string, group: number): number {
  const file = openSync(join(root, name), 'wx');
  const bytes = Buffer.from(
    Array.from({ length: group }, (_, at) => encodeFrame(JSON.stringify(record(at)))).join(''),
  );
  const start = performance.now();
  let count = 0;
  while (performance.now() - start < roundMs) {
    writeSync(file, bytes);
    fdatasyncSync(file);
    count += group;
  }
  const ms = performance.now() - start;
  closeSync(file);
  return perSecond(count, ms);
}

async function appendPerSecond(dir: string, group: number, callers: number): Promise<number> {
  const journal = await open(dir);
  const records = Array.from({ length: group }, (_, at) => record(at));
  const start = performance.now();
  let count = 0;
  const caller = async (): Promise<void> => {
    while (performance.now() - start < roundMs) {
      await journal.append(records);
      count += group;
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  const ms = performance.now() - start;
  await journal.close();
  return perSecond(count, ms);
}

async function benchAppends(): Promise<void> {
  for (const group of [1, 10, 100, 1_000]) {
    const plain: number[] = [];
    const one: number[] = [];
    const shared: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const name = `${group}-${round}`;
      plain.push(yardstickPerSecond(`plain-${name}`, group));
      one.push(await appendPerSecond(`one-${name}`, group, 1));
      shared.push(await appendPerSecond(`shared-${name}`, 1, group));
    }
    const against = (rates: readonly number[]): string => {
      const ratio = median(rates.map((rate, round) => rate / (plain[round] ?? 1)));
      return `${Math.round(median(rates))}/s = ${ratio.toFixed(2)} ×`;
    };
    console.log(
      `group ${String(group).padStart(4)}: plain ${Math.round(median(plain))}/s` +
        ` · batches of ${group} ${against(one)}` +
        ` · ${group} callers of one record ${against(shared)}`,
    );
  }
}

async function benchReplay(): Promise<void> {
  const total = 1_000_000;
  const written = await open('replay');
  for (let at = 0; at < total; at += 10_000) {
    await written.append(Array.from({ length: 10_000 }, (_, next) => record(at + next)));
  }
  await written.close();

  const plainMs = readAndParseMs(join(root, 'replay'));
  let count = 0;
  const start = performance.now();
  const journal = await open('replay', () => {
    count += 1;
  });
  const replayMs = performance.now() - start;
  console.log(
    `replay of ${count}: ${Math.round(replayMs)} ms · read whole and JSON.parse ${Math.round(plainMs)} ms` +
      ` = ${(replayMs / plainMs).toFixed(2)} × the time`,
  );
  await benchCompaction(journal);
  await journal.close();
}

function readAndParseMs(dir: string): number {
  const start = performance.now();
  for (const name of readdirSync(dir)) {
    for (const line of readFileSync(join(dir, name), 'utf8').split('\n')) {
      const json = line.indexOf('{');
      if (json !== -1) JSON.parse(line.slice(json));
    }
  }
  return performance.now() - start;
}

/** For how long nothing else had its turn while a million records fold into 200,000. */
async function benchCompaction(journal: Journal<Run>): Promise<void> {
  const stalls = monitorEventLoopDelay({ resolution: 1 });
  stalls.enable();
  const start = performance.now();
  const { records } = await journal.compact(
    compactHere<Run>(() => {
      const runs = new Map<number, Run>();
      return { apply: (run) => void runs.set(run.at % 200_000, run), records: () => runs.values() };
    }),
  );
  stalls.disable();
  const ms = Math.round(performance.now() - start);
  const [medianMs, p99Ms, longestMs] = [
    stalls.percentile(50),
    stalls.percentile(99),
    stalls.max,
  ].map((nanoseconds) => (nanoseconds / 1e6).toFixed(1));
  console.log(
    `compaction to ${records}: ${ms} ms in this thread, stalls: median ${medianMs} ms, p99 ${p99Ms} ms, longest ${longestMs} ms`,
  );
}

try {
  await benchAppends();
  await benchReplay();
} finally {
  await rm(root, { recursive: true });
}
