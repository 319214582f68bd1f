import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { askThread, moduleBeside } from '../../src/threads/thread.ts';

const dir = mkdtempSync(join(tmpdir(), 'threads-'));
after(() => rmSync(dir, { recursive: true }));
const live = new AbortController().signal;
/** Of Node 20 and of tsx for threads, as nothing else of ours is. */
const moduleOf = (name: string, text: string): URL => {
  const file = join(dir, name);
  writeFileSync(file, `import { parentPort, workerData } from 'node:worker_threads';\n${text}\n`);
  return pathToFileURL(file);
};

test('a thread answers its order, from a source or from what ships', async () => {
  const text = "parentPort?.postMessage({ got: workerData }); parentPort?.postMessage('more');";
  const order = { path: '/a', bytes: new Uint8Array([1, 2]) };
  for (const module of [
    moduleOf('typed.ts', `const typed: number = 1; void typed; ${text}`),
    moduleOf('plain.js', text),
  ])
    assert.deepEqual(await askThread(module, { order, signal: live }), { got: order });
});

for (const { name, text, want } of [
  {
    name: 'exits at once',
    text: 'process.exit(0);',
    want: /^the thread gone\.ts left with code 0/,
  },
  { name: 'exits with a code', text: 'process.exit(3);', want: /left with code 3 and without/ },
  { name: 'has nothing to say', text: '', want: /left with code 0 and without an answer$/ },
])
  test(`a thread that ${name} is lost, and nobody waits for it`, async () => {
    await assert.rejects(askThread(moduleOf('gone.ts', text), { order: null, signal: live }), {
      name: 'ReconcileError',
      code: 'THREAD_LOST',
      retry: 'backoff',
      message: want,
    });
  });

test('what nobody catches in a thread is thrown as it is', async () => {
  const throws = moduleOf('throws.ts', "throw new RangeError('by itself');");
  await assert.rejects(askThread(throws, { order: null, signal: live }), {
    name: 'RangeError',
    message: 'by itself',
  });
  const absent = pathToFileURL(join(dir, 'absent.ts'));
  await assert.rejects(askThread(absent, { order: null, signal: live }), {
    code: 'ERR_MODULE_NOT_FOUND',
  });
});

test('a thread that takes more memory than it may ends alone', async () => {
  const grows = moduleOf('grows.ts', 'const all: unknown[] = []; for (;;) all.push([all.length]);');
  await assert.rejects(askThread(grows, { order: null, heapMibMax: 16, signal: live }), {
    code: 'ERR_WORKER_OUT_OF_MEMORY',
  });
});

test('a thread that never ends is ended when it is called off, and none is started after that', async () => {
  const spins = moduleOf('spins.ts', 'for (;;);');
  const calledOff = new AbortController();
  setTimeout(() => calledOff.abort(new Error('leaving')), 100);
  const signal = calledOff.signal;
  await assert.rejects(askThread(spins, { order: null, signal }), { name: 'AbortError' });
  await assert.rejects(askThread(spins, { order: null, signal }), { message: 'leaving' });
});

test('a module stands beside its caller, in the same language', () => {
  assert.equal(moduleBeside('a-thread', 'file:///src/io/b.ts').href, 'file:///src/io/a-thread.ts');
  assert.equal(
    moduleBeside('a-thread', 'file:///dist/io/b.js').href,
    'file:///dist/io/a-thread.js',
  );
});
