/** Scripts run as root beside what the executor keeps of them. Whatever they put in its place, the agent goes on and says so. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { instant } from '../../../src/core/model/brand.ts';
import { run } from '../../protocol/messages.ts';
import { withBench } from './bench.ts';

const inFolder = 'cd "$RECONCILED_ROOT"/runs/*/s0';

for (const { name, script, said } of [
  { name: 'a pipe', script: 'rm out; mkfifo out', said: 'is no file' },
  { name: 'a folder', script: 'rm out; mkdir out', said: 'is no file' },
  {
    name: 'a link to a file of others',
    script: 'echo theirs >other; rm out; ln -s other out',
    said: 'cannot be opened as a file (ELOOP)',
  },
  { name: 'nothing', script: 'rm out', said: 'is gone' },
])
  test(`an output file replaced by ${name}: the step says that its output is lost`, () =>
    withBench(async (bench, again) => {
      const order = bench.order(0, { runCommand: [inFolder, script, 'echo hi; echo err >&2'] });
      bench.executor.start(order);
      const { outcome } = await bench.next('task-ended');
      const { exitCode, stdout, stderr } = outcome;
      assert.equal(stdout.text, `output lost: the file that held it ${said}`);
      assert.deepEqual([exitCode, stdout.bytes, stderr.text], [0, 0, 'err\n']);
      await bench.leave();
      const next = again();
      next.executor.adopt(order, { rebooted: false });
      const adopted = (await next.next('task-ended')).outcome;
      assert.deepEqual([adopted.exitCode, adopted.stdout], [0, stdout]);
    }));

for (const what of ['mkdir', 'mkfifo'])
  test(`an exit file replaced by ${what}: the code is told, and after a crash nobody knows it`, () =>
    withBench(async (bench, again) => {
      const hold = what === 'mkfifo' ? '; (exec sleep 60 <>0.exit >/dev/null 2>&1) &' : '';
      const order = bench.order(0, {
        runCommand: [inFolder, `rm 0.exit; ${what} 0.exit${hold}`, 'exit 3'],
      });
      bench.executor.start(order);
      assert.equal((await bench.next('task-ended')).outcome.exitCode, 3);
      await bench.leave();
      const next = again();
      next.executor.adopt(order, { rebooted: true });
      assert.equal((await next.next('task-ended')).outcome.exitCode, null);
    }));

for (const what of ['mkdir', 'mkfifo', 'ln -s ../../../victim'])
  test(`${what} where the next script will be: that step fails and says why, the one after runs`, () =>
    withBench(async (bench) => {
      await bench.perform(0, [
        inFolder,
        'echo precious >"$RECONCILED_ROOT/victim"',
        `for f in 1 1.run; do ${what} $f; done`,
      ]);
      const { exitCode, failure } = await bench.perform(1, 'echo never');
      assert.equal(exitCode, 1);
      assert.match(failure, /^failed to create script file\. cannot \w+ .*: E[A-Z]+$/);
      assert.equal((await bench.perform(2, 'echo on')).stdout.text, 'on\n');
      assert.equal(readFileSync(join(bench.dir, 'victim'), 'utf8'), 'precious\n');
    }));

test('a run folder that is no folder any more: the next step says so', () =>
  withBench(async (bench) => {
    await bench.perform(0, `cd "$RECONCILED_ROOT/runs"; rm -r ${run('1')}; : >${run('1')}`);
    const { exitCode, failure } = await bench.perform(1, 'echo never');
    assert.equal(exitCode, 1);
    assert.match(failure, /^failed to create script file\. /);
  }));

test('a step that sets the clock back does not end before it began', () =>
  withBench(async (bench) => {
    const startedAt = instant(Date.now() + 3_600_000);
    bench.executor.start(bench.order(0, { runCommand: ['true'] }, startedAt));
    assert.equal((await bench.next('task-ended')).outcome.finishedAt, startedAt);
  }));
