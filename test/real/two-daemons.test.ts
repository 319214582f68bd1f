import assert from 'node:assert/strict';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Service } from '../../src/cli/demo/processes.ts';
import { startService } from '../../src/cli/demo/processes.ts';
import { PROGRAM } from '../fakes/built-program.ts';
import { association, mark, script, wordsOf } from './files.ts';
import { openFleet, STATUS_BRANCH } from './fleet.ts';

const QUIET_MS = 2_500;

const greeting = (word: string) => script('Greet', [mark('greet', word)]);
const fleet = await openFleet({
  files: { ...greeting('first'), ...association('greet', { Name: 'Greet' }) },
  nodes: { a: {} },
});
let copy: Service | null = null;
after(async () => {
  await copy?.stop();
  await fleet.close();
});

const copyConfig = join(fleet.dir, 'etc', 'copy.yaml');
const copyLog = join(fleet.dir, 'log', 'copy.log');
const said = async (config: string): Promise<string> =>
  (await fleet.run(['status', '--config', config], [0, 1])).stderr;
const epoch = (): number => Number(JSON.parse(fleet.repo.show('state.json', STATUS_BRANCH)).epoch);

await fleet.converged(fleet.repo.tip() ?? '');

/** A host was cloned: state, key and configuration are the same, only the addresses are its own. */
function startCopy(): Service {
  const stateDir = join(fleet.dir, 'copy');
  cpSync(fleet.stateDir, stateDir, { recursive: true, filter: (path) => !path.endsWith('.sock') });
  const text = readFileSync(fleet.config, 'utf8')
    .replace(/^stateDir: .*$/m, `stateDir: ${stateDir}`)
    .replace(/^agents: .*$/m, 'agents: { listen: "127.0.0.1:0" }')
    .replace(/^http: .*$/m, 'http: { listen: "127.0.0.1:0" }');
  writeFileSync(copyConfig, text);
  const env = { PATH: process.env['PATH'], HOME: fleet.dir, NO_COLOR: '1' };
  return startService('copy', [...PROGRAM, 'daemon', '--config', copyConfig], copyLog, env);
}

test('two daemons from copies of one state tell of each other', async () => {
  copy = startCopy();
  await fleet.until(
    () => readFileSync(copyLog, 'utf8').includes('daemon ready'),
    'the copy is there',
  );
  fleet.commit(greeting('second'));
  for (const config of [fleet.config, copyConfig])
    await fleet.until(
      async () => /another daemon .* writes the status branch/.test(await said(config)),
      `${config} says so`,
    );
  await fleet.until(
    () => fleet.repo.show('README.md', STATUS_BRANCH).includes('Two daemons write this branch'),
    'the page says so',
  );
  const doctor = await fleet.run(['doctor', '--config', fleet.config], [0, 1]);
  assert.match(doctor.stdout, /fail\s+daemon\s+runs; another daemon/);
});

test('one of them goes on alone in a new epoch; the other falls silent and leaves the branch alone', async () => {
  const before = epoch();
  await fleet.run(['accept', '--recover', '--config', fleet.config]);
  await fleet.until(
    async () => /above \d+ of this daemon/.test(await said(copyConfig)),
    'the copy is silent',
  );
  assert.doesNotMatch(await said(fleet.config), /another daemon/);
  await fleet.converged(fleet.commit(greeting('third')));
  await fleet.stays(
    () => fleet.summary()?.verdict === 'compliant' && epoch() > before,
    'one report',
    QUIET_MS,
  );
  assert.deepEqual(wordsOf(fleet.lines('a', 'greet')), ['first', 'second', 'third']);
});
