import assert from 'node:assert/strict';
import { readFile, rename, writeFile } from 'node:fs/promises';
import test from 'node:test';
import { call, start } from './cli.ts';
import { stage } from './stage.ts';

test('a daemon answers its operator until it is told to leave, and one host has one', async (t) => {
  const { config, repo } = await stage(t);
  const daemon = start(t, ['daemon', '--config', config]);
  await daemon.said(/daemon ready/);
  const ask = (...argv: string[]) => call([...argv, '--config', config], { USER: 'ada' });

  await t.test('sync tells the revision in force', async () => {
    const { code, stdout } = await ask('sync');
    assert.equal(code, 0);
    assert.match(stdout, new RegExp(`accepted revision: ${repo.tip()}`));
  });
  await t.test('status for people and for programs', async () => {
    assert.match((await ask('status')).stdout, /motd/);
    const { stdout } = await ask('status', '--format', 'json');
    assert.equal((JSON.parse(stdout) as { readonly revision: string }).revision, repo.tip());
  });
  await t.test('pause and resume are remembered with who asked', async () => {
    assert.equal((await ask('pause')).code, 0);
    assert.match((await ask('status')).stdout, /Paused by ada/);
    assert.equal((await ask('resume')).code, 0);
    assert.doesNotMatch((await ask('status')).stdout, /Paused/);
  });
  await t.test('lists are tables, and JSON lists for programs', async () => {
    assert.match((await ask('node', 'list')).stdout, /^NODE\t/);
    assert.deepEqual(JSON.parse((await ask('node', 'list', '--format', 'json')).stdout), []);
    assert.match((await ask('executions', 'list')).stdout, /^CREATED\t/);
    assert.match((await ask('associations', 'list')).stdout, /^motd\t1\t/m);
    const versions = await ask('associations', 'versions', 'motd');
    assert.match(versions.stdout, /^1\t\S+Z\t[0-9a-f]{7}\tcreated\t/m);
    assert.match(
      (await ask('associations', 'versions', 'modt')).stderr,
      /^error UNKNOWN_ASSOCIATION: .*nearest is motd/,
    );
    const later = ['--created-after', '2100-01-01T00:00:00Z', '--format', 'json'];
    assert.equal((await ask('executions', 'list', ...later)).stdout, '[]\n');
    assert.equal((await ask('executions', 'list', '--status', 'Done')).code, 64);
    assert.equal((await ask('executions', 'list', '--created-before', 'noon')).code, 64);
  });
  await t.test('what does not exist is an error with a code', async () => {
    assert.match((await ask('run', 'nothing')).stderr, /^error [A-Z_]+: /);
    const nobody = await ask('run', 'motd', '--target', 'tag:role=nobody');
    assert.match(nobody.stderr, /^error NO_SUCH_NODES: /);
    assert.equal((await ask('run', 'motd', '--target', 'role=web')).code, 64);
    assert.match((await ask('executions', 'show', 'x')).stderr, /^error UNKNOWN_EXECUTION: /);
    assert.match(
      (await ask('node', 'revoke', 'x')).stderr,
      /^error UNKNOWN_NODE: no node is called "x"/,
    );
    assert.match((await ask('accept', 'main')).stderr, /^error BAD_REQUEST: /);
  });
  await t.test('a second daemon on the same state refuses to start', async () => {
    const second = await start(t, ['daemon', '--config', config]).ended;
    assert.match(second.stderr, /error STATE_LOCKED: /);
    assert.notEqual(second.code, 0);
  });
  await t.test('the status branch is there for a clone to read', async () => {
    const { code, stdout } = await call(['status', '--repo', repo.bare]);
    assert.equal(code, 0);
    assert.match(stdout, /motd/);
  });
  daemon.child.kill('SIGTERM');
  assert.equal((await daemon.ended).code, 0);
  assert.match((await ask('status')).stderr, /^error DAEMON_NOT_RUNNING: /);
});

test('status says that the source cannot be read, however green what it shows is', async (t) => {
  const { config, repo } = await stage(t);
  const daemon = start(t, ['daemon', '--config', config]);
  await daemon.said(/daemon ready/);
  assert.equal((await call(['sync', '--config', config])).code, 0);
  assert.doesNotMatch((await call(['status', '--config', config])).stderr, /source/);
  await rename(repo.bare, `${repo.bare}.away`);
  assert.equal((await call(['sync', '--config', config])).code, 1);
  const { code, stderr } = await call(['status', '--config', config]);
  assert.equal(code, 0);
  assert.match(
    stderr,
    /^the source cannot be read \(\w+: .*\); it was read \d+ s ago, and what was accepted then stays in force$/m,
  );
});

test('a daemon that is interrupted leaves in order with 130', async (t) => {
  const { config } = await stage(t);
  const daemon = start(t, ['daemon', '--config', config]);
  await daemon.said(/daemon ready/);
  daemon.child.kill('SIGINT');
  assert.equal((await daemon.ended).code, 130);
});

test('daemon --once leaves with 0 when there is no node to wait for', async (t) => {
  const { config } = await stage(t);
  assert.equal((await start(t, ['daemon', '--config', config, '--once']).ended).code, 0);
  const wrong = await call(['daemon', '--config', config, '--once', '--timeout', 'soon']);
  assert.equal(wrong.code, 64);
});

test('a configuration with mistakes is told whole, with its lines: 78', async (t) => {
  const { config } = await stage(t);
  await writeFile(config, 'instance: test\nsource: { url: 1 }\nstateDirectory: x\n');
  const { code, stderr } = await call(['daemon', '--config', config]);
  assert.equal(code, 78);
  assert.match(stderr, /^error CONFIG_INVALID: /);
  assert.match(stderr, /daemon\.yaml:3:/);
});

test('SIGHUP: a new configuration takes effect in the same process, one with mistakes changes nothing', async (t) => {
  const { config } = await stage(t);
  const good = await readFile(config, 'utf8');
  const daemon = start(t, ['daemon', '--config', config]);
  await daemon.said(/daemon ready/);
  await writeFile(config, `${good}bogus: 1\n`);
  daemon.child.kill('SIGHUP');
  await daemon.said(/CONFIG_INVALID.*configuration not taken/);
  const sync = () => call(['sync', '--config', config]);
  await writeFile(config, good);
  assert.equal((await sync()).code, 0, 'the old one goes on');

  await writeFile(config, good.replace('interval: 1s', 'interval: 2s'));
  daemon.child.kill('SIGHUP');
  await daemon.said(/configuration read again[\s\S]*daemon ready/);
  assert.equal((await sync()).code, 0);

  for (const [code, wrong] of [
    ['SECRET_UNREADABLE', 'webhooks: [{ provider: github, secretFile: /nonexistent/secret }]'],
    ['INSTANCE_CHANGED', 'instance: another'],
  ] as const) {
    const written = wrong.startsWith('instance:')
      ? good.replace(/^instance: .*$/m, wrong)
      : `${good}${wrong}\n`;
    await writeFile(config, written);
    daemon.child.kill('SIGHUP');
    await daemon.said(
      new RegExp(`${code}.*configuration not taken: the old one stays[\\s\\S]*daemon ready`),
    );
    await writeFile(config, good);
    assert.equal((await sync()).code, 0, `${code}: nobody could live by it, the old one goes on`);
  }
  daemon.child.kill('SIGTERM');
  assert.equal((await daemon.ended).code, 0);
});
