/** Associations, their versions and their executions as a status branch keeps them: the commands, without a daemon. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { cp, mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { fits } from '../schemas/printed.ts';
import { call, tempFolder } from './cli.ts';

const status = fileURLToPath(new URL('../golden/river/failing/status', import.meta.url));

async function json(argv: readonly string[]): Promise<unknown> {
  const { code, stdout, stderr } = await call([...argv, '--format', 'json']);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as unknown;
}

type Versions = { readonly versions: readonly { readonly associationVersion: string }[] };
type Executions = readonly {
  readonly id: string;
  readonly association: string;
  readonly status: string;
  readonly associationVersion: string | null;
  readonly createdTime: string;
}[];

test('associations list: every association of a status, with version and status', async () => {
  const answer = await json(['associations', 'list', '--status', status]);
  fits('associations', JSON.stringify(answer));
  const { associations } = answer as { associations: { association: string; status: string }[] };
  const told = new Map(associations.map((each) => [each.association, each.status]));
  assert.equal(told.get('web-config'), 'Failed');
  assert.equal(told.get('network-hosts'), 'Success');
  const { stdout } = await call(['associations', 'list', '--status', status]);
  assert.match(stdout, /^ASSOCIATION\tVERSION\tDOCUMENT\tSCHEDULE\tSTATUS\tTARGETS\n/);
  assert.match(stdout, /^web-config\t1\tKeepFile\trate\(30 minutes\)\tFailed\t/m);
});

test('associations show: what it binds and how it stands, AWS spelling in JSON', async () => {
  const answer = await json(['associations', 'show', 'reports-disk', '--status', status]);
  fits('association-description', JSON.stringify(answer));
  const { Timezone, ApplyOnlyAtCronInterval, CalendarNames, TimeoutSeconds } = answer as {
    readonly [key: string]: unknown;
  };
  assert.deepEqual(
    { Timezone, ApplyOnlyAtCronInterval, CalendarNames, TimeoutSeconds },
    {
      Timezone: 'Europe/Berlin',
      ApplyOnlyAtCronInterval: true,
      CalendarNames: ['turn-of-the-year'],
      TimeoutSeconds: 120,
    },
  );
  const { stdout } = await call(['associations', 'show', 'reports-disk', '--status', status]);
  for (const line of [
    /^reports-disk {2}\w+$/m,
    /^ {2}file {10}associations\/reports\/disk.yaml$/m,
    /^ {2}targets {7}tag-key=role$/m,
    /^ {2}schedule {6}cron\(0 2 \? \* \* \*\) in Europe\/Berlin and at no other time$/m,
    /^ {2}rate control {2}100% at once, 100% errors tolerated$/m,
    /^ {2}calendars {5}turn-of-the-year: OPEN until 2026-12-19T23:00:00Z$/m,
    /^ {2}time-out {6}120 s$/m,
  ]) {
    assert.match(stdout, line);
  }
});

test('associations show: fields without effect here are named', async (t) => {
  const dir = await tempFolder(t);
  await cp(status, dir, { recursive: true });
  const file = join(dir, 'associations', 'web-config', 'status.json');
  const written = JSON.parse(readFileSync(file, 'utf8')) as object;
  const more = {
    NotEffective: ['OutputLocation', 'TargetLocations'],
    Tags: [{ Key: 'a', Value: 'b' }],
  };
  await writeFile(file, JSON.stringify({ ...written, ...more }));
  const { stdout } = await call(['associations', 'show', 'web-config', '--status', dir]);
  assert.match(stdout, /^ {2}no effect {5}OutputLocation, TargetLocations$/m);
  assert.match(stdout, /^ {2}tags {10}a=b$/m);
  await writeFile(file, 'no JSON');
  const broken = await call(['associations', 'show', 'web-config', '--status', dir]);
  assert.match(broken.stderr, /^error STATUS_UNREADABLE: /);
});

test('associations versions: newest first, with what changed and the commit', async () => {
  const answer = await json(['associations', 'versions', 'web-config', '--status', status]);
  fits('association-versions', JSON.stringify(answer));
  assert.deepEqual(
    (answer as Versions).versions.map((each) => each.associationVersion),
    ['1'],
  );
  const { stdout } = await call(['associations', 'versions', 'web-config', '--status', status]);
  assert.match(stdout, /^1\t2026-\S+Z\t[0-9a-f]{7}\tcreated\tKeepFile\trate\(30 minutes\)$/m);
});

test('executions list and show: of a status, failures with their nodes', async () => {
  const all = (await json(['executions', 'list', '--history', status])) as Executions;
  for (const each of all) fits('execution', JSON.stringify(each));
  assert.ok(all.length >= 3);
  const failed = all.filter((each) => each.status === 'Failed');
  assert.ok(failed.length > 0);
  assert.ok(failed.every((each) => each.associationVersion === '1'));
  const [one] = failed;
  const shown = await json(['executions', 'show', one?.id ?? '', '--history', status]);
  fits('execution', JSON.stringify(shown));
  const { runs } = shown as { runs: { node: string; status: string; lastExecutionDate: string }[] };
  assert.deepEqual(
    runs.map((run) => run.status),
    ['Failed'],
  );
  const { stdout } = await call(['executions', 'show', one?.id ?? '', '--history', status]);
  assert.match(stdout, /^\S+ version 1: Failed {2}/);
  assert.match(stdout, /^NODE\tSTATUS\tBEGAN\tWHAT\nmi-/m);
});

test('executions list: filters look at lines and days; what is no line is passed over', async (t) => {
  const dir = await tempFolder(t);
  await cp(status, dir, { recursive: true });
  const list = async (...argv: string[]): Promise<Executions> =>
    (await json(['executions', 'list', '--history', dir, ...argv])) as Executions;
  const [day = ''] = (await list()).map((each) => each.createdTime.slice(0, 10));
  await mkdir(join(dir, 'executions', '2026-01-01'));
  await rename(
    join(dir, 'executions', day, 'web-config.jsonl'),
    join(dir, 'executions', '2026-01-01', 'web-config.jsonl'),
  );
  await writeFile(join(dir, 'executions', day, 'base-motd.jsonl'), 'no line\n{"ExecutionId":7}\n');
  await writeFile(join(dir, 'executions', 'notes.txt'), 'not ours\n');
  assert.ok((await list('--association', 'web-config')).length === 1);
  assert.ok((await list('--status', 'Failed')).every((each) => each.status === 'Failed'));
  assert.deepEqual(await list('--created-after', `${day}T23:59:59Z`), []);
  assert.deepEqual(await list('--created-before', '2025-01-01T00:00:00Z'), []);
  assert.ok(!(await list()).some((each) => each.association === 'base-motd'));
});

for (const { name, argv, err } of [
  {
    name: 'an unknown association',
    argv: ['associations', 'versions', 'web-confg', '--status', status],
    err: /^error UNKNOWN_ASSOCIATION: .*nearest is web-config/,
  },
  {
    name: 'an unknown execution',
    argv: ['executions', 'show', 'x', '--history', status],
    err: /^error UNKNOWN_EXECUTION: /,
  },
  {
    name: 'no status branch',
    argv: ['executions', 'list', '--repo', '/nonexistent'],
    err: /^error [A-Z_]+: /,
  },
]) {
  test(`history: ${name} is an error with a code`, async () => {
    const { code, stderr } = await call(argv);
    assert.equal(code, 1);
    assert.match(stderr, err);
  });
}
