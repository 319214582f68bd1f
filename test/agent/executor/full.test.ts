/** Outputs that nobody can keep to their end: the limit of what is kept, a full disk. The step ends with its own code. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  OUTPUT_BYTES_BEFORE_MAX,
  OUTPUT_BYTES_MAX,
} from '../../../src/agent/executor/supervisor-script.ts';
import { withBench } from './bench.ts';

test('the last byte of an output is the first that is not kept: the step ends all the same', () =>
  withBench(async (bench) => {
    const bytes = OUTPUT_BYTES_MAX + OUTPUT_BYTES_BEFORE_MAX + 1;
    const { exitCode, stdout } = await bench.perform(0, `head -c ${bytes} /dev/zero; exit 3`);
    assert.deepEqual([exitCode, stdout.bytes], [3, OUTPUT_BYTES_MAX]);
    assert.equal((await bench.perform(1, 'echo next')).stdout.text, 'next\n');
  }));

test('a full disk: the step ends with its code and says what is missing; with room the next one is whole', async (t) => {
  const disk = mkdtempSync(join(tmpdir(), 'full-'));
  const before = process.env['TMPDIR'];
  t.after(() => {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
    spawnSync('umount', ['-l', disk]);
    rmSync(disk, { recursive: true });
  });
  const mount = ['-t', 'tmpfs', '-o', 'size=1m,mode=0700', 'tmpfs', disk];
  if (spawnSync('mount', mount).status !== 0) {
    t.skip('no file system can be mounted here: it takes root and CAP_SYS_ADMIN');
    return;
  }
  process.env['TMPDIR'] = disk;
  await withBench(async (bench) => {
    const ballast = join(bench.dir, 'ballast');
    const fill = `cat /dev/zero >${ballast} 2>/dev/null`;
    const { exitCode, stdout } = await bench.perform(0, [
      'echo first',
      // Whoever collects it has written it: then there is no room any more.
      `until grep -rqs --include=out first ${bench.dir}; do sleep 0.01; done`,
      fill,
      'head -c 300000 /dev/zero; echo last; exit 3',
    ]);
    assert.equal(exitCode, 3);
    assert.match(stdout.text, /^first\n/);
    assert.match(stdout.text, /output incomplete: .* or its disk was full$/);
    rmSync(ballast);
    for (const n of [1, 2])
      assert.equal((await bench.perform(n, `echo step ${n}`)).stdout.text, `step ${n}\n`);
  });
});
