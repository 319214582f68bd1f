import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { encodeFrame } from '../../src/journal/frames.ts';
import { association, mark, script, wordsOf } from './files.ts';
import { openFleet, STATUS_BRANCH } from './fleet.ts';

const LEAVE_MS_MAX = 5_000;
const greeting = (word: string) => script('Greet', [mark('greet', word)]);

const fleet = await openFleet({
  files: { ...greeting('first'), ...association('greet', { Name: 'Greet' }) },
  nodes: { a: {} },
});
after(() => fleet.close());

await fleet.converged(fleet.repo.tip() ?? '');

test('told to leave, the daemon publishes even what waits for the hourly roll-up, and leaves with 0 within seconds', async () => {
  await fleet.run(['run', 'greet', '--config', fleet.config]);
  await fleet.until(() => fleet.lines('a', 'greet').length === 2, 'a manual run');
  await fleet.until(() => fleet.daemonLog().split('execution ended').length > 2, 'its result');
  const begin = performance.now();
  await fleet.daemon.stop();
  assert.equal(fleet.daemon.exitCode, 0);
  assert(performance.now() - begin < LEAVE_MS_MAX);
  const ended = fleet.repo.list(STATUS_BRANCH).filter((path) => path.startsWith('executions/'));
  const lines = ended.flatMap((path) => fleet.repo.show(path, STATUS_BRANCH).trim().split('\n'));
  assert.equal(lines.length, 2, 'both executions are told');
});

test('the daemon needs no git program', async () => {
  const bin = join(fleet.dir, 'bin');
  mkdirSync(bin);
  symlinkSync(process.execPath, join(bin, 'node'));
  await fleet.startDaemon({ PATH: bin });
  await fleet.converged(fleet.commit(greeting('second')));
  assert.deepEqual(wordsOf(fleet.lines('a', 'greet')), ['first', 'first', 'second']);
});

test('a second daemon on the same state is turned away and disturbs nothing', async () => {
  const second = await fleet.run(['daemon', '--config', fleet.config], [1]);
  assert.match(second.stderr, /another process is using/);
  await fleet.converged(fleet.commit(greeting('third')));
});

test('state of a newer program is refused with 78 and left as it is', async () => {
  await fleet.daemon.stop();
  const dir = join(fleet.stateDir, 'journal');
  const texts = new Map(readdirSync(dir).map((name) => [name, readFileSync(join(dir, name))]));
  const before = fleet.lines('a', 'greet').length;
  for (const [name, bytes] of texts) writeFileSync(join(dir, name), newer(bytes.toString()));
  const { stderr } = await fleet.run(['daemon', '--config', fleet.config], [78]);
  assert.match(stderr, /newer/i);
  for (const [name, bytes] of texts) {
    assert.equal(readFileSync(join(dir, name), 'utf8'), newer(bytes.toString()), `${name} stands`);
    writeFileSync(join(dir, name), bytes);
  }
  await fleet.startDaemon();
  // The daemon was away for as long as two starts take, and the agent asks every 15 s by then: on a busy machine that adds up.
  await fleet.converged(fleet.commit(greeting('fourth')), 120_000);
  assert.equal(fleet.lines('a', 'greet').length, before + 1);
});

/** The first line of a journal file as a later version of the program would write it. */
function newer(text: string): string {
  const [header = '', ...rest] = text.split('\n');
  const payload = header
    .split(' ')
    .slice(2)
    .join(' ')
    .replace(/"version":\d/, '"version":9');
  return encodeFrame(payload) + rest.join('\n');
}
