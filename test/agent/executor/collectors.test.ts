/** A script shares its process group with its supervisor and the collectors of its output. What it sends there loses nothing. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Bench } from './bench.ts';
import { withBench } from './bench.ts';

for (const [signal, code] of [
  ['TERM', 143],
  ['HUP', 129],
  ['INT', 130],
  ['QUIT', 131],
  ['USR1', 138],
  ['PIPE', 141],
  ['ALRM', 142],
] as const)
  test(`kill -${signal} 0: the code is ${code}, what was written is told, and the next step runs`, () =>
    withBench(async (bench) => {
      const lines = ['ulimit -c 0', 'echo before; echo why >&2', `kill -${signal} 0`, 'sleep 9'];
      const { exitCode, stdout, stderr } = await bench.perform(0, lines);
      // Some shells add the name of the signal, as they do on the reference.
      const [first] = stderr.text.split('\n');
      assert.deepEqual([exitCode, stdout.text, first], [code, 'before\n', 'why']);
      assert.equal((await bench.perform(1, 'echo next')).stdout.text, 'next\n');
    }));

test('a signal that ends the supervisor is no time-out', () =>
  withBench(async (bench) => {
    assert.equal((await bench.perform(0, 'kill -XCPU 0; sleep 9')).exitCode, 152);
  }));

test('trap "kill 0" EXIT loses no word', () =>
  withBench(async (bench) => {
    for (let n = 0; n < 5; n++) {
      const lines = ['trap "kill 0" EXIT', 'echo "FATAL: why" >&2', 'exit 1'];
      assert.match((await bench.perform(n, lines)).stderr.text, /^FATAL: why\n/);
    }
  }));

test('a script ignores no signal', () =>
  withBench(async (bench) => {
    const { stdout } = await bench.perform(0, 'grep SigIgn /proc/self/status');
    assert.equal(stdout.text.trim(), 'SigIgn:\t0000000000000000');
  }));

test('what a step leaves behind does not end the one that waits', () =>
  withBench(async (bench) => {
    await bench.perform(0, '(sleep 0.2; kill 0) >/dev/null 2>&1 </dev/null &');
    await delay(500);
    assert.equal((await bench.perform(1, 'echo next')).stdout.text, 'next\n');
  }));

for (const { name, last } of [
  { name: 'while it writes', last: 'sleep 0.2; echo after' },
  { name: 'when it ends', last: ':' },
])
  test(`collectors killed ${name}: the step says so, and the next ones are whole`, () =>
    withBench(async (bench) => {
      const go = join(bench.dir, 'go');
      const runCommand = [
        'echo before; echo why >&2',
        `echo $$ >${bench.dir}/pid.new; mv ${bench.dir}/pid.new ${bench.dir}/pid`,
        `while [ ! -e ${go} ]; do sleep 0.02; done`,
        last,
      ];
      bench.executor.start(bench.order(0, { runCommand }));
      await killCollectors(bench);
      writeFileSync(go, '');
      const { exitCode, stdout, stderr } = (await bench.next('task-ended')).outcome;
      const said =
        '\noutput incomplete: the process that collects it was killed, or its disk was full';
      assert.deepEqual(
        [exitCode, stdout.text, stderr.text],
        [0, `before\n${last === ':' ? '' : 'after\n'}${said}`, `why\n${said}`],
      );
      for (const n of [1, 2, 3])
        assert.equal((await bench.perform(n, `echo step ${n}`)).stdout.text, `step ${n}\n`);
    }));

test('an agent that goes for good during a step leaves no process', () =>
  withBench(async (bench) => {
    const go = join(bench.dir, 'go');
    const runCommand = [
      `echo $$ >${bench.dir}/pid.new; mv ${bench.dir}/pid.new ${bench.dir}/pid`,
      `while [ ! -e ${go} ]; do sleep 0.02; done; echo a; echo b >&2`,
    ];
    bench.executor.start(bench.order(0, { runCommand }));
    while (!existsSync(join(bench.dir, 'pid'))) await delay(10);
    const group = groupOf(Number(readFileSync(join(bench.dir, 'pid'), 'utf8')));
    await bench.leave();
    writeFileSync(go, '');
    for (let n = 0; n < 300 && membersOf(group).length > 0; n++) await delay(20);
    assert.deepEqual(membersOf(group).map(nameOf), []);
  }));

const membersOf = (group: number): readonly number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => groupOf(pid) === group && !/\) [ZX] /.test(statOf(pid)));

/** Once they have written what is there. */
async function killCollectors(bench: Bench): Promise<void> {
  const [runFolder = ''] = readdirSync(join(bench.dir, 'runs')).filter((name) => name.length > 20);
  const err = join(bench.dir, 'runs', runFolder, 's0', 'err');
  while (!existsSync(join(bench.dir, 'pid')) || readFileSync(err, 'utf8') === '') await delay(10);
  const group = groupOf(Number(readFileSync(join(bench.dir, 'pid'), 'utf8')));
  const collectors = membersOf(group).filter((pid) => nameOf(pid) === 'cat');
  assert.equal(collectors.length, 2);
  for (const pid of collectors) process.kill(pid, 'SIGKILL');
}

const statOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return '';
  }
};
const nameOf = (pid: number): string | undefined => /\((.*)\)/.exec(statOf(pid))?.[1];
const groupOf = (pid: number): number => Number(/\) \S \d+ (\d+)/.exec(statOf(pid))?.[1]);
