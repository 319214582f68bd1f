import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

const source = (file: string) => pathToFileURL(path.resolve(file)).href;

/** A process that takes `mib` MiB with a limit of 400, without a turn of its loop in between. */
const taking = (mib: number) =>
  spawnSync(
    process.execPath,
    [
      '--import',
      source('node_modules/tsx/dist/esm/index.mjs'),
      '--input-type=module',
      '--eval',
      `import { limitMemory } from '${source('src/agent/executor/programs/memory-limit.ts')}';
       limitMemory(400 * 2 ** 20);
       await new Promise((resolve) => setTimeout(resolve, 1_000));
       const held = [];
       for (let taken = 0; taken < ${mib}; taken += 50) {
         held.push(Buffer.alloc(50 * 2 ** 20, 1));
         Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
       }
       console.log('done');`,
    ],
    { encoding: 'utf8', timeout: 60_000 },
  );

test('a program that takes too much memory ends and says so; another ends by itself', () => {
  const { signal, stdout, stderr } = taking(2_000);
  assert.deepEqual([signal, stdout], ['SIGKILL', '']);
  assert.match(stderr, /^more than 400 MiB of memory are needed/);
  const small = taking(50);
  assert.deepEqual([small.status, small.stdout, small.stderr], [0, 'done\n', '']);
});
