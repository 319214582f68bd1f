import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { calendarGate } from '../src/core/calendar/gate.ts';
import { prepareRun } from '../src/core/document/prepare.ts';
import { definitionsOf } from '../src/core/load/effective.ts';
import { instant } from '../src/core/model/brand.ts';
import { isJsonObject } from '../src/core/model/json.ts';
import { load, readFolder } from './core/load/repository.ts';

const run = promisify(execFile);
const files = await readFolder(new URL('../sample-repo/', import.meta.url));
const { catalog } = load(files, { builtActions: ['aws:runShellScript'] });

let root = '';
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'reconciled-sample-'));
});
after(() => rm(root, { recursive: true, force: true }));

test('the sample repository has neither errors nor warnings', () => {
  assert.deepEqual(catalog.problems, []);
  assert.equal(catalog.associations.size, 7);
});

test('its calendar closes over each turn of the year, and holds back nothing but what has its slots', () => {
  const calendars = [...catalog.calendars.values()];
  assert.deepEqual(
    calendars.map(({ name }) => name),
    ['turn-of-the-year'],
  );
  const isOpen = (at: string) => calendarGate(calendars, instant(Date.parse(at))).open;
  for (const year of [2026, 2031]) {
    assert.ok(isOpen(`${year}-12-19T22:59:59Z`), 'midnight in Berlin has not come');
    assert.ok(!isOpen(`${year}-12-19T23:00:00Z`));
    assert.ok(!isOpen(`${year + 1}-01-02T22:59:59Z`));
    assert.ok(isOpen(`${year + 1}-01-02T23:00:00Z`));
    assert.ok(isOpen(`${year}-07-01T12:00:00Z`), 'an advisory event closes nothing');
  }
  for (const { name, calendarNames, applyOnlyAtCronInterval } of catalog.associations.values()) {
    // A demonstration on 24 December converges, too: nothing that runs at first contact asks a calendar.
    assert.ok(calendarNames.length === 0 || applyOnlyAtCronInterval, name);
  }
});

test('every file of the sample repository names the schema that its editor needs', async () => {
  for (const { path, bytes } of files) {
    if (!path.endsWith('.yaml') || bytes === null) continue;
    const [, schema] = /^# yaml-language-server: \$schema=(\S+)/.exec(bytes.toString()) ?? [];
    assert.ok(schema !== undefined, path);
    await stat(new URL(schema, new URL(`../sample-repo/${path}`, import.meta.url)));
  }
});

/** Runs an association as a node below `root` would. */
async function apply(name: string): Promise<string> {
  const definition = [...definitionsOf(catalog).values()].find(
    (one) => one.association.name === name,
  );
  assert.ok(definition !== undefined);
  const prepared = prepareRun(definition.document.document, definition.parameters, {
    platformType: 'Linux',
    handlers: new Set(['aws:runShellScript']),
    store: (reference) => definition.parameterStore[reference] ?? null,
  });
  assert.ok(prepared.ok);
  let output = '';
  for (const step of prepared.steps) {
    assert.equal(step.disposition, 'Run');
    assert.ok(isJsonObject(step.inputs));
    const script = (step.inputs['runCommand'] as readonly string[]).join('\n');
    const env = { PATH: process.env['PATH'], RECONCILED_ROOT: root, ...step.environment };
    output += (await run('sh', ['-c', script], { env, timeout: 20_000 })).stdout;
  }
  return output;
}

const read = (path: string) => readFile(join(root, path), 'utf8');

test('scripts bring an empty root to what is stated, and a second run finds it so', async () => {
  for (const { name, changed, kept } of [
    { name: 'base-bootstrap', changed: /fleet-info installed/, kept: /fleet-info is there/ },
    { name: 'base-motd', changed: /was brought to/, kept: /is as stated/ },
    { name: 'network-sysctl', changed: /were written/, kept: /are as stated/ },
    { name: 'network-hosts', changed: /were brought to/, kept: /are as stated/ },
    { name: 'web-config', changed: /was brought to/, kept: /is as stated/ },
    { name: 'web-service', changed: /is now running/, kept: /is running/ },
    { name: 'reports-disk', changed: /%/, kept: /%/ },
  ]) {
    assert.match(await apply(name), changed, name);
    assert.match(await apply(name), kept, name);
  }
  assert.match(await read('etc/motd'), /Questions: ops@example\.org\n$/);
  assert.match(await read('etc/fleet-web/web.conf'), /^listen 8080$/m);
  assert.equal((await stat(join(root, 'etc/fleet-web/web.conf'))).mode & 0o777, 0o640);
  assert.match(await read('etc/hosts'), /^192\.0\.2\.10 db\.internal$/m);
  assert.equal(await read('var/lib/fleet/services/fleet-web'), 'running\n');
  assert.equal((await run(join(root, 'usr/local/bin/fleet-info'))).stdout.split('\n').length, 3);
});

test('what is broken by hand is repaired, and other lines of a shared file stay', async () => {
  await apply('base-motd');
  await writeFile(join(root, 'etc/motd'), 'hacked\n');
  assert.match(await apply('base-motd'), /was brought to/);
  assert.doesNotMatch(await read('etc/motd'), /hacked/);
  await apply('network-hosts');
  await writeFile(
    join(root, 'etc/hosts'),
    `127.0.0.1 localhost\n${await read('etc/hosts')}192.0.2.99 mine\n`,
  );
  assert.match(await apply('network-hosts'), /are|were/);
  assert.match(await read('etc/hosts'), /^127\.0\.0\.1 localhost$/m);
  assert.match(await read('etc/hosts'), /^192\.0\.2\.99 mine$/m);
});

test('scripts write below the root and leave no temporary file', async () => {
  const left = await readdir(root, { recursive: true });
  assert.deepEqual(
    left.filter((path) => /new$/.test(path)),
    [],
  );
});
